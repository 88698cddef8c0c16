//! Why a document is not a SOAP 1.1 message that the gateway reads.

use crate::xml::XmlError;

/// The document is not a readable SOAP 1.1 message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoapError {
    /// Not well formed, or larger than a bound of `xml::Limits`.
    #[error("not XML: {0}")]
    Xml(#[from] XmlError),
    /// The root is an `Envelope` of another version of SOAP, or of something else altogether.
    #[error("the envelope is in namespace \"{namespace}\", SOAP 1.1 is required")]
    Version {
        /// Namespace of the root, at most 128 characters of it.
        namespace: String,
    },
    /// The root is not an envelope.
    #[error("the root element is \"{qualified}\", not a SOAP Envelope")]
    NotAnEnvelope {
        /// Name of the root as written.
        qualified: String,
    },
    /// The Body is missing (SOAP 1.1 §4.3).
    #[error("the envelope has no Body")]
    NoBody,
    /// Header or Body stands twice, or Header follows Body (SOAP 1.1 §4, appendix schema).
    #[error("element \"{qualified}\" cannot stand here in the envelope")]
    Misplaced {
        /// Name of the element as written.
        qualified: String,
        /// Byte offset of its start tag.
        offset: usize,
    },
    /// Text between the elements of the envelope or of the header.
    #[error("text outside the Body of the envelope")]
    StrayText {
        /// Byte offset of the text.
        offset: usize,
    },
    /// More header blocks or Body children than [`Bounds`](super::Bounds) allows.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
}

/// The bare fault that a refusal deserves; neither carries a busta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Fault Client, `EGOV_IT_001 - Formato Busta non corretto`: what came is no busta, or its structure is broken.
    Format,
    /// Fault Server, `EGOV_IT_300 - Errore nel processamento del messaggio SPCoop`: refused before any header was
    /// read (transport, version of SOAP, a mandatory header block of somebody else).
    Processing,
}

impl SoapError {
    /// Which bare fault answers this error.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self {
            Self::Version { .. } => Answer::Processing,
            _ => Answer::Format,
        }
    }

    /// Byte offset of what is wrong, where there is one place.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        match self {
            Self::Xml(error) => Some(error.offset),
            Self::Misplaced { offset, .. } | Self::StrayText { offset } => Some(*offset),
            Self::Version { .. } | Self::NotAnEnvelope { .. } => Some(0),
            Self::NoBody | Self::TooMany { .. } => None,
        }
    }
}
