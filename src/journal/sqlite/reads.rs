//! What the tables say, as the journal's values.

use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::super::entry::{Failing, Key, Reception, Reply};
use super::super::error::{EngineError, JournalError};
use super::super::record::{
    Attempt, Counts, Earlier, Filter, Life, MessageId, Payload, PayloadKind, Recorded, Reference,
    ResolutionRecord, Summary,
};
use super::super::state::{Stato, StatoName};
use super::engine_error::unreadable;
use super::series;
use super::writes::{DETAIL, REQUEST};

/// A record with the reply of its last attempt. A refusal has no inoltro, and no twins.
const RECORDED: &str =
    "SELECT m.id, m.direction, m.mittente, m.identificatore, m.stato, m.esito, m.attempts, m.digest,
         m.received_at, a.reply_status, a.reply_type, a.reply_identificatore, p.bytes,
         EXISTS (SELECT 1 FROM attempt h WHERE h.message = m.id AND h.number = 0 AND h.stato = 'held')
     FROM message m
     JOIN attempt a ON a.message = m.id AND a.number = m.attempts
     LEFT JOIN payload p ON p.message = m.id AND p.attempt = m.attempts AND p.kind = 'reply'
     WHERE m.inoltro IS NOT NULL AND ";

const SUMMARY: &str = "SELECT id, direction, mittente, destinatario, servizio, azione, identificatore, stato, esito,
         attempts, received_at, changed_at, profilo, riferimento, collaborazione, chiamante, inoltro, digest, schemi,
         timings
     FROM message";

/// How many lives [`show`] reads at most: each may hold megabytes.
const SHOWN: u32 = 100;

pub(super) fn blocking(connection: &Connection, key: &Key) -> Result<Option<Recorded>, JournalError> {
    let mut found = connection.prepare_cached(&format!(
        "{RECORDED} m.identificatore = ?1 AND m.mittente = ?2 AND m.direction = ?3 AND m.blocks = 1"
    ))?;
    let mut rows = found.query(params![key.identificatore, key.mittente, key.direction.as_str()])?;
    rows.next()?.map(read_recorded).transpose()
}

pub(super) fn earlier(connection: &Connection, key: &Key) -> Result<Option<Earlier>, JournalError> {
    let mut found = connection.prepare_cached(&format!(
        "{SUMMARY} WHERE identificatore = ?1 AND mittente = ?2 AND direction = ?3
             AND stato NOT IN ('refused', 'refused_by_node', 'failed') ORDER BY id DESC"
    ))?;
    let mut rows = found.query(params![key.identificatore, key.mittente, key.direction.as_str()])?;
    while let Some(row) = rows.next()? {
        let summary = read_summary(row)?;
        if summary.stato.may_be_executed() {
            return Ok(Some(Earlier { summary, collaborazione: row.get(14)? }));
        }
    }
    Ok(None)
}

pub(super) fn recorded(connection: &Connection, id: MessageId) -> Result<Option<Recorded>, JournalError> {
    let mut found = connection.prepare_cached(&format!("{RECORDED} m.id = ?1"))?;
    let mut rows = found.query([id.0])?;
    rows.next()?.map(read_recorded).transpose()
}

pub(super) fn list(connection: &Connection, filter: &Filter) -> Result<Vec<Summary>, JournalError> {
    let mut sql = format!("{SUMMARY} WHERE 1");
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut wanted = |condition: &str, value: Option<Box<dyn ToSql>>| {
        if let Some(value) = value {
            sql.push_str(" AND ");
            sql.push_str(condition);
            sql.push_str(" ?");
            values.push(value);
        }
    };
    wanted("received_at >=", filter.since.map(instant));
    wanted("received_at <", filter.until.map(instant));
    wanted("direction =", filter.direction.map(|direction| text(direction.as_str())));
    wanted("mittente =", filter.mittente.as_deref().map(text));
    wanted("servizio =", filter.servizio.as_deref().map(text));
    wanted("azione =", filter.azione.as_deref().map(text));
    wanted("identificatore =", filter.identificatore.as_deref().map(text));
    wanted("stato = 'delivered' AND esito =", filter.esito.map(|esito| text(esito.as_str())));
    wanted("id <", filter.before.map(|id| -> Box<dyn ToSql> { Box::new(id.0) }));
    if let Some(name) = filter.stato {
        // Spelt out rather than bound, so that the index of open records serves.
        sql.push_str(&format!(" AND stato = '{name}'"));
    }
    sql.push_str(&format!(" ORDER BY id DESC LIMIT {}", filter.limit));
    let mut found = connection.prepare_cached(&sql)?;
    let mut rows = found.query(rusqlite::params_from_iter(values))?;
    let mut summaries = Vec::new();
    while let Some(row) = rows.next()? {
        summaries.push(read_summary(row)?);
    }
    Ok(summaries)
}

