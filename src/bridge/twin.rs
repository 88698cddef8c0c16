//! What a message gets whose key is taken.
//!
//! `duplicate = "recorded"` gives the recorded answer again. Otherwise the profile decides (busta e-Gov 1.1, duplicates
//! filter): a synchronous request and an asynchronous call get EGOV_IT_110, a one-way message is acknowledged once more
//! as its sender now asks. Under the Linee Guida every repetition gets EGOV_IT_110.

use super::inbound::Inbound;
use super::passage::Passage;
use super::{Answer, Knowledge};
use crate::egov::profili::Passo;
use crate::egov::{Busta, CodiceEccezione, Eccezione, Gestione};
use crate::failure::{Cause, Failure, reply};
use crate::journal::{MessageId, Recorded, Resolution, Stato};
use crate::services::{Azione, Duplicate, OnUnknown};

/// What a message gets whose key is taken.
pub(super) enum Twin {
    /// This answer.
    Answered(Answer),
    /// The record no longer stands in its way.
    Free,
    /// The record's fate is open, and the action may be asked again under it.
    Repeatable(MessageId),
}

/// A message whose key is taken.
#[derive(Clone, Copy)]
pub(super) struct Second<'a> {
    pub(super) azione: &'a Azione,
    pub(super) busta: &'a Busta,
    /// Absent where the document is not XML.
    pub(super) digest: Option<[u8; 32]>,
}

impl Inbound {
    /// What a message gets whose key is taken by `recorded`. A twin of a message that is being carried waits for it.
    ///
    /// # Cancel safety
    /// Only reads; a number for an identifier may be wasted.
    pub(super) async fn twin(
        &self,
        knowledge: &Knowledge,
        mut recorded: Recorded,
        second: Second<'_>,
        passage: &mut Passage,
    ) -> Result<Twin, Failure> {
        let Second { azione, digest, .. } = second;
        passage.record = Some(recorded.id);
        passage.duplicate = true;
        // One identifier for two documents is the sender's error, whatever became of the first.
        if digest != Some(recorded.digest) {
            return Err(taken(passage));
        }
        // It was acknowledged, whatever becomes of it.
        if recorded.accepted && recorded.stato.may_be_executed() {
            return self.again(knowledge, recorded, second, passage).await.map(Twin::Answered);
        }
        if recorded.stato == Stato::Intended {
            let settled = self.journal.settled(recorded.id, self.settings.twin_wait).await;
            recorded = settled
                .map_err(|error| passage.failed(error))?
                .ok_or_else(|| passage.failed(Cause::InFlight))?;
        }
        match recorded.stato {
            Stato::Held | Stato::Delivered(_) | Stato::Resolved(Resolution::Executed) => {
                self.again(knowledge, recorded, second, passage).await.map(Twin::Answered)
            }
            Stato::Unknown => match &azione.on_unknown {
                OnUnknown::Hold => {
                    passage.stato = Some(Stato::Unknown);
                    Err(passage.failed(Cause::Held))
                }
                OnUnknown::Resend { .. } => Ok(Twin::Repeatable(recorded.id)),
            },
            Stato::Intended => Err(passage.failed(Cause::InFlight)),
            Stato::Refused
            | Stato::RefusedByNode
            | Stato::Failed
            | Stato::Resolved(Resolution::NotExecuted) => {
                passage.record = None;
                passage.duplicate = false;
                Ok(Twin::Free)
            }
        }
    }

    /// The answer to the repetition of a message that was taken.
    async fn again(
        &self,
        knowledge: &Knowledge,
        recorded: Recorded,
        Second { azione, busta, .. }: Second<'_>,
        passage: &mut Passage,
    ) -> Result<Answer, Failure> {
        let Recorded { id, stato, received_at, reply, .. } = recorded;
        if let (Duplicate::Recorded, Stato::Delivered(_), Some(reply)) = (azione.duplicate, stato, reply) {
            passage.stato = Some(stato);
            return Ok(Answer::again(reply, id));
        }
        if azione.passo() != Passo::OneWay || knowledge.gestione(busta) == Gestione::LineeGuida11 {
            return Err(taken(passage));
        }
        let now = self.clock.now();
        let identificatore = self.progressivi.next(now).await.map_err(|cause| passage.failed(cause))?;
        let speaker = self.speaker(knowledge, &identificatore, now);
        let reply =
            reply::taken(azione, busta, received_at, speaker, "").map_err(|error| passage.failed(error))?;
        let reply = self.sealed(reply, passage).map_err(|error| passage.failed(error))?;
        passage.stato = Some(stato);
        let mut answer = Answer::from(reply);
        answer.reference = Some(id.to_string());
        Ok(answer)
    }
}

fn taken(passage: &Passage) -> Failure {
    let codice = CodiceEccezione::IdentificatoreNonValido;
    passage.failed(Cause::Eccezioni(vec![Eccezione::new(codice, "Messaggio/Identificatore")]))
}
