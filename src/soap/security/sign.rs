//! Signing an envelope: the last thing that is done to it.
//!
//! The parts get a `wsu:Id`, and the header a Security block of its own, first among the blocks; not a byte changes otherwise.
//! With an RSA key the result is a function of envelope, key, certificate and instant; ECDSA draws a number for each signature.

use jiff::{SignedDuration, Timestamp};
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::algorithm::{Digest, Hashing, Method};
use super::place::{self, Subtree};
use super::{
    ATTACHMENT_CONTENT, Attachments, BASE64, DS, EXCLUSIVE, SecurityError, WSSE, WSU, X509_V3, attachment,
    encoding, timestamp,
};
use crate::soap::NAMESPACE;
use crate::xml::c14n::Canon;
use crate::xml::{Event, Limits, Reader, write};

/// Whose signature it is.
pub struct Signer {
    key: PKey<Private>,
    /// Base64 of the certificate.
    token: String,
    method: Method,
}

/// A key that cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The certificate cannot be read.
    #[error("no certificate can be read: {0}")]
    Certificate(ErrorStack),
    /// The key cannot be read, or the password does not open it.
    #[error("no private key can be read: {0}")]
    Key(ErrorStack),
    /// The key is of another certificate.
    #[error("the key does not belong to the certificate")]
    Unlike,
    /// Neither RSA nor ECDSA.
    #[error("the key is neither RSA nor ECDSA")]
    Kind,
}

/// What is signed, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The actor of the Security block; none: it gets none.
    pub actor: Option<&'a str>,
    /// Whether the block demands to be understood.
    pub must_understand: bool,
    /// The Body.
    pub body: bool,
    /// Children of header blocks, by namespace and local name, with the Id that each gets.
    pub header: &'a [(&'a str, &'a str, &'a str)],
    /// A Timestamp that lives so long.
    pub timestamp: Option<SignedDuration>,
    /// Whether the attachments are covered.
    pub attachments: bool,
}

