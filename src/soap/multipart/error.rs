//! Why a package is refused.

use crate::soap::Answer;
use crate::xml::XmlError;
use crate::xml::encoding::EncodingError;

/// The package cannot be read. Parts are numbered from 1, in the order of the package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The boundary of the Content-Type is nowhere in the body.
    #[error("the boundary that Content-Type declares does not occur in the body")]
    NoDelimiter,
    /// No closing delimiter (RFC 2046 §5.1.1): the package broke off.
    #[error("the package has no closing boundary after {parts} parts: it broke off")]
    Unterminated {
        /// Parts that were begun.
        parts: usize,
    },
    /// Only a closing delimiter.
    #[error("the package has no parts")]
    NoParts,
    /// More parts than [`Bounds`](super::Bounds) allows.
    #[error("the package has more than {limit} parts")]
    TooManyParts {
        /// The bound.
        limit: usize,
    },
    /// The headers of a part are longer than [`Bounds`](super::Bounds) allows.
    #[error("the headers of part {part} are longer than {limit} bytes")]
    HeadersTooLong {
        /// The part.
        part: usize,
        /// The bound.
        limit: usize,
    },
    /// A line among the headers of a part is none (RFC 5322 §2.2).
    #[error("line {line} of the headers of part {part} is no header")]
    Header {
        /// The part.
        part: usize,
        /// The line in the part.
        line: usize,
    },
    /// A header that may stand once stands twice in a part.
    #[error("part {part} has {name} twice")]
    RepeatedHeader {
        /// The part.
        part: usize,
        /// The header.
        name: &'static str,
    },
    /// Two parts have one name: a reference to it would be ambiguous (RFC 2392).
    #[error("part {part} has the Content-ID of an earlier part")]
    RepeatedId {
        /// The later part.
        part: usize,
    },
    /// No part has the Content-ID that `start` names.
    #[error("no part has the Content-ID that the parameter start names")]
    NoRoot,
    /// The root part is no SOAP 1.1 message by its own Content-Type.
    #[error("the root part is \"{media}\", text/xml is needed")]
    RootType {
        /// Its media type, at most 128 characters of it.
        media: String,
    },
    /// A Content-Transfer-Encoding that RFC 2045 §6 does not define.
    #[error("part {part} has the unknown Content-Transfer-Encoding \"{name}\"")]
    TransferEncoding {
        /// The part.
        part: usize,
        /// The encoding, at most 40 characters of it.
        name: String,
    },
    /// The content is not the base64 that the part declares.
    #[error("the content of part {part} is not base64")]
    Base64 {
        /// The part.
        part: usize,
    },
    /// The content is not the quoted-printable that the part declares.
    #[error("byte {offset} of the content of part {part} is not quoted-printable")]
    QuotedPrintable {
        /// The part.
        part: usize,
        /// Byte offset in the content as sent.
        offset: usize,
    },
    /// The bytes of the root are not text in the encoding that they claim.
    #[error("the root part: {0}")]
    RootEncoding(#[from] EncodingError),
    /// The root of an XOP package is not XML.
    #[error("the root part: {0}")]
    RootXml(#[from] XmlError),
    /// An `xop:Include` has no `href`, or none that names a part.
    #[error("the xop:Include at byte {offset} of the root names no part")]
    Inclusion {
        /// Byte offset of the element.
        offset: usize,
    },
    /// The envelope would be too long with everything that it includes.
    #[error("the envelope with its inclusions is longer than {limit} bytes")]
    InclusionsTooLong {
        /// The bound.
        limit: usize,
    },
}

impl MultipartError {
    /// Which bare fault answers this error: a root of another media type is refused as any other Content-Type is, a
    /// package that cannot be read as any other message that cannot.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self {
            Self::RootType { .. } => Answer::Processing,
            _ => Answer::Format,
        }
    }
}
