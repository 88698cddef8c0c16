//! What is known of one message while it passes: for the answer if it fails, for the record, for the log line.

use std::sync::Arc;

use crate::egov::Busta;
use crate::egov::firma::Politica;
use crate::failure::Failure;
use crate::failure::reply::Heard;
use crate::journal::{Esito, MessageId, Reception, Stato, Timing};
use crate::services::Azione;
use crate::telemetry::events::{Direction, MessageEnded, Outcome};
use crate::telemetry::{Phase, Stopwatch};

use super::Arrived;

/// The passage of one message through the bridge.
#[derive(Debug)]
pub(super) struct Passage {
    watch: Stopwatch,
    /// The busta, once it has been read.
    pub(super) busta: Option<Arc<Busta>>,
    /// What was agreed about signatures, once it has been asked.
    pub(super) politica: Option<Politica>,
    /// The action, once it has been recognised.
    pub(super) azione: Option<Arc<Azione>>,
    /// Digest of the inner document, once it has been taken.
    pub(super) digest: Option<[u8; 32]>,
    /// The journal's record of this message or of its earlier twin.
    pub(super) record: Option<MessageId>,
    /// It was recognised as a repetition of one that was carried before.
    pub(super) duplicate: bool,
    /// The verdict or state that its record ended in.
    pub(super) stato: Option<Stato>,
}

impl Passage {
    pub(super) fn begin() -> Self {
        Self {
            watch: Stopwatch::start(),
            busta: None,
            politica: None,
            azione: None,
            digest: None,
            record: None,
            duplicate: false,
            stato: None,
        }
    }

    /// The message enters a phase.
    pub(super) fn enter(&mut self, phase: Phase) {
        self.watch.enter(phase);
    }

    /// A failure in the phase that is running.
    pub(super) fn failed(&self, cause: impl Into<crate::failure::Cause>) -> Failure {
        Failure::new(self.watch.phase(), cause)
    }

    /// What was understood of it.
    pub(super) fn heard(&self) -> Heard<'_> {
        Heard { busta: self.busta.as_deref(), azione: self.azione.as_deref() }
    }

    /// How long each phase took, in the journal's form.
    pub(super) fn timings(&self) -> Vec<Timing> {
        let micros = |taken: std::time::Duration| u64::try_from(taken.as_micros()).unwrap_or(u64::MAX);
        let phases = self.watch.durations();
        phases
            .iter()
            .map(|(phase, taken)| Timing { phase: phase.as_str().into(), micros: micros(taken) })
            .collect()
    }

    /// What the journal keeps of a reception.
    pub(super) fn reception(&self, arrived: &Arrived) -> Reception {
        let busta = self.busta.as_deref();
        let text = |value: Option<&String>| value.filter(|text| !text.is_empty()).cloned();
        Reception {
            destinatario: text(busta.map(|b| &b.destinatario.nome)),
            servizio: text(busta.and_then(|b| b.servizio.as_ref()).map(|s| &s.nome)),
            azione: text(busta.and_then(|b| b.azione.as_ref())),
            profilo: busta.and_then(|b| b.profilo).map(|p| p.as_str().to_owned()),
            riferimento: text(busta.and_then(|b| b.riferimento.as_ref())),
            collaborazione: text(busta.and_then(|b| b.collaborazione.as_ref())),
            chiamante: Some(arrived.caller.label.clone()),
            received_at: arrived.received_at,
            request: arrived.body.clone(),
            timings: self.timings(),
        }
    }

    /// The message has been answered: the one line of the log and the counters, whatever became of it.
    pub(super) fn end(mut self, failure: Option<&Failure>) {
        let phase = failure.map_or(Phase::Reply, |failure| failure.phase);
        self.watch.enter(Phase::Reply);
        let durations = self.watch.durations();
        let record = self.record.map(|id| id.to_string());
        let mittente = self.busta.as_ref().map(|b| b.mittente.to_string());
        let destinatario = self.busta.as_ref().map(|b| b.destinatario.to_string());
        let code = failure.map(|failure| failure.code().to_string());
        // Only where, never what was seen there: that may be personal data.
        let places = failure.map(|failure| {
            let places = failure.places();
            places.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join("; ")
        });
        let detail = match (failure, places.filter(|places| !places.is_empty())) {
            (Some(_), Some(places)) => Some(places),
            (Some(failure), None) => Some(failure.in_the_log()),
            (None, _) => None,
        };
        let busta = self.busta.as_deref();
        let azione = self.azione.as_deref();
        let servizio = busta.and_then(|b| b.servizio.as_ref()).map(|s| s.nome.as_str());
        let recognised = azione.is_some();
        // A busta that was verified holds names of the registry; any other holds whatever its sender wrote there.
        let shown = |text| if recognised { text } else { if_a_name(text) };
        MessageEnded {
            direction: Direction::Inbound,
            mittente: mittente.as_deref().map(shown),
            destinatario: destinatario.as_deref().map(shown),
            servizio: servizio.map(shown),
            azione: azione.map(|a| a.nome.as_str()).or_else(|| busta?.azione.as_deref().map(shown)),
            recognised,
            identificatore: busta.map(|b| if_a_name(&b.identificatore)),
            riferimento: busta.and_then(|b| b.riferimento.as_deref()).map(if_a_name),
            outcome: self.outcome(),
            esito: self.stato.and_then(Stato::esito).map(Esito::as_str),
            code: code.as_deref(),
            phase,
            durations,
            elapsed: self.watch.elapsed(),
            duplicate: self.duplicate,
            journal: record.as_deref(),
            reference: record.as_deref(),
            detail: detail.as_deref(),
        }
        .emit();
    }

    fn outcome(&self) -> Outcome {
        match self.stato {
            Some(Stato::Delivered(Esito::Ok) | Stato::Held | Stato::Resolved(_)) => Outcome::Accepted,
            Some(Stato::Delivered(Esito::Ko)) => Outcome::Rejected,
            Some(Stato::Intended | Stato::Unknown) => Outcome::Unknown,
            Some(Stato::RefusedByNode | Stato::Failed) => Outcome::Failed,
            Some(Stato::Refused) | None => Outcome::Refused,
        }
    }
}

/// What could be a name or an identifier, or words that say it could not: a field of a busta that breaks the rules may
/// hold anything, a person's name included.
fn if_a_name(text: &str) -> &str {
    let is_name =
        text.len() <= 120 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:/'".contains(&b));
    if is_name { text } else { "(not a name)" }
}
