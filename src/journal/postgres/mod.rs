//! The journal in a PostgreSQL database that several replicas of the gateway share.
//!
//! Each replica has one task that writes, with group commit (`writer.rs`). The writers of all replicas take turns: each commit
//! begins with the lock of one row, which holds the end of the chain of evidence. So there is one chain, and whoever
//! has the turn sees everything that was committed before and is alone in deciding (`load.rs`, `decide.rs`, `store.rs`).
//! Look-ups are statements of their own on other connections. Who is alive is told by leases (`lease.rs`), and ordered
//! series are forwarded in lanes (`series.rs`).
//!
//! The connections need sessions of their own: no pool in transaction mode may stand in between.

mod decide;
mod engine_error;
mod format;
mod lease;
mod listen;
mod load;
mod order;
#[cfg(test)]
mod postgres_tests;
mod reads;
mod rows;
mod series;
#[cfg(test)]
#[path = "../../../tests/it/postgres_server.rs"]
pub(super) mod server;
mod session;
mod store;
mod tls;
mod verify;
mod writer;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use self::engine_error::{Late, unreachable};
use self::lease::Lease;
use self::listen::listen;
use self::order::{Act, Done, Given, Order, Whose};
use self::session::{Line, Part, Road, Session};
use self::tls::Trust;
use self::writer::{Abandoned, Command, Gate, Writer};
use super::entry::{Conclusion, Intent, Key, Numbers, Refusal, Repetition, Reply};
use super::error::JournalError;
use super::evidence::{self, Verification};
use super::record::{
    Counts, Earlier, Filter, Health, Life, MessageId, Recorded, Reference, ResolutionRecord, Summary,
};
use super::series::{Attesa, Due, Placing};
use super::state::Resolution;
use super::token::{Concluded, Intended, Intending};
use super::waiters::Waiters;
use super::{Journal, whole_micros};
use crate::clock::Clock;

/// How long a caller waits for a database that is slow. One that is known to be away is said at once.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same for what became of a message that has left. It is recorded later all the same, if ever it can be.
const LONG_PATIENCE: Duration = Duration::from_secs(20);

/// Where the database is, and how the journal uses it.
#[derive(Clone)]
pub struct PostgresOptions {
    /// The database.
    pub database: Config,
    /// PEM file of the authorities that the database's certificate must come from; where it is absent there is no TLS.
    pub ca_file: Option<PathBuf>,
    /// Name of this replica: no other has it at the same time.
    pub replica: String,
    /// How long a replica that does not report is waited for.
    pub lease: Duration,
    /// How many commands may wait for the writer. Beyond it, new messages are turned away; conclusions wait.
    pub queue: usize,
    /// The schema of the tables.
    pub schema: String,
}

/// The journal in a database that several replicas share. Dropped, its writer carries out what is queued and ends by itself.
pub struct PostgresJournal {
    road: Arc<Road>,
    clock: Clock,
    /// Taken at drop, so that the writer sees the end of the queue.
    queue: Option<mpsc::Sender<Command>>,
    looks: Line,
    desk: Mutex<Desk>,
    waiters: Arc<Waiters>,
    lease: Arc<Lease>,
    gate: Arc<Gate>,
    tasks: Vec<AbortHandle>,
}

/// The connection of long reads: one at a time, each within one snapshot.
struct Desk {
    line: Line,
    /// A read was abandoned in the middle of its snapshot.
    littered: bool,
}

impl PostgresOptions {
    /// The usual ones for a database.
    #[must_use]
    pub fn new(database: Config, replica: impl Into<String>) -> Self {
        Self {
            database,
            ca_file: None,
            replica: replica.into(),
            lease: Duration::from_secs(15),
            queue: 1024,
            schema: "egov_bridge".to_owned(),
        }
    }

    /// Where the database is, without any secret.
    #[must_use]
    pub fn place(&self) -> String {
        session::place(&self.database)
    }
}

