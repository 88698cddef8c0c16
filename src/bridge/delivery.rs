//! The task that forwards held messages, each when it is its turn.
//!
//! What is held was acknowledged, so it is never given up: after an attempt that failed, the next one waits longer, up
//! to a bound, and the messages behind it wait too. What may have been executed waits for the operator, unless its
//! action may be asked again. Series do not wait for each other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::inbound::Inbound;
use super::parting::{Leaves, Parting};
use super::verdict::Ended;
use crate::failure::Failure;
use crate::journal::{Conclusion, Due, Intending, MessageId, Repetition, Stato};
use crate::services::{Azione, OnUnknown};
use crate::telemetry::Phase;
use crate::telemetry::events::HeldForwarded;

/// How soon the task notices what nobody told it: the operator's word, given by another process.
const POLL: Duration = Duration::from_secs(2);
/// The wait after the first attempt that failed; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// Messages on their way at one time.
const AT_ONCE: usize = 16;

/// The task at work. [`Delivery::stop`] lets what is on its way come to its end.
pub struct Delivery {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// A held message that may leave.
struct Released {
    azione: Arc<Azione>,
    identificatore: String,
    json: Bytes,
}

impl Leaves for Released {
    fn parting(&self) -> Parting<'_> {
        Parting { azione: &self.azione, identificatore: &self.identificatore, json: &self.json }
    }
}

impl Delivery {
    /// Starts the task.
    #[must_use]
    pub fn start(inbound: Arc<Inbound>) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, task: tokio::spawn(work(inbound, stopped)) }
    }

    /// Lets no further message leave, and waits for those on their way, for as long as `patience`.
    ///
    /// # Cancel safety
    /// The task ends all the same.
    pub async fn stop(mut self, patience: Duration) {
        let _ = self.stop.send(true);
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

async fn work(inbound: Arc<Inbound>, mut stopped: watch::Receiver<bool>) {
    let mut pauses: HashMap<MessageId, Instant> = HashMap::new();
    while !*stopped.borrow() {
        // An error of the journal is told by everything else that needs it.
        let due = inbound.journal.due().await.unwrap_or_default();
        pauses.retain(|id, _| due.iter().any(|due| due.id == *id));
        let now = Instant::now();
        let ready = due.into_iter().filter(|due| pauses.get(&due.id).is_none_or(|until| *until <= now));
        let mut on_their_way = JoinSet::new();
        for due in ready.take(AT_ONCE) {
            let inbound = Arc::clone(&inbound);
            on_their_way.spawn(async move { (due.id, due.attempts, inbound.release(due).await) });
        }
        let mut went = false;
        while let Some(done) = on_their_way.join_next().await {
            let Ok((id, attempts, executed)) = done else { continue };
            if executed {
                went = true;
            } else {
                pauses.insert(id, Instant::now() + pause(attempts));
            }
        }
        if went {
            continue;
        }
        tokio::select! {
            () = inbound.turn.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            told = stopped.changed() => if told.is_err() { return },
        }
    }
}

impl Inbound {
    /// Forwards a held message whose turn it is. Answers whether it had its end.
    async fn release(&self, due: Due) -> bool {
        let knowledge = self.knowledge.load_full();
        let serie = &due.posto.serie;
        let servizio = &serie.servizio;
        let found = knowledge.catalogue.azione(&servizio.tipo, &servizio.nome, serie.azione.as_deref());
        let Ok(azione) = found.cloned() else { return self.told(&due, due.stato, Some("EB-SERVICE")) };
        if due.stato == Stato::Unknown && azione.on_unknown == OnUnknown::Hold {
            return false;
        }
        let token = match self.journal.repeat(Repetition { id: due.id, forwarded: None }).await {
            Ok(Intending::Intended(token)) => token,
            Ok(Intending::AlreadyKnown(_)) | Err(_) => return false,
        };
        let released =
            Released { azione, identificatore: due.identificatore.clone(), json: due.forwarded.clone() };
        let token = token.bind(released);
        let Ended { outcome, answer, said } = self.leave(&token).await;
        let (token, _) = token.unbind();
        let failure = said.err().map(|cause| Failure::new(Phase::Forward, cause));
        let conclusion = Conclusion {
            outcome,
            answer,
            reply: None,
            failure: failure.as_ref().map(Failure::failing),
            timings: Vec::new(),
        };
        let code = failure.map(|failure| failure.code().to_string());
        match self.journal.conclude(token, conclusion).await {
            Ok(concluded) => self.told(&due, concluded.stato(), code.as_deref()),
            Err(_) => false,
        }
    }

    fn told(&self, due: &Due, stato: Stato, code: Option<&str>) -> bool {
        let attempt = due.attempts.saturating_add(1);
        let executed = stato.is_executed();
        HeldForwarded {
            journal: &due.id.to_string(),
            serie: &due.posto.serie.collaborazione,
            numero: due.posto.numero,
            identificatore: &due.identificatore,
            stato: &stato.to_string(),
            attempt,
            code,
            retry_in: (stato == Stato::Held).then(|| pause(due.attempts)),
            executed,
        }
        .emit();
        executed
    }
}

/// The wait after an attempt, given how many there were before it.
fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1u32.checked_shl(attempts).unwrap_or(u32::MAX)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_ten_minutes() {
        let seconds = |attempts| pause(attempts).as_secs();
        assert_eq!([0, 1, 2, 9, 10, 31, 32, 1000].map(seconds), [1, 2, 4, 512, 600, 600, 600, 600]);
    }
}
