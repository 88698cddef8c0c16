//! The one `Failure` of the gateway.
//!
//! Each boundary has an error enum of its own and knows nothing of the others. They meet here, as [`Cause`], and are
//! turned into the five answers that everybody asks for: whose fault it is, in which phase it happened, whether the
//! sender may repeat, which public code names it, and which places of which document are wrong. The journal and the
//! log keep all five; [`reply`] alone decides what the wire says.

mod answers;
mod cause;
mod place;
pub mod reply;

pub use answers::{Code, Fault, Retry};
pub use cause::{Anomaly, Cause, DocumentError, TransportError};
pub use place::{Part, Place};

use crate::journal::Failing;
use crate::telemetry::Phase;

/// A message did not get through.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Failure {
    /// The phase in which it happened.
    pub phase: Phase,
    /// What happened, in the words of the boundary it happened at.
    #[source]
    pub cause: Cause,
}

impl Failure {
    /// A failure in `phase`.
    #[must_use]
    pub fn new(phase: Phase, cause: impl Into<Cause>) -> Self {
        Self { phase, cause: cause.into() }
    }

    /// The journal's form. The places go without the values seen, because metadata outlives payloads; the whole
    /// explanation is kept with the payloads.
    #[must_use]
    pub fn failing(&self) -> Failing {
        let places = self.places();
        let place = places.first().map(|first| match places.len() {
            1 => first.to_string(),
            more => format!("{first} and {} more", more - 1),
        });
        Failing {
            code: self.code().to_string().into(),
            fault: self.fault().as_str().into(),
            phase: self.phase.as_str().into(),
            retry: self.retry().as_str().into(),
            place,
            detail: self.detail(),
        }
    }

    /// What a log line may say: what the node writes about a message may name the person whom it is about.
    #[must_use]
    pub fn in_the_log(&self) -> String {
        match &self.cause {
            Cause::RefusedByNode { status, .. } => {
                format!("the node refused the message with status {status}")
            }
            cause => cause.to_string(),
        }
    }

    /// Everything there is to say, values seen included: for the journal's payload, never for a log line.
    #[must_use]
    pub fn detail(&self) -> String {
        match &self.cause {
            Cause::Document(error) => error.lines(),
            Cause::Eccezioni(eccezioni) => {
                eccezioni.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            cause => cause.to_string(),
        }
    }
}
