//! What the signature of a message proves.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use openssl::memcmp;
use openssl::x509::X509;

use super::algorithm::{Digest, Hashing, Method};
use super::block::{self, Block};
use super::place::{self, Subtree};
use super::signature::{Reference, Signature, Target, Token};
use super::{
    Attachments, Authorities, BASE64, Place, SecurityError, WSSE, WSU, X509_V3, attachment, common_name,
    encoding, timestamp,
};
use crate::soap::Envelope;
use crate::xml::Limits;

/// What was agreed on with the sender.
#[derive(Debug, Clone, Copy)]
pub struct Demands<'a> {
    /// The actor of the Security block; none: it has none.
    pub actor: Option<&'a str>,
    /// The methods of signature that are accepted.
    pub methods: &'a [Method],
    /// Whether SHA-1 is accepted, in digests and certificates as in methods.
    pub sha1: bool,
    /// Who is believed.
    pub authorities: &'a Authorities,
    /// How much the sender's clock may differ from ours.
    pub skew: SignedDuration,
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Common name of the certificate that made it.
    pub signer: Option<String>,
    /// What it covers.
    pub covered: Vec<Place>,
    /// Number of the Security block among the header blocks.
    pub block: usize,
}

impl Verified {
    /// Whether the whole content of the Body is covered: the Body, or each of its children.
    #[must_use]
    pub fn covers_body(&self, envelope: &Envelope<'_>) -> bool {
        let children = envelope.body.len();
        let every_child = || (0..children).all(|child| self.covered.contains(&Place::InBody(child)));
        self.covered.contains(&Place::Body) || (children > 0 && envelope.body_text.is_none() && every_child())
    }

    /// Whether the Timestamp is covered; false where there is none.
    #[must_use]
    pub fn covers_timestamp(&self) -> bool {
        let (namespace, local) = (WSU.to_owned(), "Timestamp".to_owned());
        self.covered.contains(&Place::InBlock { block: self.block, namespace, local })
    }
}

/// Verifies the signature of a message at the instant `now`: its certificate first, then its value, then every part.
///
/// # Errors
/// There is none that holds.
pub fn verify(
    envelope: &Envelope<'_>,
    attachments: &dyn Attachments,
    demands: &Demands<'_>,
    now: Timestamp,
) -> Result<Verified, SecurityError> {
    let limits = envelope.limits();
    let (number, part) = block::find(envelope, demands.actor)?;
    let block = Block::read(part, limits)?;
    let root = block.root().ok_or(SecurityError::Malformed("Security"))?;
    if let Some(stamp) = block.child(root, WSU, "Timestamp").map_err(|_| SecurityError::Timestamp)? {
        timestamp::check(&block, stamp, demands.skew, now)?;
    }
    let signature = Signature::read(&block)?;
    agreed(&signature, demands)?;
    let certificate = certificate(&block, &signature.certificate, demands.authorities)?;
    demands.authorities.trust(&certificate, demands.sha1, now)?;

    let ids: Vec<&str> = signature.references.iter().filter_map(Reference::id).collect();
    let mut located = place::locate(envelope.text(), limits, &ids, Some(signature.signed_info))?;
    let info = located.at_offset.take().ok_or(SecurityError::Malformed("SignedInfo"))?;
    let mut octets = String::new();
    info.canonical(&signature.canon, limits, &mut octets)?;
    let key = certificate.public_key()?;
    if !signature.method.suits(&key) || !signature.method.verify(&key, octets.as_bytes(), &signature.value)? {
        return Err(SecurityError::Value);
    }
    let covered = parts(&signature.references, located.parts, attachments, limits)?;
    Ok(Verified { signer: common_name(&certificate), covered, block: number })
}

impl Reference {
    fn id(&self) -> Option<&str> {
        match &self.target {
            Target::Id(id, _) => Some(id),
            Target::Attachment(_) => None,
        }
    }
}

fn agreed(signature: &Signature, demands: &Demands<'_>) -> Result<(), SecurityError> {
    let digests = signature.references.iter().map(|reference| reference.digest);
    if !demands.sha1 && digests.chain([signature.method.digest()]).any(|digest| digest == Digest::Sha1) {
        return Err(SecurityError::Sha1);
    }
    if !demands.methods.contains(&signature.method) {
        return Err(SecurityError::Algorithm { what: "SignatureMethod" });
    }
    Ok(())
}

fn certificate(block: &Block<'_>, token: &Token, authorities: &Authorities) -> Result<X509, SecurityError> {
    let Token::Direct(id) = token else {
        return authorities.named(token).cloned().ok_or(SecurityError::UnknownCertificate);
    };
    const TOKEN: &str = "BinarySecurityToken";
    let root = block.root().ok_or(SecurityError::Malformed("Security"))?;
    let mut tokens = block.children(root).filter(|child| child.is(WSSE, TOKEN) && child.id() == Some(id));
    let held = tokens.next().ok_or(SecurityError::UnknownCertificate)?;
    if tokens.next().is_some() {
        return Err(SecurityError::DuplicateId);
    }
    let is_x509 = held.attribute("ValueType") == Some(X509_V3);
    // SOAP Message Security 1.0, §6.3: it may be left out, and means this.
    if !is_x509 || held.attribute("EncodingType").is_some_and(|encoding| encoding != BASE64) {
        return Err(SecurityError::Malformed(TOKEN));
    }
    X509::from_der(&encoding::decode(&held.text, TOKEN)?).map_err(|_| SecurityError::Malformed(TOKEN))
}

/// Every part that is as it was signed; an error where one is not.
fn parts(
    references: &[Reference],
    mut located: HashMap<String, (Place, Subtree<'_>)>,
    attachments: &dyn Attachments,
    limits: &Limits,
) -> Result<Vec<Place>, SecurityError> {
    let mut covered = Vec::with_capacity(references.len());
    let mut changed = Vec::new();
    for reference in references {
        let (place, digest) = match &reference.target {
            Target::Id(id, canon) => {
                // What was taken out by an earlier reference is referred to twice.
                let (place, subtree) = located.remove(id).ok_or(SecurityError::Reference)?;
                let mut hashing = Hashing::new(reference.digest.hasher()?);
                subtree.canonical(canon, limits, &mut hashing)?;
                (place, hashing.finish()?)
            }
            Target::Attachment(content_id) => {
                let found = attachments.attachment(content_id).ok_or(SecurityError::Reference)?;
                let digest = attachment::digest(found, limits, reference.digest.hasher()?)?;
                (Place::Attachment(content_id.clone()), digest)
            }
        };
        if covered.contains(&place) {
            return Err(SecurityError::ReferencedTwice);
        }
        if digest.len() != reference.value.len() || !memcmp::eq(&digest, &reference.value) {
            changed.push(place.clone());
        }
        covered.push(place);
    }
    if changed.is_empty() { Ok(covered) } else { Err(SecurityError::Digest(changed)) }
}