/// An envelope that cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// A part that was to be signed is not there.
    #[error("the envelope has no {0}")]
    NoPart(String),
    /// The prefix `wsu` means something else there.
    #[error("the prefix wsu is taken")]
    Prefix,
    /// The envelope cannot be read, or holds Ids that collide.
    #[error(transparent)]
    Envelope(#[from] SecurityError),
    /// The cryptography refused.
    #[error("the signature cannot be made: {0}")]
    Crypto(#[from] ErrorStack),
}

const BODY_ID: &str = "id-corpo";
const TIMESTAMP_ID: &str = "id-timestamp";
const TOKEN_ID: &str = "id-certificato";

impl Signer {
    /// From PEM. The first certificate is the signer's.
    ///
    /// # Errors
    /// The two cannot be read, or do not belong together.
    pub fn from_pem(certificate: &[u8], key: &[u8], password: Option<&str>) -> Result<Self, SignerError> {
        let certificate = X509::from_pem(certificate).map_err(SignerError::Certificate)?;
        // An empty password keeps OpenSSL from asking for one at the terminal.
        let key = PKey::private_key_from_pem_passphrase(key, password.unwrap_or_default().as_bytes());
        let key = key.map_err(SignerError::Key)?;
        if !certificate.public_key().map_err(SignerError::Certificate)?.public_eq(&key) {
            return Err(SignerError::Unlike);
        }
        let token = encoding::encode(&certificate.to_der().map_err(SignerError::Certificate)?);
        let methods = [Method::RSA_SHA256, Method::ECDSA_SHA256];
        let method = methods.into_iter().find(|method| method.suits(&key)).ok_or(SignerError::Kind)?;
        Ok(Self { key, token, method })
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The envelope, signed.
///
/// # Errors
/// A part is not there, or the cryptography refused.
pub fn sign(
    envelope: &str,
    attachments: &dyn Attachments,
    signing: &Signing<'_>,
    signer: &Signer,
    limits: &Limits,
    now: Timestamp,
) -> Result<String, SigningError> {
    let Marked { text, ids, header } = mark(envelope, signing, limits)?;
    let stamp = signing.timestamp.map(|life| timestamp::write(TIMESTAMP_ID, life, now));
    let mut ids = ids;
    ids.extend(stamp.is_some().then(|| TIMESTAMP_ID.to_owned()));

    let opening = opening(signing, signer, stamp.as_deref());
    let unsigned = spliced(&text, header, &[&opening, CLOSING]);
    let mut references = String::new();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let located = place::locate(&unsigned, limits, &names, None)?;
    for id in &names {
        let (_, subtree) = located.parts.get(*id).ok_or(SigningError::NoPart((*id).to_owned()))?;
        let digest = digest(subtree, limits)?;
        reference(&mut references, &format!("#{id}"), EXCLUSIVE, &digest);
    }
    for content_id in attachments.content_ids().into_iter().filter(|_| signing.attachments) {
        let missing = || SigningError::NoPart(content_id.to_owned());
        let found = attachments.attachment(content_id).ok_or_else(missing)?;
        let digest = attachment::digest(found, limits, Digest::Sha256.hasher()?)?;
        reference(
            &mut references,
            &format!("cid:{}", percent_encoded(content_id)),
            ATTACHMENT_CONTENT,
            &digest,
        );
    }

    let signature = format!("<ds:Signature xmlns:ds=\"{DS}\">");
    let info = format!(
        "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>{references}</ds:SignedInfo>",
        signer.method.uri()
    );
    let at = header + opening.len() + signature.len();
    let key = format!(
        "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI=\"#{TOKEN_ID}\" ValueType=\"{X509_V3}\"/>\
         </wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>"
    );
    let whole = spliced(&text, header, &[&opening, &signature, &info, &key, CLOSING]);
    let located = place::locate(&whole, limits, &[], Some(at))?;
    let missing = || SigningError::NoPart("SignedInfo".to_owned());
    let mut octets = String::new();
    let subtree = located.at_offset.ok_or_else(missing)?;
    subtree.canonical(&Canon::default(), limits, &mut octets).map_err(SecurityError::from)?;
    let value = encoding::encode(&signer.method.sign(&signer.key, octets.as_bytes())?);
    let value = format!("<ds:SignatureValue>{value}</ds:SignatureValue>");
    Ok(spliced(&text, header, &[&opening, &signature, &info, &value, &key, CLOSING]))
}

const CLOSING: &str = "</wsse:Security>";

/// The envelope with an Id on each part.
struct Marked {
    text: String,
    ids: Vec<String>,
    /// Byte offset of the first place in the header.
    header: usize,
}

fn mark(envelope: &str, signing: &Signing<'_>, limits: &Limits) -> Result<Marked, SigningError> {
    let mut reader = Reader::document(envelope, limits);
    let mut text = String::with_capacity(envelope.len() + 4096);
    let mut copied = 0;
    let mut ids = Vec::new();
    let mut header = None;
    let mut in_header = false;
    let mut wanted: Vec<(&str, &str, &str)> = signing.header.to_vec();
    let mut body = signing.body;
    loop {
        let event = reader.next_event().map_err(SecurityError::from)?;
        let Event::Start(name) = event else {
            if event == Event::Eof {
                break;
            }
            continue;
        };
        let namespace = reader.namespace(name.namespace);
        let id = match reader.depth() {
            2 => {
                in_header = namespace == NAMESPACE && name.local == "Header";
                let empty = envelope.get(..reader.end_offset()).is_some_and(|tag| tag.ends_with("/>"));
                if in_header && !empty {
                    header = Some(reader.end_offset());
                }
                let is_body = namespace == NAMESPACE && name.local == "Body";
                (is_body && std::mem::take(&mut body)).then_some(BODY_ID)
            }
            4 if in_header => {
                let found = wanted.iter().position(|part| part.0 == namespace && part.1 == name.local);
                found.map(|index| wanted.swap_remove(index).2)
            }
            _ => None,
        };
        let Some(id) = id else { continue };
        if let Some(known) = reader.attribute(WSU, "Id") {
            ids.push(known.to_owned());
            continue;
        }
        let at = reader.offset() + 1 + name.qualified.len();
        text.push_str(envelope.get(copied..at).unwrap_or_default());
        copied = at;
        let wsu = reader.bindings().into_iter().find(|binding| binding.prefix == "wsu");
        match wsu {
            None => {
                text.push_str(" xmlns:wsu=\"");
                text.push_str(WSU);
                text.push('"');
            }
            Some(binding) if binding.namespace == WSU => {}
            Some(_) => return Err(SigningError::Prefix),
        }
        text.push_str(&format!(" wsu:Id=\"{id}\""));
        ids.push(id.to_owned());
    }
    text.push_str(envelope.get(copied..).unwrap_or_default());
    if let Some((_, local, _)) = wanted.first() {
        return Err(SigningError::NoPart((*local).to_owned()));
    }
    let header = header.ok_or_else(|| SigningError::NoPart("Header".to_owned()))?;
    Ok(Marked { text, ids, header })
}

/// The Security block up to where the signature goes.
fn opening(signing: &Signing<'_>, signer: &Signer, stamp: Option<&str>) -> String {
    let mut out =
        format!("<wsse:Security xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\" xmlns:soap=\"{NAMESPACE}\"");
    if let Some(actor) = signing.actor.filter(|actor| !actor.is_empty()) {
        out.push_str(" soap:actor=\"");
        write::push_attribute_value(&mut out, actor);
        out.push('"');
    }
    if signing.must_understand {
        out.push_str(" soap:mustUnderstand=\"1\"");
    }
    out.push('>');
    out.push_str(stamp.unwrap_or_default());
    out.push_str(&format!(
        "<wsse:BinarySecurityToken EncodingType=\"{BASE64}\" ValueType=\"{X509_V3}\" wsu:Id=\"{TOKEN_ID}\">{}\
         </wsse:BinarySecurityToken>",
        signer.token
    ));
    out
}

fn reference(out: &mut String, uri: &str, transform: &str, digest: &[u8]) {
    out.push_str("<ds:Reference URI=\"");
    write::push_attribute_value(out, uri);
    out.push_str(&format!(
        "\"><ds:Transforms><ds:Transform Algorithm=\"{transform}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
        Digest::Sha256.uri(),
        encoding::encode(digest)
    ));
}

fn digest(subtree: &Subtree<'_>, limits: &Limits) -> Result<Vec<u8>, SigningError> {
    let mut hashing = Hashing::new(Digest::Sha256.hasher()?);
    subtree.canonical(&Canon::default(), limits, &mut hashing).map_err(SecurityError::from)?;
    Ok(hashing.finish()?)
}

fn spliced(text: &str, at: usize, pieces: &[&str]) -> String {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    [&[before], pieces, &[after]].concat().concat()
}

/// What a URL does not hold, escaped (RFC 2392, §2).
fn percent_encoded(content_id: &str) -> String {
    let mut out = String::with_capacity(content_id.len());
    for byte in content_id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@!$&'()*+,;=:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
