//! One gateway at a time serves from a journal: a second one would take what the first is forwarding for forgotten.
//!
//! The lock is on a file beside the database, so that operators' commands, which take none, may read meanwhile. The
//! system releases it when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::super::error::JournalError;

/// Held until it is released, and no longer than the value lives.
#[derive(Debug)]
pub(super) struct ServingLock {
    file: File,
}

impl ServingLock {
    pub(super) fn take(database: &Path) -> Result<Self, JournalError> {
        let path = beside(database, "-lock");
        let failed = |e| JournalError::file(&path, e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                // Only for the message: an unreadable number is no other error.
                let _ = (&file).take(20).read_to_string(&mut owner);
                return Err(JournalError::InUse {
                    path: database.to_owned(),
                    owner: owner.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { file })
    }

    /// Lets another gateway serve from the journal. Nothing may be written any more.
    pub(super) fn release(&self) {
        // Where it cannot be released now, it is when the file is closed.
        let _ = self.file.unlock();
    }
}

/// The file whose name is the database's with `suffix`, as SQLite names its own companions.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
