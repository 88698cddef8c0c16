//! HTTP/1.1 as bytes over a socket, so that a case can be late, rude and wrong on purpose.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::case::Transport;

/// Nothing that a case asks may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long an invitation to send the body is awaited (RFC 9110 §10.1.1: not for ever).
const INVITATION: Duration = Duration::from_secs(2);
/// Longest reply that is read.
const REPLY_BYTES: usize = 64 << 20;
/// Pieces that [`Transport::InPieces`] writes.
const PIECE: usize = 97;

/// Where a porta listens, and how it is called.
#[derive(Debug, Clone)]
pub struct Endpoint {
    host: String,
    port: u16,
    authority: String,
    path: String,
    tls: Option<Arc<ClientConfig>>,
}

/// The address is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a URL that can be posted to; http://host[:port]/path or https://… is needed")]
pub struct EndpointError(String);

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
    /// The host cannot be named in TLS.
    #[error("\"{0}\" cannot be asked for in TLS")]
    Name(String),
}

/// A request, ready to be written.
#[derive(Debug)]
pub(super) struct Request<'r> {
    pub(super) method: &'r str,
    pub(super) headers: &'r [(String, String)],
    pub(super) transport: &'r [Transport],
    pub(super) body: &'r [u8],
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Connections that are kept between requests.
#[derive(Default)]
pub(super) struct Pool(HashMap<String, Connection>);

struct Connection {
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    read: Vec<u8>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Endpoint {
    /// The endpoint of a URL.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(url: &str, tls: Option<Arc<ClientConfig>>) -> Result<Self, EndpointError> {
        let wrong = || EndpointError(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") if tls.is_some() => true,
            _ => return Err(wrong()),
        };
        let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
        let authority = uri.authority().map(|authority| authority.as_str().to_owned()).ok_or_else(wrong)?;
        Ok(Self {
            host,
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            authority,
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            tls: tls.filter(|_| secure),
        })
    }

    async fn connect(&self) -> Result<Connection, WireError> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(tcp),
            Some(config) => {
                let name = ServerName::try_from(self.host.clone());
                let name = name.map_err(|_| WireError::Name(self.host.clone()))?;
                Box::new(TlsConnector::from(config.clone()).connect(name, tcp).await?)
            }
        };
        let (reader, writer) = tokio::io::split(stream);
        Ok(Connection { reader, writer, read: Vec::new() })
    }
}

impl Request<'_> {
    fn has(&self, transport: Transport) -> bool {
        self.transport.contains(&transport)
    }

    fn head(&self, endpoint: &Endpoint) -> String {
        let version = if self.has(Transport::Http10) { "1.0" } else { "1.1" };
        let Endpoint { authority, path, .. } = endpoint;
        let mut head = format!("{} {path} HTTP/{version}\r\nHost: {authority}\r\n", self.method);
        for (name, value) in self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.has(Transport::ExpectContinue) {
            head.push_str("Expect: 100-continue\r\n");
        }
        if self.has(Transport::Chunked) {
            head.push_str("Transfer-Encoding: chunked\r\n");
        } else if self.has(Transport::AnnounceTooMuch) {
            head.push_str("Content-Length: 104857600\r\n");
        } else if !(self.body.is_empty() && matches!(self.method, "GET" | "HEAD")) {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head + "\r\n"
    }

    fn framed(&self) -> Vec<u8> {
        if !self.has(Transport::Chunked) {
            return self.body.to_vec();
        }
        let mut framed = Vec::with_capacity(self.body.len() + 64);
        for chunk in self.body.chunks(1009) {
            framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        }
        framed.extend_from_slice(b"0\r\n\r\n");
        framed
    }
}

impl Answered {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    #[cfg(test)]
    pub(super) fn of(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { status, headers, body: body.as_bytes().to_vec() }
    }

    fn keeps_alive(&self) -> bool {
        !self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

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
        if plain && let Some(mut kept) = self.0.remove(&endpoint.authority) {
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
            self.0.insert(endpoint.authority.clone(), connection);
        }
        answered
    }
}

