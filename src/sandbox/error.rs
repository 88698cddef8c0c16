//! Why a simulated peer did not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use rustls::pki_types::pem;

/// A simulated peer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is taken, or is not of this machine.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The control listener has no authentication, so it stays on this machine.
    #[error("the sandbox is controlled from this machine only, not on {address}")]
    ControlNotLocal {
        /// The address asked for.
        address: SocketAddr,
    },
    /// A PEM file cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The files do not make a TLS server that demands client certificates.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[source] rustls::Error),
    /// The CA file does not make a verifier of client certificates.
    #[error("client certificates cannot be verified: {0}")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
}
