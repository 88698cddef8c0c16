//! An established TLS connection of either backend.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use openssl::error::ErrorStack;
use openssl::ssl::SslVersion;
use rustls::ProtocolVersion;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// An established TLS connection.
#[derive(Debug)]
pub enum TlsStream {
    /// By rustls.
    Rustls(Box<tokio_rustls::TlsStream<TcpStream>>),
    /// By OpenSSL.
    Openssl(Box<tokio_openssl::SslStream<TcpStream>>),
}

/// What is left of a connection whose handshake came to nothing.
#[derive(Debug)]
pub struct Remains(RemainsOf);

#[derive(Debug)]
enum RemainsOf {
    Tcp(TcpStream),
    Openssl(Box<tokio_openssl::SslStream<TcpStream>>),
}

impl Remains {
    pub(super) fn of_tcp(stream: TcpStream) -> Self {
        Self(RemainsOf::Tcp(stream))
    }

    pub(super) fn of_openssl(stream: tokio_openssl::SslStream<TcpStream>) -> Self {
        Self(RemainsOf::Openssl(Box::new(stream)))
    }

    /// The connection below.
    pub fn tcp(&mut self) -> &mut TcpStream {
        match &mut self.0 {
            RemainsOf::Tcp(stream) => stream,
            RemainsOf::Openssl(stream) => stream.get_mut(),
        }
    }
}

impl TlsStream {
    /// The certificate that the peer has proved to hold, DER.
    #[must_use]
    pub fn peer_certificate(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rustls(stream) => {
                let chain = stream.get_ref().1.peer_certificates()?;
                chain.first().map(|certificate| certificate.to_vec())
            }
            Self::Openssl(stream) => stream.ssl().peer_certificate()?.to_der().ok(),
        }
    }

    /// Whether the connection speaks TLS 1.3.
    #[must_use]
    pub fn is_tls13(&self) -> bool {
        match self {
            Self::Rustls(stream) => stream.get_ref().1.protocol_version() == Some(ProtocolVersion::TLSv1_3),
            Self::Openssl(stream) => stream.ssl().version2() == Some(SslVersion::TLS1_3),
        }
    }

    /// Whether a write that is still pending may have sent bytes already. OpenSSL keeps a record that the socket took
    /// in part to itself; rustls takes the bytes into its buffer and says so.
    #[must_use]
    pub fn pending_may_have_left(&self) -> bool {
        matches!(self, Self::Openssl(_))
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Rustls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
            Self::Openssl(stream) => Pin::new(forgetting(stream)).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Rustls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
            Self::Openssl(stream) => Pin::new(forgetting(stream)).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Rustls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
            Self::Openssl(stream) => Pin::new(forgetting(stream)).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Rustls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            Self::Openssl(stream) => Pin::new(forgetting(stream)).poll_shutdown(cx),
        }
    }
}

/// OpenSSL keeps its errors in a queue of the thread and looks there to learn how an operation ended: an error that
/// somebody else left behind (a signature that does not verify leaves one) would end this connection.
fn forgetting<T>(stream: &mut T) -> &mut T {
    drop(ErrorStack::get());
    stream
}
