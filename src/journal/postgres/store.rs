//! The second half of a commit: all rows of a batch, and the commit itself, in one round trip.

use futures_util::future::{join, join_all};
use serde::Serialize;
use tokio_postgres::types::ToSql;

use super::super::error::{EngineError, JournalError};
use super::rows::Changes;
use super::session::Session;

/// Why a batch was not stored.
pub(super) enum Unstored {
    /// Nothing was stored.
    Undone(JournalError),
    /// The connection was lost before the commit was confirmed.
    Doubtful(JournalError),
}

/// Bytes that one notification may have.
const NOTIFICATION: usize = 7000;

type Values = Vec<Box<dyn ToSql + Send + Sync>>;

/// Stores what a batch came to, and commits. `channel`: where those listen who wait for a record.
pub(super) async fn store(
    session: &Session,
    changes: &Changes,
    fence: i64,
    channel: &str,
) -> Result<(), Unstored> {
    let jobs = jobs(changes, fence, channel).map_err(Unstored::Undone)?;
    let kinds: Vec<&str> = changes.payloads.iter().map(|payload| payload.kind).collect();
    let bytes: Vec<&[u8]> = changes.payloads.iter().map(|payload| payload.bytes.as_ref()).collect();
    let mut asked: Vec<(&'static str, Vec<&(dyn ToSql + Sync)>)> = jobs
        .iter()
        .map(|(sql, values)| (*sql, values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()))
        .collect();
    let messages: Vec<i64> = changes.payloads.iter().map(|payload| payload.message).collect();
    let attempts: Vec<i32> = changes.payloads.iter().map(|payload| number(payload.attempt)).collect();
    if !changes.payloads.is_empty() {
        asked.push((PAYLOADS, vec![&messages, &attempts, &kinds, &bytes]));
    }
    // A commit that waits for a standby must not be cut short: it would be reported as done.
    asked.push(("SET LOCAL statement_timeout = 0", vec![]));
    let mut statements = Vec::with_capacity(asked.len());
    for (sql, _) in &asked {
        statements.push(session.prepare(sql).await.map_err(Unstored::Undone)?);
    }
    let answers = asked.iter().zip(&statements).map(|((_, values), s)| session.pipelined(s, values));
    let (answers, committed) = join(join_all(answers), session.batch("COMMIT")).await;
    let refused = answers.into_iter().find_map(Result::err);
    match (refused, committed) {
        (None, Ok(())) => Ok(()),
        // Behind a statement that the database refused, COMMIT is a rollback.
        (Some(error), Ok(())) => Err(Unstored::Undone(error)),
        (_, Err(error)) if session.is_closed() || matches!(error, JournalError::Unreachable { .. }) => {
            Err(Unstored::Doubtful(error))
        }
        (refused, Err(error)) => Err(Unstored::Undone(refused.unwrap_or(error))),
    }
}

const MOVES: &str =
    "UPDATE message m SET stato = n.stato, esito = n.esito, blocks = n.blocks, attempts = n.attempts,
         changed_at = n.changed_at, carrier = COALESCE(n.carrier, m.carrier)
     FROM json_populate_recordset(NULL::message, $1::text::json) n WHERE m.id = n.id";
const SERIES: &str = "INSERT INTO serie SELECT * FROM json_populate_recordset(NULL::serie, $1::text::json)";
const MESSAGES: &str =
    "INSERT INTO message SELECT * FROM json_populate_recordset(NULL::message, $1::text::json)";
const PLACES: &str = "INSERT INTO posto SELECT * FROM json_populate_recordset(NULL::posto, $1::text::json)";
const ATTEMPTS: &str =
    "INSERT INTO attempt SELECT * FROM json_populate_recordset(NULL::attempt, $1::text::json)";
const ENDS: &str = "UPDATE attempt a SET stato = n.stato, esito = n.esito, ended_at = n.ended_at,
         node_status = n.node_status, reply_status = n.reply_status, reply_type = n.reply_type,
         reply_identificatore = n.reply_identificatore, failure = n.failure, timings = n.timings,
         doubted_at = n.doubted_at
     FROM json_populate_recordset(NULL::attempt, $1::text::json) n
     WHERE a.message = n.message AND a.number = n.number";
const UNDETAILED: &str = "DELETE FROM payload WHERE kind = 'detail' AND (message, attempt) IN
         (SELECT * FROM unnest($1::bigint[], $2::integer[]))";
const RESOLUTIONS: &str =
    "INSERT INTO resolution SELECT * FROM json_populate_recordset(NULL::resolution, $1::text::json)";
const ADVANCED: &str = "UPDATE serie s SET prossimo = s.prossimo + 1
     FROM json_populate_recordset(NULL::posto, $1::text::json) n
     WHERE s.collaborazione = n.collaborazione AND s.prossimo = n.numero";
const LANES: &str = "UPDATE serie SET lane = $2 WHERE collaborazione = ANY ($1)";
const FORGOTTEN: &str = "DELETE FROM progressivo p USING unnest($1::text[], $2::text[]) f (porta, minuto)
     WHERE p.porta = f.porta AND p.minuto COLLATE \"C\" < f.minuto";
const NUMBERS: &str =
    "INSERT INTO progressivo SELECT * FROM json_populate_recordset(NULL::progressivo, $1::text::json)
     ON CONFLICT (porta, minuto) DO UPDATE SET next = excluded.next";
const LINKS: &str = "INSERT INTO link SELECT * FROM json_populate_recordset(NULL::link, $1::text::json)";
const COUNTS: &str = "INSERT INTO message_count SELECT * FROM unnest($1::text[], $2::bigint[])
     ON CONFLICT (stato) DO UPDATE SET number = message_count.number + excluded.number";
const HEAD: &str = "UPDATE head SET message = $1, link = $2, hash = $3, probed_at = COALESCE($4, probed_at)";
const NOTIFY: &str = "SELECT pg_notify($1, $2)";
const PAYLOADS: &str = "INSERT INTO payload (message, attempt, kind, bytes)
     SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bytea[])";

