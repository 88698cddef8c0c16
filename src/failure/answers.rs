//! The five answers about a failure.

use std::fmt;

use super::{Cause, Failure, Place, TransportError};
use crate::egov::CodiceEccezione;
use crate::node::NodeError;
use crate::soap::Answer;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The sender's: the same message will be refused again.
    Sender,
    /// The national node's.
    Node,
    /// This gateway's, or its operator's.
    Bridge,
    /// Nobody's: the same message is already being carried, or its fate is still open.
    Nobody,
}

/// Whether the sender may send the message again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not as it is: what is wrong must be mended first, and then the message is a new one.
    No,
    /// Yes, and nothing of this one was executed.
    Yes,
    /// Only with the same Identificatore: it may have been executed (busta e-Gov 1.1, ALPIUUNAVOLTA).
    SameIdentifier,
}

/// The public name of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A code of the busta e-Gov.
    Egov(CodiceEccezione),
    /// A code of this gateway, where the busta has no word: it goes into a ListaAnomalie.
    Own(&'static str),
}

impl Fault {
    /// The word in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Node => "node",
            Self::Bridge => "bridge",
            Self::Nobody => "nobody",
        }
    }
}

impl Retry {
    /// The word in records and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::SameIdentifier => "same-identifier",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Egov(codice) => codice.fmt(f),
            Self::Own(code) => f.write_str(code),
        }
    }
}

impl Failure {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match &self.cause {
            Cause::Transport(error) => match error {
                TransportError::Overloaded { .. } | TransportError::Panicked => Fault::Bridge,
                _ => Fault::Sender,
            },
            Cause::Encoding(_)
            | Cause::Package(_)
            | Cause::Soap(_)
            | Cause::Busta(_)
            | Cause::Eccezioni(_)
            | Cause::Throttled { .. }
            | Cause::Document(_)
            | Cause::RefusedByNode { .. } => Fault::Sender,
            Cause::Node(NodeError::Saturated { .. }) => Fault::Bridge,
            Cause::Node(_) | Cause::NothingDone { .. } | Cause::Inconclusive(_) | Cause::Answer(_) => {
                Fault::Node
            }
            Cause::AccessDenied { .. }
            | Cause::Envelope(_)
            | Cause::Firma(_)
            | Cause::Identificatore(_)
            | Cause::Journal(_) => Fault::Bridge,
            Cause::InFlight | Cause::Held | Cause::SeenBefore { .. } => Fault::Nobody,
        }
    }

    /// Whether the sender may repeat.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match &self.cause {
            Cause::Transport(error) => match error {
                TransportError::RateLimited { .. }
                | TransportError::Overloaded { .. }
                | TransportError::TooSlow
                | TransportError::Disconnected => Retry::Yes,
                TransportError::Panicked => Retry::SameIdentifier,
                _ => Retry::No,
            },
            Cause::Encoding(_)
            | Cause::Package(_)
            | Cause::Soap(_)
            | Cause::Busta(_)
            | Cause::Eccezioni(_)
            | Cause::Document(_)
            | Cause::SeenBefore { .. }
            | Cause::RefusedByNode { .. } => Retry::No,
            Cause::Throttled { .. } | Cause::NothingDone { .. } | Cause::AccessDenied { .. } => Retry::Yes,
            Cause::Node(error) if error.sent() == crate::node::Sent::No => Retry::Yes,
            Cause::Node(_)
            | Cause::Inconclusive(_)
            | Cause::Answer(_)
            | Cause::Envelope(_)
            | Cause::Firma(_)
            | Cause::Identificatore(_)
            | Cause::Journal(_)
            | Cause::InFlight
            | Cause::Held => Retry::SameIdentifier,
        }
    }

    /// The public code.
    #[must_use]
    pub fn code(&self) -> Code {
        match &self.cause {
            Cause::Encoding(_) | Cause::Soap(_) | Cause::Busta(_) => {
                Code::Egov(CodiceEccezione::FormatoBusta)
            }
            Cause::Package(error) => Code::Egov(match error.answer() {
                Answer::Format => CodiceEccezione::FormatoBusta,
                Answer::Processing => CodiceEccezione::Processamento,
            }),
            Cause::Transport(TransportError::TooLarge { .. } | TransportError::TooSlow) => {
                Code::Egov(CodiceEccezione::FormatoBusta)
            }
            Cause::Eccezioni(eccezioni) => {
                Code::Egov(eccezioni.first().map_or(CodiceEccezione::FormatoBusta, |e| e.codice))
            }
            Cause::Document(error) => Code::Own(error.code()),
            Cause::RefusedByNode { .. } => Code::Own("EB-NODE"),
            Cause::SeenBefore { .. } => Code::Own("EB-SEEN"),
            _ => Code::Egov(CodiceEccezione::Processamento),
        }
    }

    /// What is wrong, place by place; empty where the failure is not of a document.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        match &self.cause {
            Cause::Eccezioni(eccezioni) => eccezioni.iter().map(|e| Place::of_busta(&e.posizione)).collect(),
            Cause::Document(error) => error.places(),
            _ => Vec::new(),
        }
    }
}
