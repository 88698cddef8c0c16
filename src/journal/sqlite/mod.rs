//! The journal in one SQLite file: the embedded default.
//!
//! Write-ahead log with `synchronous=FULL`; one thread that writes, with group commit (`queue.rs`); checkpoints beside
//! it (`checkpoint.rs`); look-ups on connections of their own, in short transactions, which see every commit that was
//! answered before they began (`connection.rs`). The file must be on a local disk: SQLite's locks and shared memory do
//! not work on NFS.

mod chain;
#[cfg(test)]
mod chain_tests;
mod checkpoint;
mod connection;
mod engine_error;
mod format;
mod lock;
mod queue;
mod reads;
mod series;
#[cfg(test)]
mod sqlite_tests;
mod writes;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use self::chain::Walk;
use self::checkpoint::Checkpointer;
use self::connection::Readers;
use self::lock::{ServingLock, beside};
use self::queue::{Abandoned, Command, Job, Turn, Work, Writer};
use self::series::Placed;
use self::writes::{Ended, Opened};
use super::entry::{Conclusion, Intent, Key, Numbers, Refusal, Repetition, Reply};
use super::error::JournalError;
use super::evidence::{self, Verification};
use super::record::{
    Counts, Earlier, Filter, Health, Life, MessageId, Recorded, Reference, ResolutionRecord, Summary,
};
use super::series::{Attesa, Due, Placing};
use super::state::Resolution;
use super::token::{Abandon, Concluded, Intended, Intending};
use super::waiters::Waiters;
use super::{Journal, whole_micros};
use crate::clock::Clock;

/// How the journal uses the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many commands may wait for the writer. Beyond it, new messages are turned away; conclusions wait.
    pub queue: usize,
    /// How many connections look records up.
    pub readers: usize,
    /// Size in bytes of the write-ahead log above which the writer is held up for the moment it takes to empty it.
    pub log_bytes: u64,
}

