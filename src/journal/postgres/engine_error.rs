//! What the database and the road to it report, in the journal's terms.

use tokio_postgres::error::SqlState;

use super::super::error::{EngineError, JournalError};
use super::super::state::UnknownWord;

/// The database did not answer in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no answer within {seconds} s")]
pub(super) struct Late {
    pub(super) seconds: u64,
}

/// The connection ended.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection is closed")]
pub(super) struct Gone;

impl From<tokio_postgres::Error> for JournalError {
    fn from(error: tokio_postgres::Error) -> Self {
        let code = error.code().cloned();
        let source = EngineError::new(error);
        // Without a code it is not the database that speaks: the road to it is broken.
        let Some(code) = code else { return Self::Unreachable { source } };
        let class = code.code().get(..2).unwrap_or_default();
        match class {
            _ if code == SqlState::DISK_FULL => Self::DiskFull { source },
            _ if code == SqlState::IO_ERROR => Self::Io { source },
            _ if code == SqlState::DATA_CORRUPTED || code == SqlState::INDEX_CORRUPTED => {
                Self::Corrupt { source }
            }
            _ if code == SqlState::LOCK_NOT_AVAILABLE => Self::Contended { source },
            // Serialization failures and deadlocks are somebody else's transaction in the way.
            "40" => Self::Contended { source },
            // Connection exceptions, too many connections, shut down or cancelled by timeout, a standby.
            "08" | "53" | "57" => Self::Unreachable { source },
            _ if code == SqlState::READ_ONLY_SQL_TRANSACTION
                || code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT =>
            {
                Self::Unreachable { source }
            }
            _ => Self::Engine { source },
        }
    }
}

pub(super) fn unreachable(source: impl std::error::Error + Send + Sync + 'static) -> JournalError {
    JournalError::Unreachable { source: EngineError::new(source) }
}

/// Whether the same may well succeed a little later: nothing is wrong with what was asked.
pub(super) fn passes(error: &JournalError) -> bool {
    matches!(error, JournalError::Unreachable { .. } | JournalError::Contended { .. })
}

/// A word of the record that this version does not know.
pub(super) fn unreadable(column: &'static str) -> impl Fn(UnknownWord) -> JournalError {
    move |source| JournalError::Unreadable { column, source: EngineError::new(source) }
}
