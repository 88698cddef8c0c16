//! The TLS side of a listener, and its renewal without a restart.
//!
//! A [`ServerTls`] holds the present configuration behind an atomic pointer: a reload reads the files again, checks
//! that certificate, key and authorities belong together, and swaps; new connections use the new files, established
//! ones keep theirs. Files that do not belong together leave the old configuration in use.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::files::Contents;
use super::keys::Keys;
use super::renewal::{Expiry, ExpiryKind, Reloaded, Renewable};
use super::stream::Remains;
use super::with_openssl::OpensslServer;
use super::{
    Backend, ClientCertificates, HandshakeRefusal, TlsError, TlsFiles, TlsStream, verifier, with_rustls,
};

/// The TLS side of a listener, renewable while it runs.
pub struct ServerTls {
    files: TlsFiles,
    current: ArcSwap<Loaded>,
}

/// What was read from the files.
struct Loaded {
    acceptor: Acceptor,
    /// Unchanged contents need no reload.
    contents: Contents,
    expiries: Vec<Expiry>,
}

enum Acceptor {
    Rustls(Arc<ServerConfig>),
    Openssl(OpensslServer),
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// If a file cannot be read, does not hold what it should, or does not fit the others.
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let loaded = Loaded::build(&files, files.read()?)?;
        Ok(Arc::new(Self { files, current: ArcSwap::from_pointee(loaded) }))
    }

    /// Shakes hands with the files of this moment.
    ///
    /// # Errors
    /// Why not, with the stream where the peer may still be sending on it.
    pub async fn accept(&self, stream: TcpStream) -> Result<TlsStream, (HandshakeRefusal, Option<Remains>)> {
        let loaded = self.current.load_full();
        match &loaded.acceptor {
            Acceptor::Rustls(config) => {
                let accepting = TlsAcceptor::from(Arc::clone(config)).accept(stream).into_fallible();
                match accepting.await {
                    Ok(stream) => Ok(TlsStream::Rustls(Box::new(stream.into()))),
                    Err((error, stream)) => {
                        Err((HandshakeRefusal::of_rustls(&error), Some(Remains::of_tcp(stream))))
                    }
                }
            }
            Acceptor::Openssl(server) => match server.accept(stream).await {
                Ok(stream) => Ok(TlsStream::Openssl(Box::new(stream))),
                Err((refusal, stream)) => Err((refusal, stream.map(Remains::of_openssl))),
            },
        }
    }

    /// When the first certificate of the listener's own chain expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        let loaded = self.current.load();
        let own = loaded.expiries.iter().find(|expiry| expiry.kind == ExpiryKind::Own);
        own.map_or(Timestamp::MAX, |expiry| expiry.ends)
    }

    /// Where the files are.
    #[must_use]
    pub fn files(&self) -> &TlsFiles {
        &self.files
    }

    /// Whether every client proves an identity.
    #[must_use]
    pub fn is_mutual(&self) -> bool {
        matches!(self.files.clients, ClientCertificates::Required(_))
    }
}

impl Renewable for ServerTls {
    fn reload(&self) -> Result<Reloaded, TlsError> {
        let contents = self.files.read()?;
        if contents == self.current.load().contents {
            return Ok(Reloaded::Unchanged);
        }
        self.current.store(Arc::new(Loaded::build(&self.files, contents)?));
        Ok(Reloaded::Changed)
    }

    fn expiries(&self) -> Vec<Expiry> {
        self.current.load().expiries.clone()
    }
}

impl Loaded {
    fn build(files: &TlsFiles, contents: Contents) -> Result<Self, TlsError> {
        let keys = Keys::of(&files.keys, &contents)?;
        let mut expiries = vec![keys.expiry(&files.keys)?];
        if let Some(authorities) = files.clients.authorities() {
            expiries.extend(verifier::expiries(authorities, &contents)?);
        }
        let clients = &files.clients;
        let acceptor = match &files.backend {
            Backend::Rustls => Acceptor::Rustls(with_rustls::server(clients, &contents, &files.keys, keys)?),
            Backend::Openssl(settings) => {
                Acceptor::Openssl(OpensslServer::new(clients, settings, &contents, &files.keys, &keys)?)
            }
        };
        Ok(Self { acceptor, contents, expiries })
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("files", &self.files).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
