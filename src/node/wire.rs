//! The transport, with a witness: how many bytes of the present request were handed to it, and how many came back.
//!
//! The count is taken above TLS, so a byte that waits in the TLS library's buffer counts as gone. Sealing and writing
//! exclude each other: once [`Watch::seal`] has returned, the count it returned is final.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::AlertDescription;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::Sent;
use crate::tls::{TlsStream, alert};

/// TCP, with or without TLS.
#[derive(Debug)]
pub(super) enum Transport {
    Plain(TcpStream),
    Tls(TlsStream),
}

impl Transport {
    fn tls13(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.is_tls13(),
        }
    }

    fn pending_may_have_left(&self) -> bool {
        matches!(self, Self::Tls(stream) if stream.pending_may_have_left())
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
        // An alert that came before the first request is still the answer to our certificate.
        *seen = Seen { tls13: seen.tls13, alert: seen.alert, earlier, ..Seen::default() };
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
    broken: Option<Broken>,
}

/// A write that failed.
#[derive(Debug)]
struct Broken {
    error: io::Error,
    until: Pin<Box<Sleep>>,
}

/// How long the peer's last words are awaited after a failed write.
const LAST_WORDS: Duration = Duration::from_millis(100);

impl Watched {
    pub(super) fn new(transport: Transport) -> (Self, Arc<Watch>) {
        let watch = Arc::new(Watch(Mutex::new(Seen { tls13: transport.tls13(), ..Seen::default() })));
        (Self { transport, watch: Arc::clone(&watch), broken: None }, watch)
    }

    fn note(&self, error: &io::Error) {
        if let Some(alert) = alert(error) {
            self.watch.lock().alert = Some(alert);
        }
    }

    /// Withholds the error of a failed write for a moment.
    ///
    /// A peer that refuses us, our certificate or the length of our body, says so and closes; our next write may meet
    /// the closed socket before its last words are read, which wait in the socket's buffer all the same. A broken
    /// socket is readable, so whoever reads it is woken and takes them, or the error of the read.
    fn withhold(&mut self, error: io::Error, cx: &mut Context<'_>) -> Poll<io::Error> {
        self.note(&error);
        self.broken = Some(Broken { error, until: Box::pin(tokio::time::sleep(LAST_WORDS)) });
        self.poll_broken(cx)
    }

    fn poll_broken(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(broken) = &mut self.broken else { return Poll::Ready(io::ErrorKind::NotConnected.into()) };
        ready!(broken.until.as_mut().poll(cx));
        // The kind is what remains of the error for whoever asks again.
        let again = broken.error.kind().into();
        Poll::Ready(std::mem::replace(&mut broken.error, again))
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
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
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
        if this.broken.is_some() {
            return this.poll_broken(cx).map(Err);
        }
        let result = {
            let mut seen = this.watch.lock();
            if seen.sealed {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            }
            let Poll::Ready(result) = Pin::new(&mut this.transport).poll_write(cx, bytes) else {
                seen.written += u64::from(this.transport.pending_may_have_left());
                return Poll::Pending;
            };
            match &result {
                Ok(written) => seen.written += *written as u64,
                // One write of a TLS stream may be several records, of which the first are already gone.
                Err(_) if matches!(this.transport, Transport::Tls(_)) => seen.written += 1,
                Err(_) => {}
            }
            result
        };
        match result {
            Ok(written) => Poll::Ready(Ok(written)),
            Err(error) => this.withhold(error, cx).map(Err),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.broken.is_some() {
            return this.poll_broken(cx).map(Err);
        }
        match ready!(Pin::new(&mut this.transport).poll_flush(cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(error) => this.withhold(error, cx).map(Err),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Watched, Arc<Watch>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        let (watched, watch) = Watched::new(Transport::Plain(near));
        (watched, watch, far)
    }

    #[tokio::test]
    async fn after_the_seal_not_a_byte_leaves() {
        let (mut near, watch, mut far) = pair().await;
        watch.begin(0);
        assert_eq!(watch.seal().sent(), Sent::No);
        assert!(near.write_all(b"late").await.is_err());
        drop(near);
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        assert!(got.is_empty());
    }

    #[tokio::test]
    async fn each_request_has_its_own_count() {
        let (mut near, watch, mut far) = pair().await;
        watch.begin(0);
        near.write_all(b"one").await.unwrap();
        assert_eq!(watch.seal().sent(), Sent::Maybe);
        watch.begin(1);
        near.write_all(b"two").await.unwrap();
        far.write_all(b"x").await.unwrap();
        near.read_u8().await.unwrap();
        assert_eq!(watch.seal().sent(), Sent::Yes);
        watch.begin(2);
        assert_eq!(watch.seal().sent(), Sent::No);
    }

    #[test]
    fn an_alert_proves_a_refusal_only_as_the_first_thing_on_a_tls_1_3_connection() {
        let refused = Seen {
            tls13: true,
            written: 9,
            alert: Some(AlertDescription::CertificateRequired),
            ..Seen::default()
        };
        assert!(refused.certificate_refusal().is_some());
        assert!(Seen { tls13: false, ..refused }.certificate_refusal().is_none());
        assert!(Seen { earlier: 1, ..refused }.certificate_refusal().is_none());
        assert!(Seen { read: 1, ..refused }.certificate_refusal().is_none());
        let other = Some(AlertDescription::AccessDenied);
        assert!(Seen { alert: other, ..refused }.certificate_refusal().is_none());
    }
}
