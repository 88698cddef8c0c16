//! Why a signature proves nothing.

use openssl::error::ErrorStack;

use super::Place;
use crate::xml::XmlError;

/// The security of a message is absent, wrong, or more than is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityError {
    /// No `wsse:Security` for the actor that was agreed.
    #[error("there is no Security header for the agreed actor")]
    Absent,
    /// Two `wsse:Security` for one actor (SOAP Message Security 1.0, §5).
    #[error("there are several Security headers for one actor")]
    Several,
    /// Security is there, and holds no signature.
    #[error("the Security header holds no signature")]
    NoSignature,
    /// More than one signature: which of them speaks for the sender was not agreed.
    #[error("the Security header holds several signatures")]
    SeveralSignatures,
    /// An element is missing, repeated, or holds what it cannot hold.
    #[error("{0} is missing or malformed")]
    Malformed(&'static str),
    /// Encrypted parts: nobody agreed on a key.
    #[error("the message is encrypted")]
    Encrypted,
    /// An algorithm that is unknown, or that was not agreed.
    #[error("{what} is none of the agreed algorithms")]
    Algorithm {
        /// Which of the algorithms.
        what: &'static str,
    },
    /// SHA-1, which is not accepted.
    #[error("SHA-1 is not accepted")]
    Sha1,
    /// More of something than is read.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// Two elements with one Id.
    #[error("two elements have one Id")]
    DuplicateId,
    /// A reference to nothing, or to an element that does not stand where the message is read from.
    #[error("a reference does not lead to a part of this message")]
    Reference,
    /// Two references to one part.
    #[error("two references lead to one part")]
    ReferencedTwice,
    /// The certificate is not in the message, nor among those that are known.
    #[error("the certificate of the signature is not known")]
    UnknownCertificate,
    /// The certificate does not come from an authority that is trusted, or not in the way it should; in OpenSSL's words.
    #[error("the certificate is not trusted: {0}")]
    Untrusted(&'static str),
    /// The certificate is out of its time.
    #[error("the certificate is not in its period of validity")]
    OutOfTime,
    /// The certificate was revoked.
    #[error("the certificate was revoked")]
    Revoked,
    /// The revocation lists say nothing about the authority of the certificate.
    #[error("no revocation list of the certificate's authority is known")]
    RevocationUnknown,
    /// The value of the signature is not that of its certificate.
    #[error("the value of the signature is wrong")]
    Value,
    /// Parts that are not what was signed.
    #[error("{} signed parts were changed", .0.len())]
    Digest(Vec<Place>),
    /// The Timestamp is malformed.
    #[error("the Timestamp is malformed")]
    Timestamp,
    /// The message was made later than now.
    #[error("the Timestamp was made in the future")]
    Early,
    /// The Timestamp has expired.
    #[error("the Timestamp has expired")]
    Late,
    /// The document is not XML, or exceeds a bound.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The cryptography refused.
    #[error("the signature cannot be verified")]
    Crypto(#[from] ErrorStack),
}
