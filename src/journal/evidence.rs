//! The chain that makes the record evidence: each transition leaves a link, and each link holds the hash of the one
//! before.
//!
//! A link is a line of JSON, with its members in a fixed order, that says which transition it was and what the bridge
//! told the journal then: the metadata themselves, the payloads by their SHA-256. So request, translation, answer, reply, schema version and timings are
//! bound together, payloads can be forgotten without breaking the chain, and who holds only the lines can check it:
//!
//! ```text
//! content = SHA-256(line)        hash = SHA-256(hash of the link before ‖ content)        the first: 32 zero bytes
//! ```
//!
//! The engines write the lines as the transitions happen. Verification writes them again from what the record says now
//! ([`lines`]: a life as the sequence of calls that made it), and compares. What the chain alone cannot show is that its end was cut off: for that its head must
//! be known elsewhere.

use std::fmt;

use aws_lc_rs::digest::{Context, Digest, SHA256, digest};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::entry::{Conclusion, Failing, Intent, Key, NodeAnswer, Refusal, Repetition, Reply};
use super::error::{EngineError, JournalError};
use super::interrupted;
use super::record::{Attempt, Life, MessageId, PayloadKind, Summary};
use super::series::Holding;
use super::state::{Direction, Inoltro, Outcome, Resolution, Stato};

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hash(pub(super) [u8; 32]);

/// What a walk along the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Links met.
    pub links: u64,
    /// Records compared with their links.
    pub messages: u64,
    /// Hash of the last link: to be compared with one noted elsewhere.
    pub head: Hash,
    /// Everything that is not as it was written. Not every one is kept when there are very many.
    pub faults: Vec<ChainFault>,
}

/// A place where the record is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainFault {
    /// Links were deleted.
    #[error("links {from} to {to} are missing")]
    MissingLinks {
        /// The first that is missing.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The line of a link is not what was hashed.
    #[error("link {link} (record {message}): its line was edited")]
    EditedLink {
        /// Which.
        link: u64,
        /// Of which record.
        message: MessageId,
    },
    /// A link does not follow from the one before: edited, moved, or put in.
    #[error("link {link} (record {message}): its hash does not follow from the link before")]
    BrokenLink {
        /// Which.
        link: u64,
        /// Of which record.
        message: MessageId,
    },
    /// The record is gone, its links are there.
    #[error("record {message} is missing: link {link} tells of it")]
    MissingMessage {
        /// Its first link met.
        link: u64,
        /// Which.
        message: MessageId,
    },
    /// The record says something else than its links.
    #[error("record {message} was edited: it disagrees with {}", At(*link))]
    EditedMessage {
        /// The first link that it disagrees with; none where it has more to say than its links.
        link: Option<u64>,
        /// Which.
        message: MessageId,
    },
    /// The record cannot even be read.
    #[error("record {message} was edited: {reason}")]
    UnreadableMessage {
        /// Which.
        message: MessageId,
        /// Why.
        reason: String,
    },
}

/// How many faults a verification keeps.
const FAULTS_KEPT: usize = 1000;

/// What a transition did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Refused,
    Held,
    Intended,
    Repeated,
    Concluded,
    Resolved,
    /// The end of an attempt that had been taken for lost.
    Late,
}

/// One transition, ready to be chained.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transition {
    pub(super) id: MessageId,
    pub(super) attempt: u32,
    pub(super) event: Event,
    pub(super) at: Timestamp,
    /// Where the record stands afterwards.
    pub(super) stato: Stato,
}

/// `link 7`, or words for there being none.
struct At(Option<u64>);

impl Hash {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from(&digest(&SHA256, bytes))
    }

    /// Of the link with this content, after the one with this hash.
    #[must_use]
    pub fn followed_by(self, content: Self) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&self.0);
        context.update(&content.0);
        Self::from(&context.finish())
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Verification {
    /// Whether everything is as it was written.
    #[must_use]
    pub const fn is_intact(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn fault(&mut self, fault: ChainFault) {
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(fault);
        }
    }
}

impl Event {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Intended => "intended",
            Self::Repeated => "repeated",
            Self::Concluded => "concluded",
            Self::Resolved => "resolved",
            Self::Late => "late",
        }
    }
}

