//! What one commit adds and changes, as rows. Each kind of row travels as one JSON array that the database takes apart by
//! the columns of its table; bytes of documents travel as they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use serde::Serialize;

use super::super::evidence::Hash;
use super::super::record::MessageId;
use super::super::state::StatoName;

/// The payload kinds that only the engines tell apart.
pub(super) const REQUEST: &str = "request";
pub(super) const DETAIL: &str = "detail";

/// The end of everything that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) message: i64,
    pub(super) link: i64,
    pub(super) hash: Hash,
}

/// One commit.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) head: Head,
    pub(super) messages: Vec<MessageRow>,
    pub(super) moves: Vec<Move>,
    pub(super) places: Vec<PostoRow>,
    /// New attempts.
    pub(super) attempts: Vec<AttemptRow>,
    /// Ends of attempts that were there.
    pub(super) ends: Vec<AttemptRow>,
    /// Attempts whose detail makes room for another.
    pub(super) undetailed: Vec<(i64, u32)>,
    pub(super) payloads: Vec<Payload>,
    pub(super) resolutions: Vec<ResolutionRow>,
    pub(super) series: Vec<SerieRow>,
    /// Series that expect the number after this one.
    pub(super) advanced: Vec<PostoRow>,
    /// Series whose lane the life takes.
    pub(super) lanes: Vec<String>,
    pub(super) numbers: Vec<NumbersRow>,
    /// Minutes before this one of the porta are forgotten.
    pub(super) forgotten: Vec<(String, String)>,
    pub(super) links: Vec<LinkRow>,
    pub(super) counts: BTreeMap<StatoName, i64>,
    /// Records that left `intended`.
    pub(super) settled: Vec<MessageId>,
    pub(super) probed_at: Option<i64>,
    /// Lives were ended in this transaction.
    pub(super) ended_lives: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct MessageRow {
    pub(super) id: i64,
    pub(super) direction: &'static str,
    pub(super) mittente: Option<String>,
    pub(super) identificatore: Option<String>,
    pub(super) destinatario: Option<String>,
    pub(super) servizio: Option<String>,
    pub(super) azione: Option<String>,
    pub(super) profilo: Option<String>,
    pub(super) riferimento: Option<String>,
    pub(super) collaborazione: Option<String>,
    pub(super) chiamante: Option<String>,
    pub(super) inoltro: Option<&'static str>,
    pub(super) digest: Option<String>,
    pub(super) schemi: Option<String>,
    pub(super) stato: &'static str,
    pub(super) esito: Option<&'static str>,
    pub(super) blocks: bool,
    pub(super) attempts: u32,
    pub(super) received_at: i64,
    pub(super) changed_at: i64,
    pub(super) timings: String,
    pub(super) carrier: Option<i64>,
}

/// A record that goes from one state to another.
#[derive(Debug, Serialize)]
pub(super) struct Move {
    pub(super) id: i64,
    pub(super) stato: &'static str,
    pub(super) esito: Option<&'static str>,
    pub(super) blocks: bool,
    pub(super) attempts: u32,
    pub(super) changed_at: i64,
    /// Who forwards it from now on; absent where nobody else does than before.
    pub(super) carrier: Option<i64>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct AttemptRow {
    pub(super) message: i64,
    pub(super) number: u32,
    pub(super) stato: &'static str,
    pub(super) esito: Option<&'static str>,
    pub(super) started_at: i64,
    pub(super) ended_at: Option<i64>,
    pub(super) node_status: Option<u16>,
    pub(super) reply_status: Option<u16>,
    pub(super) reply_type: Option<String>,
    pub(super) reply_identificatore: Option<String>,
    pub(super) failure: Option<String>,
    pub(super) timings: String,
    pub(super) doubted_at: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Payload {
    pub(super) message: i64,
    pub(super) attempt: u32,
    pub(super) kind: &'static str,
    pub(super) bytes: Bytes,
}

#[derive(Debug, Serialize)]
pub(super) struct ResolutionRow {
    pub(super) message: i64,
    pub(super) resolution: &'static str,
    pub(super) who: String,
    pub(super) why: String,
    pub(super) at: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct SerieRow {
    pub(super) collaborazione: String,
    pub(super) mittente_tipo: String,
    pub(super) mittente: String,
    pub(super) destinatario_tipo: String,
    pub(super) destinatario: String,
    pub(super) servizio_tipo: String,
    pub(super) servizio: String,
    pub(super) azione: Option<String>,
    pub(super) prossimo: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct PostoRow {
    pub(super) message: i64,
    pub(super) collaborazione: String,
    pub(super) numero: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct NumbersRow {
    pub(super) porta: String,
    pub(super) minuto: String,
    pub(super) next: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct LinkRow {
    pub(super) number: i64,
    pub(super) message: i64,
    pub(super) line: String,
    pub(super) content: String,
    pub(super) hash: String,
}

impl Changes {
    pub(super) const fn after(head: Head) -> Self {
        Self {
            head,
            messages: Vec::new(),
            moves: Vec::new(),
            places: Vec::new(),
            attempts: Vec::new(),
            ends: Vec::new(),
            undetailed: Vec::new(),
            payloads: Vec::new(),
            resolutions: Vec::new(),
            series: Vec::new(),
            advanced: Vec::new(),
            lanes: Vec::new(),
            numbers: Vec::new(),
            forgotten: Vec::new(),
            links: Vec::new(),
            counts: BTreeMap::new(),
            settled: Vec::new(),
            probed_at: None,
            ended_lives: false,
        }
    }

    /// Whether there is anything to commit.
    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty()
            && self.series.is_empty()
            && self.numbers.is_empty()
            && self.forgotten.is_empty()
            && self.probed_at.is_none()
            && !self.ended_lives
    }

    pub(super) fn counted(&mut self, name: StatoName, by: i64) {
        *self.counts.entry(name).or_default() += by;
    }
}

/// Bytes as the database writes them.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2).saturating_add(2));
    text.push_str("\\x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
