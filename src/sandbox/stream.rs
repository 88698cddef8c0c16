//! The server's end of a connection, which can be reset instead of closed.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::server::TlsStream;

/// TCP, with or without TLS above it.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {
    /// The TCP connection below.
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// What the connection and its requests tell each other.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// A request has begun and is not answered yet.
    busy: AtomicBool,
    abort: Notify,
}

impl Line {
    /// The answer of the present request is ready: the next byte begins another request.
    pub(super) fn answered(&self) {
        self.busy.store(false, Ordering::SeqCst);
    }

    /// Asks for the connection to be reset.
    pub(super) fn abort(&self) {
        self.abort.notify_one();
    }

    /// Resolves when [`Line::abort`] was called.
    pub(super) async fn aborted(&self) {
        self.abort.notified().await;
    }
}

/// A connection that asks, at the first byte of every request, whether to go on.
pub(super) struct Stream<F> {
    socket: Box<dyn Socket>,
    line: Arc<Line>,
    refuse: F,
}

impl<F: Fn() -> bool> Stream<F> {
    pub(super) fn new(socket: Box<dyn Socket>, line: Arc<Line>, refuse: F) -> Self {
        Self { socket, line, refuse }
    }

    /// Closes with RST: what the peer has not read yet is lost.
    pub(super) fn reset(self) {
        let _ = self.socket.tcp().set_zero_linger();
    }
}

impl<F: Fn() -> bool + Unpin> AsyncRead for Stream<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.socket).poll_read(cx, buffer))?;
        let began = buffer.filled().len() > before && !this.line.busy.swap(true, Ordering::SeqCst);
        if began && (this.refuse)() {
            let _ = this.socket.tcp().set_zero_linger();
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<F: Fn() -> bool + Unpin> AsyncWrite for Stream<F> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(cx)
    }
}
