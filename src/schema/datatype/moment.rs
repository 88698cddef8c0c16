//! `dateTime` and its relatives (XSD part 2 §3.2.7 to §3.2.14), with their partial order (§3.2.7.4).

use std::cmp::Ordering;

/// Which of the eight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MomentKind {
    DateTime,
    Time,
    Date,
    YearMonth,
    Year,
    MonthDay,
    Day,
    Month,
}

/// A moment as a point on the line of seconds: in UTC where a zone was given, else local. Fields that the kind lacks
/// are those of a leap year, so that 29 February without a year is a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    seconds: i128,
    /// Digits after the decimal point, without trailing zeros.
    fraction: Box<str>,
    zoned: bool,
}

/// Fourteen hours, the widest zone.
const WIDEST: i128 = 14 * 3600;

struct Cursor<'t> {
    rest: &'t [u8],
}

impl Moment {
    pub(crate) fn parse(kind: MomentKind, text: &str) -> Option<Self> {
        let mut at = Cursor { rest: text.as_bytes() };
        let (mut year, mut month, mut day) = (2000, 1, 1);
        let (mut clock, mut fraction) = (0, "");
        match kind {
            MomentKind::DateTime | MomentKind::Date => {
                year = at.year()?;
                at.byte(b'-')?;
                month = at.two(1, 12)?;
                at.byte(b'-')?;
                day = at.two(1, 31)?;
            }
            MomentKind::YearMonth => {
                year = at.year()?;
                at.byte(b'-')?;
                month = at.two(1, 12)?;
            }
            MomentKind::Year => year = at.year()?,
            MomentKind::MonthDay => {
                at.byte(b'-')?;
                at.byte(b'-')?;
                month = at.two(1, 12)?;
                at.byte(b'-')?;
                day = at.two(1, 31)?;
            }
            MomentKind::Day => {
                at.byte(b'-')?;
                at.byte(b'-')?;
                at.byte(b'-')?;
                day = at.two(1, 31)?;
            }
            MomentKind::Month => {
                at.byte(b'-')?;
                at.byte(b'-')?;
                month = at.two(1, 12)?;
            }
            MomentKind::Time => {}
        }
        if day > days_in_month(year, month) {
            return None;
        }
        if kind == MomentKind::DateTime {
            at.byte(b'T')?;
        }
        if matches!(kind, MomentKind::DateTime | MomentKind::Time) {
            (clock, fraction) = at.clock(text)?;
        }
        let zone = at.zone()?;
        if !at.rest.is_empty() {
            return None;
        }
        // 24:00:00 is the next day's midnight; a time has no next day.
        if kind == MomentKind::Time {
            clock %= 86_400;
        }
        let seconds = days_from_civil(year, month, day).checked_mul(86_400)?.checked_add(clock)?;
        Some(Self {
            seconds: seconds - zone.unwrap_or(0) * 60,
            fraction: fraction.trim_end_matches('0').into(),
            zoned: zone.is_some(),
        })
    }

    /// Order where the standard defines one: a moment without zone is before or after one with zone only if it is so
    /// in every zone.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        let compare = |shift_self: i128, shift_other: i128| {
            (self.seconds + shift_self)
                .cmp(&(other.seconds + shift_other))
                .then_with(|| self.fraction.cmp(&other.fraction))
        };
        let (earliest, latest) = match (self.zoned, other.zoned) {
            (true, true) | (false, false) => return Some(compare(0, 0)),
            (false, true) => (compare(-WIDEST, 0), compare(WIDEST, 0)),
            (true, false) => (compare(0, WIDEST), compare(0, -WIDEST)),
        };
        (earliest == latest && earliest != Ordering::Equal).then_some(earliest)
    }
}

impl Cursor<'_> {
    fn byte(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        if *first != wanted {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    /// Exactly two digits, within bounds.
    fn two(&mut self, least: i128, most: i128) -> Option<i128> {
        let (digits, rest) = self.rest.split_at_checked(2)?;
        let value = number(digits)?;
        self.rest = rest;
        (least..=most).contains(&value).then_some(value)
    }

    /// At least four digits, no leading zero beyond four, no year zero (§3.2.7.1).
    fn year(&mut self) -> Option<i128> {
        let negative = self.byte(b'-').is_some();
        let len = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(len)?;
        // The standard lets an implementation stop at four digits; eighteen leave room for seconds in an i128.
        if !(4..=18).contains(&len) || (len > 4 && digits.first() == Some(&b'0')) {
            return None;
        }
        let year = number(digits)?;
        self.rest = rest;
        // Before the common era year -1 is followed by year 1; astronomically -1 is 0.
        match (negative, year) {
            (_, 0) => None,
            (true, year) => Some(1 - year),
            (false, year) => Some(year),
        }
    }

    /// `hh:mm:ss` and an optional fraction, as seconds of the day.
    fn clock<'t>(&mut self, text: &'t str) -> Option<(i128, &'t str)> {
        let hour = self.two(0, 24)?;
        self.byte(b':')?;
        let minute = self.two(0, 59)?;
        self.byte(b':')?;
        let second = self.two(0, 59)?;
        let mut fraction = "";
        if self.byte(b'.').is_some() {
            let len = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let start = text.len() - self.rest.len();
            fraction = text.get(start..start + len).filter(|digits| !digits.is_empty())?;
            self.rest = self.rest.get(len..)?;
        }
        let zero_after_hour = minute == 0 && second == 0 && fraction.bytes().all(|b| b == b'0');
        (hour < 24 || zero_after_hour).then_some((hour * 3600 + minute * 60 + second, fraction))
    }

    /// `Z`, `+hh:mm`, `-hh:mm` or nothing, as minutes east of UTC.
    fn zone(&mut self) -> Option<Option<i128>> {
        let sign = match self.rest.first() {
            None => return Some(None),
            Some(b'Z') => {
                self.byte(b'Z')?;
                return Some(Some(0));
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        self.rest = self.rest.get(1..)?;
        let hour = self.two(0, 14)?;
        self.byte(b':')?;
        let minute = self.two(0, 59)?;
        (hour < 14 || minute == 0).then_some(Some(sign * (hour * 60 + minute)))
    }
}

fn number(digits: &[u8]) -> Option<i128> {
    let value = |b: &u8| b.is_ascii_digit().then(|| i128::from(*b - b'0'));
    digits.iter().try_fold(0i128, |sum, b| Some(sum * 10 + value(b)?))
}

fn days_in_month(year: i128, month: i128) -> i128 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1 March of year 0, proleptic Gregorian.
pub(super) fn days_from_civil(year: i128, month: i128, day: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
}