/// The journal in one SQLite file. Dropping it carries out what is queued and waits for the writer to end.
#[derive(Debug)]
pub struct SqliteJournal {
    path: PathBuf,
    clock: Clock,
    /// Taken at drop, so that the writer sees the end of the queue.
    queue: Option<mpsc::Sender<Command>>,
    readers: Readers,
    waiters: Arc<Waiters>,
    abandoned: Arc<Abandoned>,
    serving: Option<ServingLock>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteJournal {
    /// Opens the journal at `path` to serve from it; makes file and folder where there are none, and brings an older
    /// format up to date. One process at a time.
    ///
    /// # Errors
    /// The journal is in use, of a later format, not a journal, or the disk does not allow it.
    pub fn serve(path: &Path, options: &Options, clock: Clock) -> Result<Self, JournalError> {
        make_file(path)?;
        let lock = ServingLock::take(path)?;
        bring_up_to_date(path)?;
        let checkpointer = Checkpointer::start(path, options.log_bytes)?;
        Self::start(path, options, clock, Some(lock), Some(checkpointer))
    }

    /// Opens an existing journal for an operator's command, also beside the process that serves from it.
    ///
    /// # Errors
    /// There is no journal at `path`, or it is of a later format, or of an older one and in use.
    pub fn inspect(path: &Path, clock: Clock) -> Result<Self, JournalError> {
        if !path.is_file() {
            return Err(JournalError::Missing { path: path.to_owned() });
        }
        if format::found(&connection::open(path)?, path)? < format::KNOWN {
            let _lock = ServingLock::take(path)?;
            bring_up_to_date(path)?;
        }
        Self::start(path, &Options { readers: 1, ..Options::default() }, clock, None, None)
    }

    /// The database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn start(
        path: &Path,
        options: &Options,
        clock: Clock,
        serving: Option<ServingLock>,
        checkpointer: Option<Checkpointer>,
    ) -> Result<Self, JournalError> {
        let (queue, commands) = mpsc::channel(options.queue.max(1));
        let waiters = Arc::new(Waiters::default());
        let abandoned = Arc::new(Abandoned::new(&queue));
        let writer = Writer {
            connection: connection::writing(path)?,
            queue: commands,
            abandoned: Arc::clone(&abandoned),
            waiters: Arc::clone(&waiters),
            checkpointer,
            clock: clock.clone(),
        };
        let writer = std::thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|e| JournalError::file(path, e))?;
        Ok(Self {
            path: path.to_owned(),
            clock,
            queue: Some(queue),
            readers: Readers::new(path, options.readers),
            waiters,
            abandoned,
            serving,
            writer: Some(writer),
        })
    }

    fn now(&self) -> Timestamp {
        whole_micros(self.clock.now())
    }

    fn queue(&self) -> Result<&mpsc::Sender<Command>, JournalError> {
        self.queue.as_ref().ok_or(JournalError::Closed)
    }

    /// Queues work unless the queue is full, and waits for its commit.
    async fn write<T, U>(
        &self,
        weight: usize,
        apply: impl FnMut(&mut Turn<'_>) -> Result<T, JournalError> + Send + 'static,
        finish: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, JournalError>
    where
        T: Send + 'static,
        U: Send + 'static,
    {
        let queue = self.queue()?;
        let (work, done) = job(weight, apply, finish);
        queue.try_send(Command::Work(work)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => JournalError::Busy { capacity: queue.max_capacity() },
            mpsc::error::TrySendError::Closed(_) => JournalError::Closed,
        })?;
        done.await.map_err(|_| JournalError::Closed)?
    }

    /// How the writer makes a token, once the attempt is durable. It becomes the caller's with [`received`].
    fn token(&self) -> impl FnOnce(Opened) -> Intending + Send + 'static {
        let home: Arc<dyn Abandon> = Arc::<Abandoned>::clone(&self.abandoned);
        let home = Arc::downgrade(&home);
        move |opened| match opened {
            Opened::Attempt(id, attempt) => Intending::Intended(Intended::new(id, attempt, home)),
            Opened::Known(recorded) => Intending::AlreadyKnown(recorded),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { queue: 1024, readers: 4, log_bytes: 64 << 20 }
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn look_up(&self, key: &Key) -> Result<Option<Recorded>, JournalError> {
        let key = key.clone();
        self.readers.read(move |connection| reads::blocking(connection, &key)).await
    }

    async fn earlier(&self, key: &Key) -> Result<Option<Earlier>, JournalError> {
        let key = key.clone();
        self.readers.read(move |connection| reads::earlier(connection, &key)).await
    }

    async fn refuse(&self, refusal: Refusal) -> Result<Concluded, JournalError> {
        let at = self.now();
        let weight =
            refusal.reception.request.len() + refusal.reply.as_ref().map_or(0, |reply| reply.body.len());
        let told = evidence::told(&refusal)?;
        let apply = move |turn: &mut Turn<'_>| writes::refuse(turn, &refusal, &told, at);
        self.write(weight, apply, |id| Concluded::new(id, super::Stato::Refused)).await
    }

    async fn intend(&self, intent: Intent) -> Result<Intending, JournalError> {
        let at = self.now();
        let weight = intent.reception.request.len() + intent.forwarded.len();
        // Hashed here, by the caller: the writer is everybody's.
        let told = evidence::told(&intent)?;
        let apply = move |turn: &mut Turn<'_>| writes::intend(turn, &intent, &told, at);
        self.write(weight, apply, self.token()).await.map(received)
    }

    async fn place(&self, intent: Intent, waiting: Reply) -> Result<Placing, JournalError> {
        let Some(posto) = intent.posto.clone() else {
            return self.intend(intent).await.map(Placing::from);
        };
        let at = self.now();
        let weight = intent.reception.request.len() + intent.forwarded.len() + waiting.body.len();
        let told = evidence::told(&intent)?;
        let apply = move |turn: &mut Turn<'_>| series::place(turn, &intent, &posto, &waiting, &told, at);
        let token = self.token();
        let finish = move |placed| match placed {
            Placed::Opened(opened) => Placing::from(token(opened)),
            Placed::Held(id) => Placing::Held(Concluded::new(id, super::Stato::Held)),
            Placed::Seen => Placing::Seen,
            Placed::Refused(fault) => Placing::Refused(fault),
        };
        Ok(match self.write(weight, apply, finish).await? {
            Placing::Intended(intended) => Placing::Intended(intended.reached()),
            other => other,
        })
    }

    async fn series(&self, collaborazione: &str) -> Result<Option<Attesa>, JournalError> {
        let collaborazione = collaborazione.to_owned();
        self.readers.read(move |connection| series::attesa(connection, &collaborazione)).await
    }

    async fn due(&self) -> Result<Vec<Due>, JournalError> {
        self.readers.read(series::due).await
    }

    async fn repeat(&self, repetition: Repetition) -> Result<Intending, JournalError> {
        let at = self.now();
        let weight = repetition.forwarded.as_ref().map_or(0, bytes::Bytes::len);
        let told = evidence::told(&repetition)?;
        let apply = move |turn: &mut Turn<'_>| writes::repeat(turn, &repetition, &told, at);
        self.write(weight, apply, self.token()).await.map(received)
    }

    async fn conclude(&self, intended: Intended, conclusion: Conclusion) -> Result<Concluded, JournalError> {
        let at = self.now();
        // The token keeps its watch until there is room in the queue: cancelled before, the record becomes unknown.
        let room = self.queue()?.reserve().await.map_err(|_| JournalError::Closed)?;
        let (id, attempt) = (intended.id(), intended.attempt());
        let weight = conclusion.answer.as_ref().map_or(0, |answer| answer.body.len())
            + conclusion.reply.as_ref().map_or(0, |reply| reply.body.len());
        let told = evidence::told(&conclusion)?;
        let mut watch = Some(intended);
        let (answer, done) = oneshot::channel();
        let work = Job::boxed(
            weight,
            move |turn: &mut Turn<'_>| writes::conclude(turn, id, attempt, &conclusion, &told, at),
            move |result: Result<_, JournalError>| {
                if result.is_ok() {
                    watch.take().map(Intended::disarm);
                }
                drop(watch);
                let _ = answer.send(result.and_then(|ended| match ended {
                    Ended::Stands(stato) => Ok(Concluded::new(id, stato)),
                    Ended::TooLate(stato) => Err(JournalError::Stale { id, attempt, stato }),
                }));
            },
        );
        room.send(Command::Work(work));
        done.await.map_err(|_| JournalError::Closed)?
    }

    async fn settled(&self, id: MessageId, wait: Duration) -> Result<Option<Recorded>, JournalError> {
        let read = || self.readers.read(move |connection| reads::recorded(connection, id));
        self.waiters.settled(id, wait, read).await
    }

    async fn recover(&self) -> Result<Vec<MessageId>, JournalError> {
        if self.serving.is_none() {
            return Err(JournalError::NotServing);
        }
        let at = self.now();
        self.write(0, move |turn: &mut Turn<'_>| writes::recover(turn, at), |ids| ids).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, JournalError> {
        self.readers.read(move |connection| reads::list(connection, &filter)).await
    }

    async fn show(&self, reference: &Reference) -> Result<Vec<Life>, JournalError> {
        let reference = reference.clone();
        self.readers.read(move |connection| reads::show(connection, &reference)).await
    }

    async fn resolve(
        &self,
        id: MessageId,
        resolution: Resolution,
        who: &str,
        why: &str,
    ) -> Result<Concluded, JournalError> {
        let word = ResolutionRecord { resolution, who: who.to_owned(), why: why.to_owned(), at: self.now() };
        let apply = move |turn: &mut Turn<'_>| writes::resolve(turn, id, &word);
        self.write(0, apply, move |stato| Concluded::new(id, stato)).await
    }

    async fn reserve(&self, numbers: Numbers) -> Result<Range<u64>, JournalError> {
        self.write(0, move |turn: &mut Turn<'_>| writes::reserve(turn, &numbers), |range| range).await
    }

    async fn verify(&self) -> Result<Verification, JournalError> {
        let mut walk = Walk::default();
        loop {
            let step = move |connection: &_| walk.step(connection).map(|ended| (walk, ended));
            let (went, ended) = self.readers.read(step).await?;
            if ended {
                return Ok(went.seen());
            }
            walk = went;
        }
    }

    async fn counts(&self) -> Result<Counts, JournalError> {
        self.readers.read(reads::counts).await
    }

    async fn health(&self) -> Result<Health, JournalError> {
        let (at, began) = (self.now(), Instant::now());
        self.write(0, move |turn: &mut Turn<'_>| writes::probe(turn, at), |()| ()).await?;
        let queue = self.queue()?;
        let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Health {
            probe: began.elapsed(),
            queued: queue.max_capacity().saturating_sub(queue.capacity()),
            capacity: queue.max_capacity(),
            database_bytes: size(&self.path),
            log_bytes: size(&beside(&self.path, "-wal")),
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
        self.readers.close();
        // Tasks that are still to be dropped may hold the journal for a while: the next to serve need not wait for them.
        if let Some(serving) = &self.serving {
            serving.release();
        }
    }
}

/// Work for the writer, and where its outcome arrives after the commit.
fn job<T, U>(
    weight: usize,
    apply: impl FnMut(&mut Turn<'_>) -> Result<T, JournalError> + Send + 'static,
    finish: impl FnOnce(T) -> U + Send + 'static,
) -> (Box<dyn Work>, oneshot::Receiver<Result<U, JournalError>>)
where
    T: Send + 'static,
    U: Send + 'static,
{
    let (answer, done) = oneshot::channel();
    let work = Job::boxed(weight, apply, move |result: Result<T, JournalError>| {
        // Nobody waits any more: a token among the result reports itself when it is dropped here.
        let _ = answer.send(result.map(finish));
    });
    (work, done)
}

/// From here on the token is the caller's, who may send under it.
fn received(intending: Intending) -> Intending {
    match intending {
        Intending::Intended(intended) => Intending::Intended(intended.reached()),
        known @ Intending::AlreadyKnown(_) => known,
    }
}

fn bring_up_to_date(path: &Path) -> Result<(), JournalError> {
    let mut connection = connection::open(path)?;
    // Asked before the settings of a writer are applied: they would change a file that is not ours.
    format::found(&connection, path)?;
    drop(std::mem::replace(&mut connection, connection::writing(path)?));
    let before = format::bring_up_to_date(&mut connection, path)?;
    // A file of format 0 is one that was just made.
    if before != format::KNOWN && before != 0 {
        tracing::info!(path = %path.display(), from = before, to = format::KNOWN, "journal_format_raised");
    }
    Ok(())
}

/// Makes the file and its folder for the owner alone: the journal holds personal data.
fn make_file(path: &Path) -> Result<(), JournalError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.exists() {
        return Ok(());
    }
    let mut making = fs::DirBuilder::new();
    let mut opening = fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        making.mode(0o700);
        opening.mode(0o600);
    }
    making.recursive(true).create(folder).map_err(|e| JournalError::file(folder, e))?;
    opening.write(true).create(true).truncate(false).open(path).map_err(|e| JournalError::file(path, e))?;
    // The name of the file must survive a power cut as its content does.
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| JournalError::file(folder, e))
}
