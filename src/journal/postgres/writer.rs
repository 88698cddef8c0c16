//! The one task that writes, and the queue before it.
//!
//! Group commit: whatever waits when the commit before is done goes into one transaction, in two round trips (`load.rs`,
//! `store.rs`), and is answered after its commit. If the database refuses the transaction, each order gets one of its own.
//!
//! While the database is away, what was asked for is answered with the reason, and what became of messages that have
//! left is kept until it is back. A commit whose answer was lost is looked for when it is back: the chain says whether its
//! last link is there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::super::error::JournalError;
use super::super::evidence;
use super::super::record::MessageId;
use super::super::state::Outcome;
use super::super::token::{Abandon, Intended};
use super::super::waiters::Waiters;
use super::super::{abandoned, whole_micros};
use super::decide::{Decided, decide};
use super::engine_error::passes;
use super::lease::Lease;
use super::load::{self, Turn, Writing};
use super::order::{Act, Batch, Done, Order};
use super::reads::get;
use super::rows::Changes;
use super::session::{FIRST_PAUSE, Part, Road, Session, gone, next_pause};
use super::store::{Unstored, store};
use crate::clock::Clock;

/// How long a closing journal tries to reach a database that is away.
const FAREWELL: Duration = Duration::from_secs(10);

/// A command on its way to the writer.
pub(super) enum Command {
    Order(Box<Order>),
    /// Tokens were abandoned: look at the list.
    Abandoned,
    /// Carry out what is queued, stop, tell.
    Close(oneshot::Sender<()>),
}

/// Why nothing can be written at present, if so.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<Option<JournalError>>);

/// Tokens that were dropped without a conclusion, until the writer has recorded it.
#[derive(Debug)]
pub(super) struct Abandoned {
    tokens: Mutex<Vec<(MessageId, u32, bool)>>,
    /// Weak: a token that is never dropped must not keep the writer alive.
    queue: mpsc::WeakSender<Command>,
}

pub(super) struct Writer {
    road: Arc<Road>,
    queue: mpsc::Receiver<Command>,
    abandoned: Arc<Abandoned>,
    waiters: Arc<Waiters>,
    lease: Arc<Lease>,
    gate: Arc<Gate>,
    clock: Clock,
    session: Option<Session>,
    backlog: VecDeque<Order>,
    pause: Duration,
    closing: Vec<oneshot::Sender<()>>,
    /// Until when the database is waited for, once the queue has ended.
    ended: Option<Instant>,
}

/// What is left of a batch after an attempt.
enum After {
    Done,
    /// To be tried again.
    Again(Vec<Order>),
    /// To be tried one by one: the database refuses them together.
    Apart(Vec<Order>),
}

impl Gate {
    pub(super) fn closed(&self) -> Option<JournalError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, error: Option<JournalError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

impl Abandoned {
    pub(super) fn new(queue: &mpsc::Sender<Command>) -> Self {
        Self { tokens: Mutex::default(), queue: queue.downgrade() }
    }

    fn take(&self) -> Vec<(MessageId, u32, bool)> {
        std::mem::take(&mut *self.tokens.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a token (back) on the list, without waking the writer: it is met at the next commit.
    fn put(&self, id: MessageId, attempt: u32, reached: bool) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).push((id, attempt, reached));
    }
}

impl Abandon for Abandoned {
    fn abandon(&self, id: MessageId, attempt: u32, reached: bool) {
        self.put(id, attempt, reached);
        // When the queue is full the writer has a commit ahead of it anyway, and looks at the list then.
        if let Some(queue) = self.queue.upgrade() {
            let _ = queue.try_send(Command::Abandoned);
        }
    }
}

impl Writer {
    /// `session`: the connection on which the journal was opened.
    #[expect(clippy::too_many_arguments, reason = "what the journal shares with its writer")]
    pub(super) fn new(
        road: Arc<Road>,
        session: Session,
        queue: mpsc::Receiver<Command>,
        abandoned: Arc<Abandoned>,
        waiters: Arc<Waiters>,
        lease: Arc<Lease>,
        gate: Arc<Gate>,
        clock: Clock,
    ) -> Self {
        Self {
            road,
            queue,
            abandoned,
            waiters,
            lease,
            gate,
            clock,
            session: Some(session),
            backlog: VecDeque::new(),
            pause: FIRST_PAUSE,
            closing: Vec::new(),
            ended: None,
        }
    }

    /// The life of the task.
    pub(super) async fn run(mut self) {
        loop {
            self.gather().await;
            let batch = self.batch();
            if !batch.is_empty() {
                self.carry_out(batch).await;
            } else if self.ended.is_some() {
                break;
            }
        }
        if self.lease.fence() != 0
            && let Ok(session) = self.session().await
        {
            let _ = self.lease.end(&session).await;
        }
        for told in std::mem::take(&mut self.closing) {
            let _ = told.send(());
        }
    }

