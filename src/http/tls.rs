//! TLS of the listeners: certificates, the authorities of the clients, and their renewal without a restart.
//!
//! The cryptography is aws-lc-rs and nothing else, named explicitly wherever a configuration is built. A
//! [`ServerTls`] holds the present configuration behind an atomic pointer: [`ServerTls::reload`] reads the files
//! again, checks that certificate, key and authorities belong together, and swaps; new connections use the new
//! files, established ones keep theirs. Files that do not belong together leave the old configuration in use.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use openssl::error::ErrorStack;
use openssl::x509::X509;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

use crate::clock::Clock;
use crate::config::Secret;
pub use crate::pem::instant;
use crate::pem::{KeyError, private_key};
use crate::telemetry::events::{CertificateSeen, TlsReloaded};

/// How often a certificate near its end is worth a line.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Where the files of a listener are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain of the listener, its own certificate first (PEM).
    pub certificate: PathBuf,
    /// The private key (PEM: PKCS#8, PKCS#1 or SEC1).
    pub key: PathBuf,
    /// What opens the key, where it is encrypted.
    pub key_password: Option<Secret>,
    /// What is asked of clients.
    pub clients: ClientCertificates,
}

/// Whether clients present certificates, and of which authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCertificates {
    /// None is asked for.
    NotAsked,
    /// One is asked for; a client without one is let in without an identity, one with a wrong one is not.
    Asked(Authorities),
    /// One is required: mutual TLS.
    Required(Authorities),
}

/// Who may vouch for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    /// The authorities' certificates (PEM).
    pub certificates: PathBuf,
    /// Their lists of revoked certificates (PEM), where they are to be observed. An authority without a list in
    /// the file revokes nothing.
    pub revoked: Option<PathBuf>,
}

/// The TLS side of a listener, renewable while it runs.
pub struct ServerTls {
    files: TlsFiles,
    current: ArcSwap<Loaded>,
}

/// What was read from the files.
struct Loaded {
    config: Arc<ServerConfig>,
    /// The bytes of the files in the order of reading: unchanged bytes need no reload.
    bytes: Vec<Vec<u8>>,
    expires: Timestamp,
}

/// What a reload did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    /// The files hold what is in use already.
    Unchanged,
    /// New connections use the new files.
    Changed,
}

/// TLS files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A file is not PEM, or holds nothing of the kind that is wanted.
    #[error("{path}: no {wanted} can be read from it: {error}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
        /// Why not.
        error: rustls::pki_types::pem::Error,
    },
    /// There is no key, or it does not open.
    #[error("{path}: {error}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: KeyError,
    },
    /// A certificate is not one.
    #[error("{path}: not a certificate: {error}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: ErrorStack,
    },
    /// An authority cannot be trusted.
    #[error("{path}: not usable as an authority: {error}")]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: rustls::Error,
    },
    /// Authorities and revocation lists cannot be used together.
    #[error("{path}: clients cannot be verified against it: {error}")]
    Verifier {
        /// The authorities' file.
        path: PathBuf,
        /// Why not.
        error: VerifierBuilderError,
    },
    /// Certificate and key do not belong together, or are of a kind that TLS does not take.
    #[error("{certificate} and {key} cannot be used together: {error}")]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        error: rustls::Error,
    },
    /// The provider lacks what the protocol versions need. Cannot happen with the provider this crate is built with.
    #[error("the cryptography is not usable: {0}")]
    Provider(rustls::Error),
}

impl TlsFiles {
    fn client_authorities(&self) -> Option<&Authorities> {
        match &self.clients {
            ClientCertificates::NotAsked => None,
            ClientCertificates::Asked(authorities) | ClientCertificates::Required(authorities) => {
                Some(authorities)
            }
        }
    }

    /// The bytes of every file, in a fixed order.
    fn read(&self) -> Result<Vec<Vec<u8>>, TlsError> {
        let mut paths = vec![&self.certificate, &self.key];
        if let Some(authorities) = self.client_authorities() {
            paths.push(&authorities.certificates);
            paths.extend(&authorities.revoked);
        }
        paths.into_iter().map(|path| read(path)).collect()
    }
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

    /// Reads the files again and, if they changed and are usable, lets new connections use them.
    ///
    /// # Errors
    /// As [`ServerTls::load`]; the files read before stay in use.
    pub fn reload(&self) -> Result<Reloaded, TlsError> {
        let bytes = self.files.read()?;
        if bytes == self.current.load().bytes {
            return Ok(Reloaded::Unchanged);
        }
        self.current.store(Arc::new(Loaded::build(&self.files, bytes)?));
        Ok(Reloaded::Changed)
    }