impl PostgresJournal {
    /// Opens the journal to serve from it, beside other replicas; makes its tables where there are none, and brings an older
    /// format up to date.
    ///
    /// # Errors
    /// The database cannot be reached, is of a later format, not a journal, or does not allow it.
    pub async fn serve(options: &PostgresOptions, clock: Clock) -> Result<Self, JournalError> {
        let road = road(options)?;
        let session = road.open(Part::Writes).await?;
        let before = format::bring_up_to_date(&session, road.schema(), road.place()).await?;
        if before != format::KNOWN && before != 0 {
            tracing::info!(
                journal = road.place(),
                from = before,
                to = format::KNOWN,
                "journal_format_raised"
            );
        }
        let lease = Arc::new(Lease::new(options.replica.clone(), options.lease));
        lease.begin(&session).await?;
        let mut journal = Self::start(options, road, session, Arc::clone(&lease), clock.clone());
        let beats = Line::new(Arc::clone(&journal.road), Part::Beats);
        let queue = journal.queue()?.downgrade();
        let beating = tokio::spawn(async move { lease.keep_up(beats, queue, clock).await });
        let listening = listen(Arc::clone(&journal.road), Arc::clone(&journal.waiters));
        journal.tasks = vec![beating.abort_handle(), tokio::spawn(listening).abort_handle()];
        Ok(journal)
    }

    /// Opens an existing journal for an operator's command, beside the replicas that serve from it.
    ///
    /// # Errors
    /// The database cannot be reached, there is no journal in it, or it is of another format than this program's.
    pub async fn inspect(options: &PostgresOptions, clock: Clock) -> Result<Self, JournalError> {
        let road = road(options)?;
        let session = road.open(Part::Writes).await?;
        match format::found(&session, road.schema(), road.place()).await? {
            0 => return Err(JournalError::Missing { path: road.place().into() }),
            older if older < format::KNOWN => {
                format::bring_up_to_date(&session, road.schema(), road.place()).await?;
            }
            _ => {}
        }
        let lease = Arc::new(Lease::new(options.replica.clone(), options.lease));
        Ok(Self::start(options, road, session, lease, clock))
    }

    fn start(
        options: &PostgresOptions,
        road: Arc<Road>,
        session: Session,
        lease: Arc<Lease>,
        clock: Clock,
    ) -> Self {
        let (queue, commands) = mpsc::channel(options.queue.max(1));
        let waiters = Arc::new(Waiters::default());
        let abandoned = Arc::new(Abandoned::new(&queue));
        let gate = Arc::new(Gate::default());
        let writer = Writer::new(
            Arc::clone(&road),
            session,
            commands,
            abandoned,
            Arc::clone(&waiters),
            Arc::clone(&lease),
            Arc::clone(&gate),
            clock.clone(),
        );
        tokio::spawn(writer.run());
        Self {
            looks: Line::new(Arc::clone(&road), Part::LooksUp),
            desk: Mutex::new(Desk { line: Line::new(Arc::clone(&road), Part::Reads), littered: false }),
            road,
            clock,
            queue: Some(queue),
            waiters,
            lease,
            gate,
            tasks: Vec::new(),
        }
    }

    fn now(&self) -> Timestamp {
        whole_micros(self.clock.now())
    }

    fn queue(&self) -> Result<&mpsc::Sender<Command>, JournalError> {
        self.queue.as_ref().filter(|queue| !queue.is_closed()).ok_or(JournalError::Closed)
    }

    /// Queues an act unless the queue is full or the database is away, and waits for its commit.
    async fn write(&self, act: Act, at: Timestamp, weight: usize) -> Result<Given, JournalError> {
        let queue = self.queue()?;
        if let Some(error) = self.gate.closed() {
            return Err(error);
        }
        let (answer, done) = oneshot::channel();
        let order = Order { act, at, weight, watch: None, answer: Some(answer) };
        queue.try_send(Command::Order(Box::new(order))).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => JournalError::Busy { capacity: queue.max_capacity() },
            mpsc::error::TrySendError::Closed(_) => JournalError::Closed,
        })?;
        answered(done, PATIENCE).await
    }

    /// The same for an act that gives a permission. From here on the token is the caller's, who may send under it.
    async fn token(&self, act: Act, at: Timestamp, weight: usize) -> Result<Placing, JournalError> {
        let Given { done, token } = self.write(act, at, weight).await?;
        match (done, token) {
            (Done::Opened(..), Some(token)) => Ok(Placing::Intended(token.reached())),
            (Done::Known(recorded), _) => Ok(Placing::AlreadyKnown(recorded)),
            (Done::Stands(id, stato), _) => Ok(Placing::Held(Concluded::new(id, stato))),
            (Done::Seen, _) => Ok(Placing::Seen),
            (Done::OutOfSeries(fault), _) => Ok(Placing::Refused(fault)),
            _ => Err(JournalError::Closed),
        }
    }

    async fn look(&self) -> Result<Arc<Session>, JournalError> {
        self.queue()?;
        self.looks.session().await
    }

    /// A snapshot for a read of several statements. [`Snapshot::end`] gives it back.
    async fn snapshot(&self) -> Result<Snapshot<'_>, JournalError> {
        self.queue()?;
        let mut desk = self.desk.lock().await;
        let session = desk.line.session().await?;
        if desk.littered {
            session.batch("ROLLBACK").await?;
        }
        desk.littered = true;
        session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        Ok(Snapshot { desk, session })
    }
}

