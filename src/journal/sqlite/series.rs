//! Ordered series as SQL.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::entry::{Intent, Reply};
use super::super::error::JournalError;
use super::super::evidence::{self, Event, Transition};
use super::super::record::{MessageId, PayloadKind, Recorded};
use super::super::series::{Attesa, Due, FuoriSerie, Holding, Nome, Posto, Serie, Turno};
use super::super::state::Stato;
use super::chain;
use super::queue::Turn;
use super::reads;
use super::writes::{self, Opened};

/// How many messages whose turn it is are told at a time.
const DUE: u32 = 256;

const SERIE: &str =
    "s.mittente_tipo, s.mittente, s.destinatario_tipo, s.destinatario, s.servizio_tipo, s.servizio,
         s.azione, s.collaborazione";

/// What came of asking for a place.
pub(super) enum Placed {
    Opened(Opened),
    Held(MessageId),
    Seen,
    Refused(FuoriSerie),
}

pub(super) fn place(
    turn: &Turn<'_>,
    intent: &Intent,
    posto: &Posto,
    waiting: &Reply,
    told: &str,
    at: Timestamp,
) -> Result<Placed, JournalError> {
    let connection = turn.connection;
    if let Some(known) = reads::blocking(connection, &intent.key)? {
        return Ok(Placed::Opened(Opened::Known(known)));
    }
    let prossimo = match attesa(connection, &posto.serie.collaborazione)? {
        Some(known) => match known.serie.differs(&posto.serie) {
            Some(fault) => return Ok(Placed::Refused(fault)),
            None => known.prossimo,
        },
        None if posto.begins(&intent.key.identificatore) => {
            begin(connection, &posto.serie)?;
            1
        }
        None => return Ok(Placed::Refused(FuoriSerie::Sconosciuta)),
    };
    let turno = posto.turno(prossimo);
    if turno == Turno::Passato {
        return Ok(Placed::Seen);
    }
    if is_taken(connection, posto)? {
        return Ok(Placed::Refused(FuoriSerie::Numero));
    }
    if turno == Turno::Suo {
        return writes::intend(turn, intent, told, at).map(Placed::Opened);
    }
    let holding = Holding { intent: intent.clone(), reply: Some(waiting.clone()) };
    hold(turn, &holding, at).map(Placed::Held)
}

/// Records a message that waits for its turn.
pub(super) fn hold(turn: &Turn<'_>, holding: &Holding, at: Timestamp) -> Result<MessageId, JournalError> {
    let Holding { intent, reply } = holding;
    let id = writes::add_intent(turn.connection, intent, Stato::Held, 0, at)?;
    writes::end_held(turn.connection, id, reply.as_ref(), at)?;
    writes::payload(turn.connection, id, 0, PayloadKind::Forwarded.as_str(), &intent.forwarded)?;
    let held = Transition { id, attempt: 0, event: Event::Held, at, stato: Stato::Held };
    chain::append(turn.connection, &held, &evidence::told(holding)?)?;
    Ok(id)
}

/// Notes the place of a new record.
pub(super) fn note(connection: &Connection, id: MessageId, posto: &Posto) -> Result<(), JournalError> {
    connection
        .prepare_cached("INSERT INTO posto (message, collaborazione, numero) VALUES (?1, ?2, ?3)")?
        .execute(params![id.0, posto.serie.collaborazione, posto.numero])?;
    Ok(())
}

/// The message has its end: its series, if it is of one, expects the next number.
pub(super) fn advance(connection: &Connection, id: MessageId, stato: Stato) -> Result<(), JournalError> {
    if stato.is_executed() {
        connection
            .prepare_cached(
                "UPDATE serie SET prossimo = prossimo + 1 WHERE (collaborazione, prossimo) =
                     (SELECT collaborazione, numero FROM posto WHERE message = ?1)",
            )?
            .execute([id.0])?;
    }
    Ok(())
}

/// Whether a message that is held may go: it is its turn.
pub(super) fn is_turn(connection: &Connection, id: MessageId) -> Result<bool, JournalError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM posto p JOIN serie s
                 ON s.collaborazione = p.collaborazione AND s.prossimo = p.numero WHERE p.message = ?1)",
        )?
        .query_row([id.0], |row| row.get(0))?)
}

/// Whether the record was acknowledged before it was forwarded.
pub(super) fn is_accepted(connection: &Connection, id: MessageId) -> Result<bool, JournalError> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM attempt WHERE message = ?1 AND number = 0 AND stato = 'held')",
        )?
        .query_row([id.0], |row| row.get(0))?)
}