    /// Looks at the files every `period` and at the certificate's end every day, for as long as the process lives.
    /// `name` is the one in the configuration.
    pub async fn keep_fresh(self: Arc<Self>, name: String, clock: Clock, period: Duration) {
        let mut ticks = tokio::time::interval(period);
        let mut told: Option<Timestamp> = None;
        loop {
            ticks.tick().await;
            let tls = Arc::clone(&self);
            let reloaded = tokio::task::spawn_blocking(move || tls.reload()).await;
            let changed = match reloaded {
                Ok(Ok(Reloaded::Unchanged)) => false,
                Ok(Ok(Reloaded::Changed)) => {
                    TlsReloaded { certificate: &name, error: None }.emit();
                    true
                }
                Ok(Err(error)) => {
                    TlsReloaded { certificate: &name, error: Some(&error.to_string()) }.emit();
                    false
                }
                // The runtime is shutting down.
                Err(_) => return,
            };
            let now = clock.now();
            if changed || told.is_none_or(|told| now.duration_since(told) >= DAY) {
                CertificateSeen { certificate: &name, expires: self.expires_at(), now }.emit();
                told = Some(now);
            }
        }
    }

    /// The configuration for the next connection.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.load().config)
    }

    /// When the first certificate of the listener's own chain expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.current.load().expires
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

impl Loaded {
    fn build(files: &TlsFiles, bytes: Vec<Vec<u8>>) -> Result<Self, TlsError> {
        let mut contents = bytes.iter().map(Vec::as_slice);
        let mut next = || contents.next().unwrap_or_default();
        let chain: Vec<CertificateDer<'static>> = pem_all(&files.certificate, "certificate", next())?;
        let password = files.key_password.as_ref().map(Secret::expose);
        let key = private_key(next(), password)
            .map_err(|error| TlsError::Key { path: files.key.clone(), error })?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Provider)?;
        let builder = match files.client_authorities() {
            None => builder.with_no_client_auth(),
            Some(authorities) => {
                let roots = roots(&authorities.certificates, next())?;
                let mut verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
                if let Some(revoked) = &authorities.revoked {
                    let lists: Vec<CertificateRevocationListDer<'static>> =
                        pem_all(revoked, "revocation list", next())?;
                    verifier = verifier.with_crls(lists).allow_unknown_revocation_status();
                }
                if matches!(files.clients, ClientCertificates::Asked(_)) {
                    verifier = verifier.allow_unauthenticated();
                }
                let path = &authorities.certificates;
                let verifier =
                    verifier.build().map_err(|error| TlsError::Verifier { path: path.clone(), error })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut expires = Timestamp::MAX;
        for der in &chain {
            expires = expires.min(expiry_of_der(&files.certificate, der)?);
        }
        let mut config = builder.with_single_cert(chain, key).map_err(|error| TlsError::Pair {
            certificate: files.certificate.clone(),
            key: files.key.clone(),
            error,
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), bytes, expires })
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("files", &self.files).finish_non_exhaustive()
    }
}

/// The one provider of cryptography.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Makes aws-lc-rs the provider of whatever part of the process does not name one. `main` calls it first; a second
/// call changes nothing.
pub fn install_provider() {
    // An error means that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The authorities in a PEM file.
///
/// # Errors
/// If there is none, or one that cannot be trusted.
pub fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    roots(path, &read(path)?)
}

/// When the first certificate to expire in `pem` expires. `path` is for the error.
///
/// # Errors
/// If there is no certificate, or one that cannot be read.
pub fn expires_at(path: &Path, pem: &[u8]) -> Result<Timestamp, TlsError> {
    let mut expires = Timestamp::MAX;
    for der in pem_all::<CertificateDer<'static>>(path, "certificate", pem)? {
        expires = expires.min(expiry_of_der(path, &der)?);
    }
    Ok(expires)
}

fn roots(path: &Path, pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    for der in pem_all(path, "certificate", pem)? {
        store.add(der).map_err(|error| TlsError::Authority { path: path.to_owned(), error })?;
    }
    Ok(store)
}

fn expiry_of_der(path: &Path, der: &[u8]) -> Result<Timestamp, TlsError> {
    X509::from_der(der)
        .and_then(|certificate| instant(certificate.not_after()))
        .map_err(|error| TlsError::Certificate { path: path.to_owned(), error })
}

/// Every object of one kind in a PEM file, at least one.
fn pem_all<T: PemObject>(path: &Path, wanted: &'static str, pem: &[u8]) -> Result<Vec<T>, TlsError> {
    let refused = |error| TlsError::Pem { path: path.to_owned(), wanted, error };
    let all: Vec<T> = T::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(refused)?;
    if all.is_empty() { Err(refused(pem::Error::NoItemsFound)) } else { Ok(all) }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|error| TlsError::Read { path: path.to_owned(), error })
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
