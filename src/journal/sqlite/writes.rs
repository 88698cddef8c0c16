//! Each transition as SQL, within a transaction that the writer opened.

use std::ops::Range;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::super::entry::{
    Conclusion, Failing, Intent, Numbers, Reception, Refusal, Repetition, Reply, Timing,
};
use super::super::error::{EngineError, JournalError};
use super::super::evidence::{self, Event, Transition};
use super::super::record::{MessageId, PayloadKind, Recorded, ResolutionRecord};
use super::super::state::{Direction, Inoltro, Outcome, Resolution, Stato};
use super::super::{interrupted, is_interrupted};
use super::chain;
use super::engine_error::unreadable;
use super::queue::Turn;
use super::{reads, series};

/// The payload kinds that only this engine tells apart.
pub(super) const REQUEST: &str = "request";
pub(super) const DETAIL: &str = "detail";

/// What came of asking for a token.
pub(super) enum Opened {
    Attempt(MessageId, u32),
    Known(Recorded),
}

/// What came of a conclusion.
pub(super) enum Ended {
    Stands(Stato),
    /// It is recorded, and the record stands where it stood.
    TooLate(Stato),
}

/// The columns of a new message that differ between a refusal and an intent.
struct Row<'a> {
    direction: Direction,
    mittente: Option<&'a str>,
    identificatore: Option<&'a str>,
    inoltro: Option<Inoltro>,
    digest: Option<&'a [u8; 32]>,
    schemi: Option<&'a str>,
    stato: Stato,
    attempts: u32,
}

pub(super) fn refuse(
    turn: &Turn<'_>,
    refusal: &Refusal,
    told: &str,
    at: Timestamp,
) -> Result<MessageId, JournalError> {
    let row = Row {
        direction: refusal.direction,
        mittente: refusal.mittente.as_deref(),
        identificatore: refusal.identificatore.as_deref(),
        inoltro: None,
        digest: refusal.digest.as_ref(),
        schemi: None,
        stato: Stato::Refused,
        attempts: 0,
    };
    let id = add(turn.connection, &row, &refusal.reception, at)?;
    open_attempt(turn.connection, id, 0, at)?;
    let end = End {
        stato: Stato::Refused,
        node_status: None,
        reply: refusal.reply.as_ref(),
        failure: Some(&refusal.failure),
        timings: &[],
    };
    end_attempt(turn.connection, id, 0, &end, at)?;
    let refused = Transition { id, attempt: 0, event: Event::Refused, at, stato: Stato::Refused };
    chain::append(turn.connection, &refused, told)?;
    Ok(id)
}

pub(super) fn intend(
    turn: &Turn<'_>,
    intent: &Intent,
    told: &str,
    at: Timestamp,
) -> Result<Opened, JournalError> {
    // The writer is alone in the transaction, so what is not there now will not be there at the insert.
    if Stato::Intended.blocks(intent.inoltro)
        && let Some(known) = reads::blocking(turn.connection, &intent.key)?
    {
        return Ok(Opened::Known(known));
    }
    let id = add_intent(turn.connection, intent, Stato::Intended, 1, at)?;
    open_attempt(turn.connection, id, 1, at)?;
    payload(turn.connection, id, 1, PayloadKind::Forwarded.as_str(), &intent.forwarded)?;
    let intended = Transition { id, attempt: 1, event: Event::Intended, at, stato: Stato::Intended };
    chain::append(turn.connection, &intended, told)?;
    Ok(Opened::Attempt(id, 1))
}

/// A new record of a message that is to be forwarded, now or in its turn.
pub(super) fn add_intent(
    connection: &Connection,
    intent: &Intent,
    stato: Stato,
    attempts: u32,
    at: Timestamp,
) -> Result<MessageId, JournalError> {
    let row = Row {
        direction: intent.key.direction,
        mittente: Some(&intent.key.mittente),
        identificatore: Some(&intent.key.identificatore),
        inoltro: Some(intent.inoltro),
        digest: Some(&intent.digest),
        schemi: Some(&intent.schemi),
        stato,
        attempts,
    };
    let id = add(connection, &row, &intent.reception, at)?;
    if let Some(posto) = &intent.posto {
        series::note(connection, id, posto)?;
    }
    Ok(id)
}

/// The acknowledgement of a message that waits for its turn.
pub(super) fn end_held(
    connection: &Connection,
    id: MessageId,
    reply: Option<&Reply>,
    at: Timestamp,
) -> Result<(), JournalError> {
    open_attempt(connection, id, 0, at)?;
    let end = End { stato: Stato::Held, node_status: None, reply, failure: None, timings: &[] };
    end_attempt(connection, id, 0, &end, at)
}

