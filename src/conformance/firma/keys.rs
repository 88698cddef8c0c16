//! The certificates by which the parties of a suite sign and call.
//!
//! They are made where they are not yet: a folder of them can be kept, and its `ca.pem` given to whoever is judged.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use crate::sandbox::pki::{self, Pair, Pki, PkiError};

/// The name of a certificate of an authority that nobody knows. It bears the name of the party that it stands in for.
const STRANGER: &str = "stranger";

/// Certificates of parties, and of one that only says to be.
#[derive(Debug, Clone)]
pub struct Keys {
    known: Pki,
    foreign: Pki,
    /// Whose name the stranger bears.
    mittente: String,
}

/// A certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file cannot be read.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {error}", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: openssl::error::ErrorStack,
    },
}

impl Keys {
    /// Those in a folder, with one for each of `parti`; the first also lends its name to a stranger.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn in_folder(folder: &Path, parti: &[&str], now: Timestamp) -> Result<Self, PkiError> {
        let known = pki::ensure(folder, parti, now)?;
        let mittente = parti.first().copied().unwrap_or_default();
        let foreign = pki::ensure(&folder.join(STRANGER), &[mittente], now)?;
        Ok(Self { known, foreign, mittente: mittente.to_owned() })
    }

    /// The certificates of the gateway and of what stands behind it.
    pub(in crate::conformance) fn pki(&self) -> &Pki {
        &self.known
    }

    /// The files of a party.
    pub(in crate::conformance) fn pair(&self, nome: &str) -> Pair {
        match nome {
            STRANGER => self.foreign.regione(&self.mittente),
            _ => self.known.regione(nome),
        }
    }

    pub(super) fn certificate(&self, nome: &str) -> Result<X509, KeysError> {
        let path = self.pair(nome).certificate;
        X509::from_pem(&read(&path)?).map_err(|error| KeysError::Pem { path, error })
    }

    pub(super) fn key(&self, nome: &str) -> Result<PKey<Private>, KeysError> {
        let path = self.pair(nome).key;
        PKey::private_key_from_pem(&read(&path)?).map_err(|error| KeysError::Pem { path, error })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, KeysError> {
    std::fs::read(path).map_err(|error| KeysError::File { path: path.to_owned(), error })
}
