//! A stream that gives up on a peer who does not speak, does not listen, or does not finish.
//!
//! hyper has one timer for "no complete head yet", which cannot tell an idle connection (welcome for a minute) from
//! a head that trickles (an attack after ten seconds). Here the two are told apart by whether a byte of the next
//! head has come. While a request is being handled nothing is timed: bodies have their own deadlines in `body`.
//!
//! Shutting down a stream whose request was not read to its end lingers: the write side is closed, and what the
//! peer still sends is discarded for a while. A plain close would make the kernel answer those bytes with a reset,
//! which destroys the reply the peer has not read yet (RFC 9112 §9.6).

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::Bounds;

/// What connection, stream and requests know of each other. All are polled by one task; the atomics are there for
/// the compiler.
#[derive(Debug, Default)]
pub(super) struct Activity {
    begun: AtomicU64,
    answered: AtomicU64,
    unread: AtomicBool,
    expired: AtomicU8,
}

/// Which patience ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    /// Open without a request.
    Idle,
    /// A head that was not finished.
    Head,
    /// A reply that was not read.
    Reply,
}

/// The stream.
pub(super) struct Deadlined<S> {
    stream: S,
    activity: Arc<Activity>,
    bounds: Arc<Bounds>,
    /// What the peer is owed patience for.
    waiting: Expired,
    /// Whether bytes of a head have come that is not a request yet.
    head_begun: bool,
    /// Requests answered when `waiting` last became idle.
    seen: u64,
    patience: Pin<Box<Sleep>>,
    stalled: Option<Pin<Box<Sleep>>>,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl Activity {
    /// A request has been read up to its body. Gives its number on this connection, from 1.
    pub(super) fn begin(&self) -> u64 {
        self.begun.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The reply has been made.
    pub(super) fn answer(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// The present request will not be read to its end.
    pub(super) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether the connection must close because a request was not read to its end.
    pub(super) fn is_left_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }

    /// Why the stream gave up, if it did.
    pub(super) fn expired(&self) -> Option<Expired> {
        match self.expired.load(Ordering::Relaxed) {
            1 => Some(Expired::Idle),
            2 => Some(Expired::Head),
            3 => Some(Expired::Reply),
            _ => None,
        }
    }

    fn expire(&self, what: Expired) -> io::Error {
        let code = match what {
            Expired::Idle => 1,
            Expired::Head => 2,
            Expired::Reply => 3,
        };
        self.expired.store(code, Ordering::Relaxed);
        io::ErrorKind::TimedOut.into()
    }

    fn in_request(&self) -> bool {
        self.begun.load(Ordering::Relaxed) > self.answered.load(Ordering::Relaxed)
    }
}

impl<S> Deadlined<S> {
    /// From here the first head has `bounds.header_read`.
    pub(super) fn new(stream: S, activity: Arc<Activity>, bounds: Arc<Bounds>) -> Self {
        let patience = Box::pin(sleep(bounds.header_read));
        Self {
            stream,
            activity,
            bounds,
            waiting: Expired::Head,
            head_begun: false,
            seen: 0,
            patience,
            stalled: None,
            lingering: None,
        }
    }

    fn wait_for(&mut self, what: Expired) {
        self.waiting = what;
        let time = if what == Expired::Head { self.bounds.header_read } else { self.bounds.idle };
        self.patience.as_mut().reset(Instant::now() + time);
    }

    /// Writing may be pending for a while, not for ever.
    fn unless_stalled<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let time = self.bounds.write_stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(self.activity.expire(Expired::Reply)))
    }

    /// Bytes came that will never be read: those of a refused body, or of a head that did not become a request.
    fn leaves_bytes_unread(&self) -> bool {
        let broken_head = self.head_begun
            && !self.activity.in_request()
            && self.seen == self.activity.answered.load(Ordering::Relaxed);
        self.activity.is_left_unread() || broken_head
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deadlined<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let answered = self.activity.answered.load(Ordering::Relaxed);
        if self.seen != answered {
            self.seen = answered;
            self.head_begun = false;
            self.wait_for(Expired::Idle);
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if self.activity.in_request() {
            return read;
        }
        if read.is_pending() {
            ready!(self.patience.as_mut().poll(cx));
            return Poll::Ready(Err(self.activity.expire(self.waiting)));
        }
        if buf.filled().len() > before {
            self.head_begun = true;
            if self.waiting == Expired::Idle {
                self.wait_for(Expired::Head);
            }
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Deadlined<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.unless_stalled(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.unless_stalled(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.unless_stalled(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingering.is_none() {
            let shut = Pin::new(&mut this.stream).poll_shutdown(cx);
            ready!(this.unless_stalled(cx, shut))?;
            if !this.leaves_bytes_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        let linger = this.bounds.linger;
        let lingering = this.lingering.get_or_insert_with(|| Box::pin(sleep(linger)));
        // The clock first: against a peer that never pauses, the reads below use up the task's turn every time.
        if lingering.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut scrap = [0; 8192];
        loop {
            let mut buf = ReadBuf::new(&mut scrap);
            match ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                // The end, or an error: nobody is left who could be spared a reset.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}
