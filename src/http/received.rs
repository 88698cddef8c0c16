//! A request as the rooms above see it: complete, bounded, and with its sender's transport identity.

use std::net::SocketAddr;
use std::sync::Arc;

use ::http::{HeaderMap, Method};
use bytes::Bytes;
use jiff::Timestamp;

/// A whole request. The body has been read to its end and is within the listener's bounds.
#[derive(Debug, Clone)]
pub struct Received {
    /// Who is at the other end of the connection.
    pub peer: Peer,
    /// The method.
    pub method: Method,
    /// The path of the target, percent-encoded as it came, without the query.
    pub path: String,
    /// What follows the first `?` of the target; absent where there is no `?`, empty where nothing follows it.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, empty where the request has none.
    pub body: Bytes,
    /// When the head of the request had been read.
    pub received_at: Timestamp,
}

/// The other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The listener that accepted the connection, as named in its settings.
    pub listener: &'static str,
    /// The address of the socket.
    pub address: SocketAddr,
    /// The client certificate, where TLS asked for one and the client proved to hold it, to us or to the proxy in front.
    pub identity: Option<Arc<TlsIdentity>>,
}

/// The certificate a client proved to hold. It was verified against the listener's authorities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TlsIdentity {
    /// The last common name of the subject; absent where the subject has none.
    pub subject_cn: Option<String>,
    /// The whole subject in the order of the certificate, as `C=IT, O=Regione Lazio, CN=LAZIO`.
    pub subject: String,
    /// SHA-256 of the certificate's DER, 64 lower-case hexadecimal digits; empty where a proxy told the subject alone.
    pub fingerprint_sha256_hex: String,
}

impl Received {
    /// The value of a header, where it is present once or more and its first value is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
