//! How often may one caller ask? A limiter with one bucket a key, in bounded memory.
//!
//! The edge keys one by TLS identity, or by network where there is none; the bridge keys another by mittente once the
//! busta has been read. A key costs one map entry while its bucket is not full; full buckets are
//! forgotten on a timer ([`KeyedLimiter::sweep_every`]), since a full bucket and an absent one say the same. When as
//! many keys are known as there is room for, all further keys share one bucket: an attacker who invents keys (an
//! IPv6 host owns 2^64 addresses) throttles himself and other strangers, never a caller already known, and never
//! the memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};

/// Keys a limiter remembers when nothing else is said.
pub const KEYS: usize = 16_384;

/// So many a second on average, so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How fast the bucket refills.
    pub per_second: NonZeroU32,
    /// How much the bucket holds.
    pub burst: NonZeroU32,
}

/// The caller exceeded its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rate is exceeded; there is room again in {0:?}")]
pub struct RetryAfter(pub Duration);

/// One bucket a key. `C` is the clock, replaced in tests.
#[derive(Debug)]
pub struct KeyedLimiter<K: Hash + Eq + Clone, C: Clock = DefaultClock> {
    buckets: RateLimiter<K, Buckets<K>, C, NoOpMiddleware<C::Instant>>,
}

/// Governor's state of each key, with a bound on their number.
#[derive(Debug)]
struct Buckets<K> {
    known: Mutex<Known<K>>,
    capacity: usize,
}

#[derive(Debug)]
struct Known<K> {
    each: HashMap<K, Nanos>,
    /// The bucket of all the keys there was no room for.
    others: Option<Nanos>,
}

impl<K: Hash + Eq + Clone + Send + 'static> KeyedLimiter<K> {
    /// A limiter that remembers at most `capacity` keys.
    #[must_use]
    pub fn new(rate: Rate, capacity: usize) -> Self {
        Self::with_clock(rate, capacity, DefaultClock::default())
    }

    /// Forgets full buckets every `period`, for as long as somebody else holds the limiter.
    pub async fn sweep_every(limiter: Arc<Self>, period: Duration) {
        let held = Arc::downgrade(&limiter);
        drop(limiter);
        let mut ticks = tokio::time::interval(period);
        loop {
            ticks.tick().await;
            match held.upgrade() {
                Some(limiter) => limiter.sweep(),
                None => return,
            }
        }
    }
}

impl<K: Hash + Eq + Clone, C: Clock> KeyedLimiter<K, C> {
    /// A limiter that measures time with `clock`.
    pub fn with_clock(rate: Rate, capacity: usize, clock: C) -> Self {
        let quota = Quota::per_second(rate.per_second).allow_burst(rate.burst);
        let known = Mutex::new(Known { each: HashMap::new(), others: None });
        Self { buckets: RateLimiter::new(quota, Buckets { known, capacity }, clock) }
    }

    /// Takes one from the bucket of `key`.
    ///
    /// # Errors
    /// If the bucket is empty; nothing is taken then, and the error says how long it stays so.
    pub fn check(&self, key: &K) -> Result<(), RetryAfter> {
        self.buckets
            .check_key(key)
            .map_err(|until| RetryAfter(until.wait_time_from(self.buckets.clock().now())))
    }

    /// Forgets the buckets that are full again.
    pub fn sweep(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
    }

    /// How many keys are remembered.
    #[must_use]
    pub fn known(&self) -> usize {
        self.buckets.len()
    }
}

impl<K> Buckets<K> {
    fn known(&self) -> MutexGuard<'_, Known<K>> {
        // The map is whole between any two statements under the lock, so that a poisoned lock is as good as another.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Clone> StateStore for Buckets<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut known = self.known();
        if let Some(bucket) = known.each.get_mut(key) {
            let (allowed, after) = decide(Some(*bucket))?;
            *bucket = after;
            return Ok(allowed);
        }
        if known.each.len() < self.capacity {
            let (allowed, after) = decide(None)?;
            known.each.insert(key.clone(), after);
            return Ok(allowed);
        }
        let (allowed, after) = decide(known.others)?;
        known.others = Some(after);
        Ok(allowed)
    }
}

impl<K: Hash + Eq + Clone> ShrinkableKeyedStateStore<K> for Buckets<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.known().each.retain(|_, bucket| *bucket > drop_below);
    }

    fn shrink_to_fit(&self) {
        self.known().each.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.known().each.len()
    }

    fn is_empty(&self) -> bool {
        self.known().each.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate { per_second: NonZeroU32::new(per_second).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
    }

    #[test]
    fn a_burst_passes_then_the_rate_holds_and_says_how_long_to_wait() {
        let clock = FakeRelativeClock::default();
        let limiter = KeyedLimiter::with_clock(rate(2, 3), 10, clock.clone());
        for _ in 0..3 {
            assert_eq!(limiter.check(&"a"), Ok(()));
        }
        let RetryAfter(wait) = limiter.check(&"a").unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert_eq!(limiter.check(&"b"), Ok(()), "another key has its own bucket");
        clock.advance(wait);
        assert_eq!(limiter.check(&"a"), Ok(()));
        assert!(limiter.check(&"a").is_err());
    }

    #[test]
    fn invented_keys_share_one_bucket_and_leave_the_known_alone() {
        let clock = FakeRelativeClock::default();
        let limiter = KeyedLimiter::with_clock(rate(1, 2), 100, clock);
        assert_eq!(limiter.check(&0), Ok(()));
        let allowed = (1..10_000).filter(|key| limiter.check(key).is_ok()).count();
        assert_eq!(allowed, 99 + 2, "99 found room, the others shared a burst of two");
        assert_eq!(limiter.known(), 100);
        assert_eq!(limiter.check(&0), Ok(()), "a known key still has its own bucket");
    }

    #[test]
    fn full_buckets_are_forgotten_and_others_are_not() {
        let clock = FakeRelativeClock::default();
        let limiter = KeyedLimiter::with_clock(rate(1, 5), 100, clock.clone());
        limiter.check(&"brief").unwrap();
        for _ in 0..5 {
            limiter.check(&"busy").unwrap();
        }
        clock.advance(Duration::from_secs(3));
        limiter.sweep();
        assert_eq!(limiter.known(), 1);
        clock.advance(Duration::from_secs(5));
        limiter.sweep();
        assert_eq!(limiter.known(), 0);
    }

    #[tokio::test]
    async fn the_sweeper_ends_with_its_limiter() {
        let limiter: Arc<KeyedLimiter<u8>> = Arc::new(KeyedLimiter::new(rate(1, 1), 10));
        let sweeper = tokio::spawn(KeyedLimiter::sweep_every(Arc::clone(&limiter), Duration::from_millis(5)));
        drop(limiter);
        tokio::time::timeout(Duration::from_secs(5), sweeper).await.unwrap().unwrap();
    }
}
