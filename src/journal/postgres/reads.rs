//! What the tables say, as the journal's values.

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql};

use super::super::entry::{Failing, Key, Reception, Reply};
use super::super::error::{EngineError, JournalError};
use super::super::record::{
    Attempt, Counts, Earlier, Filter, Life, MessageId, Payload, PayloadKind, Recorded, Reference,
    ResolutionRecord, Summary,
};
use super::super::state::{Stato, StatoName};
use super::engine_error::unreadable;
use super::rows::{DETAIL, REQUEST};
use super::series;
use super::session::Session;

/// A record with the reply of its last attempt. A refusal has no inoltro, and no twins.
macro_rules! recorded_where {
    ($condition:literal) => {
        concat!(
            "SELECT m.id, m.direction, m.mittente, m.identificatore, m.stato, m.esito, m.attempts, m.digest,
                 m.received_at, a.reply_status, a.reply_type, a.reply_identificatore, p.bytes,
                 EXISTS (SELECT 1 FROM attempt h WHERE h.message = m.id AND h.number = 0 AND h.stato = 'held')
             FROM message m
             JOIN attempt a ON a.message = m.id AND a.number = m.attempts
             LEFT JOIN payload p ON p.message = m.id AND p.attempt = m.attempts AND p.kind = 'reply'
             WHERE m.inoltro IS NOT NULL AND ",
            $condition
        )
    };
}

/// Those that block any of the keys in three arrays.
pub(super) const BLOCKING: &str = recorded_where!(
    "m.blocks AND (m.identificatore, m.mittente, m.direction) IN
         (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))"
);

/// Those of the numbers in an array.
pub(super) const RECORDED: &str = recorded_where!("m.id = ANY ($1)");

const ONE_BLOCKING: &str =
    recorded_where!("m.blocks AND m.identificatore = $1 AND m.mittente = $2 AND m.direction = $3");

macro_rules! summary {
    ($rest:literal) => {
        concat!(
            "SELECT id, direction, mittente, destinatario, servizio, azione, identificatore, stato, esito,
                 attempts, received_at, changed_at, profilo, riferimento, collaborazione, chiamante, inoltro, digest,
                 schemi, timings
             FROM message ",
            $rest
        )
    };
}

/// How many lives [`show`] reads at most: each may hold megabytes.
const SHOWN: i64 = 100;

pub(super) async fn blocking(session: &Session, key: &Key) -> Result<Option<Recorded>, JournalError> {
    let direction = key.direction.as_str();
    let rows = session.query(ONE_BLOCKING, &[&key.identificatore, &key.mittente, &direction]).await?;
    rows.first().map(read_recorded).transpose()
}

pub(super) async fn earlier(session: &Session, key: &Key) -> Result<Option<Earlier>, JournalError> {
    const NEWEST: &str = summary!(
        "WHERE identificatore = $1 AND mittente = $2 AND direction = $3
             AND stato NOT IN ('refused', 'refused_by_node', 'failed')
             AND NOT (stato = 'resolved' AND esito = 'not_executed') ORDER BY id DESC LIMIT 1"
    );
    let direction = key.direction.as_str();
    let rows = session.query(NEWEST, &[&key.identificatore, &key.mittente, &direction]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Earlier { summary: read_summary(row)?, collaborazione: get(row, 14)? }))
}

pub(super) async fn recorded(session: &Session, id: MessageId) -> Result<Option<Recorded>, JournalError> {
    let rows = session.query(RECORDED, &[&[id.0].as_slice()]).await?;
    rows.first().map(read_recorded).transpose()
}

