//! The one thread that writes, and the bounded queue before it.
//!
//! Group commit: whatever waits when the disk is free again goes into one transaction, and is answered after its
//! commit. Each command has its savepoint, so that one that fails leaves the others alone; if the transaction itself
//! fails, each command gets one of its own, so that the disk's last bytes go to whom they suffice for.
//!
//! The thread ends when the journal is closed, and by itself after an error that forbids further writing. From then
//! on every call is answered [`JournalError::Closed`]: none waits for an answer that cannot come.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::super::error::JournalError;
use super::super::evidence;
use super::super::record::MessageId;
use super::super::token::Abandon;
use super::super::waiters::Waiters;
use super::super::{abandoned, whole_micros};
use super::checkpoint::Checkpointer;
use super::engine_error::is_fatal;
use super::writes;
use crate::clock::Clock;

/// Bounds of one transaction.
const BATCH_COMMANDS: usize = 256;
const BATCH_BYTES: usize = 4 << 20;

/// A command on its way to the writer.
pub(super) enum Command {
    Work(Box<dyn Work>),
    /// Tokens were abandoned: look at the list.
    Abandoned,
    /// Carry out what is queued, stop, tell.
    Close(oneshot::Sender<()>),
}

/// A command that writes.
pub(super) trait Work: Send {
    /// Carries it out in the open transaction. Called again if that transaction could not be committed.
    fn apply(&mut self, turn: &mut Turn<'_>) -> Result<(), JournalError>;
    /// Tells whoever waits: the result of `apply`, now durable, or why nothing was done.
    fn answer(self: Box<Self>, failed: Option<JournalError>);
    /// Bytes that it adds, roughly.
    fn weight(&self) -> usize;
}

/// What a command has at hand.
pub(super) struct Turn<'a> {
    pub(super) connection: &'a Connection,
    /// The records that left `intended`.
    pub(super) settled: &'a mut Vec<MessageId>,
}

/// A command from two functions: what it does, and who is told.
pub(super) struct Job<T, Apply, Answer> {
    result: Result<T, JournalError>,
    apply: Apply,
    answer: Answer,
    weight: usize,
}

/// Tokens that were dropped without a conclusion, until the writer has recorded it.
#[derive(Debug)]
pub(super) struct Abandoned {
    tokens: Mutex<Vec<(MessageId, u32, bool)>>,
    /// Weak: a token that is never dropped must not keep the writer alive.
    queue: mpsc::WeakSender<Command>,
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) queue: mpsc::Receiver<Command>,
    pub(super) abandoned: Arc<Abandoned>,
    pub(super) waiters: Arc<Waiters>,
    pub(super) checkpointer: Option<Checkpointer>,
    pub(super) clock: Clock,
}

impl Writer {
    /// The life of the thread.
    pub(super) fn run(mut self) {
        let mut closing = Vec::new();
        while let Some(first) = self.queue.blocking_recv() {
            let batch = self.gather(first, &mut closing);
            if !closing.is_empty() {
                self.queue.close();
            }
            if let Err(error) = self.carry_out(batch) {
                tracing::error!(error = %error, source = ?std::error::Error::source(&error), "journal_writer_stopped");
                return;
            }
        }
        for told in closing {
            let _ = told.send(());
        }
    }

