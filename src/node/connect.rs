//! From a base URL to a connection on which nothing was sent yet. Every failure here is [`Sent::No`](super::Sent::No).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};

use super::wire::{Transport, Watch, Watched};
use super::{BaseUrl, NodeError};
use crate::tls::{ClientTls, TlsStream};

/// Longest head of an answer.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// A connection, used by one request at a time.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: http1::SendRequest<Full<Bytes>>,
    pub(super) watch: Arc<Watch>,
    /// Requests already answered on it.
    pub(super) served: u32,
    /// The certificates with which it was made; see `Client::reload`.
    pub(super) generation: u64,
}

/// Opens a connection within `deadline`. `tls` is `None` where the base URL is plain.
pub(super) async fn open(
    url: &BaseUrl,
    tls: Option<Arc<ClientTls>>,
    generation: u64,
    deadline: Duration,
) -> Result<Connection, NodeError> {
    let opening = async {
        let tcp = tcp(url).await?;
        let transport = match tls {
            None => Transport::Plain(tcp),
            Some(tls) => Transport::Tls(handshake(url, tcp, &tls).await?),
        };
        http(url, transport, generation).await
    };
    tokio::time::timeout(deadline, opening)
        .await
        .unwrap_or_else(|_| Err(NodeError::ConnectDeadline { authority: url.authority(), after: deadline }))
}

async fn tcp(url: &BaseUrl) -> Result<TcpStream, NodeError> {
    let unresolved = |source| NodeError::Unresolved { host: url.host.clone(), source };
    let addresses = lookup_host((url.host.as_str(), url.port)).await.map_err(unresolved)?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small requests, and the reply is awaited: nothing is gained by holding a segment back.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(match last {
        Some(source) => NodeError::Unreachable { authority: url.authority(), source },
        None => unresolved(io::Error::new(io::ErrorKind::NotFound, "no address")),
    })
}

async fn handshake(url: &BaseUrl, tcp: TcpStream, tls: &ClientTls) -> Result<TlsStream, NodeError> {
    let failed = |source| NodeError::Handshake { authority: url.authority(), source };
    tls.connect(&url.host, tcp).await.map_err(failed)
}

async fn http(url: &BaseUrl, transport: Transport, generation: u64) -> Result<Connection, NodeError> {
    let (watched, watch) = Watched::new(transport);
    let (sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(watched)).await.map_err(
            |error| NodeError::Unreachable { authority: url.authority(), source: io::Error::other(error) },
        )?;
    // The error of a connection is told to whoever awaits its answer; one that nobody awaits concerns nobody.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(Connection { sender, watch, served: 0, generation })
}
