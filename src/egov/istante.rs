//! Times as the busta writes them: `yyyy-MM-ddTHH:mm:ss.fff`, local time of Italy, no zone.
//!
//! Reading takes what porte in use take: whatever follows the seconds is ignored, unless it is an offset, and
//! 29 February passes in every year.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::clock;

/// A time of a busta: the text, and the instant where the text is a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Istante {
    testo: String,
    istante: Option<Timestamp>,
}

impl Istante {
    /// That instant, written in Italian civil time with milliseconds.
    #[must_use]
    pub fn new(istante: Timestamp) -> Self {
        let testo = clock::in_rome(istante).strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string();
        Self { testo, istante: Some(istante) }
    }

    /// The time that a busta gives; see [`Istante::timestamp`] for whether it is one.
    #[must_use]
    pub fn read(testo: &str) -> Self {
        Self { testo: testo.to_owned(), istante: instant(testo) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.testo
    }

    /// The instant; `None` where the text is not a time.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.istante
    }
}

impl std::fmt::Display for Istante {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.testo)
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let date = read_date(date)?;
    let hour = number(time.get(..2)?)?;
    let minute = number(time.get(2..5)?.strip_prefix(':')?)?;
    let second = number(time.get(5..8)?.strip_prefix(':')?)?;
    let time_of_day = Time::new(hour, minute, second, 0).ok()?;
    let civil = DateTime::from_parts(date, time_of_day);
    match offset(time.get(8..)?) {
        Some(offset) => TimeZone::fixed(offset).to_timestamp(civil).ok(),
        None => clock::from_rome(civil),
    }
}

/// `Z` or `+hh:mm` after an optional fraction.
fn offset(rest: &str) -> Option<Offset> {
    let zone = rest.strip_prefix('.').map_or(rest, |f| f.trim_start_matches(|c: char| c.is_ascii_digit()));
    if zone == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, hours) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = hours.split_once(':')?;
    let (hours, minutes) = (i32::from(number(hours)?), i32::from(number(minutes)?));
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().filter(|_| minutes < 60)
}

/// `AAAA-MM-GG`, up to the year 2100. A 29 February that the year has not is the day after the 28th.
pub(super) fn read_date(text: &str) -> Option<Date> {
    let year = text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?.parse::<i16>().ok()?;
    let month = number(text.get(4..7)?.strip_prefix('-')?)?;
    let day = number(text.get(7..)?.strip_prefix('-')?)?;
    if year > 2100 {
        return None;
    }
    match (month, day) {
        (2, 29) => Date::new(year, 2, 29).or_else(|_| Date::new(year, 3, 1)).ok(),
        _ => Date::new(year, month, day).ok(),
    }
}

/// Two digits.
pub(super) fn number(text: &str) -> Option<i8> {
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Option<String> {
        Istante::read(text).timestamp().map(|t| t.to_string())
    }

    #[test]
    fn times_are_written_in_italian_civil_time_with_milliseconds_and_no_zone() {
        let at = |text: &str| Istante::new(text.parse().unwrap()).to_string();
        assert_eq!(at("2025-03-10T08:15:30Z"), "2025-03-10T09:15:30.000");
        assert_eq!(at("2025-07-01T22:00:05.0079Z"), "2025-07-02T00:00:05.007");
    }

    #[test]
    fn a_time_is_local_unless_it_carries_an_offset() {
        for local in [
            "2025-03-10T09:15:30",
            "2025-03-10T09:15:30.5",
            "2025-03-10T09:15:30.000",
            "2025-03-10T09:15:30 boh",
        ] {
            assert_eq!(utc(local).as_deref(), Some("2025-03-10T08:15:30Z"), "{local}");
        }
        assert_eq!(utc("2025-03-10T09:15:30Z").as_deref(), Some("2025-03-10T09:15:30Z"));
        assert_eq!(utc("2025-03-10T09:15:30.123-05:30").as_deref(), Some("2025-03-10T14:45:30Z"));
        assert_eq!(utc("2025-03-10T09:15:30+1").as_deref(), Some("2025-03-10T08:15:30Z"));
    }

    #[test]
    fn dates_fit_their_month_but_29_february_always_passes() {
        assert!(utc("2025-02-29T00:00:00").is_some());
        assert!(utc("2100-12-31T23:59:59").is_some());
        for bad in [
            "2025-02-30T00:00:00",
            "2025-04-31T00:00:00",
            "2025-13-01T00:00:00",
            "2025-00-01T00:00:00",
            "2025-01-00T00:00:00",
            "2101-01-01T00:00:00",
            "2025-01-01T24:00:00",
            "2025-01-01T00:60:00",
            "2025-01-01T00:00:60",
            "2025-01-01T00:00",
            "2025-01-01 00:00:00",
            "25-01-01T00:00:00",
            "2025-1-01T00:00:00",
            "+025-01-01T00:00:00",
            " 2025-01-01T00:00:00",
            "2025-01-01T0è:00:00",
            "",
        ] {
            assert_eq!(utc(bad), None, "{bad}");
        }
    }
}
