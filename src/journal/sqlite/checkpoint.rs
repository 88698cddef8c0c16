//! Folding the write-ahead log into the database, beside the writer instead of in its way.
//!
//! A checkpoint within a commit holds up all who wait for that commit (measured at five times the 99th percentile). So
//! automatic checkpoints are off, and a thread with its own connection makes passive ones, which wait for nobody. Under
//! load without a pause the log is never empty at the end of a passive one and only grows; above a size the thread
//! therefore takes the write lock, when little is left to fold, and truncates the log.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::super::error::JournalError;
use super::connection;

/// How much is written between two checkpoints.
const EVERY_BYTES: usize = 4 << 20;
/// How long what was written stays out of the database when nothing follows it.
const IDLE: Duration = Duration::from_secs(10);

/// The thread, as the writer sees it. It ends when this is dropped.
pub(super) struct Checkpointer {
    bell: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    written: usize,
}

struct Log {
    /// Pages in the log, and how many of them the database has by now.
    pages: i64,
    folded: i64,
}

impl Checkpointer {
    pub(super) fn start(path: &Path, limit_bytes: u64) -> Result<Self, JournalError> {
        let connection = connection::writing(path)?;
        let page: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let limit = i64::try_from(limit_bytes / u64::from(page.max(1))).unwrap_or(i64::MAX);
        let (bell, rung) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("journal-log".to_owned())
            .spawn(move || run(&connection, &rung, limit))
            .map_err(|e| JournalError::file(path, e))?;
        Ok(Self { bell: Some(bell), thread: Some(thread), written: 0 })
    }

    /// So many more bytes are in the log.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written = self.written.saturating_add(bytes);
        if self.written >= EVERY_BYTES {
            self.written = 0;
            if let Some(bell) = &self.bell {
                // A full channel means that it has been told already.
                let _ = bell.try_send(());
            }
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.bell = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, rung: &Receiver<()>, limit: i64) {
    let mut folded = 0;
    loop {
        match rung.recv_timeout(IDLE) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        match fold(connection, limit, folded) {
            Ok(now) => folded = now,
            Err(error) => tracing::warn!(%error, "journal_checkpoint_failed"),
        }
    }
}

/// One round. Answers how much of the log is folded, so that an idle journal is left alone.
fn fold(connection: &Connection, limit: i64, before: i64) -> Result<i64, rusqlite::Error> {
    let log = checkpoint(connection, "PASSIVE")?;
    if log.pages <= limit || (log.pages == log.folded && log.folded == before) {
        return Ok(log.folded);
    }
    // What came meanwhile is little, so the writer is not held up for long.
    checkpoint(connection, "PASSIVE")?;
    Ok(checkpoint(connection, "TRUNCATE")?.folded)
}

fn checkpoint(connection: &Connection, how: &str) -> Result<Log, rusqlite::Error> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |row| {
        Ok(Log { pages: row.get(1)?, folded: row.get(2)? })
    })
}
