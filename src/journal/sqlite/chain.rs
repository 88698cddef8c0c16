//! The chain of evidence in its table: a link is appended in the transaction of its transition, and read again in
//! steps, so that no read keeps the log from shrinking.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::error::JournalError;
use super::super::evidence::{self, ChainFault, Hash, Transition, Verification};
use super::super::record::MessageId;
use super::reads;

/// How much one step of a verification reads. A record is read with its payloads.
const LINKS_A_STEP: u32 = 5000;
const RECORDS_A_STEP: u32 = 200;

/// How far a verification has come.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) seen: Verification,
    /// The last link and the last record that were looked at.
    link: u64,
    record: i64,
    links_done: bool,
}

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
        if self.links_done {
            return self.step_along_records(connection);
        }
        self.links_done = self.step_along_links(connection)?;
        Ok(false)
    }

    fn step_along_links(&mut self, connection: &Connection) -> Result<bool, JournalError> {
        let mut found = connection.prepare_cached(
            "SELECT number, message, line, content, hash, EXISTS (SELECT 1 FROM message m WHERE m.id = message)
             FROM link WHERE number > ?1 ORDER BY number LIMIT ?2",
        )?;
        let mut rows = found.query(params![number(self.link), LINKS_A_STEP])?;
        let mut met = 0;
        while let Some(row) = rows.next()? {
            met += 1;
            let link = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
            let message = MessageId(row.get(1)?);
            let line: String = row.get(2)?;
            let (content, hash) = (Hash(row.get(3)?), Hash(row.get(4)?));
            let expected = self.link.saturating_add(1);
            if link > expected {
                self.seen.fault(ChainFault::MissingLinks { from: expected, to: link.saturating_sub(1) });
            }
            if Hash::of(line.as_bytes()) != content {
                self.seen.fault(ChainFault::EditedLink { link, message });
            }
            if self.seen.head.followed_by(content) != hash {
                self.seen.fault(ChainFault::BrokenLink { link, message });
            }
            if !row.get::<_, bool>(5)? {
                self.seen.fault(ChainFault::MissingMessage { link, message });
            }
            // From here the chain is followed as it is written: one break is one fault.
            self.seen.head = hash;
            self.seen.links = self.seen.links.saturating_add(1);
            self.link = link;
        }
        Ok(met < LINKS_A_STEP)
    }

    fn step_along_records(&mut self, connection: &Connection) -> Result<bool, JournalError> {
        let ids: Vec<i64> = connection
            .prepare_cached("SELECT id FROM message WHERE id > ?1 ORDER BY id LIMIT ?2")?
            .query_map(params![self.record, RECORDS_A_STEP], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in &ids {
            self.compare(connection, MessageId(*id))?;
            self.record = *id;
            self.seen.messages = self.seen.messages.saturating_add(1);
        }
        Ok(ids.len() < RECORDS_A_STEP as usize)
    }

    fn compare(&mut self, connection: &Connection, message: MessageId) -> Result<(), JournalError> {
        let life = match reads::life(connection, message) {
            Ok(Some(life)) => life,
            Ok(None) => return Ok(()),
            // What no version ever wrote was edited; anything else is the disk's fault.
            Err(error @ (JournalError::Unreadable { .. } | JournalError::Engine { .. })) => {
                self.seen.fault(ChainFault::UnreadableMessage { message, reason: error.to_string() });
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let written: Vec<(i64, String)> = connection
            .prepare_cached("SELECT number, line FROM link WHERE message = ?1 ORDER BY number")?
            .query_map([message.0], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let expected = evidence::lines(&life)?;
        let differs = written.iter().zip(&expected).find(|((_, written), expected)| written != *expected);
        let link = differs.map(|((link, _), _)| u64::try_from(*link).unwrap_or_default());
        let told_whole = written.len() == expected.len()
            && evidence::ends_as(&life, expected.last())
            && unchained_columns_agree(connection, &life)?;
        if link.is_some() || !told_whole {
            self.seen.fault(ChainFault::EditedMessage { link, message });
        }
        Ok(())
    }
}

/// What no line tells because it follows from the rest: whether the record blocks, and how many payloads it has.
fn unchained_columns_agree(connection: &Connection, life: &super::Life) -> Result<bool, JournalError> {
    let (blocks, payloads): (bool, usize) = connection
        .prepare_cached(
            "SELECT blocks, (SELECT count(*) FROM payload WHERE message = id) FROM message WHERE id = ?1",
        )?
        .query_row([life.summary.id.0], |row| Ok((row.get(0)?, row.get::<_, u32>(1)? as usize)))?;
    let stato = life.summary.stato;
    let details = life.attempts.iter().filter(|attempt| attempt.failure.is_some()).count();
    Ok(blocks == life.inoltro.is_some_and(|inoltro| stato.blocks(inoltro))
        && payloads == life.payloads.len().saturating_add(details).saturating_add(1))
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

fn number(link: u64) -> i64 {
    i64::try_from(link).unwrap_or(i64::MAX)
}
