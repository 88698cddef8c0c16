//! The edge over real sockets. Each file is one property; this one is how the tests speak.

mod admin;
mod bounds;
mod drain;
mod mutual_tls;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::rate::Rate;

use super::*;
use crate::clock::Clock;

/// Nothing in these tests may take longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Answers by path: `/echo` the body, `/who` the identity, `/panic` not at all, `/wait` after [`Recorder::release`].
pub(super) struct Recorder {
    pub(super) entered: AtomicUsize,
    pub(super) completed: AtomicUsize,
    pub(super) gate: Semaphore,
}

impl Recorder {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            entered: AtomicUsize::new(0),
            completed: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        })
    }

    pub(super) fn release(&self, waiting: usize) {
        self.gate.add_permits(waiting);
    }

    pub(super) async fn until_entered(&self, count: usize) {
        until(|| self.entered.load(Ordering::SeqCst) >= count).await;
    }

    pub(super) async fn until_completed(&self, count: usize) {
        until(|| self.completed.load(Ordering::SeqCst) >= count).await;
    }
}

#[async_trait]
impl Handler for Recorder {
    async fn handle(&self, received: Received) -> Reply {
        self.entered.fetch_add(1, Ordering::SeqCst);
        let reply = match received.path.as_str() {
            "/wait" => {
                self.gate.acquire().await.unwrap().forget();
                Reply::new(StatusCode::OK, "text/plain", "waited")
            }
            "/panic" => panic!("handler of RSSMRA80A01H501U failed"),
            "/large" => Reply::new(StatusCode::OK, "text/plain", vec![b'x'; 8 << 20]),
            "/who" => {
                let who = received.peer.identity.as_ref().map(|identity| {
                    let cn = identity.subject_cn.as_deref().unwrap_or("-");
                    format!("{cn} | {} | {}", identity.subject, identity.fingerprint_sha256_hex)
                });
                Reply::new(StatusCode::OK, "text/plain", who.unwrap_or_else(|| "nobody".to_owned()))
            }
            _ => Reply::new(StatusCode::OK, "text/plain", received.body),
        };
        self.completed.fetch_add(1, Ordering::SeqCst);
        reply
    }

    async fn refused(&self, _peer: &Peer, reason: Refused) -> Reply {
        Reply::new(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", format!("refused: {}", reason.as_str()))
    }
}

/// Waits for what another task is about to do.
pub(super) async fn until(condition: impl Fn() -> bool) {
    timeout(PATIENCE, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .expect("the condition should come true");
}

pub(super) fn settings(bounds: Bounds) -> ListenerSettings {
    ListenerSettings {
        name: "test",
        address: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        bounds,
        limiter: None,
        proxy: None,
        clock: Clock::system(),
    }
}

pub(super) async fn listening(settings: ListenerSettings, handler: Arc<dyn Handler>) -> Running {
    Listener::bind(settings).await.unwrap().serve(handler)
}

pub(super) async fn plain(bounds: Bounds) -> (Running, Arc<Recorder>) {
    let handler = Recorder::new();
    (listening(settings(bounds), handler.clone()).await, handler)
}

pub(super) fn rate(per_second: u32, burst: u32) -> Rate {
    Rate { per_second: NonZeroU32::new(per_second).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
}

/// A client that writes what it is told, byte for byte.
pub(super) struct Client<S> {
    stream: S,
    read: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(super) fn closes(&self) -> bool {
        self.head.to_ascii_lowercase().contains("connection: close")
    }
}

impl Client<TcpStream> {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(super) fn over(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    pub(super) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Writes while the other side may already have had enough.
    pub(super) async fn write_if_wanted(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    pub(super) async fn half_close(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    pub(super) async fn post(&mut self, path: &str, body: &str) -> Answer {
        let length = body.len();
        self.write(format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n{body}"))
            .await;
        self.answer().await
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.write(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
        self.answer().await
    }

    pub(super) async fn answer(&mut self) -> Answer {
        self.answer_or_end().await.expect("an answer, not the end of the connection")
    }

    /// The next answer, or nothing where the connection ends.
    pub(super) async fn answer_or_end(&mut self) -> Option<Answer> {
        let head_end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                assert!(self.read.is_empty(), "a torn answer");
                return None;
            }
        };
        let head = String::from_utf8(self.read[..head_end].to_vec()).unwrap();
        let status = head[9..12].parse().unwrap();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        while self.read.len() < head_end + length {
            assert!(self.more().await, "a torn answer");
        }
        let body = Bytes::from(self.read[head_end..head_end + length].to_vec());
        self.read.drain(..head_end + length);
        Some(Answer { status, head, body })
    }

    /// Whether the connection ends without another byte.
    pub(super) async fn ends(&mut self) -> bool {
        self.read.is_empty() && !self.more().await
    }

    async fn more(&mut self) -> bool {
        let mut chunk = [0; 16 << 10];
        let read =
            timeout(PATIENCE, self.stream.read(&mut chunk)).await.expect("the other side should speak");
        match read {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.read.extend_from_slice(&chunk[..count]);
                true
            }
        }
    }
}
