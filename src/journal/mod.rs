//! What happened to each message, and what may therefore happen next?
//!
//! The journal is the durable record behind two promises: nothing leaves the bridge before its intent is durable, and
//! nothing is answered before its outcome is durable. [`Journal`] is the contract, [`SqliteJournal`] the embedded
//! engine and [`MemoryJournal`] the reference model that both tests and readers compare it with.
//!
//! # The life of a record
//!
//! ```text
//! refuse ──► refused
//!
//! intend ──► intended ──conclude──► delivered (ok | ko)       the other side's verdict
//!               │   ▲      ├──────► refused_by_node           it declined the call without a verdict
//!               │   │      ├──────► failed                    no byte left the bridge
//!               │   │      └──────► unknown                   bytes left, no conclusive answer
//!               │   └──repeat────────  │ ▲
//!               └──recover, token lost─┼─┘
//!                                      └──resolve──► resolved (executed | not_executed)
//!
//! place ──► held ──repeat, in its turn──► intended ──conclude──► delivered, unknown, or held again
//! ```
//!
//! # Invariants
//!
//! - One reception, one record. A record never goes back: the pair (attempt, state) only grows.
//! - At most one record of a [`Key`] *blocks* ([`Stato::blocks`]): intended, delivered, unknown, resolved as executed.
//!   The engine's unique key enforces it, so of two twins that race through [`Journal::intend`] exactly one gets a token.
//!   Refused, refused by the node, failed and resolved as not executed never block: the protocol prescribes that the
//!   sender repeat with the same identifier after a processing error, and nothing was executed.
//! - A held record was acknowledged: it is not given up. An attempt that failed or was refused leaves it held; where the
//!   operator says of its unknown fate that it was not executed, it is held once more, under a new record.
//! - A doubt outlives what comes after it: once an attempt of a record ended `unknown`, a later attempt that failed or
//!   was refused leaves the record `unknown`. Only a verdict or the operator settles it.
//! - An attempt that was taken for lost (`interrupted`) may come to its end all the same, where another gateway judged it.
//!   That end is recorded in the attempt, beside the fact that it was doubted, unless it is itself unknown. It settles the record
//!   only where it is a verdict on the last attempt of a record that is still `unknown`; what a later attempt or the operator
//!   has made of the record stands, and the caller is told [`JournalError::Stale`].
//! - An [`Intended`] is the only permission to forward, and cannot be cloned or made elsewhere. Dropped without a
//!   conclusion it turns its record `unknown` (`failed` when it never reached the caller, since then nothing was sent).
//! - What a call returned `Ok` for is on the disk. What it returned `Err` for is not, with one exception that errs on
//!   the safe side: an intent whose commit could not be confirmed may come back as `unknown` after a restart.
//! - Every transition is a link of one chain of hashes, committed with it (`evidence.rs`): [`Journal::verify`] finds
//!   what was edited, deleted, put in or moved afterwards, and says where.
//! - What `intend` committed, every later [`Journal::look_up`] sees.
//!
//! # Cancel safety
//!
//! Dropping a future before its command was queued undoes it; afterwards the command is carried out all the same and
//! only its answer is lost. A lost answer to `intend` or `repeat` is a token that never reached its caller: the record
//! becomes `failed`, and the twin that follows is free to go. Reading calls may be dropped at any moment.

#[cfg(test)]
mod conformance_tests;
mod entry;
mod error;
mod evidence;
mod memory;
#[cfg(test)]
mod model_tests;
mod postgres;
mod record;
mod series;
#[cfg(test)]
mod specimens;
mod sqlite;
mod state;
mod token;
mod waiters;
mod walk;

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub use self::entry::{
    Conclusion, Failing, Intent, Key, NodeAnswer, Numbers, Reception, Refusal, Repetition, Reply, Timing,
};
pub use self::error::{EngineError, JournalError};
pub use self::evidence::{ChainFault, Hash, Verification};
pub use self::memory::MemoryJournal;
pub use self::postgres::{PostgresJournal, PostgresOptions};
pub use self::record::{
    Attempt, Counts, Earlier, Filter, Health, Life, MessageId, Payload, PayloadKind, Recorded, Reference,
    ResolutionRecord, Summary,
};
pub use self::series::{Attesa, Due, FuoriSerie, Nome, Placing, Posto, Serie};
pub use self::sqlite::{Options, SqliteJournal};
pub use self::state::{Direction, Esito, Inoltro, Outcome, Resolution, Stato, StatoName, UnknownWord};
pub use self::token::{Concluded, Intended, Intending};

