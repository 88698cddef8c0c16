//! Our side of TLS towards a server.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::files::Contents;
use super::keys::Keys;
use super::renewal::Expiry;
use super::with_openssl::OpensslClient;
use super::{Backend, ClientFiles, TlsError, TlsStream, verifier, with_rustls};

/// What the files of a client amount to. Built anew when they change.
pub(crate) struct ClientTls {
    connector: Connector,
    contents: Contents,
    expiries: Vec<Expiry>,
}

enum Connector {
    Rustls(Arc<ClientConfig>),
    Openssl(OpensslClient),
}

impl ClientTls {
    /// Reads the files.
    pub(crate) fn load(files: &ClientFiles) -> Result<Self, TlsError> {
        Self::build(files, files.read()?)
    }

    /// Reads the files again; nothing where they hold what is in use already.
    pub(crate) fn reload(&self, files: &ClientFiles) -> Result<Option<Self>, TlsError> {
        let contents = files.read()?;
        if contents == self.contents { Ok(None) } else { Self::build(files, contents).map(Some) }
    }

    fn build(files: &ClientFiles, contents: Contents) -> Result<Self, TlsError> {
        let mut expiries = verifier::expiries(&files.authorities, &contents)?;
        let keys = match &files.keys {
            None => None,
            Some(of) => {
                let keys = Keys::of(of, &contents)?;
                expiries.push(keys.expiry(of)?);
                Some((of, keys))
            }
        };
        let connector = match &files.backend {
            Backend::Rustls => Connector::Rustls(with_rustls::client(&files.authorities, &contents, keys)?),
            Backend::Openssl(settings) => {
                let keys = keys.as_ref().map(|(of, keys)| (*of, keys));
                Connector::Openssl(OpensslClient::new(&files.authorities, settings, &contents, keys)?)
            }
        };
        Ok(Self { connector, contents, expiries })
    }

    /// What is in use, and until when it is good.
    pub(crate) fn expiries(&self) -> &[Expiry] {
        &self.expiries
    }

    /// Shakes hands with `host`.
    pub(crate) async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream> {
        match &self.connector {
            Connector::Rustls(config) => {
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
                let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
                Ok(TlsStream::Rustls(Box::new(stream.into())))
            }
            Connector::Openssl(client) => match client.connect(host, stream).await {
                Ok(stream) => Ok(TlsStream::Openssl(Box::new(stream))),
                Err(refusal) => Err(io::Error::new(io::ErrorKind::InvalidData, refusal.detail)),
            },
        }
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("expiries", &self.expiries).finish_non_exhaustive()
    }
}
