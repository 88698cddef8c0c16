//! What a listener asks of the layer above it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{Peer, Received, Reply};

/// The layer above a listener.
///
/// # Cancel safety
/// [`Handler::handle`] is never cancelled: it runs on a task of its own that outlives the connection. A handler
/// that has forwarded a message must record what came of it even if nobody waits for the reply any more.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Answers a whole request.
    async fn handle(&self, received: Received) -> Reply;

    /// Phrases the reply to a request that the edge refused. The edge has counted and logged the refusal, and adds
    /// `Retry-After` where [`Refused::retry_after`] gives one and the reply has none.
    async fn refused(&self, peer: &Peer, reason: Refused) -> Reply;
}

/// Why the edge refused a request, or could not have it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The identity (or the network, where there is no identity) asks more often than its rate allows.
    RateLimited {
        /// When the next request has a chance.
        retry_after: Duration,
    },
    /// The body is, or declares itself, larger than the listener takes.
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// The body did not arrive in time, or with less than the minimum progress.
    TooSlow,
    /// The body broke off before its end. There is rarely anybody left to read the reply.
    Disconnected,
    /// The framing of the body breaks the rules of HTTP/1.1 (RFC 9112 §6, §7).
    BadHttp,
    /// The listener holds as many connections as it may. The connection is closed after the reply.
    TooManyConnections,
    /// As many requests are being worked on, or as many bytes of bodies are held, as the listener may.
    Overloaded {
        /// A guess at when there is room again.
        retry_after: Duration,
    },
    /// A client's certificate in a header, or a request at all, from an address that is not the proxy's.
    NotTheProxy,
    /// The proxy handed on no certificate, or one that is not accepted.
    Certificate {
        /// A bounded word: `no-client-certificate`, `unknown-authority`, ...
        reason: &'static str,
    },
    /// The handler panicked. The request may have had effects.
    Panicked,
}

impl Refused {
    /// A bounded word for metrics and log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate-limited",
            Self::TooLarge { .. } => "too-large",
            Self::TooSlow => "too-slow",
            Self::Disconnected => "disconnected",
            Self::BadHttp => "bad-http",
            Self::TooManyConnections => "too-many-connections",
            Self::Overloaded { .. } => "overloaded",
            Self::NotTheProxy => "not-the-proxy",
            Self::Certificate { reason } => reason,
            Self::Panicked => "panicked",
        }
    }

    /// When it makes sense to ask again, where that is known.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Overloaded { retry_after } => Some(retry_after),
            Self::TooManyConnections => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited { .. } => f.write_str("the caller asks more often than its rate allows"),
            Self::TooLarge { limit } => write!(f, "the body is larger than {limit} bytes"),
            Self::TooSlow => f.write_str("the body did not arrive in time"),
            Self::Disconnected => f.write_str("the body broke off before its end"),
            Self::BadHttp => f.write_str("the framing of the body is not HTTP/1.1"),
            Self::TooManyConnections => f.write_str("the listener holds as many connections as it may"),
            Self::Overloaded { .. } => f.write_str("the listener has as much work in hand as it may"),
            Self::NotTheProxy => f.write_str("the request did not come through the proxy"),
            Self::Certificate { reason } => write!(f, "the client certificate is not accepted: {reason}"),
            Self::Panicked => f.write_str("the handler of the request failed"),
        }
    }
}