pub(super) async fn list(session: &Session, filter: &Filter) -> Result<Vec<Summary>, JournalError> {
    let mut sql = summary!("WHERE true").to_owned();
    let mut values: Vec<Box<dyn ToSql + Send + Sync>> = Vec::new();
    let mut wanted = |condition: &str, value: Option<Box<dyn ToSql + Send + Sync>>| {
        if let Some(value) = value {
            values.push(value);
            sql.push_str(&format!(" AND {condition} ${}", values.len()));
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
    wanted("id <", filter.before.map(|id| -> Box<dyn ToSql + Send + Sync> { Box::new(id.0) }));
    if let Some(name) = filter.stato {
        // Spelt out rather than bound, so that the index of open records serves.
        sql.push_str(&format!(" AND stato = '{name}'"));
    }
    sql.push_str(&format!(" ORDER BY id DESC LIMIT {}", filter.limit));
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| &**value as _).collect();
    session.query_once(&sql, &values).await?.iter().map(read_summary).collect()
}

/// Several statements: to be asked within one snapshot.
pub(super) async fn show(session: &Session, reference: &Reference) -> Result<Vec<Life>, JournalError> {
    const BY_ID: &str = summary!("WHERE id = $1");
    const BY_IDENTIFIER: &str = summary!("WHERE identificatore = $1 ORDER BY id LIMIT $2");
    let rows = match reference {
        Reference::Id(id) => session.query(BY_ID, &[&id.0]).await?,
        Reference::Identificatore(identificatore) => {
            session.query(BY_IDENTIFIER, &[identificatore, &SHOWN]).await?
        }
    };
    let mut lives = Vec::new();
    for row in &rows {
        lives.push(read_life(session, row).await?);
    }
    Ok(lives)
}

/// One record whole.
pub(super) async fn life(session: &Session, id: MessageId) -> Result<Option<Life>, JournalError> {
    show(session, &Reference::Id(id)).await.map(|mut lives| lives.pop())
}

pub(super) async fn counts(session: &Session) -> Result<Counts, JournalError> {
    let mut counts = Counts::default();
    for row in session.query("SELECT stato, number FROM message_count", &[]).await? {
        let name: StatoName = get::<&str>(&row, 0)?.parse().map_err(unreadable("stato"))?;
        counts.set(name, u64::try_from(get::<i64>(&row, 1)?).unwrap_or_default());
    }
    Ok(counts)
}

/// A value of a row.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, JournalError> {
    row.try_get(at).map_err(|e| JournalError::Unreadable { column: "column", source: EngineError::new(e) })
}

/// A number that is never negative.
pub(super) fn count(row: &Row, at: usize) -> Result<u32, JournalError> {
    unsigned(get(row, at)?)
}

/// The state in two columns.
pub(super) fn stato(row: &Row, name: usize, detail: usize) -> Result<Stato, JournalError> {
    Stato::from_words(get(row, name)?, get(row, detail)?).map_err(unreadable("stato"))
}

pub(super) fn read_recorded(row: &Row) -> Result<Recorded, JournalError> {
    let reply = match get::<Option<&[u8]>>(row, 12)? {
        None => None,
        Some(body) => Some(Reply {
            status: status(row, 9)?.unwrap_or_default(),
            content_type: get::<Option<String>>(row, 10)?.unwrap_or_default().into(),
            identificatore: get(row, 11)?,
            body: Bytes::copy_from_slice(body),
        }),
    };
    Ok(Recorded {
        id: MessageId(get(row, 0)?),
        key: Key {
            direction: get::<&str>(row, 1)?.parse().map_err(unreadable("direction"))?,
            mittente: get(row, 2)?,
            identificatore: get(row, 3)?,
        },
        stato: stato(row, 4, 5)?,
        attempts: count(row, 6)?,
        digest: hash(get(row, 7)?)?,
        received_at: micros(get(row, 8)?)?,
        accepted: get(row, 13)?,
        reply,
    })
}

pub(super) fn hash(bytes: &[u8]) -> Result<[u8; 32], JournalError> {
    bytes.try_into().map_err(|e: std::array::TryFromSliceError| JournalError::Unreadable {
        column: "hash",
        source: EngineError::new(e),
    })
}

pub(super) fn micros(micros: i64) -> Result<Timestamp, JournalError> {
    Timestamp::from_microsecond(micros)
        .map_err(|e| JournalError::Unreadable { column: "instant", source: EngineError::new(e) })
}

fn read_summary(row: &Row) -> Result<Summary, JournalError> {
    Ok(Summary {
        id: MessageId(get(row, 0)?),
        direction: get::<&str>(row, 1)?.parse().map_err(unreadable("direction"))?,
        mittente: get(row, 2)?,
        destinatario: get(row, 3)?,
        servizio: get(row, 4)?,
        azione: get(row, 5)?,
        identificatore: get(row, 6)?,
        stato: stato(row, 7, 8)?,
        attempts: count(row, 9)?,
        received_at: micros(get(row, 10)?)?,
        changed_at: micros(get(row, 11)?)?,
    })
}

