//! The phases of a message's life, and a stopwatch that knows which one is running.

use std::fmt;
use std::time::{Duration, Instant};

/// A phase of a message's life, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Transport identity, size, rate.
    Admit,
    /// SOAP and busta, or JSON.
    Decode,
    /// Servizio and azione, party, authorisation.
    Recognise,
    /// The journal is asked about the identifier.
    LookUp,
    /// One form into the other, validated.
    Translate,
    /// Business controls.
    Check,
    /// The intent is made durable.
    Intend,
    /// The message is with the other side.
    Forward,
    /// The outcome is made durable.
    Conclude,
    /// The reply is written.
    Reply,
}

/// How long each phase took; a phase that was not entered has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Durations {
    taken: [Option<Duration>; Phase::ALL.len()],
}

/// Measures a message's life. One phase runs at any time.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    started: Instant,
    entered: Instant,
    phase: Phase,
    durations: Durations,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 10] = [
        Self::Admit,
        Self::Decode,
        Self::Recognise,
        Self::LookUp,
        Self::Translate,
        Self::Check,
        Self::Intend,
        Self::Forward,
        Self::Conclude,
        Self::Reply,
    ];

    /// The word for metrics, log lines and the journal.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Decode => "decode",
            Self::Recognise => "recognise",
            Self::LookUp => "look-up",
            Self::Translate => "translate",
            Self::Check => "check",
            Self::Intend => "intend",
            Self::Forward => "forward",
            Self::Conclude => "conclude",
            Self::Reply => "reply",
        }
    }
}

impl Durations {
    /// How long `phase` took, where it was entered.
    #[must_use]
    pub fn get(&self, phase: Phase) -> Option<Duration> {
        self.taken.get(phase as usize).copied().flatten()
    }

    /// The phases that were entered, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        Phase::ALL.into_iter().filter_map(|phase| Some((phase, self.get(phase)?)))
    }

    fn add(&mut self, phase: Phase, more: Duration) {
        if let Some(taken) = self.taken.get_mut(phase as usize) {
            *taken = Some(taken.unwrap_or_default() + more);
        }
    }
}

impl Stopwatch {
    /// Starts in [`Phase::Admit`].
    #[must_use]
    pub fn start() -> Self {
        let now = Instant::now();
        Self { started: now, entered: now, phase: Phase::Admit, durations: Durations::default() }
    }

    /// Ends the running phase and begins `phase`. A phase entered twice (a retry of the forward) adds up.
    pub fn enter(&mut self, phase: Phase) {
        let now = Instant::now();
        self.durations.add(self.phase, now - self.entered);
        self.entered = now;
        self.phase = phase;
    }

    /// The phase that is running.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The durations so far, the running phase included.
    #[must_use]
    pub fn durations(&self) -> Durations {
        let mut durations = self.durations;
        durations.add(self.phase, self.entered.elapsed());
        durations
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_entered_twice_adds_up_and_others_stay_absent() {
        let mut watch = Stopwatch::start();
        watch.enter(Phase::Forward);
        std::thread::sleep(Duration::from_millis(3));
        watch.enter(Phase::Conclude);
        watch.enter(Phase::Forward);
        std::thread::sleep(Duration::from_millis(3));
        watch.enter(Phase::Reply);
        let durations = watch.durations();
        assert!(durations.get(Phase::Forward).unwrap() >= Duration::from_millis(6));
        assert_eq!(durations.get(Phase::Translate), None);
        let phases: Vec<Phase> = durations.iter().map(|(phase, _)| phase).collect();
        assert_eq!(phases, [Phase::Admit, Phase::Forward, Phase::Conclude, Phase::Reply]);
    }

    #[test]
    fn every_phase_has_its_own_place() {
        for (place, phase) in Phase::ALL.into_iter().enumerate() {
            assert_eq!(place, phase as usize, "{phase}");
        }
    }
}