/// The durable record of every message. See the module for its invariants and for what cancelling a call does.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The record that blocks `key`, if any; its [`Recorded::digest`] tells a twin from a clash.
    async fn look_up(&self, key: &Key) -> Result<Option<Recorded>, JournalError>;

    /// The newest record of `key` that was carried or may have been, whether it blocks or not.
    async fn earlier(&self, key: &Key) -> Result<Option<Earlier>, JournalError>;

    /// Records a message that the bridge refuses by itself, before it is answered.
    async fn refuse(&self, refusal: Refusal) -> Result<Concluded, JournalError>;

    /// Records that a message is about to be forwarded, and gives the permission to; unless a record blocks its key.
    async fn intend(&self, intent: Intent) -> Result<Intending, JournalError>;

    /// The same for a message of an ordered series ([`Intent::posto`]), unless it has no place there; held where it is
    /// not its turn, and then `waiting` is what its sender may be answered.
    async fn place(&self, intent: Intent, waiting: Reply) -> Result<Placing, JournalError>;

    /// What is known of a series.
    async fn series(&self, collaborazione: &str) -> Result<Option<Attesa>, JournalError>;

    /// The messages that were acknowledged before they were forwarded, and whose turn it is: one of each series. Where
    /// there are very many, not all.
    async fn due(&self) -> Result<Vec<Due>, JournalError>;

    /// Opens a new attempt on a record whose fate is unknown, or which is held and whose turn it is. Otherwise answers
    /// what it is.
    async fn repeat(&self, repetition: Repetition) -> Result<Intending, JournalError>;

    /// Records what became of a forwarded message, before it is answered. Waits for room rather than being turned away.
    ///
    /// The state of the record is in the answer: see the module about doubts. On error the outcome must not be answered: it is
    /// not durable and the record becomes `unknown`, or it came too late to count. An engine whose database is away may
    /// yet record it when it is back.
    async fn conclude(&self, intended: Intended, conclusion: Conclusion) -> Result<Concluded, JournalError>;

    /// Whether a permission with this [`Intended::fence`] still stands, as far as can be told without asking: another gateway
    /// may have taken this one for lost while it was held up. Asked right before the message leaves.
    fn stands(&self, _fence: i64) -> bool {
        true
    }

    /// Waits until record `id` is no longer `intended`, for as long as `wait`; `None` when it still is, or never was.
    async fn settled(&self, id: MessageId, wait: Duration) -> Result<Option<Recorded>, JournalError>;

    /// At start-up, before anything is admitted: what was `intended` when the process died becomes `unknown`.
    async fn recover(&self) -> Result<Vec<MessageId>, JournalError>;

    /// The records that match, newest first.
    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, JournalError>;

    /// The lives of all receptions under `reference`, oldest first; at most one for a [`Reference::Id`].
    async fn show(&self, reference: &Reference) -> Result<Vec<Life>, JournalError>;

    /// The operator's word on a record whose fate is unknown.
    async fn resolve(
        &self,
        id: MessageId,
        resolution: Resolution,
        who: &str,
        why: &str,
    ) -> Result<Concluded, JournalError>;

    /// Takes numbers for identifiers that no other call, process or later life of this one will get: at least one, at
    /// most as many as asked for. They grow from 1 in each minute, which is told apart by its spelling alone.
    async fn reserve(&self, numbers: Numbers) -> Result<Range<u64>, JournalError>;

    /// Walks the chain of evidence and compares every record with it. Long: reads everything there is.
    async fn verify(&self) -> Result<Verification, JournalError>;

    /// How many records stand in each state.
    async fn counts(&self) -> Result<Counts, JournalError>;

    /// Proves that the journal can be written, by a durable write.
    async fn health(&self) -> Result<Health, JournalError>;

    /// Carries out what is queued, then stops. Every later call answers [`JournalError::Closed`].
    async fn close(&self);
}

/// The conclusion of an attempt whose token was dropped. `reached`: the caller had held it.
fn abandoned(reached: bool) -> Conclusion {
    let (outcome, detail) = if reached {
        (Outcome::Unknown, "the exchange was abandoned before its outcome was recorded")
    } else {
        (Outcome::Failed, "the exchange was abandoned before anything was sent")
    };
    without_answer(outcome, "abandoned", detail)
}

/// The code of an attempt that was taken for lost.
const INTERRUPTED: &str = "interrupted";

/// The conclusion of an attempt that a dead process left open. Its words are part of the evidence: they never change.
fn interrupted() -> Conclusion {
    without_answer(Outcome::Unknown, INTERRUPTED, "the gateway stopped before the outcome was recorded")
}

/// Whether an attempt was taken for lost, so that its end may still come.
fn is_interrupted(stato: Stato, failure: Option<&Failing>) -> bool {
    stato == Stato::Unknown && failure.is_some_and(|failure| failure.code == INTERRUPTED)
}

fn without_answer(outcome: Outcome, code: &'static str, detail: &str) -> Conclusion {
    Conclusion {
        outcome,
        answer: None,
        reply: None,
        failure: Some(Failing {
            code: code.into(),
            fault: "bridge".into(),
            phase: "forward".into(),
            retry: "same_identifier".into(),
            place: None,
            detail: detail.to_owned(),
        }),
        timings: Vec::new(),
    }
}

/// An instant as the record keeps it.
fn whole_micros(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}