    /// Waits for something to do, and takes what there is.
    async fn gather(&mut self) {
        if self.backlog.is_empty() && self.ended.is_none() {
            if self.gate.closed().is_some() {
                tokio::select! {
                    command = self.queue.recv() => self.receive(command),
                    () = tokio::time::sleep(self.pause) => {
                        if let Ok(session) = self.session().await {
                            self.session = Some(session);
                        }
                    }
                }
            } else {
                let command = self.queue.recv().await;
                self.receive(command);
            }
        }
        self.sip();
        for (id, attempt, reached) in self.abandoned.take() {
            self.abandon(id, attempt, reached);
        }
    }

    /// Takes what is queued, without waiting.
    fn sip(&mut self) {
        while self.ended.is_none() {
            match self.queue.try_recv() {
                Ok(command) => self.receive(Some(command)),
                Err(mpsc::error::TryRecvError::Empty) => return,
                Err(mpsc::error::TryRecvError::Disconnected) => self.receive(None),
            }
        }
    }

    fn receive(&mut self, command: Option<Command>) {
        match command {
            Some(Command::Order(order)) => self.backlog.push_back(*order),
            Some(Command::Abandoned) => {}
            Some(Command::Close(told)) => {
                self.queue.close();
                self.closing.push(told);
            }
            None => self.ended = Some(Instant::now() + FAREWELL),
        }
    }

    /// Records a token that was dropped without a conclusion.
    fn abandon(&mut self, id: MessageId, attempt: u32, reached: bool) {
        let conclusion = Box::new(abandoned(reached));
        if let Ok(told) = evidence::told(&*conclusion) {
            let act = Act::Conclude { id, attempt, conclusion, told };
            let at = whole_micros(self.clock.now());
            self.backlog.push_back(Order { act, at, weight: 0, watch: None, answer: None });
        }
    }

    fn batch(&mut self) -> Vec<Order> {
        let mut batch = Batch::default();
        let waiting = std::mem::take(&mut self.backlog);
        self.backlog.extend(waiting.into_iter().filter_map(|order| batch.take(order)));
        batch.orders
    }

    /// Commits and answers, however long it takes where it must be done.
    async fn carry_out(&mut self, batch: Vec<Order>) {
        let mut batches = VecDeque::from([batch]);
        while let Some(batch) = batches.pop_front() {
            match self.attempt(batch).await {
                After::Done => {}
                After::Again(batch) => {
                    if self.rest(&batch).await {
                        batches.push_front(batch);
                    }
                }
                After::Apart(batch) => batches.extend(batch.into_iter().map(|order| vec![order])),
            }
        }
    }

    async fn attempt(&mut self, batch: Vec<Order>) -> After {
        let session = match self.session().await {
            Ok(session) => session,
            Err(error) => return After::Again(self.turn_away(batch, &error)),
        };
        let error = match self.commit(&session, &batch).await {
            Ok(decided) => {
                self.session = Some(session);
                self.answer(batch, decided);
                return After::Done;
            }
            Err((Unstored::Doubtful(error), Some(decided))) => {
                drop(session);
                match self.was_stored(&decided.changes, error).await {
                    Ok(()) => {
                        self.answer(batch, decided);
                        return After::Done;
                    }
                    Err(error) => error,
                }
            }
            Err((Unstored::Undone(error) | Unstored::Doubtful(error), _)) => {
                if !session.is_closed() && session.batch("ROLLBACK").await.is_ok() {
                    self.session = Some(session);
                }
                error
            }
        };
        if passes(&error) {
            After::Again(self.turn_away(batch, &error))
        } else if batch.len() == 1 {
            self.refuse(batch, &error);
            After::Done
        } else {
            After::Apart(batch)
        }
    }

    /// All of `batch` in one durable transaction, except those that fail for themselves.
    async fn commit(
        &self,
        session: &Session,
        batch: &[Order],
    ) -> Result<Decided, (Unstored, Option<Decided>)> {
        let undone = |error| (Unstored::Undone(error), None);
        let loaded = loop {
            let writing = Writing {
                fence: self.lease.fence(),
                replica: self.lease.replica(),
                lease_ms: self.lease.millis(),
                place: self.road.place(),
            };
            let asked = Instant::now();
            match load::turn(session, writing, batch).await.map_err(undone)? {
                Turn::Taken(loaded) => {
                    self.lease.prolonged(asked, 2);
                    break loaded;
                }
                Turn::LifeOver => {
                    session.batch("ROLLBACK").await.map_err(undone)?;
                    tracing::warn!(
                        event = "journal-lease-lost",
                        replica = self.lease.replica(),
                        fence = writing.fence,
                        "another gateway took this one for lost: what was on its way is unknown until it ends"
                    );
                    self.lease.begin(session).await.map_err(undone)?;
                }
            }
        };
        let fence = self.lease.fence();
        let decided = decide(&loaded, fence, batch);
        if decided.changes.is_empty() {
            session.batch("ROLLBACK").await.map_err(undone)?;
            return Ok(decided);
        }
        match store(session, &decided.changes, fence, self.road.schema()).await {
            Ok(()) => Ok(decided),
            Err(unstored) => Err((unstored, Some(decided))),
        }
    }