pub(super) fn show(connection: &Connection, reference: &Reference) -> Result<Vec<Life>, JournalError> {
    let (condition, value): (&str, Box<dyn ToSql>) = match reference {
        Reference::Id(id) => ("id = ?1", Box::new(id.0)),
        Reference::Identificatore(identificatore) => ("identificatore = ?1", text(identificatore)),
    };
    let mut found =
        connection.prepare_cached(&format!("{SUMMARY} WHERE {condition} ORDER BY id LIMIT {SHOWN}"))?;
    let mut rows = found.query([value])?;
    let mut lives = Vec::new();
    while let Some(row) = rows.next()? {
        lives.push(read_life(connection, row)?);
    }
    Ok(lives)
}

/// One record whole.
pub(super) fn life(connection: &Connection, id: MessageId) -> Result<Option<Life>, JournalError> {
    show(connection, &Reference::Id(id)).map(|mut lives| lives.pop())
}

pub(super) fn counts(connection: &Connection) -> Result<Counts, JournalError> {
    let mut counts = Counts::default();
    let mut found = connection.prepare_cached("SELECT stato, number FROM message_count")?;
    let mut rows = found.query([])?;
    while let Some(row) = rows.next()? {
        let name: StatoName = row.get::<_, String>(0)?.parse().map_err(unreadable("stato"))?;
        counts.set(name, u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default());
    }
    Ok(counts)
}

/// The state in the two columns.
pub(super) fn stato(row: &Row<'_>, name: usize, detail: usize) -> Result<Stato, JournalError> {
    let name: String = row.get(name)?;
    let detail: Option<String> = row.get(detail)?;
    Stato::from_words(&name, detail.as_deref()).map_err(unreadable("stato"))
}

fn read_recorded(row: &Row<'_>) -> Result<Recorded, JournalError> {
    let body: Option<Vec<u8>> = row.get(12)?;
    let reply = match body {
        None => None,
        Some(body) => Some(Reply {
            status: row.get(9)?,
            content_type: row.get::<_, String>(10)?.into(),
            identificatore: row.get(11)?,
            body: body.into(),
        }),
    };
    Ok(Recorded {
        id: MessageId(row.get(0)?),
        key: Key {
            direction: row.get::<_, String>(1)?.parse().map_err(unreadable("direction"))?,
            mittente: row.get(2)?,
            identificatore: row.get(3)?,
        },
        stato: stato(row, 4, 5)?,
        attempts: row.get(6)?,
        digest: row.get(7)?,
        received_at: read_instant(row.get(8)?)?,
        accepted: row.get(13)?,
        reply,
    })
}

fn read_summary(row: &Row<'_>) -> Result<Summary, JournalError> {
    Ok(Summary {
        id: MessageId(row.get(0)?),
        direction: row.get::<_, String>(1)?.parse().map_err(unreadable("direction"))?,
        mittente: row.get(2)?,
        destinatario: row.get(3)?,
        servizio: row.get(4)?,
        azione: row.get(5)?,
        identificatore: row.get(6)?,
        stato: stato(row, 7, 8)?,
        attempts: row.get(9)?,
        received_at: read_instant(row.get(10)?)?,
        changed_at: read_instant(row.get(11)?)?,
    })
}

