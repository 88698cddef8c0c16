//! What a `ds:Signature` claims, read strictly: what is not known is refused, and nothing is passed over.

use super::algorithm::{Digest, Method};
use super::block::{Block, Element};
use super::{ATTACHMENT_CONTENT, DS, EXCLUSIVE, INCLUSIVE, SecurityError, WSSE, encoding};
use crate::xml::c14n::{Canon, Mode};

/// Parts that one signature covers: Body, IntestazioneMessaggio, Timestamp, token, and a few attachments.
const MOST_REFERENCES: usize = 32;
/// Prefixes of one `InclusiveNamespaces`.
const MOST_PREFIXES: usize = 64;

/// A signature.
pub(super) struct Signature {
    /// Byte offset of `SignedInfo`.
    pub(super) signed_info: usize,
    /// Its canonical form.
    pub(super) canon: Canon,
    pub(super) method: Method,
    pub(super) references: Vec<Reference>,
    pub(super) value: Vec<u8>,
    pub(super) certificate: Token,
}

/// One signed part.
pub(super) struct Reference {
    pub(super) target: Target,
    pub(super) digest: Digest,
    pub(super) value: Vec<u8>,
}

/// What is signed.
pub(super) enum Target {
    /// The element with this Id, in this form.
    Id(String, Canon),
    /// The attachment with this Content-ID.
    Attachment(String),
}

/// Where the certificate is.
pub(super) enum Token {
    /// In the token with this Id.
    Direct(String),
    /// Among those that are known.
    Issuer {
        /// The issuer, however its name is written.
        name: String,
        /// The serial number, decimal.
        serial: String,
    },
}

impl Signature {
    /// Reads the only signature of the block.
    pub(super) fn read(block: &Block<'_>) -> Result<Self, SecurityError> {
        let root = block.root().ok_or(SecurityError::Malformed("Security"))?;
        let mut signatures = block.children(root).filter(|child| child.is(DS, "Signature"));
        let signature = signatures.next().ok_or(SecurityError::NoSignature)?;
        if signatures.next().is_some() {
            return Err(SecurityError::SeveralSignatures);
        }
        let info = block.required(signature, DS, "SignedInfo")?;
        let canonicalisation = block.required(info, DS, "CanonicalizationMethod")?;
        let canon = canon(block, canonicalisation)?;
        let method = block.required(info, DS, "SignatureMethod")?;
        let method =
            Method::of_uri(method.algorithm()).ok_or(SecurityError::Algorithm { what: "SignatureMethod" })?;
        let references = references(block, info)?;
        let value = block.required(signature, DS, "SignatureValue")?;
        let value = encoding::decode(&value.text, "SignatureValue")?;
        let certificate = token(block, block.required(signature, DS, "KeyInfo")?)?;
        Ok(Self { signed_info: info.start, canon, method, references, value, certificate })
    }
}

fn references(block: &Block<'_>, info: &Element<'_>) -> Result<Vec<Reference>, SecurityError> {
    let mut references = Vec::new();
    for child in block.children(info) {
        if child.is(DS, "CanonicalizationMethod") || child.is(DS, "SignatureMethod") {
            continue;
        }
        if !child.is(DS, "Reference") {
            return Err(SecurityError::Malformed("SignedInfo"));
        }
        if references.len() >= MOST_REFERENCES {
            return Err(SecurityError::TooMany { what: "references", limit: MOST_REFERENCES });
        }
        references.push(reference(block, child)?);
    }
    if references.is_empty() { Err(SecurityError::Malformed("Reference")) } else { Ok(references) }
}