/// Each statement with its values, in an order that foreign keys and the index of what blocks allow: what is freed goes
/// before what takes its place.
fn jobs(changes: &Changes, fence: i64, channel: &str) -> Result<Vec<(&'static str, Values)>, JournalError> {
    let mut jobs: Vec<(&'static str, Values)> = Vec::new();
    rows(&mut jobs, MOVES, &changes.moves)?;
    rows(&mut jobs, SERIES, &changes.series)?;
    rows(&mut jobs, MESSAGES, &changes.messages)?;
    rows(&mut jobs, PLACES, &changes.places)?;
    rows(&mut jobs, ATTEMPTS, &changes.attempts)?;
    rows(&mut jobs, ENDS, &changes.ends)?;
    if !changes.undetailed.is_empty() {
        let (messages, attempts): (Vec<i64>, Vec<i32>) =
            changes.undetailed.iter().map(|(id, attempt)| (*id, number(*attempt))).unzip();
        jobs.push((UNDETAILED, vec![Box::new(messages), Box::new(attempts)]));
    }
    rows(&mut jobs, RESOLUTIONS, &changes.resolutions)?;
    rows(&mut jobs, ADVANCED, &changes.advanced)?;
    if !changes.lanes.is_empty() {
        jobs.push((LANES, vec![Box::new(changes.lanes.clone()), Box::new(fence)]));
    }
    if !changes.forgotten.is_empty() {
        let (portas, minutes): (Vec<String>, Vec<String>) = changes.forgotten.iter().cloned().unzip();
        jobs.push((FORGOTTEN, vec![Box::new(portas), Box::new(minutes)]));
    }
    rows(&mut jobs, NUMBERS, &changes.numbers)?;
    rows(&mut jobs, LINKS, &changes.links)?;
    let counts = changes.counts.iter().filter(|(_, by)| **by != 0);
    let (names, by): (Vec<&'static str>, Vec<i64>) = counts.map(|(name, by)| (name.as_str(), *by)).unzip();
    if !names.is_empty() {
        jobs.push((COUNTS, vec![Box::new(names), Box::new(by)]));
    }
    let head = changes.head;
    let hash = head.hash.as_bytes().to_vec();
    let values: Values =
        vec![Box::new(head.message), Box::new(head.link), Box::new(hash), Box::new(changes.probed_at)];
    jobs.push((HEAD, values));
    for ids in notifications(changes) {
        jobs.push((NOTIFY, vec![Box::new(channel.to_owned()), Box::new(ids)]));
    }
    Ok(jobs)
}

fn rows<T: Serialize>(
    jobs: &mut Vec<(&'static str, Values)>,
    sql: &'static str,
    rows: &[T],
) -> Result<(), JournalError> {
    if !rows.is_empty() {
        let json =
            serde_json::to_string(rows).map_err(|e| JournalError::Engine { source: EngineError::new(e) })?;
        jobs.push((sql, vec![Box::new(json)]));
    }
    Ok(())
}

fn number(attempt: u32) -> i32 {
    i32::try_from(attempt).unwrap_or(i32::MAX)
}

/// The numbers of the records that were settled, with commas; in as many notifications as it takes.
fn notifications(changes: &Changes) -> Vec<String> {
    let mut notifications: Vec<String> = Vec::new();
    for id in &changes.settled {
        match notifications.last_mut().filter(|ids| ids.len() < NOTIFICATION) {
            Some(ids) => {
                ids.push(',');
                ids.push_str(&id.to_string());
            }
            None => notifications.push(id.to_string()),
        }
    }
    notifications
}
