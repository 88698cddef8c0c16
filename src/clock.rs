//! What time is it? Asked here and nowhere else, so that tests can answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Civil time of the exchange: the busta e-Gov writes local time without zone, and its local time is Italy's
/// whatever the zone of the machine.
pub const ZONE: &str = "Europe/Rome";

/// The source of the present instant. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    frozen: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The clock of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `instant` until [`Clock::set`] moves it. Its clones move with it.
    #[must_use]
    pub fn frozen(instant: Timestamp) -> Self {
        Self { frozen: Some(Arc::new(AtomicI64::new(instant.as_millisecond()))) }
    }

    /// Moves a frozen clock; has no effect on the system's.
    pub fn set(&self, instant: Timestamp) {
        if let Some(frozen) = &self.frozen {
            frozen.store(instant.as_millisecond(), Ordering::SeqCst);
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.frozen {
            None => Timestamp::now(),
            Some(frozen) => {
                Timestamp::from_millisecond(frozen.load(Ordering::SeqCst)).unwrap_or(Timestamp::UNIX_EPOCH)
            }
        }
    }
}

/// An instant as the clock on an Italian wall shows it.
#[must_use]
pub fn in_rome(instant: Timestamp) -> Zoned {
    instant.to_zoned(TimeZone::get(ZONE).unwrap_or(TimeZone::UTC))
}

/// A wall-clock time of Italy as an instant. Of the two readings of October's repeated hour the earlier is taken;
/// a time in March's skipped hour is moved past it.
#[must_use]
pub fn from_rome(civil: DateTime) -> Option<Timestamp> {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    zone.to_ambiguous_zoned(civil).compatible().ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_time_is_romes_in_both_seasons() {
        let winter: Timestamp = "2026-01-10T12:00:00Z".parse().unwrap();
        let summer: Timestamp = "2026-07-10T12:00:00Z".parse().unwrap();
        assert_eq!(in_rome(winter).hour(), 13);
        assert_eq!(in_rome(summer).hour(), 14);
        assert_eq!(from_rome(in_rome(summer).datetime()), Some(summer));
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::frozen(Timestamp::UNIX_EPOCH);
        let copy = clock.clone();
        clock.set("2026-01-10T12:00:00Z".parse().unwrap());
        assert_eq!(copy.now().to_string(), "2026-01-10T12:00:00Z");
    }
}
