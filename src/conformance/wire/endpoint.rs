//! Where a porta listens, and how it is called.

use http::Uri;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::connection::{Connection, Stream};
use super::{ClientTlsError, Tls, WireError};
use crate::sandbox::pki::Pair;

/// Where a porta listens, and how it is called.
#[derive(Debug, Clone)]
pub struct Endpoint {
    host: String,
    port: u16,
    pub(super) authority: String,
    pub(super) path: String,
    tls: Option<Tls>,
}

/// The address is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a URL that can be posted to; http://host[:port]/path or https://… is needed")]
pub struct EndpointError(String);

impl Endpoint {
    /// The endpoint of a URL.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(url: &str, tls: Option<Tls>) -> Result<Self, EndpointError> {
        let wrong = || EndpointError(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") if tls.is_some() => true,
            _ => return Err(wrong()),
        };
        let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
        let authority = uri.authority().map(|authority| authority.as_str().to_owned()).ok_or_else(wrong)?;
        Ok(Self {
            host,
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            authority,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            tls: tls.filter(|_| secure),
        })
    }

    /// The same, called with another certificate, or without one. Where no TLS is spoken there is nothing to show.
    pub(in crate::conformance) fn showing(&self, pair: Option<&Pair>) -> Result<Self, ClientTlsError> {
        let tls = self.tls.as_ref().map(|tls| tls.showing(pair)).transpose()?;
        Ok(Self { tls, ..self.clone() })
    }

    /// Whether TLS is spoken.
    pub(in crate::conformance) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Requests of one such name may share a connection.
    pub(super) fn connection_name(&self) -> String {
        let shown = self.tls.as_ref().and_then(|tls| tls.shown.as_deref());
        format!("{} {}", self.authority, shown.unwrap_or("".as_ref()).display())
    }

    pub(super) async fn connect(&self) -> Result<Connection, WireError> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone());
                let name = name.map_err(|_| WireError::Name(self.host.clone()))?;
                let connecting = TlsConnector::from(tls.config.clone()).connect(name, tcp).await;
                Box::new(connecting.map_err(WireError::Handshake)?)
            }
        };
        let (reader, writer) = tokio::io::split(stream);
        Ok(Connection { reader, writer, read: Vec::new() })
    }
}
