//! What a message gets whose key is taken.

use std::time::Duration;

use super::Answer;
use super::passage::Passage;
use crate::egov::{CodiceEccezione, Eccezione};
use crate::failure::{Cause, Failure};
use crate::journal::{Journal, MessageId, Recorded, Resolution, Stato};
use crate::services::{Azione, Duplicate, OnUnknown};

/// What a message gets whose key is taken.
pub(super) enum Twin {
    /// The recorded answer.
    Answered(Answer),
    /// The record no longer stands in its way.
    Free,
    /// The record's fate is open, and the action may be asked again under it.
    Repeatable(MessageId),
}

/// What a message gets whose key is taken by `recorded`. A twin of a message that is being carried waits for it, for as
/// long as `wait`.
///
/// # Cancel safety
/// Only reads.
pub(super) async fn of(
    mut recorded: Recorded,
    digest: Option<[u8; 32]>,
    azione: &Azione,
    journal: &dyn Journal,
    wait: Duration,
    passage: &mut Passage,
) -> Result<Twin, Failure> {
    passage.record = Some(recorded.id);
    passage.duplicate = true;
    let taken = |passage: &Passage| {
        let codice = CodiceEccezione::IdentificatoreNonValido;
        passage.failed(Cause::Eccezioni(vec![Eccezione::new(codice, "Messaggio/Identificatore")]))
    };
    // One identifier for two documents is the sender's error, whatever became of the first.
    if digest != Some(recorded.digest) {
        return Err(taken(passage));
    }
    if recorded.stato == Stato::Intended {
        let settled = journal.settled(recorded.id, wait).await;
        recorded =
            settled.map_err(|error| passage.failed(error))?.ok_or_else(|| passage.failed(Cause::InFlight))?;
    }
    match recorded.stato {
        Stato::Delivered(_) if azione.duplicate == Duplicate::Recorded => match recorded.reply {
            Some(reply) => {
                passage.stato = Some(recorded.stato);
                Ok(Twin::Answered(Answer::again(reply, recorded.id)))
            }
            None => Err(taken(passage)),
        },
        Stato::Delivered(_) | Stato::Resolved(Resolution::Executed) => Err(taken(passage)),
        Stato::Unknown => match &azione.on_unknown {
            OnUnknown::Hold => {
                passage.stato = Some(Stato::Unknown);
                Err(passage.failed(Cause::Held))
            }
            OnUnknown::Resend { .. } => Ok(Twin::Repeatable(recorded.id)),
        },
        Stato::Intended => Err(passage.failed(Cause::InFlight)),
        Stato::Refused | Stato::RefusedByNode | Stato::Failed | Stato::Resolved(Resolution::NotExecuted) => {
            passage.record = None;
            passage.duplicate = false;
            Ok(Twin::Free)
        }
    }
}