impl Connection {
    async fn exchange(&mut self, endpoint: &Endpoint, request: &Request<'_>) -> Result<Answered, WireError> {
        let head = request.head(endpoint);
        let mut body = request.framed();
        let Self { reader, writer, read } = self;
        if request.has(Transport::ExpectContinue) {
            writer.write_all(head.as_bytes()).await?;
            writer.flush().await?;
            match timeout(INVITATION, read_head(reader, read)).await {
                // Not invited: whoever waits may send all the same.
                Err(_) => {}
                Ok(Ok(answered)) if answered.status == 100 => {}
                Ok(Ok(answered)) => return read_body(reader, read, answered).await,
                Ok(Err(error)) => return Err(error),
            }
        } else {
            body.splice(0..0, head.bytes());
        }
        let pieces = if request.has(Transport::InPieces) { PIECE } else { body.len().max(1) };
        let writing = async {
            for piece in body.chunks(pieces) {
                writer.write_all(piece).await?;
                writer.flush().await?;
            }
            Ok::<(), std::io::Error>(())
        };
        let reading = async {
            loop {
                let answered = read_head(reader, read).await?;
                if answered.status != 100 {
                    return read_body(reader, read, answered).await;
                }
            }
        };
        // Whoever has had enough answers before the body has ended, and reads no more.
        tokio::pin!(reading);
        tokio::select! {
            biased;
            answered = &mut reading => answered,
            _ = writing => reading.await,
        }
    }
}

async fn read_head(
    reader: &mut ReadHalf<Box<dyn Stream>>,
    read: &mut Vec<u8>,
) -> Result<Answered, WireError> {
    let end = loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if read.len() > 1 << 20 {
            return Err(WireError::NotHttp("a head without end".to_owned()));
        }
        if more(reader, read).await? == 0 {
            return Err(WireError::Closed);
        }
    };
    let head: Vec<u8> = read.drain(..end).collect();
    let head = String::from_utf8_lossy(&head).into_owned();
    let not_http = || WireError::NotHttp(head.chars().take(80).collect());
    let mut lines = head.trim_end().lines();
    let status = lines.next().filter(|line| line.starts_with("HTTP/1."));
    let status = status.and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or_else(not_http)?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    Ok(Answered { status, headers, body: Vec::new() })
}

async fn read_body(
    reader: &mut ReadHalf<Box<dyn Stream>>,
    read: &mut Vec<u8>,
    mut answered: Answered,
) -> Result<Answered, WireError> {
    if answered.status == 204 || answered.status == 304 {
        return Ok(answered);
    }
    let chunked = answered.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
    if chunked {
        loop {
            let line = read_line(reader, read).await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| WireError::NotHttp(line.clone()))?;
            if size == 0 {
                while !read_line(reader, read).await?.is_empty() {}
                return Ok(answered);
            }
            let mut chunk = take(reader, read, size.saturating_add(2)).await?;
            chunk.truncate(size);
            answered.body.append(&mut chunk);
        }
    }
    match answered.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => answered.body = take(reader, read, length).await?,
        None => {
            while more(reader, read).await? > 0 && read.len() < REPLY_BYTES {}
            answered.body = std::mem::take(read);
            answered.headers.push(("connection".to_owned(), "close".to_owned()));
        }
    }
    Ok(answered)
}

async fn read_line(reader: &mut ReadHalf<Box<dyn Stream>>, read: &mut Vec<u8>) -> Result<String, WireError> {
    loop {
        if let Some(at) = read.windows(2).position(|window| window == b"\r\n") {
            let line: Vec<u8> = read.drain(..at + 2).take(at).collect();
            return Ok(String::from_utf8_lossy(&line).into_owned());
        }
        if more(reader, read).await? == 0 {
            return Err(WireError::Closed);
        }
    }
}

async fn take(
    reader: &mut ReadHalf<Box<dyn Stream>>,
    read: &mut Vec<u8>,
    length: usize,
) -> Result<Vec<u8>, WireError> {
    if length > REPLY_BYTES {
        return Err(WireError::NotHttp(format!("an answer of {length} bytes")));
    }
    while read.len() < length {
        if more(reader, read).await? == 0 {
            return Err(WireError::Closed);
        }
    }
    Ok(read.drain(..length).collect())
}

async fn more(reader: &mut ReadHalf<Box<dyn Stream>>, read: &mut Vec<u8>) -> Result<usize, WireError> {
    let mut buffer = [0; 16 << 10];
    // A reset after the last byte of an answer is an end like another.
    let count = reader.read(&mut buffer).await.unwrap_or(0);
    read.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count)
}