impl Transition {
    /// The line. `entry` is what the bridge told, from [`told`].
    pub(super) fn line(&self, entry: &str) -> String {
        let Self { id, attempt, event, at, stato } = self;
        let (event, at) = (event.as_str(), at.as_microsecond());
        // Every word here is one of the journal's own: none needs escaping.
        format!(
            "{{\"message\":{id},\"attempt\":{attempt},\"event\":\"{event}\",\"at\":{at},\"stato\":\"{stato}\",\
             \"told\":{entry}}}"
        )
    }
}

impl From<&Digest> for Hash {
    fn from(digest: &Digest) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(link) => write!(f, "link {link}"),
            None => f.write_str("its links, which tell less"),
        }
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Direction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Inoltro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Stato::from(*self))
    }
}

impl Serialize for Resolution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What the bridge told the journal, as JSON: bytes as their SHA-256, instants as microseconds since 1970 UTC.
pub(super) fn told(entry: &impl Serialize) -> Result<String, JournalError> {
    serde_json::to_string(entry).map_err(|e| JournalError::Engine { source: EngineError::new(e) })
}

/// The lines that a life should have left, in order; without those that [`late_lines`] tells of.
pub(super) fn lines(life: &Life) -> Result<Vec<String>, JournalError> {
    let id = life.summary.id;
    let mut lines = Vec::new();
    let mut doubtful = false;
    for attempt in &life.attempts {
        let number = attempt.number;
        if number == 0 && attempt.stato == Stato::Held {
            if let Some(intent) = intent(life) {
                let holding = Holding { intent, reply: reply(life, attempt) };
                let at = attempt.started_at;
                let held = Transition { id, attempt: 0, event: Event::Held, at, stato: Stato::Held };
                lines.push(held.line(&told(&holding)?));
            }
            continue;
        }
        if number == 0 {
            if let Some(refusal) = refusal(life, attempt) {
                let at = attempt.started_at;
                let refused = Transition { id, attempt: 0, event: Event::Refused, at, stato: Stato::Refused };
                lines.push(refused.line(&told(&refusal)?));
            }
            continue;
        }
        let (event, entry) = match intent(life) {
            Some(intent) if number == 1 && !life.is_accepted() => (Event::Intended, told(&intent)?),
            _ => (Event::Repeated, told(&repetition(life, number))?),
        };
        let opened =
            Transition { id, attempt: number, event, at: attempt.started_at, stato: Stato::Intended };
        lines.push(opened.line(&entry));
        let concluded = match attempt.doubted_at {
            Some(doubted_at) => Some((interrupted(), doubted_at)),
            None => conclusion(life, attempt),
        };
        if let Some((conclusion, at)) = concluded {
            let stato = Stato::after(conclusion.outcome, doubtful, life.is_accepted());
            doubtful |= conclusion.outcome == Outcome::Unknown;
            let closed = Transition { id, attempt: number, event: Event::Concluded, at, stato };
            lines.push(closed.line(&told(&conclusion)?));
        }
    }
    if let Some(word) = &life.resolution {
        let (attempt, at) = (life.summary.attempts, word.at);
        let stato = Stato::Resolved(word.resolution);
        let resolved = Transition { id, attempt, event: Event::Resolved, at, stato };
        lines.push(resolved.line(&told(word)?));
    }
    Ok(lines)
}

/// The lines of the ends that came after their attempts had been taken for lost. They may stand anywhere behind those
/// attempts, so they are put in the order of their letters.
pub(super) fn late_lines(life: &Life) -> Result<Vec<String>, JournalError> {
    let mut lines = Vec::new();
    for attempt in life.attempts.iter().filter(|attempt| attempt.doubted_at.is_some()) {
        if let Some((conclusion, at)) = conclusion(life, attempt) {
            lines.push(late(life.summary.id, attempt.number, &conclusion, at).line(&told(&conclusion)?));
        }
    }
    lines.sort();
    Ok(lines)
}

/// Such an end. The line tells the state of the attempt: that of the record may not be touched by it.
pub(super) fn late(id: MessageId, attempt: u32, conclusion: &Conclusion, at: Timestamp) -> Transition {
    Transition { id, attempt, event: Event::Late, at, stato: conclusion.outcome.into() }
}

/// Whether a line is one of [`late_lines`].
pub(super) fn is_late(line: &str) -> bool {
    line.contains("\"event\":\"late\",\"at\":")
}

