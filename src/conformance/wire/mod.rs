//! HTTP/1.1 as bytes over a socket, so that a case can be late, rude and wrong on purpose.

mod connection;
mod endpoint;
mod read;
mod request;
mod tls;

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::timeout;

use connection::Connection;
pub use endpoint::{Endpoint, EndpointError};
pub(super) use read::Answered;
pub(super) use request::Request;
pub use tls::{ClientTlsError, Tls};

/// Nothing that a case asks may take longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// Nobody is there, or the exchange broke off.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It took too long.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    /// The connection ended without an answer.
    #[error("the connection was closed without an answer")]
    Closed,
    /// What came is not HTTP.
    #[error("the answer is not HTTP: {0:?}")]
    NotHttp(String),
    /// No secure connection comes about.
    #[error("no TLS: {0}")]
    Handshake(std::io::Error),
    /// The host cannot be named in TLS.
    #[error("\"{0}\" cannot be asked for in TLS")]
    Name(String),
}

impl WireError {
    /// Whether somebody is there, and would not listen to whoever calls.
    pub(super) fn is_turned_away(&self) -> bool {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match self {
            Self::Handshake(_) | Self::Closed => true,
            Self::Io(error) => matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset),
            Self::Late | Self::NotHttp(_) | Self::Name(_) => false,
        }
    }
}

/// Connections that are kept between requests.
#[derive(Default)]
pub(super) struct Pool(HashMap<String, Connection>);

impl Pool {
    /// Asks, on a kept connection where there is one.
    pub(super) async fn ask(
        &mut self,
        endpoint: &Endpoint,
        request: &Request<'_>,
    ) -> Result<Answered, WireError> {
        timeout(PATIENCE, self.ask_without_end(endpoint, request)).await.unwrap_or(Err(WireError::Late))
    }

    async fn ask_without_end(
        &mut self,
        endpoint: &Endpoint,
        request: &Request<'_>,
    ) -> Result<Answered, WireError> {
        let plain = request.transport.is_empty();
        if plain && let Some(mut kept) = self.0.remove(&endpoint.connection_name()) {
            // A connection that was closed meanwhile has swallowed nothing: the request is written again.
            if let Ok(answered) = kept.exchange(endpoint, request).await {
                return Ok(self.keep(endpoint, kept, answered));
            }
        }
        let mut connection = endpoint.connect().await?;
        let answered = connection.exchange(endpoint, request).await?;
        Ok(if plain { self.keep(endpoint, connection, answered) } else { answered })
    }

    fn keep(&mut self, endpoint: &Endpoint, connection: Connection, answered: Answered) -> Answered {
        if answered.keeps_alive() && connection.read.is_empty() {
            self.0.insert(endpoint.connection_name(), connection);
        }
        answered
    }
}
