//! The chain of evidence in its table, read in steps, so that no read keeps what is dead from being swept away.

use super::super::error::JournalError;
use super::super::evidence::{Hash, Verification};
use super::super::record::MessageId;
use super::super::walk::{self, LINKS_A_STEP, Link, RECORDS_A_STEP, Unchained};
use super::reads::{self, count, get, hash};
use super::session::Session;

const LINKS: &str =
    "SELECT number, message, line, content, hash, EXISTS (SELECT 1 FROM message m WHERE m.id = l.message)
     FROM link l WHERE number > $1 ORDER BY number LIMIT $2";
const RECORDS: &str = "SELECT id, blocks, (SELECT count(*)::integer FROM payload WHERE message = id)
     FROM message WHERE id > $1 ORDER BY id LIMIT $2";
const LINES: &str = "SELECT number, line FROM link WHERE message = $1 ORDER BY number";

/// How far a verification has come.
#[derive(Debug, Default)]
pub(super) struct Walk(walk::Walk);

impl Walk {
    /// Goes one step further, within a snapshot. Answers whether the end was reached.
    pub(super) async fn step(&mut self, session: &Session) -> Result<bool, JournalError> {
        if self.0.links_done {
            return self.step_along_records(session).await;
        }
        self.0.links_done = self.step_along_links(session).await?;
        Ok(false)
    }

    pub(super) fn seen(self) -> Verification {
        self.0.seen
    }

    async fn step_along_links(&mut self, session: &Session) -> Result<bool, JournalError> {
        let last = i64::try_from(self.0.link).unwrap_or(i64::MAX);
        let rows = session.query(LINKS, &[&last, &i64::from(LINKS_A_STEP)]).await?;
        for row in &rows {
            self.0.meet(&Link {
                number: number(get(row, 0)?),
                message: MessageId(get(row, 1)?),
                line: get(row, 2)?,
                content: Hash(hash(get(row, 3)?)?),
                hash: Hash(hash(get(row, 4)?)?),
                told_of: get(row, 5)?,
            });
        }
        Ok(rows.len() < LINKS_A_STEP as usize)
    }

    async fn step_along_records(&mut self, session: &Session) -> Result<bool, JournalError> {
        let rows = session.query(RECORDS, &[&self.0.record, &i64::from(RECORDS_A_STEP)]).await?;
        for row in &rows {
            let message = MessageId(get(row, 0)?);
            let unchained = Unchained { blocks: get(row, 1)?, payloads: count(row, 2)? as usize };
            match reads::life(session, message).await {
                Ok(Some(life)) => {
                    let lines = session.query(LINES, &[&message.0]).await?;
                    let written: Result<Vec<_>, JournalError> =
                        lines.iter().map(|row| Ok((number(get(row, 0)?), get(row, 1)?))).collect();
                    self.0.compare(&life, &written?, unchained)?;
                }
                Ok(None) => {}
                Err(error) => self.0.unreadable(message, error)?,
            }
            self.0.visit(message);
        }
        Ok(rows.len() < RECORDS_A_STEP as usize)
    }
}

fn number(link: i64) -> u64 {
    u64::try_from(link).unwrap_or_default()
}
