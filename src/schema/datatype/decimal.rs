//! `decimal` and what derives from it (XSD part 2 §3.2.3): numbers of any length, compared by their digits.

use std::cmp::Ordering;

/// A decimal number. Equal numbers are equal values: no leading or trailing zeros, no negative zero. Its digits are
/// kept, or borrowed from the text that they were read in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal<T = Box<str>> {
    negative: bool,
    integer: T,
    fraction: T,
}

/// The parts of a lexical form.
struct Parts<'t> {
    negative: bool,
    integer: &'t str,
    fraction: &'t str,
}

impl<'t> Decimal<&'t str> {
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let parts = split(text)?;
        let integer = parts.integer.trim_start_matches('0');
        let fraction = parts.fraction.trim_end_matches('0');
        let zero = integer.is_empty() && fraction.is_empty();
        Some(Self { negative: parts.negative && !zero, integer, fraction })
    }

    pub(crate) fn keep(&self) -> Decimal {
        Decimal { negative: self.negative, integer: self.integer.into(), fraction: self.fraction.into() }
    }
}

impl<T: AsRef<str>> Decimal<T> {
    /// What `totalDigits` counts (§4.3.11): the digits that the value needs, at least one.
    pub(crate) fn total_digits(&self) -> usize {
        (self.integer.as_ref().len() + self.fraction.as_ref().len()).max(1)
    }

    /// What `fractionDigits` counts (§4.3.12).
    pub(crate) fn fraction_digits(&self) -> usize {
        self.fraction.as_ref().len()
    }

    pub(crate) fn order<U: AsRef<str>>(&self, other: &Decimal<U>) -> Ordering {
        let magnitude = || {
            let (integer, fraction) = (self.integer.as_ref(), self.fraction.as_ref());
            let by_length = integer.len().cmp(&other.integer.as_ref().len());
            by_length
                .then_with(|| integer.cmp(other.integer.as_ref()))
                .then_with(|| fraction.cmp(other.fraction.as_ref()))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// Whether the text is an optional sign and digits with at most one point, at least one digit among them.
pub(super) fn is_decimal(text: &str) -> bool {
    split(text).is_some()
}

fn split(text: &str) -> Option<Parts<'_>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (integer, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if (integer.is_empty() && fraction.is_empty()) || !digits(integer) || !digits(fraction) {
        return None;
    }
    Some(Parts { negative: text.starts_with('-'), integer, fraction })
}
