use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::*;
use crate::http::Progress;

/// A body of chunks of equal size, one every `pause`.
struct Dripping {
    chunks: usize,
    size: usize,
    pause: Duration,
    timer: Pin<Box<Sleep>>,
    declared: Option<u64>,
}

impl Dripping {
    fn new(chunks: usize, size: usize, pause: Duration) -> Self {
        Self { chunks, size, pause, timer: Box::pin(sleep(pause)), declared: None }
    }

    fn declaring(mut self, bytes: u64) -> Self {
        self.declared = Some(bytes);
        self
    }
}

impl Body for Dripping {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.chunks == 0 {
            return Poll::Ready(None);
        }
        if !self.pause.is_zero() {
            std::task::ready!(self.timer.as_mut().poll(cx));
            let next = Instant::now() + self.pause;
            self.timer.as_mut().reset(next);
        }
        self.chunks -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; self.size])))))
    }

    fn size_hint(&self) -> SizeHint {
        self.declared.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

fn bounds() -> Bounds {
    Bounds {
        body_bytes: 1000,
        body_deadline: Duration::from_millis(800),
        body_progress: Progress { bytes: 10, window: Duration::from_millis(200) },
        ..Bounds::default()
    }
}

#[tokio::test]
async fn a_body_in_time_arrives_whole_and_gives_its_share_back() {
    let budget = Budget::new(1000);
    let body = Dripping::new(10, 100, Duration::from_millis(5));
    let held = collect(body, &bounds(), &budget).await.unwrap();
    assert_eq!(held.bytes.len(), 1000);
    assert_eq!(budget.held(), 1000);
    drop(held);
    assert_eq!(budget.held(), 0);
}

#[tokio::test]
async fn a_body_that_declares_too_much_is_refused_unread() {
    let body = Dripping::new(usize::MAX, 10, Duration::from_secs(3600)).declaring(1001);
    let refused = collect(body, &bounds(), &Budget::new(5000)).await.unwrap_err();
    assert_eq!(refused, Refused::TooLarge { limit: 1000 });
}

#[tokio::test]
async fn a_body_that_declares_nothing_is_refused_at_the_bound() {
    let budget = Budget::new(5000);
    let body = Dripping::new(usize::MAX, 300, Duration::ZERO);
    assert_eq!(collect(body, &bounds(), &budget).await.unwrap_err(), Refused::TooLarge { limit: 1000 });
    assert_eq!(budget.held(), 0, "what was read is let go");
}

#[tokio::test]
async fn a_body_below_the_pace_is_refused_after_one_window() {
    let begun = Instant::now();
    let body = Dripping::new(1000, 1, Duration::from_millis(40));
    assert_eq!(collect(body, &bounds(), &Budget::new(5000)).await.unwrap_err(), Refused::TooSlow);
    let taken = begun.elapsed();
    assert!(taken >= Duration::from_millis(200) && taken < Duration::from_millis(800), "{taken:?}");
}

#[tokio::test]
async fn a_body_that_keeps_the_pace_is_refused_at_the_deadline() {
    let begun = Instant::now();
    let body = Dripping::new(1000, 30, Duration::from_millis(40));
    assert_eq!(collect(body, &bounds(), &Budget::new(5000)).await.unwrap_err(), Refused::TooSlow);
    assert!(begun.elapsed() >= Duration::from_millis(800), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn bodies_beyond_the_common_budget_are_told_to_come_back() {
    let budget = Budget::new(1500);
    let first = collect(Full::new(Bytes::from(vec![0; 1000])), &bounds(), &budget).await.unwrap();
    let second = Full::new(Bytes::from(vec![0; 1000]));
    assert!(matches!(collect(second, &bounds(), &budget).await, Err(Refused::Overloaded { .. })));
    drop(first);
    let third = Full::new(Bytes::from(vec![0; 1000]));
    assert!(collect(third, &bounds(), &budget).await.is_ok());
}

#[tokio::test]
async fn bad_framing_and_a_broken_connection_are_told_apart() {
    let failing = |kind: io::ErrorKind| {
        Full::new(Bytes::new())
            .map_err(move |_: Infallible| io::Error::from(kind))
            .with_trailers(async move { Some(Err(io::Error::from(kind))) })
    };
    let refused =
        |kind| async move { collect(failing(kind), &bounds(), &Budget::new(10)).await.unwrap_err() };
    assert_eq!(refused(io::ErrorKind::InvalidData).await, Refused::BadHttp);
    assert_eq!(refused(io::ErrorKind::UnexpectedEof).await, Refused::Disconnected);
    assert_eq!(refused(io::ErrorKind::ConnectionReset).await, Refused::Disconnected);
}

#[tokio::test]
async fn only_small_bodies_that_come_soon_are_read_for_nothing() {
    let soon = Duration::from_millis(200);
    assert!(discard(Dripping::new(10, 10, Duration::ZERO).declaring(100), 100, soon).await);
    assert!(!discard(Dripping::new(10, 11, Duration::ZERO).declaring(110), 100, soon).await);
    assert!(!discard(Dripping::new(10, 10, Duration::from_millis(100)).declaring(100), 100, soon).await);
    assert!(!discard(Dripping::new(10, 10, Duration::ZERO), 100, soon).await, "of unknown size");
}
