//! TLS of every side: whose certificates are shown, whose are believed, and in which cryptography.
//!
//! Two backends speak it. rustls is the default and takes what is sound today. OpenSSL takes in addition what old
//! porte still speak within TLS 1.2: CBC cipher suites, key exchange by RSA and by finite-field Diffie-Hellman; what
//! is weaker than that (X.509 v1, short RSA keys, SHA-1 in certificates) only under a `danger_` key. Nothing below
//! TLS 1.2 is spoken by either.
//!
//! Promises, whichever backend is used:
//! - the peer is verified against the configured authorities, its time, its purpose and its authority's revocation
//!   lists, and nobody gets the identity of a certificate that was not;
//! - files are read whole before anything is built of them; a set in which one file is wrong changes nothing;
//! - established connections keep what they were made with when files change.

mod backend;
mod client;
mod crl;
mod error;
mod files;
mod judge;
mod keys;
mod refusal;
mod renewal;
mod server;
mod stream;
mod verifier;
mod with_openssl;
mod with_rustls;

pub use backend::{Backend, DEFAULT_CIPHERS, OpensslSettings};
pub use error::TlsError;
pub use files::{Authorities, ClientCertificates, ClientFiles, KeyFiles, Outdated, TlsFiles};
pub use refusal::HandshakeRefusal;
pub use renewal::{Expiry, ExpiryKind, Looked, Reloaded, Renewable, Renewal};
pub use server::ServerTls;
pub use stream::{Remains, TlsStream};
pub use verifier::ClientVerifier;
pub use with_rustls::{authorities, install_provider, provider};

pub(crate) use client::ClientTls;
pub(crate) use refusal::alert;
