//! Permissions as values: what may be forwarded, and what may be answered.

use std::fmt;
use std::sync::Weak;

use super::record::{MessageId, Recorded};
use super::series::Placing;
use super::state::Stato;

/// Permission to forward one message once, given by a durable intent. `T` is what may be forwarded under it.
///
/// It is consumed by [`Journal::conclude`](super::Journal::conclude). Dropped instead (a panic, a cancelled task), its
/// record becomes `unknown`.
#[must_use = "a permission that is dropped makes the record unknown"]
pub struct Intended<T = ()> {
    token: Token,
    value: T,
}

/// Proof that a message's end is durable, so that it may be answered. `T` is the answer.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Concluded<T = ()> {
    id: MessageId,
    stato: Stato,
    value: T,
}

/// Whether a message may be forwarded.
#[derive(Debug)]
pub enum Intending {
    /// It may.
    Intended(Intended),
    /// It may not: this record stands in the way.
    AlreadyKnown(Recorded),
}

/// Where a token that was dropped without a conclusion reports itself. Called from `drop`: must not block.
pub(super) trait Abandon: Send + Sync {
    /// `reached`: the token had been in the hands of the caller, so that bytes may have left.
    fn abandon(&self, id: MessageId, attempt: u32, reached: bool);
}

struct Token {
    id: MessageId,
    attempt: u32,
    /// The life under which it was given, where there are lives.
    fence: i64,
    reached: bool,
    home: Option<Weak<dyn Abandon>>,
}

impl Intended {
    /// Only an engine that has just committed the intent may call this.
    pub(super) fn new(id: MessageId, attempt: u32, home: Weak<dyn Abandon>) -> Self {
        Self { token: Token { id, attempt, fence: 0, reached: false, home: Some(home) }, value: () }
    }

    /// It is given under a life of that number.
    pub(super) fn under(mut self, fence: i64) -> Self {
        self.token.fence = fence;
        self
    }

    /// The token is about to be handed to the caller.
    pub(super) fn reached(mut self) -> Self {
        self.token.reached = true;
        self
    }

    /// Ends the token's watch over its record: a conclusion takes over.
    pub(super) fn disarm(mut self) -> (MessageId, u32) {
        self.token.home = None;
        (self.token.id, self.token.attempt)
    }

    /// Ties the permission to what may be forwarded under it.
    pub fn bind<T>(self, value: T) -> Intended<T> {
        Intended { token: self.token, value }
    }
}

impl<T> Intended<T> {
    /// Number of the record.
    #[must_use]
    pub const fn id(&self) -> MessageId {
        self.token.id
    }

    /// Number of the attempt, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.token.attempt
    }

    /// The life of the gateway under which it was given; 0 where the journal knows none.
    #[must_use]
    pub const fn fence(&self) -> i64 {
        self.token.fence
    }

    /// What may be forwarded.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// The bare permission, to conclude with, and what was forwarded under it.
    pub fn unbind(self) -> (Intended, T) {
        (Intended { token: self.token, value: () }, self.value)
    }
}

impl From<Intending> for Placing {
    fn from(intending: Intending) -> Self {
        match intending {
            Intending::Intended(intended) => Self::Intended(intended),
            Intending::AlreadyKnown(recorded) => Self::AlreadyKnown(recorded),
        }
    }
}

impl Concluded {
    pub(super) const fn new(id: MessageId, stato: Stato) -> Self {
        Self { id, stato, value: () }
    }

    /// Ties the proof to the answer that may be given under it.
    pub fn bind<T>(self, value: T) -> Concluded<T> {
        Concluded { id: self.id, stato: self.stato, value }
    }
}

impl<T> Concluded<T> {
    /// Number of the record: the reference to quote.
    #[must_use]
    pub const fn id(&self) -> MessageId {
        self.id
    }

    /// Where the record stands.
    #[must_use]
    pub const fn stato(&self) -> Stato {
        self.stato
    }

    /// What may be answered.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Intended<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intended")
            .field("id", &self.token.id)
            .field("attempt", &self.token.attempt)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if let Some(home) = self.home.take().and_then(|home| home.upgrade()) {
            home.abandon(self.id, self.attempt, self.reached);
        }
    }
}