pub(super) fn repeat(
    turn: &Turn<'_>,
    repetition: &Repetition,
    told: &str,
    at: Timestamp,
) -> Result<Opened, JournalError> {
    let id = repetition.id;
    let (stato, attempts, _) = standing(turn.connection, id)?;
    if stato == Stato::Held {
        if let Some(waiting) = series::waiting(turn.connection, id)? {
            return Ok(Opened::Known(waiting));
        }
    } else if stato != Stato::Unknown {
        return match reads::recorded(turn.connection, id)? {
            Some(known) => Ok(Opened::Known(known)),
            None => Err(JournalError::NotUnknown { id, stato }),
        };
    }
    let number = attempts.saturating_add(1);
    move_to(turn.connection, id, Stato::Intended, at)?;
    turn.connection
        .prepare_cached("UPDATE message SET attempts = ?2 WHERE id = ?1")?
        .execute(params![id.0, number])?;
    open_attempt(turn.connection, id, number, at)?;
    if let Some(bytes) = &repetition.forwarded {
        payload(turn.connection, id, number, PayloadKind::Forwarded.as_str(), bytes)?;
    }
    let repeated = Transition { id, attempt: number, event: Event::Repeated, at, stato: Stato::Intended };
    chain::append(turn.connection, &repeated, told)?;
    Ok(Opened::Attempt(id, number))
}

pub(super) fn conclude(
    turn: &mut Turn<'_>,
    id: MessageId,
    attempt: u32,
    conclusion: &Conclusion,
    told: &str,
    at: Timestamp,
) -> Result<Ended, JournalError> {
    let connection = turn.connection;
    let (before, attempts, _) = standing(connection, id)?;
    let is_open = before == Stato::Intended && attempts == attempt;
    let late = !is_open && conclusion.outcome != Outcome::Unknown && doubt(connection, id, attempt, at)?;
    if !is_open && !late {
        return Err(JournalError::Stale { id, attempt, stato: before });
    }
    let doubtful: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM attempt
                 WHERE message = ?1 AND (stato = 'unknown' OR doubted_at IS NOT NULL))",
        )?
        .query_row([id.0], |row| row.get(0))?;
    let end = End {
        stato: conclusion.outcome.into(),
        node_status: conclusion.answer.as_ref().map(|answer| answer.status),
        reply: conclusion.reply.as_ref(),
        failure: conclusion.failure.as_ref(),
        timings: &conclusion.timings,
    };
    end_attempt(connection, id, attempt, &end, at)?;
    if let Some(answer) = &conclusion.answer {
        payload(connection, id, attempt, PayloadKind::Answer.as_str(), &answer.body)?;
    }
    let stato = Stato::after(conclusion.outcome, doubtful, series::is_accepted(connection, id)?);
    if late {
        chain::append(connection, &evidence::late(id, attempt, conclusion, at), told)?;
        if !Stato::is_settled_by_late(before, conclusion.outcome, attempts == attempt) {
            return Ok(Ended::TooLate(before));
        }
    } else {
        chain::append(connection, &Transition { id, attempt, event: Event::Concluded, at, stato }, told)?;
    }
    move_to(connection, id, stato, at)?;
    series::advance(connection, id, stato)?;
    turn.settled.push(id);
    Ok(Ended::Stands(stato))
}

/// Notes of an attempt that was taken for lost that its end has come. Answers whether it was.
fn doubt(connection: &Connection, id: MessageId, attempt: u32, at: Timestamp) -> Result<bool, JournalError> {
    let failure: Option<Option<String>> = connection
        .prepare_cached(
            "SELECT failure FROM attempt WHERE message = ?1 AND number = ?2 AND stato = 'unknown'",
        )?
        .query_row(params![id.0, attempt], |row| row.get(0))
        .optional()?;
    let failure: Option<Failing> =
        failure.flatten().map(|json| reads::from_json("failure", &json)).transpose()?;
    if !is_interrupted(Stato::Unknown, failure.as_ref()) {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "UPDATE attempt SET doubted_at = coalesce(ended_at, ?3) WHERE message = ?1 AND number = ?2",
        )?
        .execute(params![id.0, attempt, at.as_microsecond()])?;
    connection
        .prepare_cached("DELETE FROM payload WHERE message = ?1 AND attempt = ?2 AND kind = 'detail'")?
        .execute(params![id.0, attempt])?;
    Ok(true)
}