pub(super) fn attesa(connection: &Connection, collaborazione: &str) -> Result<Option<Attesa>, JournalError> {
    Ok(connection
        .prepare_cached(&format!("SELECT {SERIE}, s.prossimo FROM serie s WHERE s.collaborazione = ?1"))?
        .query_row([collaborazione], |row| Ok(Attesa { serie: read_serie(row, 0)?, prossimo: row.get(8)? }))
        .optional()?)
}

/// The place of a record.
pub(super) fn posto(connection: &Connection, id: MessageId) -> Result<Option<Posto>, JournalError> {
    Ok(connection
        .prepare_cached(&format!(
            "SELECT {SERIE}, p.numero FROM posto p JOIN serie s ON s.collaborazione = p.collaborazione
             WHERE p.message = ?1"
        ))?
        .query_row([id.0], |row| Ok(Posto { serie: read_serie(row, 0)?, numero: row.get(8)? }))
        .optional()?)
}

/// Asked every other second: the open records first, by their indices, and never a whole table (CROSS JOIN keeps the
/// order of the tables).
pub(super) fn due(connection: &Connection) -> Result<Vec<Due>, JournalError> {
    let mut found = connection.prepare_cached(&format!(
        "SELECT {SERIE}, p.numero, m.id, m.stato, m.esito, m.attempts, m.identificatore, f.bytes
         FROM (SELECT id FROM message WHERE stato = 'held' UNION ALL SELECT id FROM message WHERE stato = 'unknown') o
         CROSS JOIN message m ON m.id = o.id
         CROSS JOIN posto p ON p.message = m.id
         CROSS JOIN serie s ON s.collaborazione = p.collaborazione AND s.prossimo = p.numero
         CROSS JOIN payload f ON f.message = m.id AND f.attempt = 0 AND f.kind = 'forwarded'
         ORDER BY m.id LIMIT {DUE}"
    ))?;
    let mut rows = found.query([])?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        due.push(Due {
            posto: Posto { serie: read_serie(row, 0)?, numero: row.get(8)? },
            id: MessageId(row.get(9)?),
            stato: reads::stato(row, 10, 11)?,
            attempts: row.get(12)?,
            identificatore: row.get(13)?,
            forwarded: row.get::<_, Vec<u8>>(14)?.into(),
        });
    }
    Ok(due)
}

/// The record as it would be told of a message that is held once more.
pub(super) fn again(connection: &Connection, id: MessageId) -> Result<Option<Holding>, JournalError> {
    let life = reads::life(connection, id)?;
    Ok(life.as_ref().and_then(evidence::intent).map(|intent| Holding { intent, reply: None }))
}

/// The record in the way of one that is held, where it is not its turn.
pub(super) fn waiting(connection: &Connection, id: MessageId) -> Result<Option<Recorded>, JournalError> {
    if is_turn(connection, id)? { Ok(None) } else { reads::recorded(connection, id) }
}

fn begin(connection: &Connection, serie: &Serie) -> Result<(), JournalError> {
    let Serie { collaborazione, mittente, destinatario, servizio, azione } = serie;
    connection.prepare_cached("INSERT INTO serie VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1)")?.execute(
        params![
            collaborazione,
            mittente.tipo,
            mittente.nome,
            destinatario.tipo,
            destinatario.nome,
            servizio.tipo,
            servizio.nome,
            azione
        ],
    )?;
    Ok(())
}

/// Whether a message that was carried, or may be, has the number.
fn is_taken(connection: &Connection, posto: &Posto) -> Result<bool, JournalError> {
    let mut found = connection.prepare_cached(
        "SELECT 1 FROM posto p JOIN message m ON m.id = p.message
         WHERE p.collaborazione = ?1 AND p.numero = ?2 AND m.blocks = 1 LIMIT 1",
    )?;
    let mut rows = found.query(params![posto.serie.collaborazione, posto.numero])?;
    Ok(rows.next()?.is_some())
}

fn read_serie(row: &Row<'_>, first: usize) -> rusqlite::Result<Serie> {
    let nome = |at: usize| -> rusqlite::Result<Nome> {
        Ok(Nome { tipo: row.get(first + at)?, nome: row.get(first + at + 1)? })
    };
    Ok(Serie {
        mittente: nome(0)?,
        destinatario: nome(2)?,
        servizio: nome(4)?,
        azione: row.get(first + 6)?,
        collaborazione: row.get(first + 7)?,
    })
}
