//! Which cryptography speaks TLS, and how far it bends for old peers.

/// Who speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Backend {
    /// rustls with aws-lc-rs.
    #[default]
    Rustls,
    /// OpenSSL, for peers that rustls refuses.
    Openssl(OpensslSettings),
}

/// How far OpenSSL bends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpensslSettings {
    /// Cipher suites of TLS 1.2 in OpenSSL's own notation, `ciphers(1)`; empty: [`DEFAULT_CIPHERS`].
    pub ciphers: String,
    /// Takes X.509 v1, RSA from 1024 bits on, and SHA-1 in certificates.
    pub danger_weak_certificates: bool,
    /// The one common name that is taken in the place of a subject alternative name. Only where we are the client.
    pub common_name: Option<String>,
}

/// Forward secrecy first, authenticated encryption first; then what old porte have: CBC, and RSA key exchange last.
pub const DEFAULT_CIPHERS: &str =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:RSA+AESGCM:RSA+AES";

/// Taken out of whatever list is given: without authentication, without encryption, or broken.
const NEVER: &str = "!aNULL:!eNULL:!EXPORT:!LOW:!RC4:!3DES:!MD5:!PSK:!SRP:!aDSS";

impl OpensslSettings {
    /// The list as OpenSSL is given it.
    pub(super) fn cipher_list(&self) -> String {
        let wanted = if self.ciphers.is_empty() { DEFAULT_CIPHERS } else { &self.ciphers };
        format!("{wanted}:{NEVER}")
    }

    /// Whether the list can be given to OpenSSL: no directive (`@SECLEVEL=0` would switch off what is promised), and at
    /// least one cipher suite left.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let plain =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '+' | '-' | '_' | '!' | ',' | ' ' | '.');
        self.ciphers.chars().all(plain) && super::with_openssl::takes(&self.cipher_list())
    }
}