/// What the database holds at one instant.
struct Snapshot<'a> {
    desk: MutexGuard<'a, Desk>,
    session: Arc<Session>,
}

impl Snapshot<'_> {
    async fn end(mut self) -> Result<(), JournalError> {
        self.session.batch("COMMIT").await?;
        self.desk.littered = false;
        Ok(())
    }
}

impl Drop for PostgresJournal {
    fn drop(&mut self) {
        self.queue = None;
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl fmt::Debug for PostgresJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresJournal").field("road", &self.road).finish_non_exhaustive()
    }
}

#[async_trait]
impl Journal for PostgresJournal {
    async fn look_up(&self, key: &Key) -> Result<Option<Recorded>, JournalError> {
        reads::blocking(&*self.look().await?, key).await
    }

    async fn earlier(&self, key: &Key) -> Result<Option<Earlier>, JournalError> {
        reads::earlier(&*self.look().await?, key).await
    }

    async fn refuse(&self, refusal: Refusal) -> Result<Concluded, JournalError> {
        let weight =
            refusal.reception.request.len() + refusal.reply.as_ref().map_or(0, |reply| reply.body.len());
        let told = evidence::told(&refusal)?;
        let act = Act::Refuse { refusal: Box::new(refusal), told };
        stands(self.write(act, self.now(), weight).await?)
    }

    async fn intend(&self, intent: Intent) -> Result<Intending, JournalError> {
        let weight = intent.reception.request.len() + intent.forwarded.len();
        // Hashed here, by the caller: the writer is everybody's.
        let told = evidence::told(&intent)?;
        let act = Act::Intend { intent: Box::new(intent), told };
        intending(self.token(act, self.now(), weight).await?)
    }

    async fn place(&self, intent: Intent, waiting: Reply) -> Result<Placing, JournalError> {
        let Some(posto) = intent.posto.clone() else {
            return self.intend(intent).await.map(Placing::from);
        };
        let weight = intent.reception.request.len() + intent.forwarded.len() + waiting.body.len();
        let told = evidence::told(&intent)?;
        let act =
            Act::Place { intent: Box::new(intent), posto: Box::new(posto), waiting: Box::new(waiting), told };
        self.token(act, self.now(), weight).await
    }

    async fn series(&self, collaborazione: &str) -> Result<Option<Attesa>, JournalError> {
        series::attesa(&*self.look().await?, collaborazione).await
    }

    async fn due(&self) -> Result<Vec<Due>, JournalError> {
        series::due(&*self.look().await?, self.lease.fence()).await
    }

    async fn repeat(&self, repetition: Repetition) -> Result<Intending, JournalError> {
        let weight = repetition.forwarded.as_ref().map_or(0, bytes::Bytes::len);
        let told = evidence::told(&repetition)?;
        intending(self.token(Act::Repeat { repetition, told }, self.now(), weight).await?)
    }

    async fn conclude(&self, intended: Intended, conclusion: Conclusion) -> Result<Concluded, JournalError> {
        let at = self.now();
        // The token keeps its watch until there is room in the queue: cancelled before, the record becomes unknown.
        let room = self.queue()?.reserve().await.map_err(|_| JournalError::Closed)?;
        let (id, attempt) = (intended.id(), intended.attempt());
        let weight = conclusion.answer.as_ref().map_or(0, |answer| answer.body.len())
            + conclusion.reply.as_ref().map_or(0, |reply| reply.body.len());
        let told = evidence::told(&conclusion)?;
        let act = Act::Conclude { id, attempt, conclusion: Box::new(conclusion), told };
        let (answer, done) = oneshot::channel();
        let order = Order { act, at, weight, watch: Some(intended), answer: Some(answer) };
        room.send(Command::Order(Box::new(order)));
        stands(answered(done, LONG_PATIENCE).await?)
    }

    fn stands(&self, fence: i64) -> bool {
        self.lease.stands(fence)
    }

    async fn settled(&self, id: MessageId, wait: Duration) -> Result<Option<Recorded>, JournalError> {
        let read = async || reads::recorded(&*self.look().await?, id).await;
        self.waiters.settled(id, wait, read).await
    }