    /// Whether a commit that was not confirmed took place; the error, where it did not or nobody can tell any more.
    async fn was_stored(&mut self, changes: &Changes, error: JournalError) -> Result<(), JournalError> {
        if changes.links.is_empty() {
            return Err(error);
        }
        self.gate.set(Some(error.clone()));
        loop {
            if let Ok(session) = self.session().await {
                let found = is_stored(&session, changes).await;
                if session.batch("ROLLBACK").await.is_ok() {
                    self.session = Some(session);
                }
                if let Ok(found) = found {
                    return if found { Ok(()) } else { Err(error) };
                }
            }
            let waiting = std::mem::take(&mut self.backlog).into();
            self.backlog = self.turn_away(waiting, &error).into();
            if self.is_over() {
                return Err(error);
            }
            self.doze().await;
        }
    }

    fn answer(&mut self, batch: Vec<Order>, Decided { results, changes }: Decided) {
        self.waiters.wake(&changes.settled);
        let home: Arc<dyn Abandon> = Arc::<Abandoned>::clone(&self.abandoned);
        let home: Weak<dyn Abandon> = Arc::downgrade(&home);
        let fence = self.lease.fence();
        for (order, result) in batch.into_iter().zip(results) {
            match result {
                Ok(done) => {
                    let token = match done {
                        Done::Opened(id, attempt) => {
                            Some(Intended::new(id, attempt, home.clone()).under(fence))
                        }
                        _ => None,
                    };
                    if let (Done::Interrupted(ids), None) = (&done, &order.answer) {
                        report_lost(ids);
                    }
                    order.answer(Ok((done, token)));
                }
                Err(error) => self.refuse(vec![order], &error),
            }
        }
    }

    /// Answers all of them with the error.
    fn refuse(&self, orders: Vec<Order>, error: &JournalError) {
        for order in orders {
            // What was abandoned and could not be recorded now is tried again; somebody else, an operator say, may have
            // settled it.
            if let (Act::Conclude { id, attempt, conclusion, .. }, None) = (&order.act, &order.answer)
                && !matches!(error, JournalError::Stale { .. } | JournalError::NoSuchMessage { .. })
            {
                self.abandoned.put(*id, *attempt, conclusion.outcome == Outcome::Unknown);
            }
            order.answer(Err(error.clone()));
        }
    }

    /// Answers those that need not be done, here and in the queue, and keeps the others.
    fn turn_away(&mut self, batch: Vec<Order>, error: &JournalError) -> Vec<Order> {
        self.sip();
        let waiting = std::mem::take(&mut self.backlog);
        let (kept, turned): (VecDeque<Order>, VecDeque<Order>) = waiting.into_iter().partition(Order::must);
        self.backlog = kept;
        let (batch, also_turned): (Vec<Order>, Vec<Order>) = batch.into_iter().partition(Order::must);
        for order in turned.into_iter().chain(also_turned) {
            order.answer(Err(error.clone()));
        }
        batch
    }

    /// Waits a little before the next attempt. Answers whether there is to be one.
    async fn rest(&mut self, batch: &[Order]) -> bool {
        if batch.is_empty() || self.is_over() {
            return false;
        }
        self.doze().await;
        true
    }

    async fn doze(&mut self) {
        let until = Instant::now() + self.pause;
        self.pause = next_pause(self.pause);
        // Whoever asks meanwhile is not left waiting.
        while let Ok(command) = tokio::time::timeout_at(until, self.queue.recv()).await {
            if command.is_none() && self.ended.is_some() {
                tokio::time::sleep_until(until).await;
                return;
            }
            self.receive(command);
            if let Some(error) = self.gate.closed() {
                let waiting = std::mem::take(&mut self.backlog).into();
                self.backlog = self.turn_away(waiting, &error).into();
            }
        }
    }

    fn is_over(&self) -> bool {
        self.ended.is_some_and(|until| Instant::now() >= until)
    }

    /// The connection, opened again where it was lost.
    async fn session(&mut self) -> Result<Session, JournalError> {
        if let Some(session) = self.session.take().filter(|session| !session.is_closed()) {
            return Ok(session);
        }
        match self.road.open(Part::Writes).await {
            Ok(session) => {
                self.gate.set(None);
                self.pause = FIRST_PAUSE;
                Ok(session)
            }
            Err(error) => {
                self.gate.set(Some(error.clone()));
                Err(error)
            }
        }
    }
}

/// Whether the last link of a commit is there. Whoever made it has come to an end, since we have the turn.
async fn is_stored(session: &Session, changes: &Changes) -> Result<bool, JournalError> {
    session.batch("BEGIN").await?;
    session.query("SELECT link FROM head FOR UPDATE", &[]).await?.first().ok_or_else(gone)?;
    let hash = changes.head.hash.as_bytes().as_slice();
    let rows =
        session.query("SELECT hash = $2 FROM link WHERE number = $1", &[&changes.head.link, &hash]).await?;
    rows.first().map_or(Ok(false), |row| get(row, 0))
}

fn report_lost(ids: &[MessageId]) {
    for id in ids {
        tracing::error!(
            event = "recovered-unknown",
            journal = %id,
            "the gateway that carried this message is gone: its outcome is unknown"
        );
    }
}
