//! Where certificates, keys, authorities and revocation lists are.

use std::path::{Path, PathBuf};

use super::{Backend, TlsError};
use crate::secret::Secret;

/// What a listener needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Its certificate and key.
    pub keys: KeyFiles,
    /// What is asked of clients.
    pub clients: ClientCertificates,
    /// Who speaks.
    pub backend: Backend,
}

/// What a client needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFiles {
    /// Who may have issued the server's certificate.
    pub authorities: Authorities,
    /// Our certificate (pattern ID_AUTH_CHANNEL_02); without it the channel is one-way (ID_AUTH_CHANNEL_01).
    pub keys: Option<KeyFiles>,
    /// Who speaks.
    pub backend: Backend,
}

/// A certificate chain and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFiles {
    /// Two PEM files.
    Pem {
        /// The chain, our own certificate first.
        certificate: PathBuf,
        /// The key: PKCS#8, PKCS#1 or SEC1.
        key: PathBuf,
        /// What opens the key, where it is encrypted.
        password: Option<Secret>,
    },
    /// One PKCS#12 file.
    Pkcs12 {
        /// The keystore.
        keystore: PathBuf,
        /// What opens it; where there is none, the empty password.
        password: Option<Secret>,
    },
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

/// Who may vouch for the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    /// The authorities' certificates (PEM).
    pub certificates: PathBuf,
    /// Whether the file is the machine's own bundle, of which what cannot be used is passed over.
    pub of_the_machine: bool,
    /// Their lists of revoked certificates (PEM), where they are to be observed. An authority without a list in
    /// the file revokes nothing.
    pub revoked: Option<PathBuf>,
    /// What a list means whose next issue is overdue.
    pub outdated: Outdated,
}

/// What a revocation list means whose `nextUpdate` has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outdated {
    /// What it always did; the operator is warned.
    #[default]
    Used,
    /// Nobody of its authority is let in.
    Refuses,
}

/// Files read at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents(Vec<(PathBuf, Vec<u8>)>);

impl KeyFiles {
    /// A PEM chain with a key that has no password.
    #[must_use]
    pub fn pem(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self::Pem { certificate: certificate.into(), key: key.into(), password: None }
    }

    /// The file that holds the certificates.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        match self {
            Self::Pem { certificate, .. } => certificate,
            Self::Pkcs12 { keystore, .. } => keystore,
        }
    }

    fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Pem { certificate, key, .. } => vec![certificate, key],
            Self::Pkcs12 { keystore, .. } => vec![keystore],
        }
    }
}

impl Authorities {
    /// Authorities of one file, without revocation lists.
    #[must_use]
    pub fn of(certificates: impl Into<PathBuf>) -> Self {
        Self {
            certificates: certificates.into(),
            of_the_machine: false,
            revoked: None,
            outdated: Outdated::default(),
        }
    }

    pub(super) fn paths(&self) -> Vec<&Path> {
        std::iter::once(self.certificates.as_path()).chain(self.revoked.as_deref()).collect()
    }
}

impl ClientCertificates {
    /// The authorities, where certificates are asked for.
    #[must_use]
    pub fn authorities(&self) -> Option<&Authorities> {
        match self {
            Self::NotAsked => None,
            Self::Asked(authorities) | Self::Required(authorities) => Some(authorities),
        }
    }
}

impl TlsFiles {
    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        let authorities = self.clients.authorities().map(Authorities::paths).unwrap_or_default();
        Contents::read(self.keys.paths().into_iter().chain(authorities))
    }
}

impl ClientFiles {
    /// Authorities of one file and perhaps a certificate of ours, spoken by rustls.
    #[must_use]
    pub fn new(ca: impl Into<PathBuf>, keys: Option<KeyFiles>) -> Self {
        Self { authorities: Authorities::of(ca), keys, backend: Backend::Rustls }
    }

    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        let keys = self.keys.as_ref().map(KeyFiles::paths).unwrap_or_default();
        Contents::read(self.authorities.paths().into_iter().chain(keys))
    }
}

impl Contents {
    pub(super) fn read<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Self, TlsError> {
        let read = |path: &Path| match std::fs::read(path) {
            Ok(bytes) => Ok((path.to_owned(), bytes)),
            Err(error) => Err(TlsError::Read { path: path.to_owned(), error }),
        };
        paths.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The bytes of a file that was read; of another there are none.
    pub(super) fn of(&self, path: &Path) -> &[u8] {
        self.0.iter().find(|(known, _)| known == path).map_or(&[], |(_, bytes)| bytes)
    }
}