pub(super) fn recover(turn: &mut Turn<'_>, at: Timestamp) -> Result<Vec<MessageId>, JournalError> {
    let open: Vec<(i64, u32)> = turn
        .connection
        .prepare_cached("SELECT id, attempts FROM message WHERE stato = 'intended' ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let conclusion = interrupted();
    let told = evidence::told(&conclusion)?;
    for (id, attempt) in &open {
        conclude(turn, MessageId(*id), *attempt, &conclusion, &told, at)?;
    }
    Ok(open.into_iter().map(|(id, _)| MessageId(id)).collect())
}

pub(super) fn resolve(
    turn: &Turn<'_>,
    id: MessageId,
    word: &ResolutionRecord,
) -> Result<Stato, JournalError> {
    let (stato, attempt, _) = standing(turn.connection, id)?;
    let settled_elsewhere = stato == Stato::Held && word.resolution == Resolution::Executed;
    if stato != Stato::Unknown && !settled_elsewhere {
        return Err(JournalError::NotUnknown { id, stato });
    }
    turn.connection
        .prepare_cached(
            "INSERT INTO resolution (message, resolution, who, why, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id.0, word.resolution.as_str(), word.who, word.why, word.at.as_microsecond()])?;
    let stato = Stato::Resolved(word.resolution);
    move_to(turn.connection, id, stato, word.at)?;
    let resolved = Transition { id, attempt, event: Event::Resolved, at: word.at, stato };
    chain::append(turn.connection, &resolved, &evidence::told(word)?)?;
    series::advance(turn.connection, id, stato)?;
    // What its sender was told would be forwarded is still to be forwarded.
    if word.resolution == Resolution::NotExecuted
        && series::is_accepted(turn.connection, id)?
        && let Some(holding) = series::again(turn.connection, id)?
    {
        series::hold(turn, &holding, word.at)?;
    }
    Ok(stato)
}

pub(super) fn reserve(turn: &Turn<'_>, numbers: &Numbers) -> Result<Range<u64>, JournalError> {
    let Numbers { porta, minuto, count, last, forget } = numbers;
    turn.connection
        .prepare_cached("DELETE FROM progressivo WHERE porta = ?1 AND minuto < ?2")?
        .execute(params![porta, forget])?;
    let next: Option<i64> = turn
        .connection
        .prepare_cached("SELECT next FROM progressivo WHERE porta = ?1 AND minuto = ?2")?
        .query_row([porta, minuto], |row| row.get(0))
        .optional()?;
    let none = || JournalError::NoNumbers { porta: porta.clone(), minuto: minuto.clone() };
    let next = u64::try_from(next.unwrap_or(1)).map_err(|_| none())?;
    let after = next.saturating_add(u64::from(*count)).min(last.saturating_add(1));
    if after <= next {
        return Err(none());
    }
    turn.connection
        .prepare_cached(
            "INSERT INTO progressivo (porta, minuto, next) VALUES (?1, ?2, ?3)
                 ON CONFLICT (porta, minuto) DO UPDATE SET next = excluded.next",
        )?
        .execute(params![porta, minuto, i64::try_from(after).map_err(|_| none())?])?;
    Ok(next..after)
}

/// A write that changes nothing anybody reads.
pub(super) fn probe(turn: &Turn<'_>, at: Timestamp) -> Result<(), JournalError> {
    turn.connection
        .prepare_cached(
            "INSERT INTO meta (name, value) VALUES ('probed_at', ?1)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute([at.to_string()])?;
    Ok(())
}

/// State, attempts and inoltro of a record.
fn standing(connection: &Connection, id: MessageId) -> Result<(Stato, u32, Option<Inoltro>), JournalError> {
    let mut found =
        connection.prepare_cached("SELECT stato, esito, attempts, inoltro FROM message WHERE id = ?1")?;
    let mut rows = found.query([id.0])?;
    let row = rows.next()?.ok_or(JournalError::NoSuchMessage { id })?;
    let inoltro = row.get_ref(3)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    Ok((
        reads::stato(row, 0, 1)?,
        row.get(2)?,
        inoltro.map(str::parse).transpose().map_err(unreadable("inoltro"))?,
    ))
}

fn add(
    connection: &Connection,
    row: &Row<'_>,
    reception: &Reception,
    at: Timestamp,
) -> Result<MessageId, JournalError> {
    connection
        .prepare_cached(
            "INSERT INTO message (direction, mittente, identificatore, destinatario, servizio, azione, profilo,
                 riferimento, collaborazione, chiamante, inoltro, digest, schemi, stato, esito, blocks, attempts,
                 received_at, changed_at, timings)
             VALUES (:direction, :mittente, :identificatore, :destinatario, :servizio, :azione, :profilo,
                 :riferimento, :collaborazione, :chiamante, :inoltro, :digest, :schemi, :stato, :esito, :blocks,
                 :attempts, :received_at, :changed_at, :timings)",
        )?
        .execute(named_params! {
            ":direction": row.direction.as_str(),
            ":mittente": row.mittente,
            ":identificatore": row.identificatore,
            ":destinatario": reception.destinatario,
            ":servizio": reception.servizio,
            ":azione": reception.azione,
            ":profilo": reception.profilo,
            ":riferimento": reception.riferimento,
            ":collaborazione": reception.collaborazione,
            ":chiamante": reception.chiamante,
            ":inoltro": row.inoltro.map(Inoltro::as_str),
            ":digest": row.digest,
            ":schemi": row.schemi,
            ":stato": row.stato.name().as_str(),
            ":esito": row.stato.detail(),
            ":blocks": row.inoltro.is_some_and(|inoltro| row.stato.blocks(inoltro)),
            ":attempts": row.attempts,
            ":received_at": reception.received_at.as_microsecond(),
            ":changed_at": at.as_microsecond(),
            ":timings": as_json(&reception.timings)?,
        })?;
    let id = MessageId(connection.last_insert_rowid());
    payload(connection, id, 0, REQUEST, &reception.request)?;
    Ok(id)
}

fn move_to(connection: &Connection, id: MessageId, stato: Stato, at: Timestamp) -> Result<(), JournalError> {
    let (.., inoltro) = standing(connection, id)?;
    connection
        .prepare_cached(
            "UPDATE message SET stato = ?2, esito = ?3, blocks = ?4, changed_at = ?5 WHERE id = ?1",
        )?
        .execute(params![
            id.0,
            stato.name().as_str(),
            stato.detail(),
            inoltro.is_some_and(|inoltro| stato.blocks(inoltro)),
            at.as_microsecond()
        ])?;
    Ok(())
}

fn open_attempt(
    connection: &Connection,
    id: MessageId,
    number: u32,
    at: Timestamp,
) -> Result<(), JournalError> {
    connection
        .prepare_cached(
            "INSERT INTO attempt (message, number, stato, started_at, timings) VALUES (?1, ?2, ?3, ?4, '[]')",
        )?
        .execute(params![id.0, number, Stato::Intended.name().as_str(), at.as_microsecond()])?;
    Ok(())
}

/// How an attempt ended.
struct End<'a> {
    stato: Stato,
    node_status: Option<u16>,
    reply: Option<&'a Reply>,
    failure: Option<&'a Failing>,
    timings: &'a [Timing],
}

fn end_attempt(
    connection: &Connection,
    id: MessageId,
    number: u32,
    end: &End<'_>,
    at: Timestamp,
) -> Result<(), JournalError> {
    connection
        .prepare_cached(
            "UPDATE attempt SET stato = :stato, esito = :esito, ended_at = :ended_at, node_status = :node_status,
                 reply_status = :reply_status, reply_type = :reply_type, reply_identificatore = :reply_identificatore,
                 failure = :failure, timings = :timings
             WHERE message = :message AND number = :number",
        )?
        .execute(named_params! {
            ":stato": end.stato.name().as_str(),
            ":esito": end.stato.detail(),
            ":ended_at": at.as_microsecond(),
            ":node_status": end.node_status,
            ":reply_status": end.reply.map(|reply| reply.status),
            ":reply_type": end.reply.map(|reply| reply.content_type.as_ref()),
            ":reply_identificatore": end.reply.and_then(|reply| reply.identificatore.as_deref()),
            ":failure": end.failure.map(as_json).transpose()?,
            ":timings": as_json(end.timings)?,
            ":message": id.0,
            ":number": number,
        })?;
    if let Some(reply) = end.reply {
        payload(connection, id, number, PayloadKind::Reply.as_str(), &reply.body)?;
    }
    if let Some(failure) = end.failure {
        payload(connection, id, number, DETAIL, failure.detail.as_bytes())?;
    }
    Ok(())
}

pub(super) fn payload(
    connection: &Connection,
    id: MessageId,
    attempt: u32,
    kind: &str,
    bytes: &[u8],
) -> Result<(), JournalError> {
    connection
        .prepare_cached("INSERT INTO payload (message, attempt, kind, bytes) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id.0, attempt, kind, bytes])?;
    Ok(())
}

fn as_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|e| JournalError::Engine { source: EngineError::new(e) })
}
