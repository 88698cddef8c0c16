//! Numbers for the identifiers of our own buste.
//!
//! An identifier names the minute in which it was made, so the seven digits count within the minute. The count is the
//! journal's, under the minute as the identifier spells it: it goes on after a restart, and in October's repeated hour,
//! where one spelling stands for two minutes. Replicas that do not share a journal have a prefix each.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::egov::Identificatore;
use crate::failure::Cause;
use crate::journal::{Journal, Numbers};

/// How many numbers are taken from the journal at a time. What is left of them when the minute ends is wasted.
const BLOCK: u32 = 1000;

/// How many minutes have a block in hand: messages that overlap may be of two minutes, no more.
const MINUTES: usize = 2;

/// For how long the count of a minute is kept: far longer than any clock is set back.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The digits of an identifier's number.
const CIFRE: u32 = 7;

/// The first digits of the numbers of this replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prefisso {
    value: u32,
    digits: u32,
}

/// The text is not a prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a prefix of numbers: at most {} digits", Prefisso::MOST)]
pub struct PrefissoError {
    /// The text.
    pub text: String,
}

/// Gives each busta of ours an identifier that no other has: not after a restart, not on another replica, not in the
/// hour that October repeats.
pub struct Progressivi {
    journal: Arc<dyn Journal>,
    amministrazione: String,
    porta: String,
    prefisso: Prefisso,
    blocks: Mutex<VecDeque<Block>>,
}

struct Block {
    minuto: String,
    numbers: Range<u64>,
}

impl Prefisso {
    /// The most digits of a prefix: ten thousand numbers a minute are left.
    pub const MOST: usize = 3;

    /// The greatest number that can stand behind the prefix.
    #[must_use]
    pub fn ultimo(self) -> u64 {
        10u64.pow(CIFRE.saturating_sub(self.digits)).saturating_sub(1)
    }

    /// The seven digits.
    fn with(self, number: u64) -> u32 {
        let scale = self.ultimo().saturating_add(1);
        let whole = u64::from(self.value).saturating_mul(scale).saturating_add(number);
        u32::try_from(whole).unwrap_or(u32::MAX)
    }
}

impl std::str::FromStr for Prefisso {
    type Err = PrefissoError;

    fn from_str(text: &str) -> Result<Self, PrefissoError> {
        if text.len() > Self::MOST || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PrefissoError { text: text.chars().take(80).collect() });
        }
        let digits = u32::try_from(text.len()).unwrap_or_default();
        Ok(Self { value: text.parse().unwrap_or_default(), digits })
    }
}

impl Progressivi {
    /// Identifiers of the porta `porta` of the administration `amministrazione`, on the replica of that prefix.
    #[must_use]
    pub fn new(journal: Arc<dyn Journal>, amministrazione: &str, porta: &str, prefisso: Prefisso) -> Self {
        Self {
            journal,
            amministrazione: amministrazione.to_owned(),
            porta: porta.to_owned(),
            prefisso,
            blocks: Mutex::new(VecDeque::new()),
        }
    }

    /// The next identifier, of the minute of `now`.
    ///
    /// # Errors
    /// The journal gave no numbers, or those of the minute are used up.
    ///
    /// # Cancel safety
    /// A number may be wasted; none is given twice.
    pub async fn next(&self, now: Timestamp) -> Result<Identificatore, Cause> {
        let minuto = Identificatore::minuto(now);
        let number = {
            let mut blocks = self.blocks.lock().await;
            let held = blocks.iter_mut().find(|block| block.minuto == minuto);
            match held.and_then(|block| block.numbers.next()) {
                Some(number) => number,
                None => {
                    let mut numbers = self.reserve(&minuto, now).await?;
                    let number = numbers.next().unwrap_or_default();
                    blocks.retain(|block| block.minuto != minuto);
                    blocks.push_back(Block { minuto, numbers });
                    while blocks.len() > MINUTES {
                        blocks.pop_front();
                    }
                    number
                }
            }
        };
        Ok(Identificatore::new(&self.amministrazione, &self.porta, self.prefisso.with(number), now)?)
    }

    async fn reserve(&self, minuto: &str, now: Timestamp) -> Result<Range<u64>, Cause> {
        let forget = now.checked_sub(KEPT).map(Identificatore::minuto).unwrap_or_default();
        let numbers = Numbers {
            porta: self.porta.clone(),
            minuto: minuto.to_owned(),
            count: BLOCK,
            last: self.prefisso.ultimo(),
            forget,
        };
        Ok(self.journal.reserve(numbers).await?)
    }
}

#[cfg(test)]
#[path = "progressivi_tests.rs"]
mod tests;