    async fn recover(&self) -> Result<Vec<MessageId>, JournalError> {
        if self.lease.fence() == 0 {
            return Err(JournalError::NotServing);
        }
        match self.write(Act::Interrupt(Whose::EndedAndOwn), self.now(), 0).await?.done {
            Done::Interrupted(ids) => Ok(ids),
            _ => Err(JournalError::Closed),
        }
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, JournalError> {
        let snapshot = self.snapshot().await?;
        let found = reads::list(&snapshot.session, &filter).await?;
        snapshot.end().await.map(|()| found)
    }

    async fn show(&self, reference: &Reference) -> Result<Vec<Life>, JournalError> {
        let snapshot = self.snapshot().await?;
        let found = reads::show(&snapshot.session, reference).await?;
        snapshot.end().await.map(|()| found)
    }

    async fn resolve(
        &self,
        id: MessageId,
        resolution: Resolution,
        who: &str,
        why: &str,
    ) -> Result<Concluded, JournalError> {
        let at = self.now();
        let word = ResolutionRecord { resolution, who: who.to_owned(), why: why.to_owned(), at };
        stands(self.write(Act::Resolve { id, word }, at, 0).await?)
    }

    async fn reserve(&self, numbers: Numbers) -> Result<Range<u64>, JournalError> {
        match self.write(Act::Reserve(numbers), self.now(), 0).await?.done {
            Done::Numbers(numbers) => Ok(numbers),
            _ => Err(JournalError::Closed),
        }
    }

    async fn verify(&self) -> Result<Verification, JournalError> {
        let mut walk = verify::Walk::default();
        loop {
            let snapshot = self.snapshot().await?;
            let ended = walk.step(&snapshot.session).await?;
            snapshot.end().await?;
            if ended {
                return Ok(walk.seen());
            }
        }
    }

    async fn counts(&self) -> Result<Counts, JournalError> {
        reads::counts(&*self.look().await?).await
    }

    async fn health(&self) -> Result<Health, JournalError> {
        let began = Instant::now();
        self.write(Act::Probe, self.now(), 0).await?;
        let probe = began.elapsed();
        let queue = self.queue()?;
        let size = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())";
        let rows = self.look().await?.query(size, &[]).await?;
        let size: i64 = rows.first().map_or(Ok(0), |row| reads::get(row, 0))?;
        Ok(Health {
            probe,
            queued: queue.max_capacity().saturating_sub(queue.capacity()),
            capacity: queue.max_capacity(),
            database_bytes: u64::try_from(size).unwrap_or_default(),
            log_bytes: 0,
        })
    }

    async fn close(&self) {
        let (told, done) = oneshot::channel();
        if let Ok(queue) = self.queue()
            && queue.send(Command::Close(told)).await.is_ok()
        {
            // An error means that the writer ended for another reason: closed either way.
            let _ = done.await;
        }
        self.tasks.iter().for_each(AbortHandle::abort);
        self.looks.close().await;
        self.desk.lock().await.line.close().await;
    }
}

fn road(options: &PostgresOptions) -> Result<Arc<Road>, JournalError> {
    let mut database = options.database.clone();
    let trust = match &options.ca_file {
        Some(path) => {
            database.ssl_mode(SslMode::Require);
            Trust::in_file(path).map_err(|e| JournalError::file(path, e))?
        }
        None => {
            database.ssl_mode(SslMode::Disable);
            Trust::in_nobody().map_err(unreachable)?
        }
    };
    Ok(Arc::new(Road::new(database, trust, options.schema.clone())))
}

async fn answered(
    done: oneshot::Receiver<Result<Given, JournalError>>,
    patience: Duration,
) -> Result<Given, JournalError> {
    match tokio::time::timeout(patience, done).await {
        Ok(answered) => answered.map_err(|_| JournalError::Closed)?,
        Err(_) => Err(unreachable(Late { seconds: patience.as_secs() })),
    }
}

fn stands(given: Given) -> Result<Concluded, JournalError> {
    match given.done {
        Done::Stands(id, stato) => Ok(Concluded::new(id, stato)),
        _ => Err(JournalError::Closed),
    }
}

fn intending(placing: Placing) -> Result<Intending, JournalError> {
    match placing {
        Placing::Intended(intended) => Ok(Intending::Intended(intended)),
        Placing::AlreadyKnown(recorded) => Ok(Intending::AlreadyKnown(recorded)),
        Placing::Held(_) | Placing::Seen | Placing::Refused(_) => Err(JournalError::Closed),
    }
}
