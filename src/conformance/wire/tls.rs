//! The sender's side of TLS: whom it believes, and what it shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::sandbox::pki::Pair;
use crate::tls;

/// Whom the sender believes, and what it shows.
#[derive(Debug, Clone)]
pub struct Tls {
    authorities: Arc<RootCertStore>,
    pub(super) config: Arc<ClientConfig>,
    /// The certificate that is shown; connections of another are not shared.
    pub(super) shown: Option<PathBuf>,
}

/// TLS cannot be spoken with these files.
#[derive(Debug, thiserror::Error)]
pub enum ClientTlsError {
    /// The authorities cannot be used.
    #[error(transparent)]
    Authorities(#[from] tls::TlsError),
    /// A certificate or key cannot be read.
    #[error("{}: {error}", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: pem::Error,
    },
    /// Certificate and key cannot be used together, or TLS not at all.
    #[error("TLS cannot be set up: {0}")]
    Refused(#[from] rustls::Error),
}

impl Tls {
    /// Believes the authorities in a file, and shows a certificate where there is one.
    ///
    /// # Errors
    /// A file cannot be used.
    pub fn new(authorities: &Path, pair: Option<&Pair>) -> Result<Self, ClientTlsError> {
        Self::of(Arc::new(tls::authorities(authorities)?), pair)
    }

    /// Believes the same, and shows this.
    pub(super) fn showing(&self, pair: Option<&Pair>) -> Result<Self, ClientTlsError> {
        Self::of(self.authorities.clone(), pair)
    }

    fn of(authorities: Arc<RootCertStore>, pair: Option<&Pair>) -> Result<Self, ClientTlsError> {
        let builder = ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities.clone());
        let config = match pair {
            None => builder.with_no_client_auth(),
            Some(Pair { certificate, key }) => {
                let unreadable = |path: &Path, error| ClientTlsError::Pem { path: path.to_owned(), error };
                let chain = CertificateDer::pem_file_iter(certificate)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .map_err(|error| unreadable(certificate, error))?;
                let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, error))?;
                builder.with_client_auth_cert(chain, secret)?
            }
        };
        let shown = pair.map(|pair| pair.certificate.clone());
        Ok(Self { authorities, config: Arc::new(config), shown })
    }
}
