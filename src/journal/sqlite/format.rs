//! Which format has this file, and how does it become today's?
//!
//! The format of a journal is the number of migrations it went through. All that are due run in one transaction
//! together with the new number, so that a crash leaves either format whole.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::super::error::{EngineError, JournalError};
use super::chain;

/// Marks the file as ours (`eGov`).
const APPLICATION_ID: i32 = 0x6547_6F76;

/// Migration `n` (from 1) turns format `n - 1` into format `n`.
const MIGRATIONS: [&str; 4] = [
    include_str!("formats/1.sql"),
    include_str!("formats/2.sql"),
    include_str!("formats/3.sql"),
    include_str!("formats/4.sql"),
];

/// The format that this program writes.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// The first format that has the chain of evidence.
const CHAINED: u32 = 2;

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
    if before == KNOWN {
        return Ok(before);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (sql, _) in MIGRATIONS.iter().zip(1u32..).filter(|(_, format)| *format > before) {
        transaction.execute_batch(sql)?;
    }
    if before < CHAINED {
        // After the last migration, because it reads with today's statements.
        chain::adopt(&transaction)?;
    }
    transaction.execute(
        "INSERT INTO meta (name, value) VALUES ('format_version', ?1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [KNOWN.to_string()],
    )?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    Ok(before)
}
