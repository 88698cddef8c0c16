//! A case: messages, and what each must be answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::clause::Kind;
use super::firma::is_signed;
use super::mutation::ByteChange;
use super::setup::Setup;
use crate::config::source::Place;

/// A case, ready to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What must hold, in one sentence.
    pub name: String,
    /// The clauses that it shows, by their ids.
    pub clauses: Vec<String>,
    /// What it presupposes.
    pub setup: Arc<Setup>,
    /// Its messages, one after the other.
    pub steps: Vec<Step>,
    /// By which certificate it calls.
    pub certificate: Certificate,
    /// Why it is not run.
    pub disabled: Option<String>,
    /// The group: the file's name without its ending.
    pub group: String,
    /// Where it is written.
    pub place: Place,
}

/// By which certificate a case calls, where TLS is spoken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Certificate {
    /// That of the set-up's mittente, or what the target was given.
    #[default]
    Usual,
    /// That of this party.
    Of(String),
    /// None.
    None,
}

/// One message of a case, and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The message.
    pub message: Message,
    /// What is done to its bytes.
    pub bytes: Vec<ByteChange>,
    /// HTTP method.
    pub method: String,
    /// Headers, in the order in which they are written.
    pub headers: Vec<(String, String)>,
    /// What the bytes do on their way.
    pub transport: Vec<Transport>,
    /// What must be answered.
    pub expect: Expect,
}

/// The bytes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text whose words in braces are said when it is sent.
    Template(Arc<str>),
    /// Bytes that are sent as they are.
    Exact(Arc<[u8]>),
}

/// What must be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    /// Which kind of answer.
    pub answer: Answer,
    /// HTTP status, where it is not the usual one of the kind.
    pub status: Option<u16>,
    /// Code and posizione of each Eccezione that refuses, in order.
    pub codici: Vec<(String, String)>,
    /// Code and posizione of each Eccezione that only notes something.
    pub avvisi: Vec<(String, String)>,
    /// What fields of the busta hold.
    pub busta: BTreeMap<String, Value>,
    /// What elements of the Body hold.
    pub body: BTreeMap<String, Value>,
    /// Whether the message reaches the service.
    pub delivered: Option<bool>,
    /// Whether the answer is signed.
    pub signed: Option<bool>,
}

/// The kinds of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Answer {
    /// Fault `EGOV_IT_001` without busta.
    A,
    /// Fault `EGOV_IT_001` under a busta with exceptions.
    B,
    /// Fault `EGOV_IT_300` under the busta of a reply.
    C,
    /// Fault `EGOV_IT_300` without busta.
    D,
    /// A reply of the service.
    #[serde(rename = "reply")]
    Reply,
    /// A Fault of the service under the busta of a reply.
    #[serde(rename = "service-fault")]
    ServiceFault,
    /// A busta that confirms the reception of a one-way message.
    #[serde(rename = "riscontro")]
    Riscontro,
    /// A success without body.
    #[serde(rename = "empty")]
    Empty,
    /// Only the status counts.
    #[serde(rename = "http")]
    Http,
    /// No answer at all: the connection does not come about, or ends.
    #[serde(rename = "none")]
    None,
}

/// What the bytes do on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// The body comes in chunks.
    Chunked,
    /// The body waits for `100 Continue`.
    ExpectContinue,
    /// Head and body come in many small pieces.
    InPieces,
    /// A connection of its own.
    NewConnection,
    /// More body is announced than comes, and no more is sent.
    AnnounceTooMuch,
    /// HTTP/1.0.
    Http10,
}

/// A text, or whether there is anything at all.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a text, true (anything) or false (nothing)")]
pub enum Value {
    /// Something or nothing.
    Presence(bool),
    /// This.
    Text(String),
}

impl Case {
    /// Whether it is answered without anybody being looked up: such a case needs no set-up.
    #[must_use]
    pub fn needs_no_setup(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.expect.answer, Answer::A | Answer::D | Answer::Http))
    }

    /// Whether keys of parties are needed: to sign by, or to call by.
    #[must_use]
    pub fn needs_keys(&self) -> bool {
        let signs = |step: &Step| matches!(&step.message, Message::Template(text) if is_signed(text));
        matches!(self.certificate, Certificate::Of(_)) || self.steps.iter().any(signs)
    }

    /// Whether it shows a message that is taken, or one that is refused; it may show both.
    #[must_use]
    pub fn shows(&self, kind: Kind) -> bool {
        self.steps.iter().any(|step| step.expect.answer.kind() == kind)
    }
}

impl Expect {
    /// That answer, and nothing more said of it.
    pub(super) fn of(answer: Answer) -> Self {
        Self {
            answer,
            status: None,
            codici: Vec::new(),
            avvisi: Vec::new(),
            busta: BTreeMap::new(),
            body: BTreeMap::new(),
            delivered: answer.delivered(),
            signed: None,
        }
    }
}

impl Answer {
    /// Whether the message was taken.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Reply | Self::ServiceFault | Self::Riscontro | Self::Empty => Kind::Accept,
            Self::A | Self::B | Self::C | Self::D | Self::Http | Self::None => Kind::Refuse,
        }
    }

    /// Whether a busta is due.
    #[must_use]
    pub fn has_busta(self) -> bool {
        matches!(self, Self::B | Self::C | Self::Reply | Self::ServiceFault | Self::Riscontro)
    }

    /// The HTTP statuses that go with it.
    #[must_use]
    pub fn statuses(self) -> &'static [u16] {
        match self {
            Self::A | Self::B | Self::C | Self::D | Self::ServiceFault => &[500],
            Self::Reply | Self::Riscontro => &[200],
            Self::Empty => &[200, 202],
            Self::Http | Self::None => &[],
        }
    }

    /// Whether the message must have reached the service, where the kind says so.
    #[must_use]
    pub fn delivered(self) -> Option<bool> {
        match self {
            Self::A | Self::B | Self::D | Self::None => Some(false),
            Self::Reply => Some(true),
            _ => None,
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::A => "A, a bare fault 001",
            Self::B => "B, a fault 001 under a busta with exceptions",
            Self::C => "C, a fault 300 under a busta",
            Self::D => "D, a bare fault 300",
            Self::Reply => "a reply",
            Self::ServiceFault => "a fault of the service under a busta",
            Self::Riscontro => "a riscontro",
            Self::Empty => "an empty answer",
            Self::Http => "any answer",
            Self::None => "no answer",
        })
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Presence(true) => f.write_str("something"),
            Self::Presence(false) => f.write_str("nothing"),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}
