//! A flood of requests must not become a flood of lines.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Says yes at most once a second. What it says no to is still counted in the metrics.
#[derive(Debug)]
pub struct OncePerSecond {
    since: Instant,
    /// The second, counted from one, in which it last said yes.
    spoken: AtomicU64,
}

impl OncePerSecond {
    /// One that says yes to the first question.
    #[must_use]
    pub fn new() -> Self {
        Self { since: Instant::now(), spoken: AtomicU64::new(0) }
    }

    /// Whether to speak now.
    pub fn allows(&self) -> bool {
        let second = self.since.elapsed().as_secs() + 1;
        self.spoken.fetch_max(second, Ordering::Relaxed) < second
    }
}

impl Default for OncePerSecond {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_question_of_a_second_is_a_no() {
        let throttle = OncePerSecond::new();
        assert!(throttle.allows());
        assert!((0..100).filter(|_| throttle.allows()).count() <= 1, "at most the next second's");
    }
}
