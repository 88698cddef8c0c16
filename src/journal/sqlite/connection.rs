//! Connections to the database, each with the settings of its part; and the pool of those that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::super::error::JournalError;

/// How long a connection waits for another process (an operator's command, a backup) to release the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that only read. A read is one short transaction, since a long one keeps the log from shrinking.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    permits: Semaphore,
    idle: Arc<Mutex<Vec<Connection>>>,
}

/// A connection that writes.
pub(super) fn writing(path: &Path) -> Result<Connection, JournalError> {
    let connection = open(path)?;
    // FULL: in WAL mode anything less may lose the last commits to a power cut.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -16000;",
    )?;
    Ok(connection)
}

/// The database as it is, without a change to it.
pub(super) fn open(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

impl Readers {
    pub(super) fn new(path: &Path, connections: usize) -> Self {
        Self {
            path: path.to_owned(),
            permits: Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS)),
            idle: Arc::default(),
        }
    }

    /// Reads within one snapshot, off the runtime's workers.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let _permit = self.permits.acquire().await.map_err(|_| JournalError::Closed)?;
        let idle = Arc::clone(&self.idle);
        let path = self.path.clone();
        let task = tokio::task::spawn_blocking(move || {
            let pooled = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match pooled {
                Some(connection) => connection,
                None => {
                    let connection = open(&path)?;
                    connection.pragma_update(None, "query_only", true)?;
                    connection
                }
            };
            let snapshot = connection.unchecked_transaction()?;
            let seen = look(&snapshot);
            // A connection in doubt is dropped rather than pooled.
            if snapshot.commit().is_ok() {
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            seen
        });
        task.await.map_err(|_| JournalError::Closed)?
    }

    /// Turns later reads away, and lets the idle connections go.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
