//! Signatures of messages, made and judged (WS-Security 1.0, SOAP Message Security; XML Signature).
//!
//! What the gateway has for this is not used here: a judge that shared it would share its mistakes. The cryptography of both is
//! OpenSSL's.

mod algorithm;
mod canonical;
mod keys;
mod sign;
mod verify;

pub use keys::{Keys, KeysError};
pub use sign::SigningError;
pub(super) use sign::{is_signed, sign};
pub(super) use verify::judge;

/// XML Signature.
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The blocks of WS-Security 1.0.
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// Where its Ids are.
pub(super) const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
/// Exclusive canonicalisation.
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