    fn gather(&mut self, first: Command, closing: &mut Vec<oneshot::Sender<()>>) -> Vec<Box<dyn Work>> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            match command {
                Command::Work(work) => {
                    bytes += work.weight();
                    batch.push(work);
                }
                Command::Abandoned => {}
                Command::Close(told) => closing.push(told),
            }
            next = if batch.len() < BATCH_COMMANDS && bytes < BATCH_BYTES {
                self.queue.try_recv().ok()
            } else {
                None
            };
        }
        for (id, attempt, reached) in self.abandoned.take() {
            batch.push(self.abandon(id, attempt, reached));
        }
        batch
    }

    /// The work that records a token dropped without a conclusion; what cannot be recorded now is tried again.
    fn abandon(&self, id: MessageId, attempt: u32, reached: bool) -> Box<dyn Work> {
        let conclusion = abandoned(reached);
        let at = whole_micros(self.clock.now());
        let list = Arc::clone(&self.abandoned);
        Job::boxed(
            0,
            move |turn: &mut Turn<'_>| {
                let told = evidence::told(&conclusion)?;
                writes::conclude(turn, id, attempt, &conclusion, &told, at)
            },
            move |result| match result {
                // Stale: somebody else, an operator say, has settled it.
                Ok(_) | Err(JournalError::Stale { .. } | JournalError::NoSuchMessage { .. }) => {}
                Err(_) => list.put(id, attempt, reached),
            },
        )
    }

    /// Commits and answers. An error means that the writer must not go on; everybody has been answered all the same.
    fn carry_out(&mut self, mut batch: Vec<Box<dyn Work>>) -> Result<(), JournalError> {
        if batch.is_empty() {
            return Ok(());
        }
        let Err(error) = self.commit(&mut batch) else {
            for work in batch {
                work.answer(None);
            }
            return Ok(());
        };
        let alone = batch.len() == 1 || is_fatal(&error) || matches!(error, JournalError::Contended { .. });
        let mut fatal = is_fatal(&error).then(|| error.clone());
        for mut work in batch {
            if alone || fatal.is_some() {
                work.answer(Some(error.clone()));
                continue;
            }
            match self.commit(std::slice::from_mut(&mut work)) {
                Ok(()) => work.answer(None),
                Err(error) => {
                    fatal = is_fatal(&error).then(|| error.clone());
                    work.answer(Some(error));
                }
            }
        }
        fatal.map_or(Ok(()), Err)
    }

    /// All of `batch` in one durable transaction, except those that fail for themselves.
    fn commit(&mut self, batch: &mut [Box<dyn Work>]) -> Result<(), JournalError> {
        let mut settled = Vec::new();
        let mut bytes = 0;
        if !self.connection.is_autocommit() {
            // The rollback of the transaction before failed.
            self.connection.execute_batch("ROLLBACK")?;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for work in batch {
            transaction.prepare_cached("SAVEPOINT command")?.execute([])?;
            if let Err(error) = work.apply(&mut Turn { connection: &transaction, settled: &mut settled }) {
                // SQLite ends the transaction by itself on some errors (disk full, I/O): all is undone.
                if transaction.is_autocommit() || is_fatal(&error) {
                    return Err(error);
                }
                transaction.prepare_cached("ROLLBACK TO command")?.execute([])?;
            }
            transaction.prepare_cached("RELEASE command")?.execute([])?;
            bytes += work.weight();
        }
        transaction.commit()?;
        self.waiters.wake(&settled);
        if let Some(checkpointer) = &mut self.checkpointer {
            checkpointer.wrote(bytes);
        }
        Ok(())
    }
}

impl<T, Apply, Answer> Job<T, Apply, Answer>
where
    T: Send + 'static,
    Apply: FnMut(&mut Turn<'_>) -> Result<T, JournalError> + Send + 'static,
    Answer: FnOnce(Result<T, JournalError>) + Send + 'static,
{
    pub(super) fn boxed(weight: usize, apply: Apply, answer: Answer) -> Box<dyn Work> {
        Box::new(Self { result: Err(JournalError::Closed), apply, answer, weight })
    }
}

impl Abandoned {
    pub(super) fn new(queue: &mpsc::Sender<Command>) -> Self {
        Self { tokens: Mutex::default(), queue: queue.downgrade() }
    }

    fn take(&self) -> Vec<(MessageId, u32, bool)> {
        std::mem::take(&mut *self.tokens.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a token (back) on the list, without waking the writer: it is met at the next batch.
    pub(super) fn put(&self, id: MessageId, attempt: u32, reached: bool) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).push((id, attempt, reached));
    }
}

impl<T, Apply, Answer> Work for Job<T, Apply, Answer>
where
    T: Send + 'static,
    Apply: FnMut(&mut Turn<'_>) -> Result<T, JournalError> + Send + 'static,
    Answer: FnOnce(Result<T, JournalError>) + Send + 'static,
{
    fn apply(&mut self, turn: &mut Turn<'_>) -> Result<(), JournalError> {
        self.result = (self.apply)(turn);
        self.result.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn answer(self: Box<Self>, failed: Option<JournalError>) {
        (self.answer)(failed.map_or(self.result, Err));
    }

    fn weight(&self) -> usize {
        self.weight
    }
}

impl Abandon for Abandoned {
    fn abandon(&self, id: MessageId, attempt: u32, reached: bool) {
        self.put(id, attempt, reached);
        // When the queue is full the writer has a batch ahead of it anyway, and looks at the list then.
        if let Some(queue) = self.queue.upgrade() {
            let _ = queue.try_send(Command::Abandoned);
        }
    }
}
