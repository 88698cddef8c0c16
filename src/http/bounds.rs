//! What one listener may cost. Every bound is enforced while reading, before the memory or the time is spent.

use std::time::Duration;

/// The bounds of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Connections held at one time, those in their TLS handshake included.
    pub connections: usize,
    /// Requests served on one connection before it is closed.
    pub requests_per_connection: u64,
    /// Age at which a connection is closed after its present request, so that a reloaded certificate or a shorter
    /// list of authorities reaches everybody in the end.
    pub connection_age: Duration,
    /// Requests being handled at one time.
    pub requests_in_flight: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Bytes of one body.
    pub body_bytes: usize,
    /// Bytes of all the bodies held at one time, from their first byte to the end of the handler.
    pub bodies_bytes: usize,
    /// Time for the TLS handshake.
    pub handshake: Duration,
    /// Time for a head: from the accept (or the end of the handshake) for the first, from its first byte for the
    /// later ones.
    pub header_read: Duration,
    /// Time a connection may stay open without a request.
    pub idle: Duration,
    /// Time for a whole body.
    pub body_deadline: Duration,
    /// The least a body must advance while it is read.
    pub body_progress: Progress,
    /// Time a client may leave a reply unread.
    pub write_stall: Duration,
    /// Time spent discarding the rest of a request after a refusal. Closing at once would reset the connection
    /// and destroy the reply on its way (RFC 9112 §9.6).
    pub linger: Duration,
}

/// At least `bytes` bytes in every `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that must arrive.
    pub bytes: usize,
    /// In how long.
    pub window: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 2048,
            requests_per_connection: 10_000,
            connection_age: Duration::from_secs(3600),
            requests_in_flight: 512,
            headers: 100,
            header_bytes: 32 << 10,
            body_bytes: 16 << 20,
            bodies_bytes: 128 << 20,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            body_deadline: Duration::from_secs(60),
            body_progress: Progress { bytes: 1024, window: Duration::from_secs(5) },
            write_stall: Duration::from_secs(30),
            linger: Duration::from_secs(3),
        }
    }
}