async fn read_life(session: &Session, row: &Row) -> Result<Life, JournalError> {
    let summary = read_summary(row)?;
    let id = summary.id;
    let mut request = Bytes::new();
    let mut details: Vec<(u32, String)> = Vec::new();
    let mut payloads = Vec::new();
    let found = session
        .query(
            "SELECT attempt, kind, bytes FROM payload WHERE message = $1 ORDER BY attempt, kind COLLATE \"C\"",
            &[&id.0],
        )
        .await?;
    for row in &found {
        let attempt = count(row, 0)?;
        let bytes: &[u8] = get(row, 2)?;
        match get::<&str>(row, 1)? {
            REQUEST => request = Bytes::copy_from_slice(bytes),
            DETAIL => details.push((attempt, String::from_utf8_lossy(bytes).into_owned())),
            other => payloads.push(Payload {
                attempt,
                kind: other.parse::<PayloadKind>().map_err(unreadable("kind"))?,
                bytes: Bytes::copy_from_slice(bytes),
            }),
        }
    }
    let inoltro: Option<&str> = get(row, 16)?;
    let digest: Option<&[u8]> = get(row, 17)?;
    Ok(Life {
        reception: Reception {
            destinatario: summary.destinatario.clone(),
            servizio: summary.servizio.clone(),
            azione: summary.azione.clone(),
            profilo: get(row, 12)?,
            riferimento: get(row, 13)?,
            collaborazione: get(row, 14)?,
            chiamante: get(row, 15)?,
            received_at: summary.received_at,
            request,
            timings: from_json("timings", get(row, 19)?)?,
        },
        posto: series::posto(session, id).await?,
        inoltro: inoltro.map(str::parse).transpose().map_err(unreadable("inoltro"))?,
        digest: digest.map(hash).transpose()?,
        schemi: get(row, 18)?,
        attempts: read_attempts(session, id, details).await?,
        payloads,
        resolution: read_resolution(session, id).await?,
        summary,
    })
}

async fn read_attempts(
    session: &Session,
    id: MessageId,
    mut details: Vec<(u32, String)>,
) -> Result<Vec<Attempt>, JournalError> {
    let found = session
        .query(
            "SELECT number, stato, esito, started_at, ended_at, node_status, reply_status, reply_type,
                 reply_identificatore, failure, timings, doubted_at
             FROM attempt WHERE message = $1 ORDER BY number",
            &[&id.0],
        )
        .await?;
    let mut attempts = Vec::new();
    for row in &found {
        let number = count(row, 0)?;
        let failure: Option<&str> = get(row, 9)?;
        let mut failure: Option<Failing> = failure.map(|json| from_json("failure", json)).transpose()?;
        let detail = details.iter_mut().find(|(attempt, _)| *attempt == number);
        if let (Some(failure), Some((_, detail))) = (&mut failure, detail) {
            failure.detail = std::mem::take(detail);
        }
        attempts.push(Attempt {
            number,
            started_at: micros(get(row, 3)?)?,
            ended_at: get::<Option<i64>>(row, 4)?.map(micros).transpose()?,
            stato: stato(row, 1, 2)?,
            node_status: status(row, 5)?,
            reply_status: status(row, 6)?,
            reply_type: get(row, 7)?,
            reply_identificatore: get(row, 8)?,
            failure,
            timings: from_json("timings", get(row, 10)?)?,
            doubted_at: get::<Option<i64>>(row, 11)?.map(micros).transpose()?,
        });
    }
    Ok(attempts)
}

async fn read_resolution(session: &Session, id: MessageId) -> Result<Option<ResolutionRecord>, JournalError> {
    let found =
        session.query("SELECT resolution, who, why, at FROM resolution WHERE message = $1", &[&id.0]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    Ok(Some(ResolutionRecord {
        resolution: get::<&str>(row, 0)?.parse().map_err(unreadable("resolution"))?,
        who: get(row, 1)?,
        why: get(row, 2)?,
        at: micros(get(row, 3)?)?,
    }))
}

fn status(row: &Row, at: usize) -> Result<Option<u16>, JournalError> {
    get::<Option<i32>>(row, at)?.map(unsigned).transpose()
}

fn unsigned<T: TryFrom<i32, Error = std::num::TryFromIntError>>(value: i32) -> Result<T, JournalError> {
    value.try_into().map_err(|e| JournalError::Unreadable { column: "number", source: EngineError::new(e) })
}

pub(super) fn from_json<T: DeserializeOwned>(column: &'static str, json: &str) -> Result<T, JournalError> {
    serde_json::from_str(json).map_err(|e| JournalError::Unreadable { column, source: EngineError::new(e) })
}

fn instant(instant: Timestamp) -> Box<dyn ToSql + Send + Sync> {
    Box::new(instant.as_microsecond())
}

fn text(value: &str) -> Box<dyn ToSql + Send + Sync> {
    Box::new(value.to_owned())
}
