//! Is an answer signed, and rightly? Its digests and its value are computed here.
//!
//! Whose certificate it was is not asked: that is an agreement of the two ends.

use openssl::base64;
use openssl::x509::X509;
use roxmltree::{Document, Node};

use super::{DS, EXCLUSIVE, WSSE, WSU, algorithm, canonical};
use crate::conformance::judge::Differences;
use crate::conformance::reply::{EGOV, SOAP, whole_text};

/// What was agreed to be signed.
const SIGNED: [(&str, &str); 2] = [(EGOV, "IntestazioneMessaggio"), (SOAP, "Body")];

/// Judges whether an answer is signed where it must be, and not where it must not.
pub(in crate::conformance) fn judge(answer: &Document<'_>, due: bool, found: &mut Differences) {
    let signatures: Vec<Node<'_, '_>> =
        answer.descendants().filter(|at| at.has_tag_name((DS, "Signature"))).collect();
    match (signatures.as_slice(), due) {
        ([], false) => {}
        ([signature], true) => {
            if let Err((what, seen)) = is_right(answer, *signature) {
                found.note(&format!("signature, {what}"), "right", &seen);
            }
        }
        (several, _) => {
            found.note("signatures", if due { "1" } else { "0" }, &several.len().to_string());
        }
    }
}

/// What is not right about it, and how it is instead.
type Wrong = (&'static str, String);

fn is_right(answer: &Document<'_>, signature: Node<'_, '_>) -> Result<(), Wrong> {
    let is_in_security = signature.parent().is_some_and(|at| at.has_tag_name((WSSE, "Security")));
    if !is_in_security {
        return Err(("its place", "not in wsse:Security".to_owned()));
    }
    let info = member(signature, "SignedInfo")?;
    let mut covered = Vec::new();
    for reference in info.children().filter(|at| at.has_tag_name((DS, "Reference"))) {
        covered.push(is_digest_right(answer, reference)?);
    }
    for (namespace, name) in SIGNED {
        if !covered.iter().any(|at| at.has_tag_name((namespace, name))) {
            return Err(("what it covers", format!("not {name}")));
        }
    }
    let canonicalization = member(info, "CanonicalizationMethod")?;
    let octets = canonical::exclusive(info, &exclusive(canonicalization)?);
    let method = member(info, "SignatureMethod")?.attribute("Algorithm").unwrap_or_default();
    let value = octets_of(member(signature, "SignatureValue")?)?;
    let key = certificate(answer, signature)?.public_key();
    let key = key.map_err(|error| ("its certificate", error.to_string()))?;
    match algorithm::verifies(method, &key, octets.as_bytes(), &value) {
        Some(true) => Ok(()),
        Some(false) => Err(("its value", "not that of the certificate".to_owned())),
        None => Err(("its method", method.to_owned())),
    }
}

/// What a Reference covers.
fn is_digest_right<'d>(answer: &'d Document<'d>, reference: Node<'d, 'd>) -> Result<Node<'d, 'd>, Wrong> {
    let uri = reference.attribute("URI").unwrap_or_default();
    let id = uri.strip_prefix('#').filter(|id| !id.is_empty());
    let mut named = answer.descendants().filter(|at| at.attribute((WSU, "Id")) == id && id.is_some());
    let (Some(digested), None) = (named.next(), named.next()) else {
        return Err(("a reference", format!("{uri} names nothing, or several things")));
    };
    let transforms = member(reference, "Transforms")?;
    let mut prefixes = Vec::new();
    for transform in transforms.children().filter(Node::is_element) {
        prefixes = exclusive(transform)?;
    }
    let octets = canonical::exclusive(digested, &prefixes);
    let method = member(reference, "DigestMethod")?.attribute("Algorithm").unwrap_or_default();
    let due = octets_of(member(reference, "DigestValue")?)?;
    match algorithm::digest(method, octets.as_bytes()) {
        Some(digest) if digest == due => Ok(digested),
        Some(_) => Err(("a digest", format!("not that of {uri}"))),
        None => Err(("a digest", format!("of the unknown method {method}"))),
    }
}

/// The prefixes that a canonicalisation lists; it must be the exclusive one, as porte agree.
fn exclusive<'d>(method: Node<'d, 'd>) -> Result<Vec<&'d str>, Wrong> {
    let algorithm = method.attribute("Algorithm").unwrap_or_default();
    if algorithm != EXCLUSIVE {
        return Err(("a canonicalisation", algorithm.to_owned()));
    }
    Ok(canonical::prefixes(method))
}

/// The certificate that the KeyInfo points to (X.509 Certificate Token Profile 1.0).
fn certificate(answer: &Document<'_>, signature: Node<'_, '_>) -> Result<X509, Wrong> {
    let info = member(signature, "KeyInfo")?;
    let reference = info.descendants().find(|at| at.has_tag_name((WSSE, "Reference")));
    let id = reference.and_then(|at| at.attribute("URI")).and_then(|uri| uri.strip_prefix('#'));
    let token = answer.descendants().find(|at| {
        at.has_tag_name((WSSE, "BinarySecurityToken")) && at.attribute((WSU, "Id")) == id && id.is_some()
    });
    let token = token.ok_or_else(|| ("its certificate", "no token that it refers to".to_owned()))?;
    X509::from_der(&octets_of(token)?).map_err(|error| ("its certificate", error.to_string()))
}

fn member<'d>(parent: Node<'d, 'd>, name: &'static str) -> Result<Node<'d, 'd>, Wrong> {
    let found = parent.children().find(|at| at.has_tag_name((DS, name)));
    found.ok_or_else(|| (name, "not there".to_owned()))
}

fn octets_of(at: Node<'_, '_>) -> Result<Vec<u8>, Wrong> {
    let text: String = whole_text(at).split_ascii_whitespace().collect();
    base64::decode_block(&text).map_err(|_| ("base64", text))
}