/// The transition that a record's last line should tell of, as far as its summary says: state, attempt and instant.
pub(super) fn ends_as(life: &Life, last: Option<&String>) -> bool {
    let Summary { stato, attempts, changed_at, .. } = life.summary;
    let head = format!("\"attempt\":{attempts},");
    let tail = format!("\"at\":{},\"stato\":\"{stato}\",", changed_at.as_microsecond());
    last.is_some_and(|line| line.contains(&head) && line.contains(&tail))
}

fn refusal(life: &Life, attempt: &Attempt) -> Option<Refusal> {
    let summary = &life.summary;
    Some(Refusal {
        direction: summary.direction,
        mittente: summary.mittente.clone(),
        identificatore: summary.identificatore.clone(),
        reception: life.reception.clone(),
        digest: life.digest,
        failure: attempt.failure.clone()?,
        reply: reply(life, attempt),
    })
}

/// What the bridge told of the message when it was first recorded.
pub(super) fn intent(life: &Life) -> Option<Intent> {
    let summary = &life.summary;
    Some(Intent {
        key: Key {
            direction: summary.direction,
            mittente: summary.mittente.clone()?,
            identificatore: summary.identificatore.clone()?,
        },
        reception: life.reception.clone(),
        posto: life.posto.clone(),
        inoltro: life.inoltro?,
        digest: life.digest?,
        schemi: life.schemi.clone()?,
        forwarded: life
            .payload(u32::from(!life.is_accepted()), PayloadKind::Forwarded)
            .cloned()
            .unwrap_or_default(),
    })
}

fn repetition(life: &Life, number: u32) -> Repetition {
    Repetition { id: life.summary.id, forwarded: life.payload(number, PayloadKind::Forwarded).cloned() }
}

fn conclusion(life: &Life, attempt: &Attempt) -> Option<(Conclusion, Timestamp)> {
    let outcome = match attempt.stato {
        Stato::Delivered(esito) => Outcome::Delivered(esito),
        Stato::RefusedByNode => Outcome::RefusedByNode,
        Stato::Failed => Outcome::Failed,
        Stato::Unknown => Outcome::Unknown,
        Stato::Refused | Stato::Held | Stato::Intended | Stato::Resolved(_) => return None,
    };
    let body = life.payload(attempt.number, PayloadKind::Answer).cloned();
    let conclusion = Conclusion {
        outcome,
        answer: attempt.node_status.map(|status| NodeAnswer { status, body: body.unwrap_or_default() }),
        reply: reply(life, attempt),
        failure: attempt.failure.clone(),
        timings: attempt.timings.clone(),
    };
    Some((conclusion, attempt.ended_at?))
}

fn reply(life: &Life, attempt: &Attempt) -> Option<Reply> {
    Some(Reply {
        status: attempt.reply_status?,
        content_type: attempt.reply_type.clone().unwrap_or_default().into(),
        identificatore: attempt.reply_identificatore.clone(),
        body: life.payload(attempt.number, PayloadKind::Reply).cloned().unwrap_or_default(),
    })
}

pub(super) fn hashed<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Hash::of(bytes))
}

pub(super) fn hashed_if_any<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
    match bytes {
        Some(bytes) => serializer.collect_str(&Hash::of(bytes)),
        None => serializer.serialize_none(),
    }
}

pub(super) fn hex<S: Serializer>(digest: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Hash(*digest))
}

pub(super) fn hex_if_any<S: Serializer>(digest: &Option<[u8; 32]>, serializer: S) -> Result<S::Ok, S::Error> {
    digest.map(Hash).serialize(serializer)
}

pub(super) fn micros<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(instant.as_microsecond())
}

/// With the hash of the detail, which the metadata leave out.
pub(super) fn failing<S: Serializer>(failing: &Failing, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Told<'a> {
        #[serde(flatten)]
        metadata: &'a Failing,
        detail: Hash,
    }
    Told { metadata: failing, detail: Hash::of(failing.detail.as_bytes()) }.serialize(serializer)
}

pub(super) fn failing_if_any<S: Serializer>(
    found: &Option<Failing>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match found {
        Some(found) => failing(found, serializer),
        None => serializer.serialize_none(),
    }
}
