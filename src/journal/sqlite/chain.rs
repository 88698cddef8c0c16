//! The chain of evidence in its table: a link is appended in the transaction of its transition, and read again in
//! steps, so that no read keeps the log from shrinking.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::error::JournalError;
use super::super::evidence::{self, Hash, Transition, Verification};
use super::super::record::MessageId;
use super::super::walk::{self, LINKS_A_STEP, Link, RECORDS_A_STEP, Unchained};
use super::reads;

/// How far a verification has come.
#[derive(Debug, Default)]
pub(super) struct Walk(walk::Walk);

/// Chains a transition. `told` is what the bridge told the journal.
pub(super) fn append(
    connection: &Connection,
    transition: &Transition,
    told: &str,
) -> Result<(), JournalError> {
    add(connection, transition.id, &transition.line(told))
}

/// Chains the records that a journal brought along from before there was a chain.
pub(super) fn adopt(connection: &Connection) -> Result<(), JournalError> {
    let unchained: Vec<i64> = connection
        .prepare("SELECT id FROM message WHERE id NOT IN (SELECT message FROM link) ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in unchained.into_iter().map(MessageId) {
        if let Some(life) = reads::life(connection, id)? {
            for line in evidence::lines(&life)? {
                add(connection, id, &line)?;
            }
        }
    }
    Ok(())
}

impl Walk {
    /// Goes one step further. Answers whether the end was reached.
    pub(super) fn step(&mut self, connection: &Connection) -> Result<bool, JournalError> {
        if self.0.links_done {
            return self.step_along_records(connection);
        }
        self.0.links_done = self.step_along_links(connection)?;
        Ok(false)
    }

    pub(super) fn seen(self) -> Verification {
        self.0.seen
    }

    fn step_along_links(&mut self, connection: &Connection) -> Result<bool, JournalError> {
        let mut found = connection.prepare_cached(
            "SELECT number, message, line, content, hash, EXISTS (SELECT 1 FROM message m WHERE m.id = message)
             FROM link WHERE number > ?1 ORDER BY number LIMIT ?2",
        )?;
        let last = i64::try_from(self.0.link).unwrap_or(i64::MAX);
        let mut rows = found.query(params![last, LINKS_A_STEP])?;
        let mut met = 0;
        while let Some(row) = rows.next()? {
            met += 1;
            let line: String = row.get(2)?;
            self.0.meet(&Link {
                number: number(row.get(0)?),
                message: MessageId(row.get(1)?),
                line: &line,
                content: Hash(row.get(3)?),
                hash: Hash(row.get(4)?),
                told_of: row.get(5)?,
            });
        }
        Ok(met < LINKS_A_STEP)
    }

    fn step_along_records(&mut self, connection: &Connection) -> Result<bool, JournalError> {
        let records: Vec<(i64, Unchained)> = connection
            .prepare_cached(
                "SELECT id, blocks, (SELECT count(*) FROM payload WHERE message = id) FROM message
                 WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?
            .query_map(params![self.0.record, RECORDS_A_STEP], |row| {
                let payloads = row.get::<_, u32>(2)? as usize;
                Ok((row.get(0)?, Unchained { blocks: row.get(1)?, payloads }))
            })?
            .collect::<Result<_, _>>()?;
        for (id, unchained) in &records {
            let message = MessageId(*id);
            match reads::life(connection, message) {
                Ok(Some(life)) => self.0.compare(&life, &lines(connection, message)?, *unchained)?,
                Ok(None) => {}
                Err(error) => self.0.unreadable(message, error)?,
            }
            self.0.visit(message);
        }
        Ok(records.len() < RECORDS_A_STEP as usize)
    }
}

/// The lines of a record's links.
fn lines(connection: &Connection, message: MessageId) -> Result<Vec<(u64, String)>, JournalError> {
    Ok(connection
        .prepare_cached("SELECT number, line FROM link WHERE message = ?1 ORDER BY number")?
        .query_map([message.0], |row| Ok((number(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

fn add(connection: &Connection, message: MessageId, line: &str) -> Result<(), JournalError> {
    let last: Option<(i64, [u8; 32])> = connection
        .prepare_cached("SELECT number, hash FROM link ORDER BY number DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (last, before) = last.map_or((0, Hash::default()), |(number, hash)| (number, Hash(hash)));
    let content = Hash::of(line.as_bytes());
    connection
        .prepare_cached(
            "INSERT INTO link (number, message, line, content, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            last.saturating_add(1),
            message.0,
            line,
            content.as_bytes(),
            before.followed_by(content).as_bytes()
        ])?;
    Ok(())
}

fn number(link: i64) -> u64 {
    u64::try_from(link).unwrap_or_default()
}
