//! The verification of a chain, without any storage: what is to be said of each link and of each record, as an engine reads
//! them.

use super::error::JournalError;
use super::evidence::{self, ChainFault, Hash, Verification};
use super::record::{Life, MessageId};

/// How much one step of a verification reads. A record is read with its payloads.
pub(super) const LINKS_A_STEP: u32 = 5000;
pub(super) const RECORDS_A_STEP: u32 = 200;

/// How far a verification has come.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) seen: Verification,
    /// The last link and the last record that were looked at.
    pub(super) link: u64,
    pub(super) record: i64,
    pub(super) links_done: bool,
}

/// A link as it is written.
#[derive(Debug)]
pub(super) struct Link<'a> {
    pub(super) number: u64,
    pub(super) message: MessageId,
    pub(super) line: &'a str,
    pub(super) content: Hash,
    pub(super) hash: Hash,
    /// Its record is there.
    pub(super) told_of: bool,
}

/// What no line tells of a record because it follows from the rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unchained {
    pub(super) blocks: bool,
    pub(super) payloads: usize,
}

impl Walk {
    /// Takes the next link in.
    pub(super) fn meet(&mut self, link: &Link<'_>) {
        let Link { number, message, line, content, hash, told_of } = *link;
        let expected = self.link.saturating_add(1);
        if number > expected {
            self.seen.fault(ChainFault::MissingLinks { from: expected, to: number.saturating_sub(1) });
        }
        if Hash::of(line.as_bytes()) != content {
            self.seen.fault(ChainFault::EditedLink { link: number, message });
        }
        if self.seen.head.followed_by(content) != hash {
            self.seen.fault(ChainFault::BrokenLink { link: number, message });
        }
        if !told_of {
            self.seen.fault(ChainFault::MissingMessage { link: number, message });
        }
        // From here the chain is followed as it is written: one break is one fault.
        self.seen.head = hash;
        self.seen.links = self.seen.links.saturating_add(1);
        self.link = number;
    }

    /// Takes note of the next record.
    pub(super) fn visit(&mut self, message: MessageId) {
        self.record = message.0;
        self.seen.messages = self.seen.messages.saturating_add(1);
    }

    /// A record that cannot be read. What no version ever wrote was edited; anything else is the engine's fault.
    pub(super) fn unreadable(&mut self, message: MessageId, error: JournalError) -> Result<(), JournalError> {
        match error {
            JournalError::Unreadable { .. } | JournalError::Engine { .. } => {
                self.seen.fault(ChainFault::UnreadableMessage { message, reason: error.to_string() });
                Ok(())
            }
            error => Err(error),
        }
    }

    /// Compares a record with the lines of its links, in the order of the chain.
    pub(super) fn compare(
        &mut self,
        life: &Life,
        written: &[(u64, String)],
        unchained: Unchained,
    ) -> Result<(), JournalError> {
        let (expected, expected_late) = (evidence::lines(life)?, evidence::late_lines(life)?);
        let (mut late, ordinary): (Vec<_>, Vec<_>) =
            written.iter().partition(|(_, line)| evidence::is_late(line));
        late.sort_by(|(_, a), (_, b)| a.cmp(b));
        let pairs = ordinary.iter().zip(&expected).chain(late.iter().zip(&expected_late));
        let differs = pairs.into_iter().find(|((_, written), expected)| written != *expected);
        let link = differs.map(|((link, _), _)| *link);
        let last = if life.is_settled_late() {
            expected_late.iter().find(|line| evidence::ends_as(life, Some(line)))
        } else {
            expected.last()
        };
        let told_whole = ordinary.len() == expected.len()
            && late.len() == expected_late.len()
            && evidence::ends_as(life, last)
            && unchained.agree(life);
        if link.is_some() || !told_whole {
            self.seen.fault(ChainFault::EditedMessage { link, message: life.summary.id });
        }
        Ok(())
    }
}

impl Unchained {
    /// Of an engine that has nothing but lives.
    pub(super) fn of(life: &Life) -> Self {
        let (stato, details) = (life.summary.stato, Self::details(life));
        Self {
            blocks: life.inoltro.is_some_and(|inoltro| stato.blocks(inoltro)),
            payloads: life.payloads.len().saturating_add(details).saturating_add(1),
        }
    }

    fn details(life: &Life) -> usize {
        life.attempts.iter().filter(|attempt| attempt.failure.is_some()).count()
    }

    fn agree(self, life: &Life) -> bool {
        let expected = Self::of(life);
        self.blocks == expected.blocks && self.payloads == expected.payloads
    }
}
