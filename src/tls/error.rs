//! TLS files that cannot be used.

use std::path::PathBuf;

use openssl::error::ErrorStack;
use rustls::pki_types::pem;
use rustls::server::VerifierBuilderError;

use super::keys::KeystoreError;
use crate::pem::KeyError;

/// TLS files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The base URL asks for TLS and no file was named.
    #[error("the base URL is https:// and no CA is configured")]
    NotConfigured,
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
        error: pem::Error,
    },
    /// There is no key, or it does not open.
    #[error("{path}: {error}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: KeyError,
    },
    /// A keystore does not open, or lacks something.
    #[error("{path}: {error}")]
    Keystore {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: KeystoreError,
    },
    /// A certificate is not one.
    #[error("{path}: not a certificate: {error}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: ErrorStack,
    },
    /// A revocation list is not one.
    #[error("{path}: not a revocation list: {error}")]
    RevocationList {
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
    #[error("{path}: the other side cannot be verified against it: {error}")]
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
    /// The same of OpenSSL.
    #[error("{certificate} and {key} cannot be used together: {error}")]
    OpensslPair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        error: ErrorStack,
    },
    /// The provider lacks what the protocol versions need. Cannot happen with the provider this crate is built with.
    #[error("the cryptography is not usable: {0}")]
    Provider(rustls::Error),
    /// OpenSSL refuses its settings; of what the operator writes this can only be the list of cipher suites.
    #[error("OpenSSL refuses the settings: {0}")]
    Openssl(#[from] ErrorStack),
}
