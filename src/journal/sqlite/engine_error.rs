//! What SQLite reports, in the journal's terms.

use rusqlite::ffi::{self, ErrorCode};

use super::super::error::{EngineError, JournalError};
use super::super::state::UnknownWord;

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let source = EngineError::new(error);
        match code {
            Some(ErrorCode::DiskFull) => Self::DiskFull { source },
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied,
            ) => Self::Io { source },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Contended { source },
            _ => Self::Engine { source },
        }
    }
}

/// Whether the writer must stop for good: after a failed fsync the kernel may have dropped what it could not write, and
/// the next fsync would report success for it. A damaged file must not be written to either.
pub(super) fn is_fatal(error: &JournalError) -> bool {
    match error {
        JournalError::Corrupt { .. } => true,
        JournalError::Io { source } => matches!(
            source.downcast_ref(),
            Some(rusqlite::Error::SqliteFailure(error, _))
                if matches!(error.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
        ),
        _ => false,
    }
}

/// A word of the record that this version does not know.
pub(super) fn unreadable(column: &'static str) -> impl Fn(UnknownWord) -> JournalError {
    move |source| JournalError::Unreadable { column, source: EngineError::new(source) }
}
