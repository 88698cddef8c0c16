//! What happened, in the words of the boundary it happened at.

use std::time::Duration;

use crate::egov::{Broken, Eccezione, EncodeError, IdentificatoreError};
use crate::journal::JournalError;
use crate::json_native;
use crate::node::{Inconclusive, NodeError};
use crate::services::corpo::{CorpoError, RispostaError};
use crate::soap::multipart::MultipartError;
use crate::soap::security::SigningError;
use crate::soap::{ContentTypeError, SoapError};
use crate::xml::encoding::EncodingError;

use super::Place;

/// Why a message did not get through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// Refused before its content was looked at.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The bytes are not text in the encoding that they claim.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// A package with attachments that cannot be read.
    #[error(transparent)]
    Package(#[from] MultipartError),
    /// No SOAP 1.1 message.
    #[error(transparent)]
    Soap(#[from] SoapError),
    /// No busta can be read.
    #[error(transparent)]
    Busta(#[from] Broken),
    /// The busta is wrong, or asks for what it may not. At least one.
    #[error("{}", list(.0))]
    Eccezioni(Vec<Eccezione>),
    /// The sender asks more often than its rate allows.
    #[error("the sender asks more often than its rate allows")]
    Throttled {
        /// When the next message has a chance.
        retry_after: Duration,
    },
    /// The document of the application is wrong.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The same message is being carried now.
    #[error("the same message is still being carried")]
    InFlight,
    /// The same message was sent before, and nobody knows yet what became of it.
    #[error("the fate of an earlier sending of this message is open; an operator must settle it")]
    Held,
    /// A message of that number of its ordered series was carried before. It is dropped, and its sender told that it
    /// arrived: nobody gets this for an answer.
    #[error("number {numero} of the series was carried before")]
    SeenBefore {
        /// The number.
        numero: u32,
    },
    /// The exchange with the node failed.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node answered that it did nothing and may be asked again.
    #[error("the node did nothing with the message and asks to be called again")]
    NothingDone {
        /// When.
        retry_after: Option<Duration>,
    },
    /// The node answered, and the answer settles nothing.
    #[error("the answer of the node settles nothing: {0}")]
    Inconclusive(#[from] Inconclusive),
    /// The node conclusively refused the message.
    #[error("the node refused the message with status {status}: {sentence}")]
    RefusedByNode {
        /// The status.
        status: u16,
        /// Title and detail of its problem document.
        sentence: String,
    },
    /// The node does not accept us: our certificate, our token, our path. Never the sender's fault.
    #[error("the node does not accept this gateway: status {status}: {sentence}")]
    AccessDenied {
        /// The status.
        status: u16,
        /// Title and detail of its problem document.
        sentence: String,
    },
    /// The node's verdict cannot be said in the words of the action's contract.
    #[error(transparent)]
    Answer(#[from] RispostaError),
    /// A busta of ours could not be written.
    #[error(transparent)]
    Envelope(#[from] EncodeError),
    /// An answer of ours could not be signed.
    #[error(transparent)]
    Firma(#[from] SigningError),
    /// No identifier could be made for a busta of ours.
    #[error("no identifier for the reply: {0}")]
    Identificatore(#[from] IdentificatoreError),
    /// The record could not be made durable.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Why a request was refused before its content was looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Not POST.
    #[error("method {0} is not accepted, POST is needed")]
    Method(String),
    /// The Content-Type is absent or not SOAP 1.1's.
    #[error(transparent)]
    ContentType(#[from] ContentTypeError),
    /// There is no SOAPAction header.
    #[error("the SOAPAction header is missing; it may be blank, but must be there")]
    NoSoapAction,
    /// A header block that must be understood is not.
    #[error("header block \"{0}\" must be understood and is not")]
    MustUnderstand(String),
    /// The connection's identity asks more often than its rate allows.
    #[error("the caller asks more often than its rate allows")]
    RateLimited {
        /// When the next request has a chance.
        retry_after: Duration,
    },
    /// More bytes than are read.
    #[error("the message is larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
    /// The body came too slowly.
    #[error("the message did not arrive in time")]
    TooSlow,
    /// The body broke off.
    #[error("the message broke off")]
    Disconnected,
    /// The framing is not HTTP/1.1.
    #[error("the request is not HTTP/1.1")]
    BadHttp,
    /// More work is in hand than is taken.
    #[error("the gateway has as much work in hand as it takes")]
    Overloaded {
        /// A guess at when there is room.
        retry_after: Duration,
    },
    /// It came past the proxy that terminates TLS.
    #[error("the request did not come through the proxy")]
    NotTheProxy,
    /// The proxy handed on no certificate, or one that is not accepted.
    #[error("the client certificate is not accepted: {reason}")]
    Certificate {
        /// A bounded word.
        reason: &'static str,
    },
    /// Something in the gateway broke.
    #[error("the gateway failed while it worked on the message")]
    Panicked,
}

/// Why the document of the application is refused.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The Body does not hold what the action asks for.
    #[error(transparent)]
    Corpo(#[from] CorpoError),
    /// The document breaks its schema, or is not XML.
    #[error("the document is not valid: {0}")]
    Refusal(#[from] json_native::Refusal),
}

/// One thing that is wrong with a document, as a ListaAnomalie says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// Code.
    pub code: &'static str,
    /// Sentence.
    pub description: String,
    /// Place.
    pub place: String,
}

impl DocumentError {
    /// The public code of the first thing that is wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Corpo(CorpoError::Document { .. }) => "EB-ROOT",
            Self::Corpo(CorpoError::Unreadable(_) | CorpoError::Encoding(_))
            | Self::Refusal(json_native::Refusal::NotXml { .. }) => "EB-XML",
            Self::Corpo(CorpoError::Attachments(_)) => "EB-ATTACHMENT",
            Self::Corpo(_) => "EB-BODY",
            Self::Refusal(json_native::Refusal::Invalid(_)) => "EB-XSD",
            Self::Refusal(_) => "EB-JSON",
        }
    }

    /// Every place.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        match self {
            Self::Refusal(json_native::Refusal::Invalid(violations)) => {
                violations.iter().map(Place::of_violation).collect()
            }
            Self::Refusal(
                json_native::Refusal::NotXml { position, .. }
                | json_native::Refusal::NotJson { position, .. },
            ) => {
                vec![Place {
                    part: super::Part::Document,
                    position: Some(*position),
                    path: String::from("/"),
                }]
            }
            _ => Vec::new(),
        }
    }

    /// Everything that is wrong, for the sender. Values seen are the sender's own, and go back to it alone.
    #[must_use]
    pub fn anomalies(&self) -> Vec<Anomaly> {
        let code = self.code();
        match self {
            Self::Refusal(json_native::Refusal::Invalid(violations)) => violations
                .iter()
                .map(|violation| Anomaly {
                    code,
                    description: violation.message.clone(),
                    place: format!("{} ({}:{})", violation.path, violation.line, violation.column),
                })
                .collect(),
            other => vec![Anomaly { code, description: other.to_string(), place: String::from("/") }],
        }
    }

    /// One line for each thing that is wrong.
    #[must_use]
    pub fn lines(&self) -> String {
        match self {
            Self::Refusal(json_native::Refusal::Invalid(violations)) => {
                violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            other => other.to_string(),
        }
    }
}

fn list(eccezioni: &[Eccezione]) -> String {
    eccezioni.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
