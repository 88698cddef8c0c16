//! What the bridge tells the journal.
//!
//! Each entry serializes as its evidence: metadata in clear, bytes as their SHA-256.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evidence;
use super::record::MessageId;
use super::series::Posto;
use super::state::{Direction, Inoltro, Outcome};

/// What makes two receptions the same message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Key {
    /// Which way it crosses the bridge.
    pub direction: Direction,
    /// Name of the sending party.
    pub mittente: String,
    /// Identifier that the sender gave it (busta e-Gov 1.1, Messaggio/Identificatore).
    pub identificatore: String,
}

/// What is known of a message when it comes in, besides its key. A busta that is refused may lack any of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reception {
    /// Name of the addressed party.
    pub destinatario: Option<String>,
    /// Name of the service.
    pub servizio: Option<String>,
    /// Name of the action.
    pub azione: Option<String>,
    /// ProfiloCollaborazione, as written.
    pub profilo: Option<String>,
    /// RiferimentoMessaggio.
    pub riferimento: Option<String>,
    /// Collaborazione.
    pub collaborazione: Option<String>,
    /// Who called: the subject of the TLS certificate, or the address where there was none.
    pub chiamante: Option<String>,
    /// When its last byte was read.
    #[serde(serialize_with = "evidence::micros")]
    pub received_at: Timestamp,
    /// The request exactly as it came.
    #[serde(serialize_with = "evidence::hashed")]
    pub request: Bytes,
    /// How long each phase took until now.
    pub timings: Vec<Timing>,
}

/// A message that the bridge refuses by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Which way it would have crossed the bridge.
    pub direction: Direction,
    /// Name of the sending party, if the header told.
    pub mittente: Option<String>,
    /// Its identifier, if the header told.
    pub identificatore: Option<String>,
    /// The rest of what is known.
    pub reception: Reception,
    /// Digest of the canonical inner document, where one was read.
    #[serde(serialize_with = "evidence::hex_if_any")]
    pub digest: Option<[u8; 32]>,
    /// Why.
    #[serde(serialize_with = "evidence::failing")]
    pub failure: Failing,
    /// What is going to be answered.
    pub reply: Option<Reply>,
}

/// A message that is about to be forwarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intent {
    /// What makes it the same as its twins.
    pub key: Key,
    /// The rest of what is known.
    pub reception: Reception,
    /// Its place in an ordered series, where it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posto: Option<Posto>,
    /// Whether it may be delivered more than once.
    pub inoltro: Inoltro,
    /// Digest of the canonical inner document: tells a twin from a clash.
    #[serde(serialize_with = "evidence::hex")]
    pub digest: [u8; 32],
    /// Version of the schemas and services that translated it.
    pub schemi: String,
    /// The bytes that are going to be forwarded.
    #[serde(serialize_with = "evidence::hashed")]
    pub forwarded: Bytes,
}

/// A new attempt on a record whose fate is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repetition {
    /// The record.
    pub id: MessageId,
    /// The bytes that are going to be forwarded, when they are not those of the attempt before.
    #[serde(serialize_with = "evidence::hashed_if_any")]
    pub forwarded: Option<Bytes>,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conclusion {
    /// How it ended.
    pub outcome: Outcome,
    /// What the other side answered, conclusive or not.
    pub answer: Option<NodeAnswer>,
    /// What is going to be answered to the sender.
    pub reply: Option<Reply>,
    /// Why it did not end well.
    #[serde(serialize_with = "evidence::failing_if_any")]
    pub failure: Option<Failing>,
    /// How long each phase took since the intent.
    pub timings: Vec<Timing>,
}

/// An answer of the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeAnswer {
    /// HTTP status.
    pub status: u16,
    /// The bytes as they came.
    #[serde(serialize_with = "evidence::hashed")]
    pub body: Bytes,
}

/// A reply to the sender, to be repeated byte for byte to its twins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Content-Type.
    pub content_type: Cow<'static, str>,
    /// Identifier of the reply's own busta.
    pub identificatore: Option<String>,
    /// The bytes.
    #[serde(serialize_with = "evidence::hashed")]
    pub body: Bytes,
}

/// Why something did not end well: the five answers of a failure, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Public code (`EGOV_IT_300` …) or the bridge's own.
    pub code: Cow<'static, str>,
    /// Whose fault.
    pub fault: Cow<'static, str>,
    /// In which phase.
    pub phase: Cow<'static, str>,
    /// Whether the sender may retry.
    pub retry: Cow<'static, str>,
    /// Place in the document: no value of it, since metadata outlives payloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The whole explanation, values seen included. Kept with the payloads, because it may hold personal data.
    #[serde(skip)]
    pub detail: String,
}

/// Numbers for identifiers, asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// The porta that gives them.
    pub porta: String,
    /// The minute in which they are given, as the identifier spells it: `2026-01-31_09:15`.
    pub minuto: String,
    /// How many, at most.
    pub count: u32,
    /// The greatest that a minute has.
    pub last: u64,
    /// Minutes of this porta spelled before this one are forgotten.
    pub forget: String,
}

/// How long a phase took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Name of the phase.
    pub phase: Cow<'static, str>,
    /// Microseconds.
    pub micros: u64,
}
