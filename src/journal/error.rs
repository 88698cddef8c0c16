//! What can go wrong with the journal.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::record::MessageId;
use super::state::Stato;

/// What the engine underneath reported. Shared, because one failed commit answers many callers.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct EngineError(Arc<dyn std::error::Error + Send + Sync>);

/// The journal did not do what it was asked. Nothing that depends on it may be forwarded or answered.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Too many commands wait for the writer. Nothing was recorded: try again later.
    #[error("the journal's queue of {capacity} commands is full")]
    Busy {
        /// How many may wait.
        capacity: usize,
    },
    /// Another process holds the database's write lock for longer than the time granted.
    #[error("another process keeps the journal locked")]
    Contended {
        /// What the engine said.
        #[source]
        source: EngineError,
    },
    /// The database cannot be reached, or does not answer in time. Nothing is known to be recorded: try again later.
    #[error("the journal's database cannot be reached or does not answer")]
    Unreachable {
        /// What the engine said.
        #[source]
        source: EngineError,
    },
    /// The journal was closed, or its writer died. It will not come back without a restart.
    #[error("the journal is closed")]
    Closed,
    /// The disk or the quota is full. Nothing was recorded.
    #[error("no space is left for the journal")]
    DiskFull {
        /// What the engine said.
        #[source]
        source: EngineError,
    },
    /// The disk failed.
    #[error("the journal's disk failed")]
    Io {
        /// What the engine said.
        #[source]
        source: EngineError,
    },
    /// The database is damaged, or not a database.
    #[error("the journal is damaged or is not a database")]
    Corrupt {
        /// What the engine said.
        #[source]
        source: EngineError,
    },
    /// A record holds a value that this version does not know.
    #[error("a record's {column} cannot be read")]
    Unreadable {
        /// Where.
        column: &'static str,
        /// What the decoder said.
        #[source]
        source: EngineError,
    },
    /// Anything else that the engine reported.
    #[error("the journal's engine reported an error")]
    Engine {
        /// What the engine said.
        #[source]
        source: EngineError,
    },
    /// A file or folder of the journal cannot be made or opened.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// There is no journal to look into.
    #[error("{}: there is no journal here", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// Another process serves from this journal.
    #[error("{}: another gateway (process {owner}) is using this journal", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
        /// Its process number, as it wrote it.
        owner: String,
    },
    /// The file is a database of some other program.
    #[error("{}: this database is not a journal of the gateway", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of the gateway wrote the journal.
    #[error(
        "{}: the journal has format {found}, this program knows formats up to {known}: use the later program",
        path.display()
    )]
    NewerFormat {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The latest format known.
        known: u32,
    },
    /// Recovery is for the one process that serves.
    #[error("only the gateway that serves from the journal may recover it")]
    NotServing,
    /// No such record.
    #[error("there is no record {id}")]
    NoSuchMessage {
        /// The number asked for.
        id: MessageId,
    },
    /// Only a record whose fate is unknown can be resolved.
    #[error("record {id} is {stato}, not unknown")]
    NotUnknown {
        /// The record.
        id: MessageId,
        /// Where it stands.
        stato: Stato,
    },
    /// The attempt to be concluded is no longer open: it was taken for lost, and its end counts no more.
    #[error("attempt {attempt} of record {id} is no longer open: the record is {stato}")]
    Stale {
        /// The record.
        id: MessageId,
        /// The attempt.
        attempt: u32,
        /// Where the record stands.
        stato: Stato,
    },
    /// The numbers of a porta are used up in this minute, or none was asked for.
    #[error("no numbers are left for {porta} in the minute {minuto}")]
    NoNumbers {
        /// The porta.
        porta: String,
        /// The minute.
        minuto: String,
    },
}

impl EngineError {
    pub(super) fn new(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// The engine's own error, where it is of that type.
    pub(super) fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl JournalError {
    /// Whether the same call may succeed later without anybody's intervention.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Contended { .. } | Self::Unreachable { .. })
    }

    pub(super) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source: Arc::new(source) }
    }
}
