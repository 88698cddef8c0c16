//! Reading a body: whole, within its size, its time and its pace, and within what all bodies together may hold.
//!
//! A body that declares too much is refused before its first byte, one that turns out too large, too slow or broken
//! as soon as that is certain. The share of the common budget is taken chunk by chunk, so that a declaration alone
//! costs nothing, and is given back when the [`Held`] body is dropped.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

use super::{Bounds, Refused};

/// Memory set aside at once for a body of declared size; larger ones grow as they come.
const FIRST_ALLOCATION: usize = 256 << 10;

/// A guess: bodies in hand are released within a node's answer.
const OVERLOAD_PASSES: Duration = Duration::from_secs(2);

/// The bytes of bodies that may be held at one time.
#[derive(Debug)]
pub struct Budget {
    held: AtomicUsize,
    limit: usize,
}

/// A whole body and its share of the budget.
#[derive(Debug)]
pub struct Held {
    /// The body.
    pub bytes: Bytes,
    share: Share,
}

/// Bytes taken from a budget, given back on drop.
#[derive(Debug)]
pub struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), limit })
    }

    /// The bytes held at present.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        let more = |held: usize| held.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

impl Held {
    /// The body, and the share to be kept for as long as the body is in memory.
    #[must_use]
    pub fn into_parts(self) -> (Bytes, Share) {
        (self.bytes, self.share)
    }
}

impl Share {
    fn none(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), bytes: 0 }
    }

    fn grow(&mut self, bytes: usize) -> Result<(), Refused> {
        if !self.budget.take(bytes) {
            return Err(Refused::Overloaded { retry_after: OVERLOAD_PASSES });
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Reads `body` to its end. Trailers are read and dropped.
///
/// # Errors
/// As soon as the body breaks one of the bounds, or breaks off.
///
/// # Cancel safety
/// What was read is lost and its share given back.
pub async fn collect<B>(body: B, bounds: &Bounds, budget: &Arc<Budget>) -> Result<Held, Refused>
where
    B: Body<Data = Bytes>,
    B::Error: Error + 'static,
{
    let limit = bounds.body_bytes;
    let declared = body.size_hint().exact();
    if declared.is_some_and(|declared| usize::try_from(declared).map_or(true, |declared| declared > limit)) {
        return Err(Refused::TooLarge { limit });
    }
    let mut share = Share::none(budget);
    let mut body = std::pin::pin!(body);
    let mut pace = Pace::new(bounds);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = pace.next(&mut body).await? {
        let so_far = first.len() + rest.len();
        if chunk.len() > limit - so_far.min(limit) {
            return Err(Refused::TooLarge { limit });
        }
        share.grow(chunk.len())?;
        if so_far == 0 {
            first = chunk;
        } else {
            if rest.is_empty() {
                let declared = declared.and_then(|declared| usize::try_from(declared).ok()).unwrap_or(0);
                rest.reserve(declared.min(FIRST_ALLOCATION).max(first.len() + chunk.len()));
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&chunk);
        }
    }
    let bytes = if rest.is_empty() { first } else { rest.freeze() };
    Ok(Held { bytes, share })
}

/// Reads the rest of a body that nobody wants, if it is small and comes soon, so that the connection can be used
/// again: a new handshake costs both sides more. Says whether the end was reached.
pub async fn discard<B>(body: B, most: usize, patience: Duration) -> bool
where
    B: Body<Data = Bytes>,
{
    let declared_more = |declared: u64| usize::try_from(declared).map_or(true, |declared| declared > most);
    if body.size_hint().exact().is_none_or(declared_more) {
        return body.is_end_stream();
    }
    let deadline = Instant::now() + patience;
    let mut body = std::pin::pin!(body);
    loop {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(_))) => {}
            Ok(None) => return true,
            Ok(Some(Err(_))) | Err(_) => return false,
        }
    }
}

/// Whether a body advances as it must.
struct Pace<'a> {
    bounds: &'a Bounds,
    deadline: Instant,
    window_ends: Instant,
    in_window: usize,
}

impl<'a> Pace<'a> {
    fn new(bounds: &'a Bounds) -> Self {
        let now = Instant::now();
        let deadline = now + bounds.body_deadline;
        Self { bounds, deadline, window_ends: now + bounds.body_progress.window, in_window: 0 }
    }

    /// The next chunk, or nothing at the end.
    async fn next<B>(&mut self, body: &mut std::pin::Pin<&mut B>) -> Result<Option<Bytes>, Refused>
    where
        B: Body<Data = Bytes>,
        B::Error: Error + 'static,
    {
        loop {
            let until = self.deadline.min(self.window_ends);
            match timeout_at(until, body.frame()).await {
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(broken(&error)),
                Ok(Some(Ok(frame))) => {
                    // A body that never pauses never lets the timer ring.
                    if Instant::now() >= self.deadline {
                        return Err(Refused::TooSlow);
                    }
                    if let Ok(chunk) = frame.into_data() {
                        self.in_window = self.in_window.saturating_add(chunk.len());
                        return Ok(Some(chunk));
                    }
                }
                Err(_) => {
                    let stands_still = self.in_window < self.bounds.body_progress.bytes;
                    if until == self.deadline || stands_still {
                        return Err(Refused::TooSlow);
                    }
                    self.window_ends = Instant::now() + self.bounds.body_progress.window;
                    self.in_window = 0;
                }
            }
        }
    }
}

/// Bad framing is the decoder's `InvalidInput` or `InvalidData`; everything else is a peer that went away.
fn broken(error: &(dyn Error + 'static)) -> Refused {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return match io.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Refused::BadHttp,
                _ => Refused::Disconnected,
            };
        }
        cause = error.source();
    }
    Refused::Disconnected
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
