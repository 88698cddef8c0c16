//! What the journal tells of its records.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::entry::{Failing, Key, Reception, Reply, Timing};
use super::series::Posto;
use super::state::{Direction, Esito, Inoltro, Resolution, Stato, StatoName, UnknownWord, named};
use super::{evidence, is_interrupted};

/// Number of a record: grows with time and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct MessageId(pub(super) i64);

/// What an operator names a message by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// Number of the record.
    Id(MessageId),
    /// Identifier of the busta: there may be several receptions of it.
    Identificatore(String),
}

/// A record as a twin sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its number.
    pub id: MessageId,
    /// What makes it the same message.
    pub key: Key,
    /// Where it stands.
    pub stato: Stato,
    /// How many attempts were opened.
    pub attempts: u32,
    /// Digest of the canonical inner document.
    pub digest: [u8; 32],
    /// When it came in.
    pub received_at: Timestamp,
    /// Whether its sender was told that it would be forwarded, before it was.
    pub accepted: bool,
    /// The reply to the last attempt. To be replayed only where the state is a verdict.
    pub reply: Option<Reply>,
}

/// A record in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its number.
    pub id: MessageId,
    /// Which way it crosses the bridge.
    pub direction: Direction,
    /// Name of the sending party.
    pub mittente: Option<String>,
    /// Name of the addressed party.
    pub destinatario: Option<String>,
    /// Name of the service.
    pub servizio: Option<String>,
    /// Name of the action.
    pub azione: Option<String>,
    /// Identifier that the sender gave it.
    pub identificatore: Option<String>,
    /// Where it stands.
    pub stato: Stato,
    /// How many attempts were opened.
    pub attempts: u32,
    /// When it came in.
    pub received_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// A record as a later message of the same conversation sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The record in one line.
    pub summary: Summary,
    /// Collaborazione.
    pub collaborazione: Option<String>,
}

/// Everything about a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The record in one line.
    pub summary: Summary,
    /// What was known when it came in, the request included.
    pub reception: Reception,
    /// Its place in an ordered series.
    pub posto: Option<Posto>,
    /// Whether it may be delivered more than once; absent where it was refused.
    pub inoltro: Option<Inoltro>,
    /// Digest of the canonical inner document.
    pub digest: Option<[u8; 32]>,
    /// Version of the schemas and services that translated it.
    pub schemi: Option<String>,
    /// Its attempts in order. Number 0 stands for the bridge's own refusal.
    pub attempts: Vec<Attempt>,
    /// The bytes of each attempt (the request is in `reception`), by attempt, then kind.
    pub payloads: Vec<Payload>,
    /// The operator's word.
    pub resolution: Option<ResolutionRecord>,
}

/// One passage towards the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1; 0 where the bridge refused by itself, or acknowledged the message before its turn.
    pub number: u32,
    /// When its intent was recorded.
    pub started_at: Timestamp,
    /// When its end was recorded.
    pub ended_at: Option<Timestamp>,
    /// How it ended, or `Intended`.
    pub stato: Stato,
    /// HTTP status of the other side.
    pub node_status: Option<u16>,
    /// HTTP status that was answered to the sender.
    pub reply_status: Option<u16>,
    /// Content-Type of that answer.
    pub reply_type: Option<String>,
    /// Identifier of the busta of that answer.
    pub reply_identificatore: Option<String>,
    /// Why it did not end well.
    pub failure: Option<Failing>,
    /// How long each phase took.
    pub timings: Vec<Timing>,
    /// When it was taken for lost, where its end came after all.
    pub doubted_at: Option<Timestamp>,
}

/// Bytes of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Number of the attempt.
    pub attempt: u32,
    /// What they are.
    pub kind: PayloadKind,
    /// The bytes.
    pub bytes: Bytes,
}

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PayloadKind {
    /// The answer of the other side.
    Answer,
    /// What was forwarded.
    Forwarded,
    /// What was answered to the sender.
    Reply,
}