fn reference(block: &Block<'_>, element: &Element<'_>) -> Result<Reference, SecurityError> {
    let transform = match block.child(element, DS, "Transforms")? {
        None => None,
        Some(transforms) => {
            let mut children = block.children(transforms);
            let first = children.next().filter(|child| child.is(DS, "Transform"));
            let first = first.ok_or(SecurityError::Malformed("Transforms"))?;
            // One is all that the parts of a message need.
            if children.next().is_some() {
                return Err(SecurityError::TooMany { what: "transforms of a reference", limit: 1 });
            }
            Some(first)
        }
    };
    let uri = element.attribute("URI").unwrap_or_default();
    let target = if let Some(id) = uri.strip_prefix('#').filter(|id| !id.is_empty()) {
        let mut canon = match transform {
            Some(transform) => canon(block, transform)?,
            // XML Signature, §4.4.3.2: nodes become octets by inclusive canonicalisation.
            None => Canon { mode: Mode::Inclusive, ..Canon::default() },
        };
        // XML Signature, §4.4.3.3: what "#Id" names holds no comments, whatever comes after.
        canon.comments = false;
        Target::Id(id.to_owned(), canon)
    } else if let Some(content_id) = uri.strip_prefix("cid:") {
        if transform.is_none_or(|transform| transform.algorithm() != ATTACHMENT_CONTENT) {
            return Err(SecurityError::Algorithm { what: "Transform" });
        }
        // Some write the angle brackets of the header too.
        let content_id = percent_decoded(content_id);
        Target::Attachment(content_id.trim_start_matches('<').trim_end_matches('>').to_owned())
    } else {
        return Err(SecurityError::Reference);
    };
    let digest = block.required(element, DS, "DigestMethod")?;
    let digest =
        Digest::of_uri(digest.algorithm()).ok_or(SecurityError::Algorithm { what: "DigestMethod" })?;
    let value = block.required(element, DS, "DigestValue")?;
    Ok(Reference { target, digest, value: encoding::decode(&value.text, "DigestValue")? })
}

/// The canonical form that a `CanonicalizationMethod` or a `Transform` asks for.
fn canon(block: &Block<'_>, element: &Element<'_>) -> Result<Canon, SecurityError> {
    let uri = element.algorithm();
    let (uri, comments) = match uri.strip_suffix("WithComments") {
        // The inclusive form's URI has a '#' before the word, the exclusive one's has it anyway.
        Some(plain) if plain == EXCLUSIVE => (EXCLUSIVE, true),
        Some(plain) => (plain.trim_end_matches('#'), true),
        None => (uri, false),
    };
    let mode = match uri {
        EXCLUSIVE => Mode::Exclusive,
        INCLUSIVE => Mode::Inclusive,
        _ => return Err(SecurityError::Algorithm { what: "Transform" }),
    };
    let mut prefixes = Vec::new();
    for child in block.children(element) {
        if !child.is(EXCLUSIVE, "InclusiveNamespaces") || mode == Mode::Inclusive {
            return Err(SecurityError::Malformed("Transform"));
        }
        let list = child.attribute("PrefixList").unwrap_or_default();
        let words = list.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
        prefixes.extend(words.map(|word| if word == "#default" { String::new() } else { word.to_owned() }));
        if prefixes.len() > MOST_PREFIXES {
            return Err(SecurityError::TooMany { what: "prefixes in a list", limit: MOST_PREFIXES });
        }
    }
    Ok(Canon { mode, comments, prefixes, inherited: Vec::new() })
}

fn token(block: &Block<'_>, info: &Element<'_>) -> Result<Token, SecurityError> {
    let reference = block.required(info, WSSE, "SecurityTokenReference")?;
    if let Some(direct) = block.child(reference, WSSE, "Reference")? {
        let id = direct.attribute("URI").and_then(|uri| uri.strip_prefix('#'));
        return Ok(Token::Direct(id.ok_or(SecurityError::Malformed("Reference"))?.to_owned()));
    }
    let data =
        block.child(reference, DS, "X509Data")?.ok_or(SecurityError::Malformed("SecurityTokenReference"))?;
    let issuer = block.required(data, DS, "X509IssuerSerial")?;
    Ok(Token::Issuer {
        name: block.required(issuer, DS, "X509IssuerName")?.trimmed().to_owned(),
        serial: block.required(issuer, DS, "X509SerialNumber")?.trimmed().to_owned(),
    })
}

/// RFC 2392: a Content-ID in a URL has the characters escaped that a URL does not hold.
fn percent_decoded(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                octets.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(octets).unwrap_or_else(|_| text.to_owned())
}
