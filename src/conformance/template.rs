//! The words in braces that make a message of today out of a file of any day.
//!
//! | word | is |
//! | --- | --- |
//! | `{now}` | the present time of Rome as the busta writes it, `2026-01-15T09:30:00.000` |
//! | `{utc}` | the present time of Greenwich as WS-Security writes it, `2026-01-15T08:30:00.000Z` |
//! | `{day}` | the present day, `2026-01-15` |
//! | `{minute}` | the present minute as identifiers write it, `2026-01-15_09:30` |
//! | `{id}` | an identifier of the set-up's sender that no other case has; the same throughout one case |
//! | `{id2}` … `{id9}` | others of its |
//! | `{n}` … `{n9}` | the seven digits of those |
//!
//! `{id@RegioneLuna}` is another party's; `-6d`, `+90m` and `-30s` before the closing brace move the time. Anything else in
//! braces stands for itself.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::setup::Setup;
use crate::clock;

/// The words of one run of one case.
pub(super) struct Words<'s> {
    setup: &'s Setup,
    now: Timestamp,
    numbers: HashMap<char, u32>,
}

/// A word in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word<'t> {
    what: What,
    number: char,
    parte: Option<&'t str>,
    offset: SignedDuration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Now,
    Utc,
    Day,
    Minute,
    Id,
    Number,
}

impl<'s> Words<'s> {
    /// For a case that begins at `now`.
    pub(super) fn new(setup: &'s Setup, now: Timestamp) -> Self {
        Self { setup, now, numbers: HashMap::new() }
    }

    /// The text with its words said.
    pub(super) fn say(&mut self, text: &str) -> String {
        let mut said = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            said.push_str(before);
            let word = from.find('}').and_then(|close| {
                let word = Word::read(from.get(1..close)?)?;
                Some((self.word(&word), close))
            });
            let end = match word {
                Some((text, close)) => {
                    said.push_str(&text);
                    close + 1
                }
                None => {
                    said.push('{');
                    1
                }
            };
            rest = from.get(end..).unwrap_or_default();
        }
        said + rest
    }

    fn word(&mut self, word: &Word<'_>) -> String {
        let instant = self.now.saturating_add(word.offset).unwrap_or(self.now);
        let at = clock::in_rome(instant);
        let minute = at.strftime("%Y-%m-%d_%H:%M");
        match word.what {
            What::Now => at.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string(),
            What::Utc => instant.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            What::Day => at.strftime("%Y-%m-%d").to_string(),
            What::Minute => minute.to_string(),
            What::Number => format!("{:07}", self.number(word.number)),
            What::Id => {
                let parte = word.parte.unwrap_or(&self.setup.mittente);
                let (codice, porta) = self.setup.codes(parte);
                format!("{codice}_{porta}_{:07}_{minute}", self.number(word.number))
            }
        }
    }

    fn number(&mut self, name: char) -> u32 {
        *self.numbers.entry(name).or_insert_with(fresh)
    }
}

impl<'t> Word<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let (text, offset) = match text.rfind(['+', '-']) {
            Some(at) => (text.get(..at)?, offset(text.get(at..)?)?),
            None => (text, SignedDuration::ZERO),
        };
        let (text, parte) = match text.split_once('@') {
            Some((text, parte)) => (text, Some(parte)),
            None => (text, None),
        };
        let (what, number) = match text {
            "now" => (What::Now, '1'),
            "utc" => (What::Utc, '1'),
            "day" => (What::Day, '1'),
            "minute" => (What::Minute, '1'),
            _ => {
                let (what, number) = match (text.strip_prefix("id"), text.strip_prefix('n')) {
                    (Some(number), _) => (What::Id, number),
                    (_, Some(number)) => (What::Number, number),
                    _ => return None,
                };
                match number {
                    "" => (what, '1'),
                    _ => (what, number.parse::<char>().ok().filter(|c| ('2'..='9').contains(c))?),
                }
            }
        };
        (parte.is_none() || what == What::Id).then_some(Self { what, number, parte, offset })
    }
}

fn offset(text: &str) -> Option<SignedDuration> {
    let (sign, rest) = text.split_at_checked(1)?;
    let (count, unit) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    let count: i64 = count.parse().ok().filter(|count| (0..=1_000_000).contains(count))?;
    let seconds = match unit {
        "s" => count,
        "m" => count * 60,
        "h" => count * 3600,
        "d" => count * 86_400,
        _ => return None,
    };
    Some(SignedDuration::from_secs(if sign == "-" { -seconds } else { seconds }))
}

/// A number that no other message of this run has. It begins anywhere, so that two runs in one minute hardly meet.
fn fresh() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let begin = || Timestamp::now().subsec_nanosecond().unsigned_abs() % 9_000_000 + 1;
    let _ = LAST.compare_exchange(0, begin(), Ordering::Relaxed, Ordering::Relaxed);
    LAST.fetch_add(1, Ordering::Relaxed) % 9_999_999 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_said_and_other_braces_stand() {
        let setup = Setup::of_names("prova", &[("Sole", "SoleSPCoopIT"), ("Luna", "LunaSPCoopIT")]);
        let mut words = Words::new(&setup, "2026-01-15T08:30:01.5Z".parse().unwrap());
        assert_eq!(words.say("{now} {now-6d}"), "2026-01-15T09:30:01.500 2026-01-09T09:30:01.500");
        assert_eq!(words.say("{utc+1h}"), "2026-01-15T09:30:01.500Z");
        assert_eq!(words.say("a{b}{ {now"), "a{b}{ {now");
        let id = words.say("{id}");
        assert!(id.starts_with("Sole_SoleSPCoopIT_") && id.ends_with("_2026-01-15_09:30"), "{id}");
        assert_eq!(words.say("{id}"), id);
        assert_eq!(words.say("Sole_SoleSPCoopIT_{n}_{minute}"), id);
        assert_ne!(words.say("{id2}"), id);
        assert!(words.say("{id3@Luna+90m}").starts_with("Luna_LunaSPCoopIT_"));
    }
}