fn read_life(connection: &Connection, row: &Row<'_>) -> Result<Life, JournalError> {
    let summary = read_summary(row)?;
    let id = summary.id;
    let mut request = Bytes::new();
    let mut details: Vec<(u32, String)> = Vec::new();
    let mut payloads = Vec::new();
    let mut found = connection.prepare_cached(
        "SELECT attempt, kind, bytes FROM payload WHERE message = ?1 ORDER BY attempt, kind",
    )?;
    let mut rows = found.query([id.0])?;
    while let Some(row) = rows.next()? {
        let attempt: u32 = row.get(0)?;
        let kind: String = row.get(1)?;
        let bytes: Vec<u8> = row.get(2)?;
        match kind.as_str() {
            REQUEST => request = bytes.into(),
            DETAIL => details.push((attempt, String::from_utf8_lossy(&bytes).into_owned())),
            other => payloads.push(Payload {
                attempt,
                kind: other.parse::<PayloadKind>().map_err(unreadable("kind"))?,
                bytes: bytes.into(),
            }),
        }
    }
    let inoltro: Option<String> = row.get(16)?;
    Ok(Life {
        reception: Reception {
            destinatario: summary.destinatario.clone(),
            servizio: summary.servizio.clone(),
            azione: summary.azione.clone(),
            profilo: row.get(12)?,
            riferimento: row.get(13)?,
            collaborazione: row.get(14)?,
            chiamante: row.get(15)?,
            received_at: summary.received_at,
            request,
            timings: from_json("timings", &row.get::<_, String>(19)?)?,
        },
        posto: series::posto(connection, id)?,
        inoltro: inoltro.as_deref().map(str::parse).transpose().map_err(unreadable("inoltro"))?,
        digest: row.get(17)?,
        schemi: row.get(18)?,
        attempts: read_attempts(connection, id, details)?,
        payloads,
        resolution: read_resolution(connection, id)?,
        summary,
    })
}

fn read_attempts(
    connection: &Connection,
    id: MessageId,
    mut details: Vec<(u32, String)>,
) -> Result<Vec<Attempt>, JournalError> {
    let mut found = connection.prepare_cached(
        "SELECT number, stato, esito, started_at, ended_at, node_status, reply_status, reply_type,
                reply_identificatore, failure, timings, doubted_at
         FROM attempt WHERE message = ?1 ORDER BY number",
    )?;
    let mut rows = found.query([id.0])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        let number: u32 = row.get(0)?;
        let failure: Option<String> = row.get(9)?;
        let mut failure: Option<Failing> = failure.map(|json| from_json("failure", &json)).transpose()?;
        let detail = details.iter_mut().find(|(attempt, _)| *attempt == number);
        if let (Some(failure), Some((_, detail))) = (&mut failure, detail) {
            failure.detail = std::mem::take(detail);
        }
        attempts.push(Attempt {
            number,
            started_at: read_instant(row.get(3)?)?,
            ended_at: row.get::<_, Option<i64>>(4)?.map(read_instant).transpose()?,
            stato: stato(row, 1, 2)?,
            node_status: row.get(5)?,
            reply_status: row.get(6)?,
            reply_type: row.get(7)?,
            reply_identificatore: row.get(8)?,
            failure,
            timings: from_json("timings", &row.get::<_, String>(10)?)?,
            doubted_at: row.get::<_, Option<i64>>(11)?.map(read_instant).transpose()?,
        });
    }
    Ok(attempts)
}

fn read_resolution(connection: &Connection, id: MessageId) -> Result<Option<ResolutionRecord>, JournalError> {
    let found: Option<(String, String, String, i64)> = connection
        .prepare_cached("SELECT resolution, who, why, at FROM resolution WHERE message = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((resolution, who, why, at)) = found else { return Ok(None) };
    let resolution = resolution.parse().map_err(unreadable("resolution"))?;
    Ok(Some(ResolutionRecord { resolution, who, why, at: read_instant(at)? }))
}

fn read_instant(micros: i64) -> Result<Timestamp, JournalError> {
    Timestamp::from_microsecond(micros)
        .map_err(|e| JournalError::Unreadable { column: "instant", source: EngineError::new(e) })
}

pub(super) fn from_json<T: DeserializeOwned>(column: &'static str, json: &str) -> Result<T, JournalError> {
    serde_json::from_str(json).map_err(|e| JournalError::Unreadable { column, source: EngineError::new(e) })
}

fn instant(instant: Timestamp) -> Box<dyn ToSql> {
    Box::new(instant.as_microsecond())
}

fn text(value: &str) -> Box<dyn ToSql> {
    Box::new(value.to_owned())
}
