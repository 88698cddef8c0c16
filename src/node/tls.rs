//! Whom we trust and who we are, read from PEM files.
//!
//! Only the configured CA is trusted: the machine's own list of authorities plays no part in reaching the node.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use openssl::x509::X509;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::pem::{KeyError, instant, private_key};

/// The PEM files of the client's side of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authorities that may have issued the node's certificate.
    pub ca: PathBuf,
    /// Our certificate (pattern ID_AUTH_CHANNEL_02); without it the channel is one-way (ID_AUTH_CHANNEL_01).
    pub credential: Option<Credential>,
}

/// A certificate chain and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// PEM, our certificate first.
    pub certificate: PathBuf,
    /// PEM, PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
    /// The password of the key, where it has one.
    pub password: Option<Box<str>>,
}

impl Credential {
    /// A chain with a key that has no password.
    #[must_use]
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self { certificate: certificate.into(), key: key.into(), password: None }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password stays out of logs.
        f.debug_struct("Credential")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// From when until when our certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first instant.
    pub not_before: Timestamp,
    /// The last instant.
    pub not_after: Timestamp,
}

/// TLS files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFilesError {
    /// The base URL asks for TLS and no file was named.
    #[error("the base URL is https:// and no CA is configured")]
    NotConfigured,
    /// A file cannot be read, or its PEM cannot be decoded.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// A file holds no certificate.
    #[error("{path}: no certificate in it")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A certificate that is not one.
    #[error("{path}: {source}")]
    BadCertificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// The dates of a certificate cannot be read.
    #[error("{path}: {source}")]
    BadDates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: openssl::error::ErrorStack,
    },
    /// There is no key, or it does not open.
    #[error("{key}: {source}")]
    Key {
        /// The key.
        key: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The key is not the certificate's, or is of a kind that cannot sign.
    #[error("{key} does not go with {certificate}: {source}")]
    KeyMismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[source] rustls::Error),
}

/// What the files amount to.
#[derive(Debug, Clone)]
pub(super) struct Material {
    pub(super) config: Arc<ClientConfig>,
    pub(super) validity: Option<Validity>,
}

impl Material {
    pub(super) fn load(files: &TlsFiles) -> Result<Self, TlsFilesError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&files.ca)? {
            roots
                .add(certificate)
                .map_err(|source| TlsFilesError::BadCertificate { path: files.ca.clone(), source })?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsFilesError::Setup)?
            .with_root_certificates(roots);
        let (mut config, validity) = match &files.credential {
            None => (builder.with_no_client_auth(), None),
            Some(credential @ Credential { certificate, key, .. }) => {
                let chain = certificates(certificate)?;
                let validity = validity(certificate, &chain)?;
                let config = builder.with_client_auth_cert(chain, secret(credential)?).map_err(|source| {
                    TlsFilesError::KeyMismatch { certificate: certificate.clone(), key: key.clone(), source }
                })?;
                (config, Some(validity))
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), validity })
    }
}

fn secret(credential: &Credential) -> Result<PrivateKeyDer<'static>, TlsFilesError> {
    let path = &credential.key;
    let bytes = std::fs::read(path)
        .map_err(|error| TlsFilesError::Unreadable { path: path.clone(), source: pem::Error::Io(error) })?;
    private_key(&bytes, credential.password.as_deref())
        .map_err(|source| TlsFilesError::Key { key: path.clone(), source })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFilesError> {
    let unreadable = |source| TlsFilesError::Unreadable { path: path.to_owned(), source };
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    if found.is_empty() {
        return Err(TlsFilesError::NoCertificate { path: path.to_owned() });
    }
    Ok(found)
}

/// The time in which the whole chain is valid: the latest beginning and the earliest end.
fn validity(path: &Path, chain: &[CertificateDer<'_>]) -> Result<Validity, TlsFilesError> {
    let bad = |source| TlsFilesError::BadDates { path: path.to_owned(), source };
    let mut whole = Validity { not_before: Timestamp::MIN, not_after: Timestamp::MAX };
    for certificate in chain {
        let certificate = X509::from_der(certificate).map_err(bad)?;
        whole.not_before = whole.not_before.max(instant(certificate.not_before()).map_err(bad)?);
        whole.not_after = whole.not_after.min(instant(certificate.not_after()).map_err(bad)?);
    }
    Ok(whole)
}
