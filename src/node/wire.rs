//! The transport, with a witness: how many bytes of the present request were handed to it, and how many came back.
//!
//! The count is taken above TLS, so a byte that waits in the TLS library's buffer counts as gone. Sealing and writing
//! exclude each other: once [`Watch::seal`] has returned, the count it returned is final.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use rustls::{AlertDescription, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::Sent;

/// TCP, with or without TLS.
#[derive(Debug)]
pub(super) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    fn tls13(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.get_ref().1.protocol_version() == Some(ProtocolVersion::TLSv1_3),
        }
    }
}

/// What the witness saw of one request.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    written: u64,
    read: u64,
    alert: Option<AlertDescription>,
    tls13: bool,
    /// Requests before this one on the same connection.
    earlier: u32,
    sealed: bool,
}

impl Seen {
    /// Whether bytes had left, by the bytes alone.
    pub(super) fn sent(&self) -> Sent {
        match self {
            Self { written: 0, .. } => Sent::No,
            Self { read: 0, .. } => Sent::Maybe,
            _ => Sent::Yes,
        }
    }

    /// The alert with which the peer refused our certificate, where this proves that it processed nothing.
    ///
    /// In TLS 1.3 the client may write before the server has judged the client's certificate (RFC 8446 §4.4.2.4).
    /// Until then the server's side of the handshake is not complete and no application data is released to the
    /// application above it; there is no early data, since we never ask for it. So the proof needs: TLS 1.3, the first
    /// request of the connection, no byte of a reply, and an alert that only the verification of a certificate raises.
    /// `access_denied` and `handshake_failure` are not in the list: servers are known to raise them later.
    pub(super) fn certificate_refusal(&self) -> Option<AlertDescription> {
        let alert = self.alert?;
        let first = self.tls13 && self.earlier == 0 && self.read == 0;
        (first
            && matches!(
                alert,
                AlertDescription::CertificateRequired
                    | AlertDescription::BadCertificate
                    | AlertDescription::UnsupportedCertificate
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::UnknownCA
            ))
        .then_some(alert)
    }
}

/// The witness of a connection; shared by the connection and by whoever waits for its answer.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Seen>);

impl Watch {
    /// A request is about to be handed over.
    pub(super) fn begin(&self, earlier: u32) {
        let mut seen = self.lock();
        *seen = Seen { tls13: seen.tls13, earlier, ..Seen::default() };
    }

    /// Closes the connection for writing and says what had left by then.
    pub(super) fn seal(&self) -> Seen {
        let mut seen = self.lock();
        seen.sealed = true;
        *seen
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transport whose witness counts.
#[derive(Debug)]
pub(super) struct Watched {
    transport: Transport,
    watch: Arc<Watch>,
}

impl Watched {
    pub(super) fn new(transport: Transport) -> (Self, Arc<Watch>) {
        let watch = Arc::new(Watch(Mutex::new(Seen { tls13: transport.tls13(), ..Seen::default() })));
        (Self { transport, watch: Arc::clone(&watch) }, watch)
    }

    fn note(&self, error: &io::Error) {
        let alert = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::AlertReceived(alert)) = alert {
            self.watch.lock().alert = Some(*alert);
        }
    }

    /// A peer that refuses us sends its alert and closes; our next write may meet the closed socket before we have read
    /// the alert, which waits in the socket's buffer all the same.
    fn look_behind(&mut self, cx: &mut Context<'_>) {
        let mut byte = [0_u8; 1];
        let mut buffer = ReadBuf::new(&mut byte);
        match Pin::new(&mut self.transport).poll_read(cx, &mut buffer) {
            Poll::Ready(Err(error)) => self.note(&error),
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.watch.lock().read += 1,
            _ => {}
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut this.transport).poll_read(cx, buffer));
        match &result {
            Ok(()) => {
                let read = buffer.filled().len().saturating_sub(before);
                this.watch.lock().read += read as u64;
            }
            Err(error) => this.note(error),
        }
        Poll::Ready(result)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = {
            let mut seen = this.watch.lock();
            if seen.sealed {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            }
            let result = ready!(Pin::new(&mut this.transport).poll_write(cx, bytes));
            match &result {
                Ok(written) => seen.written += *written as u64,
                // One write of a TLS stream may be several records, of which the first are already gone.
                Err(_) if matches!(this.transport, Transport::Tls(_)) => seen.written += 1,
                Err(_) => {}
            }
            result
        };
        if let Err(error) = &result {
            this.note(error);
            this.look_behind(cx);
        }
        Poll::Ready(result)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = ready!(Pin::new(&mut this.transport).poll_flush(cx));
        if let Err(error) = &result {
            this.note(error);
            this.look_behind(cx);
        }
        Poll::Ready(result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_shutdown(cx)
    }
}
