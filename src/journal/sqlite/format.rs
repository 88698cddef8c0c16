//! Which format has this file, and how does it become today's?
//!
//! The format of a journal is the number of migrations it went through. Each runs in one transaction together with its
//! new number, so that a crash leaves either format whole.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::super::error::{EngineError, JournalError};

/// Marks the file as ours (`eGov`).
const APPLICATION_ID: i32 = 0x6547_6F76;

/// Migration `n` (from 1) turns format `n - 1` into format `n`.
const MIGRATIONS: [&str; 1] = [include_str!("formats/1.sql")];

/// The format that this program writes.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// The format of the database; 0 where it is empty.
///
/// # Errors
/// It is another program's, or of a later format.
pub(super) fn found(connection: &Connection, path: &Path) -> Result<u32, JournalError> {
    let application: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && tables == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(JournalError::Foreign { path: path.to_owned() });
    }
    let version: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE name = 'format_version'", [], |row| row.get(0))
        .optional()?;
    let found = version
        .unwrap_or_default()
        .parse()
        .map_err(|e| JournalError::Unreadable { column: "format_version", source: EngineError::new(e) })?;
    if found > KNOWN {
        return Err(JournalError::NewerFormat { path: path.to_owned(), found, known: KNOWN });
    }
    Ok(found)
}

/// Brings the database to [`KNOWN`]. Answers the format it had.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<u32, JournalError> {
    let before = found(connection, path)?;
    for (sql, format) in MIGRATIONS.iter().zip(1u32..).filter(|(_, format)| *format > before) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.execute(
            "INSERT INTO meta (name, value) VALUES ('format_version', ?1)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [format.to_string()],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.commit()?;
    }
    Ok(before)
}
