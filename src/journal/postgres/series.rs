//! Ordered series as the tables hold them, and the lanes: each series is forwarded by one replica at a time.
//!
//! A lane belongs to a life (`lease.rs`) from the first time that it takes a held message up until the life ends. So the
//! fence of a lane is the number of that life, and another replica takes the lane only from a life that has ended, or
//! whose lease is over. The transaction that opens the attempt decides it, and with it the attempt gets its own number.

use tokio_postgres::Row;

use super::super::error::JournalError;
use super::super::record::MessageId;
use super::super::series::{Attesa, Due, Nome, Posto, Serie};
use super::reads::{count, get, stato};
use super::session::Session;

macro_rules! serie {
    ($rest:literal) => {
        concat!(
            "SELECT s.mittente_tipo, s.mittente, s.destinatario_tipo, s.destinatario, s.servizio_tipo, s.servizio,
                 s.azione, s.collaborazione, ",
            $rest
        )
    };
}

/// The series of the names in an array.
pub(super) const SERIES: &str = serie!("s.prossimo FROM serie s WHERE s.collaborazione = ANY ($1)");

/// Of the places in two arrays, those that a message has which was carried, or may be.
pub(super) const TAKEN: &str =
    "SELECT p.collaborazione, p.numero FROM posto p JOIN message m ON m.id = p.message
     WHERE m.blocks AND (p.collaborazione, p.numero) IN (SELECT * FROM unnest($1::text[], $2::integer[]))";

pub(super) async fn attesa(session: &Session, collaborazione: &str) -> Result<Option<Attesa>, JournalError> {
    let rows = session.query(SERIES, &[&[collaborazione].as_slice()]).await?;
    rows.first().map(read_attesa).transpose()
}

/// The place of a record.
pub(super) async fn posto(session: &Session, id: MessageId) -> Result<Option<Posto>, JournalError> {
    const POSTO: &str = serie!(
        "p.numero FROM posto p JOIN serie s ON s.collaborazione = p.collaborazione WHERE p.message = $1"
    );
    let rows = session.query(POSTO, &[&id.0]).await?;
    rows.first().map(|row| Ok(Posto { serie: read_serie(row)?, numero: count(row, 8)? })).transpose()
}

/// The messages whose turn it is, in lanes that no other life holds. `fence`: the life that asks.
pub(super) async fn due(session: &Session, fence: i64) -> Result<Vec<Due>, JournalError> {
    const DUE: &str = serie!(
        "p.numero, m.id, m.stato, m.esito, m.attempts, m.identificatore, f.bytes
         FROM message m
         JOIN posto p ON p.message = m.id
         JOIN serie s ON s.collaborazione = p.collaborazione AND s.prossimo = p.numero
         JOIN payload f ON f.message = m.id AND f.attempt = 0 AND f.kind = 'forwarded'
         LEFT JOIN life l ON l.fence = s.lane AND l.fence <> $1
             AND l.ended_at IS NULL AND l.lease_until > clock_timestamp()
         WHERE m.stato IN ('held', 'unknown') AND l.fence IS NULL
         ORDER BY m.id LIMIT 256"
    );
    let rows = session.query(DUE, &[&fence]).await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                posto: Posto { serie: read_serie(row)?, numero: count(row, 8)? },
                id: MessageId(get(row, 9)?),
                stato: stato(row, 10, 11)?,
                attempts: count(row, 12)?,
                identificatore: get(row, 13)?,
                forwarded: get::<Vec<u8>>(row, 14)?.into(),
            })
        })
        .collect()
}

pub(super) fn read_attesa(row: &Row) -> Result<Attesa, JournalError> {
    Ok(Attesa { serie: read_serie(row)?, prossimo: count(row, 8)? })
}

fn read_serie(row: &Row) -> Result<Serie, JournalError> {
    let nome = |tipo: usize, nome: usize| -> Result<Nome, JournalError> {
        Ok(Nome { tipo: get(row, tipo)?, nome: get(row, nome)? })
    };
    Ok(Serie {
        mittente: nome(0, 1)?,
        destinatario: nome(2, 3)?,
        servizio: nome(4, 5)?,
        azione: get(row, 6)?,
        collaborazione: get(row, 7)?,
    })
}
