//! Which format have these tables, and how do they become today's?
//!
//! The format of a journal is the number of migrations it went through. All that are due run in one transaction, and of
//! replicas that start together one does it while the others wait.

use super::super::error::JournalError;
use super::reads::{count, get};
use super::session::{Session, gone};

/// Migration `n` (from 1) turns format `n - 1` into format `n`.
const MIGRATIONS: [&str; 1] = [include_str!("formats/1.sql")];

/// The format that this program writes.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// Marks the lock as ours (`eGov`). It is held for the migration only.
const LOCK: i32 = 0x6547_6F76;

/// Whether this program may write tables of that format.
pub(super) fn is_known(found: u32, place: &str) -> Result<(), JournalError> {
    if found > KNOWN {
        return Err(JournalError::NewerFormat { path: place.into(), found, known: KNOWN });
    }
    Ok(())
}

/// The format of the tables; 0 where there are none.
///
/// # Errors
/// They are another program's, or of a later format.
pub(super) async fn found(session: &Session, schema: &str, place: &str) -> Result<u32, JournalError> {
    let tables = session
        .query_once(
            "SELECT count(*) > 0, COALESCE(bool_or(tablename = 'head'), false)
             FROM pg_catalog.pg_tables WHERE schemaname = $1",
            &[&schema],
        )
        .await?;
    let row = tables.first().ok_or_else(gone)?;
    match (get(row, 0)?, get(row, 1)?) {
        (false, _) => Ok(0),
        (true, false) => Err(JournalError::Foreign { path: place.into() }),
        (true, true) => {
            let rows = session.query_once("SELECT format FROM head", &[]).await?;
            let found = count(rows.first().ok_or_else(gone)?, 0)?;
            is_known(found, place).map(|()| found)
        }
    }
}

/// Brings the tables to [`KNOWN`]. Answers the format they had.
pub(super) async fn bring_up_to_date(
    session: &Session,
    schema: &str,
    place: &str,
) -> Result<u32, JournalError> {
    session.batch("BEGIN").await?;
    let migrated = migrate(session, schema, place).await;
    session.batch(if migrated.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    migrated
}

async fn migrate(session: &Session, schema: &str, place: &str) -> Result<u32, JournalError> {
    session.batch("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0").await?;
    session.query_once("SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&LOCK, &schema]).await?;
    let before = found(session, schema, place).await?;
    if before == KNOWN {
        return Ok(before);
    }
    // Where it is there already, the role need not be allowed to make one.
    let rows =
        session.query_once("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", &[&schema]).await?;
    if rows.is_empty() {
        session.batch(&format!("CREATE SCHEMA \"{schema}\"")).await?;
    }
    for (sql, _) in MIGRATIONS.iter().zip(1u32..).filter(|(_, format)| *format > before) {
        session.batch(sql).await?;
    }
    session.batch(&format!("UPDATE head SET format = {KNOWN}")).await?;
    Ok(before)
}
