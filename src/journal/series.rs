//! Ordered series: messages that must be forwarded one after the other (busta e-Gov 1.1, Sequenza).
//!
//! A series is named by its Collaborazione and begins with its first message. It knows the number that it expects next.
//! A message of that number may go; one ahead of it is *held*, durable and acknowledged, until it is its turn. The
//! number expected grows only when the message of that number has its verdict, or the operator's word that it was
//! executed. So at most one message of a series is on its way at any time.

use serde::Serialize;

use super::entry::{Intent, Reply};
use super::record::{MessageId, Recorded};
use super::state::Stato;
use super::token::{Concluded, Intended};
use bytes::Bytes;

/// A name with its type, as the busta writes both.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Nome {
    /// Its type.
    pub tipo: String,
    /// The name.
    pub nome: String,
}

/// What all messages of a series have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Serie {
    /// Its name: the identifier of its first message.
    pub collaborazione: String,
    /// Who sends it.
    pub mittente: Nome,
    /// To whom.
    pub destinatario: Nome,
    /// Which service.
    pub servizio: Nome,
    /// Which action.
    pub azione: Option<String>,
}

/// The place of a message in its series.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Posto {
    /// The series.
    pub serie: Serie,
    /// From 1.
    pub numero: u32,
}

/// Why a message has no place in the series that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FuoriSerie {
    /// The series never began.
    Sconosciuta,
    /// Another sender.
    Mittente,
    /// A sender of another type.
    MittenteTipo,
    /// Another recipient.
    Destinatario,
    /// A recipient of another type.
    DestinatarioTipo,
    /// Another service.
    Servizio,
    /// A service of another type.
    ServizioTipo,
    /// Another action.
    Azione,
    /// Another message has this number.
    Numero,
}

/// What a message is given that names a series.
#[derive(Debug)]
pub enum Placing {
    /// It is its turn.
    Intended(Intended),
    /// It waits for its turn: it is durable, and its acknowledgement may be given.
    Held(Concluded),
    /// A message of this number went before.
    Seen,
    /// This record stands in the way of its key.
    AlreadyKnown(Recorded),
    /// It has no place.
    Refused(FuoriSerie),
}

/// A series and the number that it expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attesa {
    /// The series.
    pub serie: Serie,
    /// The number expected next.
    pub prossimo: u32,
}

/// A message that was acknowledged before it was forwarded, and whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its record.
    pub id: MessageId,
    /// `Held`, or `Unknown` where an attempt ended so.
    pub stato: Stato,
    /// How many attempts were opened.
    pub attempts: u32,
    /// Identifier that the sender gave it.
    pub identificatore: String,
    /// Its place.
    pub posto: Posto,
    /// The bytes to be forwarded.
    pub forwarded: Bytes,
}

/// A message that waits for its turn, as it is told to the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Holding {
    #[serde(flatten)]
    pub(super) intent: Intent,
    /// What its sender is answered now; nothing where it was answered before.
    pub(super) reply: Option<Reply>,
}

/// The number of a message, seen from the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turno {
    Suo,
    Dopo,
    Passato,
}

impl Serie {
    /// What of `other`, which claims to be this series, is not as in it.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<FuoriSerie> {
        let members = [
            (&self.mittente, &other.mittente, FuoriSerie::Mittente, FuoriSerie::MittenteTipo),
            (&self.destinatario, &other.destinatario, FuoriSerie::Destinatario, FuoriSerie::DestinatarioTipo),
            (&self.servizio, &other.servizio, FuoriSerie::Servizio, FuoriSerie::ServizioTipo),
        ];
        for (ours, theirs, name, kind) in members {
            if ours.nome != theirs.nome {
                return Some(name);
            }
            if ours.tipo != theirs.tipo {
                return Some(kind);
            }
        }
        (self.azione != other.azione).then_some(FuoriSerie::Azione)
    }
}

impl Posto {
    /// Whether a message of this identifier and place begins its series.
    #[must_use]
    pub fn begins(&self, identificatore: &str) -> bool {
        self.numero == 1 && self.serie.collaborazione == identificatore
    }

    pub(super) fn turno(&self, prossimo: u32) -> Turno {
        match self.numero.cmp(&prossimo) {
            std::cmp::Ordering::Less => Turno::Passato,
            std::cmp::Ordering::Equal => Turno::Suo,
            std::cmp::Ordering::Greater => Turno::Dopo,
        }
    }
}
