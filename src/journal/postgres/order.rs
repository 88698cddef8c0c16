//! What the writer is asked for, and what it answers.

use std::collections::HashSet;
use std::ops::Range;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::super::entry::{Conclusion, Intent, Key, Numbers, Refusal, Repetition, Reply};
use super::super::error::JournalError;
use super::super::record::{MessageId, Recorded, ResolutionRecord};
use super::super::series::{FuoriSerie, Posto};
use super::super::state::{Inoltro, Stato};
use super::super::token::Intended;

/// One transition that is asked for. `told` is what the bridge told the journal, hashed by the caller.
pub(super) enum Act {
    Refuse { refusal: Box<Refusal>, told: String },
    Intend { intent: Box<Intent>, told: String },
    Place { intent: Box<Intent>, posto: Box<Posto>, waiting: Box<Reply>, told: String },
    Repeat { repetition: Repetition, told: String },
    Conclude { id: MessageId, attempt: u32, conclusion: Box<Conclusion>, told: String },
    Interrupt(Whose),
    Resolve { id: MessageId, word: ResolutionRecord },
    Reserve(Numbers),
    Probe,
}

/// Whose open attempts are to be taken for lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of every life that has ended, or whose lease is over.
    Ended,
    /// Those as well of this replica, whose earlier lives are over: it is only beginning.
    EndedAndOwn,
}

/// An act on its way to the writer.
pub(super) struct Order {
    pub(super) act: Act,
    pub(super) at: Timestamp,
    pub(super) weight: usize,
    /// The token of a conclusion: it keeps its watch until the conclusion is durable.
    pub(super) watch: Option<Intended>,
    /// Nobody waits for what was abandoned.
    pub(super) answer: Option<oneshot::Sender<Result<Given, JournalError>>>,
}

/// What came of an act.
#[derive(Debug)]
pub(super) enum Done {
    /// The record stands there now.
    Stands(MessageId, Stato),
    /// An attempt was opened.
    Opened(MessageId, u32),
    Known(Recorded),
    Seen,
    OutOfSeries(FuoriSerie),
    Interrupted(Vec<MessageId>),
    Numbers(Range<u64>),
    Probed,
}

/// The answer, with the permission where an attempt was opened.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) done: Done,
    pub(super) token: Option<Intended>,
}

/// What two acts of one commit must not have in common, because each is decided upon what was there before.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Touched {
    Key(Key),
    Record(MessageId),
    Series(String),
    Porta(String),
}

/// The acts of one commit.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) orders: Vec<Order>,
    touched: HashSet<Touched>,
    bytes: usize,
    alone: bool,
}

/// Bounds of one commit.
const BATCH_ORDERS: usize = 256;
const BATCH_BYTES: usize = 4 << 20;

impl Order {
    /// Whether it must be carried out although nobody may wait for it any more: what became of a message that has left.
    pub(super) const fn must(&self) -> bool {
        matches!(self.act, Act::Conclude { .. })
    }

    pub(super) fn answer(self, result: Result<(Done, Option<Intended>), JournalError>) {
        if result.is_ok() {
            self.watch.map(Intended::disarm);
        }
        if let Some(answer) = self.answer {
            // Nobody waits any more: a token among the answer reports itself when it is dropped here.
            let _ = answer.send(result.map(|(done, token)| Given { done, token }));
        }
    }

    fn touches(&self) -> Vec<Touched> {
        match &self.act {
            Act::Refuse { .. } | Act::Probe | Act::Interrupt(_) => Vec::new(),
            Act::Intend { intent, .. } if intent.inoltro == Inoltro::PiuDiUnaVolta => Vec::new(),
            Act::Intend { intent, .. } => vec![Touched::Key(intent.key.clone())],
            Act::Place { intent, posto, .. } => {
                vec![Touched::Key(intent.key.clone()), Touched::Series(posto.serie.collaborazione.clone())]
            }
            Act::Repeat { repetition, .. } => vec![Touched::Record(repetition.id)],
            Act::Conclude { id, .. } | Act::Resolve { id, .. } => vec![Touched::Record(*id)],
            Act::Reserve(numbers) => vec![Touched::Porta(numbers.porta.clone())],
        }
    }
}

impl Batch {
    /// Takes the order in, or gives it back where it must wait for the next commit.
    pub(super) fn take(&mut self, order: Order) -> Option<Order> {
        let alone = matches!(order.act, Act::Interrupt(_));
        let full = self.orders.len() >= BATCH_ORDERS || self.bytes >= BATCH_BYTES;
        if self.alone || full || (alone && !self.orders.is_empty()) {
            return Some(order);
        }
        let touches = order.touches();
        if touches.iter().any(|touched| self.touched.contains(touched)) {
            return Some(order);
        }
        self.touched.extend(touches);
        self.bytes = self.bytes.saturating_add(order.weight);
        self.alone = alone;
        self.orders.push(order);
        None
    }
}
