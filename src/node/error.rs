//! Why there is no answer, and whether the node may have acted all the same.

use std::io;
use std::time::Duration;

use http::StatusCode;
use rustls::AlertDescription;

/// What is known of the bytes of a request whose exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The node cannot have acted: no byte was handed to the transport, or the TLS session that carried them was
    /// refused before it existed. Safe to send again.
    No,
    /// Bytes were handed to the transport and the peer gave no sign. It may have acted.
    Maybe,
    /// Bytes of a reply arrived: the peer had the request, and what it did is not known.
    Yes,
}

/// The exchange with the node failed.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// As many requests as the settings allow are already under way.
    #[error("{concurrent} requests to the node are already under way")]
    Saturated {
        /// The bound that was met.
        concurrent: usize,
    },
    /// The path or a header of the request cannot be written as HTTP.
    #[error("the request cannot be written as HTTP: {0}")]
    Unwritable(#[source] http::Error),
    /// The host has no address.
    #[error("host {host} was not resolved: {source}")]
    Unresolved {
        /// The host of the base URL.
        host: String,
        /// The resolver's words.
        source: io::Error,
    },
    /// No address of the host accepted a connection.
    #[error("no connection to {authority}: {source}")]
    Unreachable {
        /// Host and port of the base URL.
        authority: String,
        /// The refusal of the last address tried.
        source: io::Error,
    },
    /// The TLS handshake failed: we refused the node's certificate, it refused ours (TLS 1.2), or nothing in common.
    #[error("the TLS handshake with {authority} failed: {source}")]
    Handshake {
        /// Host and port of the base URL.
        authority: String,
        /// What TLS says.
        source: io::Error,
    },
    /// The node refused our certificate after our side of a TLS 1.3 handshake was complete (RFC 8446 §4.4.2.4): the
    /// refusal is then read in the place of the reply.
    #[error("the node refused the client certificate: {alert:?}")]
    CertificateRefused {
        /// The alert received.
        alert: AlertDescription,
    },
    /// Connecting, TLS included, took longer than allowed.
    #[error("no connection to {authority} within {after:?}")]
    ConnectDeadline {
        /// Host and port of the base URL.
        authority: String,
        /// The deadline.
        after: Duration,
    },
    /// The head of the answer did not come in time.
    #[error("no answer within {after:?}")]
    AnswerDeadline {
        /// The deadline that was met first.
        after: Duration,
        /// What had left.
        sent: Sent,
    },
    /// The connection failed before the head of an answer was complete.
    #[error("the connection failed before an answer: {source}")]
    Interrupted {
        /// What the transport or the protocol says.
        source: hyper::Error,
        /// What had left.
        sent: Sent,
    },
    /// The head of the answer came, its body did not come in time.
    #[error("answer {status} was not complete within {after:?}")]
    BodyDeadline {
        /// The status of the answer.
        status: StatusCode,
        /// The deadline.
        after: Duration,
    },
    /// The body of the answer broke off.
    #[error("the body of answer {status} broke off: {source}")]
    Truncated {
        /// The status of the answer.
        status: StatusCode,
        /// What the transport or the protocol says.
        source: hyper::Error,
    },
    /// The body of the answer exceeds the bound.
    #[error("the body of answer {status} exceeds {limit} bytes")]
    TooLarge {
        /// The status of the answer.
        status: StatusCode,
        /// The bound.
        limit: usize,
    },
}

impl NodeError {
    /// Whether bytes of the request had left.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Saturated { .. }
            | Self::Unwritable(_)
            | Self::Unresolved { .. }
            | Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::CertificateRefused { .. }
            | Self::ConnectDeadline { .. } => Sent::No,
            Self::AnswerDeadline { sent, .. } | Self::Interrupted { sent, .. } => *sent,
            Self::BodyDeadline { .. } | Self::Truncated { .. } | Self::TooLarge { .. } => Sent::Yes,
        }
    }
}
