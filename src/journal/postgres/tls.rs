//! TLS to the database, through rustls.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

/// Trust in the authorities of one file, and in no other.
#[derive(Clone)]
pub(super) struct Trust(Arc<ClientConfig>);

/// Trust, and whom it is expected in.
pub(super) struct Expecting {
    trust: Trust,
    /// A connection that asks for no TLS may be to nobody of a name.
    name: Result<ServerName<'static>, InvalidDnsNameError>,
}

/// A connection that the database has proved to be its own.
pub(super) struct Proved<S>(tokio_rustls::client::TlsStream<S>);

impl Trust {
    /// In the certificates of a PEM file.
    pub(super) fn in_file(path: &Path) -> Result<Self, io::Error> {
        let wrong =
            |error: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(&e))? {
            roots.add(certificate.map_err(|e| wrong(&e))?).map_err(|e| wrong(&e))?;
        }
        if roots.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no certificate in it"));
        }
        Self::with(roots)
    }

    /// In nobody: for connections that ask for no TLS.
    pub(super) fn in_nobody() -> Result<Self, io::Error> {
        Self::with(RootCertStore::empty())
    }

    fn with(roots: RootCertStore) -> Result<Self, io::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }
}

impl<S> MakeTlsConnect<S> for Trust
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Proved<S>;
    type TlsConnect = Expecting;
    type Error = Infallible;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Expecting, Infallible> {
        let name = ServerName::try_from(domain).map(|name| name.to_owned());
        Ok(Expecting { trust: self.clone(), name })
    }
}

impl<S> TlsConnect<S> for Expecting
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Proved<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Proved<S>, io::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connector = tokio_rustls::TlsConnector::from(self.trust.0);
        Box::pin(async move {
            let name = self.name.map_err(io::Error::other)?;
            connector.connect(name, stream).await.map(Proved)
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Proved<S> {
    /// None: the certificate was verified against the operator's own authority.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Proved<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Proved<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
