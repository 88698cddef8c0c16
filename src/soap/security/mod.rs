//! WS-Security 1.0: the X.509 signature of a message, verified and made.
//!
//! [`verify`] answers what a signature proves: whose certificate made it, and which [`Place`]s of the envelope it covers. What
//! had to be covered, and who may sign for whom, is for the caller to judge. [`sign`] writes a signed envelope.
//!
//! A signature covers elements by their Id, and an attacker may move what is signed elsewhere and put something else in its
//! place (signature wrapping). So an Id must be the only one of its kind in the whole document, what it names must stand where
//! the message is read from, and the answer speaks of places, never of Ids. There are no transforms but canonicalisation and
//! the attachments' own. References, transforms, tokens and Ids are bounded in number; nothing recurses; nothing is fetched.
//!
//! The cryptography is OpenSSL's. The present instant is a parameter; nothing does input or output.

mod algorithm;
mod attachment;
mod block;
mod certificate;
mod encoding;
mod error;
mod place;
mod sign;
mod signature;
mod timestamp;
mod verify;

#[cfg(test)]
mod verify_tests;

pub use algorithm::{Digest, Method};
pub use attachment::{Attachment, Attachments, NoAttachments};
pub use certificate::{Authorities, AuthoritiesError, common_name};
pub use error::SecurityError;
pub use place::Place;
pub use sign::{Signer, SignerError, Signing, SigningError, sign};
pub use verify::{Demands, Verified, verify};

/// WS-Security 1.0.
pub const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// The utility schema of WS-Security 1.0: `Id` and `Timestamp`.
pub const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
/// XML Signature.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// XML Encryption, known only to be refused.
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// Exclusive canonicalisation, without comments; with `WithComments` after it, with them.
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Inclusive canonicalisation.
const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
/// The content of an attachment (Web Services Security: SOAP Messages with Attachments Profile 1.1, §5.4.2).
const ATTACHMENT_CONTENT: &str =
    "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#Attachment-Content-Signature-Transform";
/// A certificate as a token (X.509 Certificate Token Profile 1.0, §3.1).
const X509_V3: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
/// The encoding of a token.
const BASE64: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";