/// The operator's word on a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResolutionRecord {
    /// What the operator found.
    pub resolution: Resolution,
    /// Who.
    pub who: String,
    /// On what grounds.
    pub why: String,
    /// When.
    #[serde(serialize_with = "evidence::micros")]
    pub at: Timestamp,
}

/// Which records to list. The default asks for the newest hundred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Came in at this instant or later.
    pub since: Option<Timestamp>,
    /// Came in before this instant.
    pub until: Option<Timestamp>,
    /// Which way.
    pub direction: Option<Direction>,
    /// Name of the sending party.
    pub mittente: Option<String>,
    /// Name of the service.
    pub servizio: Option<String>,
    /// Name of the action.
    pub azione: Option<String>,
    /// Where it stands.
    pub stato: Option<StatoName>,
    /// Which verdict.
    pub esito: Option<Esito>,
    /// Identifier that the sender gave it.
    pub identificatore: Option<String>,
    /// Older than this record: the last of one page begins the next.
    pub before: Option<MessageId>,
    /// At most so many.
    pub limit: u32,
}

/// How many records stand in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; StatoName::ALL.len()]);

/// The journal answers, and was just written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// How long the durable probe took, its wait in the queue included.
    pub probe: Duration,
    /// Commands that wait for the writer.
    pub queued: usize,
    /// How many may wait.
    pub capacity: usize,
    /// Size of the database.
    pub database_bytes: u64,
    /// Size of the write-ahead log that is not yet folded into the database.
    pub log_bytes: u64,
}

impl MessageId {
    /// The number itself.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl PayloadKind {
    /// Every kind, in the order of [`Life::payloads`].
    pub const ALL: [Self; 3] = [Self::Answer, Self::Forwarded, Self::Reply];

    /// The word in the record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Forwarded => "forwarded",
            Self::Reply => "reply",
        }
    }
}

impl Counts {
    /// How many records stand in this state.
    #[must_use]
    pub fn get(&self, name: StatoName) -> u64 {
        self.0.get(name as usize).copied().unwrap_or_default()
    }

    /// Each state with its count.
    pub fn iter(&self) -> impl Iterator<Item = (StatoName, u64)> + '_ {
        StatoName::ALL.into_iter().map(|name| (name, self.get(name)))
    }

    pub(super) fn set(&mut self, name: StatoName, count: u64) {
        if let Some(slot) = self.0.get_mut(name as usize) {
            *slot = count;
        }
    }
}

impl Attempt {
    /// Whether it was taken for lost, so that its end may still come.
    pub(super) fn is_interrupted(&self) -> bool {
        is_interrupted(self.stato, self.failure.as_ref())
    }
}

impl Life {
    /// Whether its state is due to an end that came after its attempt had been taken for lost.
    pub(super) fn is_settled_late(&self) -> bool {
        let settles = |last: &Attempt| last.doubted_at.is_some() && matches!(last.stato, Stato::Delivered(_));
        self.resolution.is_none() && self.attempts.last().is_some_and(settles)
    }

    /// Whether its sender was told that it would be forwarded, before it was.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.attempts.first().is_some_and(|first| first.number == 0 && first.stato == Stato::Held)
    }

    /// The bytes of that kind in that attempt.
    #[must_use]
    pub fn payload(&self, attempt: u32, kind: PayloadKind) -> Option<&Bytes> {
        self.payloads.iter().find(|p| p.attempt == attempt && p.kind == kind).map(|p| &p.bytes)
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            since: None,
            until: None,
            direction: None,
            mittente: None,
            servizio: None,
            azione: None,
            stato: None,
            esito: None,
            identificatore: None,
            before: None,
            limit: 100,
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MessageId {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl From<&str> for Reference {
    /// A number is an id: no Identificatore is one, since it has four underscores.
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Identificatore(text.to_owned()), Self::Id)
    }
}

impl FromStr for PayloadKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        named(word, "payload kind", Self::ALL, Self::as_str)
    }
}
