//! `duration` (XSD part 2 §3.2.6), with its partial order (§3.2.6.2).

use std::cmp::Ordering;

use super::moment::days_from_civil;

/// Months and seconds, which have no common measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Duration {
    months: i64,
    seconds: i64,
    /// Digits after the decimal point of the seconds, without trailing zeros.
    fraction: Box<str>,
    negative: bool,
}

/// The four months from which two durations are measured; they are ordered only if all four agree.
const REFERENCES: [(i64, i64); 4] = [(1696, 9), (1697, 2), (1903, 3), (1903, 7)];

impl Duration {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let rest = rest.strip_prefix('P')?;
        let (date, time) = match rest.split_once('T') {
            Some((_, "")) => return None,
            Some((date, time)) => (date, time),
            None => (rest, ""),
        };
        if date.is_empty() && time.is_empty() {
            return None;
        }
        let (mut months, mut seconds, mut fraction) = (0i64, 0i64, "");
        let mut date_fields = Fields { rest: date, units: "YMD" };
        while let Some((number, unit)) = date_fields.next()? {
            let value: i64 = integer(number)?;
            match unit {
                'Y' => months = months.checked_add(value.checked_mul(12)?)?,
                'M' => months = months.checked_add(value)?,
                _ => seconds = seconds.checked_add(value.checked_mul(86_400)?)?,
            }
        }
        let mut time_fields = Fields { rest: time, units: "HMS" };
        while let Some((number, unit)) = time_fields.next()? {
            let value: i64 = match (unit, number.split_once('.')) {
                ('S', Some((whole, digits))) => {
                    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                        return None;
                    }
                    fraction = digits.trim_end_matches('0');
                    integer(whole)?
                }
                (_, _) => integer(number)?,
            };
            let scale = match unit {
                'H' => 3600,
                'M' => 60,
                _ => 1,
            };
            seconds = seconds.checked_add(value.checked_mul(scale)?)?;
        }
        let zero = months == 0 && seconds == 0 && fraction.is_empty();
        // Further than this the comparison would overflow; no one measures employment so.
        if months > i64::from(u32::MAX) || seconds > i64::from(u32::MAX) * 86_400 {
            return None;
        }
        Some(Self { months, seconds, fraction: fraction.into(), negative: negative && !zero })
    }

    /// Order where the standard defines one.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        let mut verdict = None;
        for (year, month) in REFERENCES {
            let here = self.from(year, month).cmp(&other.from(year, month));
            let here = here.then_with(|| self.fraction_order(other));
            if verdict.is_some_and(|before| before != here) {
                return None;
            }
            verdict = Some(here);
        }
        verdict
    }

    fn from(&self, year: i64, month: i64) -> i128 {
        let sign = if self.negative { -1 } else { 1 };
        let months = year * 12 + month - 1 + sign * self.months;
        let days = days_from_civil(months.div_euclid(12).into(), (months.rem_euclid(12) + 1).into(), 1);
        days * 86_400 + i128::from(sign * self.seconds)
    }

    /// The order of the fractions, sign included, to the last digit (§3.2.6.1 sets no end to them). Without zeros at the
    /// end, digits after the point order like text.
    fn fraction_order(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.fraction.cmp(&other.fraction),
            (true, true) => other.fraction.cmp(&self.fraction),
            _ if self.fraction.is_empty() && other.fraction.is_empty() => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// Number-and-letter pairs, each letter at most once and in order.
struct Fields<'t> {
    rest: &'t str,
    units: &'static str,
}

impl<'t> Fields<'t> {
    /// The next pair; `None` where there is one that may not be.
    fn next(&mut self) -> Option<Option<(&'t str, char)>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = self.rest.split_at_checked(end)?;
        let unit = rest.chars().next()?;
        let position = self.units.find(unit)?;
        self.units = self.units.get(position + 1..)?;
        self.rest = rest.get(1..)?;
        Some(Some((number, unit)))
    }
}

fn integer(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}
