//! The client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::connect::{self, Connection};
use super::pool::Pool;
use super::{Answer, NodeError, Request, Settings};
use crate::tls::{ClientTls, Expiry, Reloaded, Renewable, TlsError};

/// Client of one base URL. Shared by reference; every clone would have its own bounds, so there is none.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    tls: ArcSwapOption<ClientTls>,
    generation: AtomicU64,
    pool: Arc<Pool>,
    /// Under way or waiting.
    admitted: Semaphore,
    /// Under way.
    places: Semaphore,
}

impl Client {
    /// Reads the TLS files; connects to nothing yet.
    ///
    /// # Errors
    /// If the files are absent or cannot be used.
    pub fn new(settings: Settings) -> Result<Self, TlsError> {
        let tls = match (settings.base_url.tls, &settings.tls) {
            (false, _) => None,
            (true, None) => return Err(TlsError::NotConfigured),
            (true, Some(files)) => Some(ClientTls::load(files)?),
        };
        let bounds = settings.pool;
        Ok(Self {
            tls: ArcSwapOption::from_pointee(tls),
            generation: AtomicU64::new(0),
            pool: Arc::new(Pool::new(bounds.idle)),
            admitted: Semaphore::new(bounds.concurrent.saturating_add(bounds.waiting)),
            places: Semaphore::new(bounds.concurrent),
            settings,
        })
    }

    /// Where requests go.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Sends one request and reads its answer to the end. Dropping the future closes the connection.
    ///
    /// # Errors
    /// [`NodeError::sent`] says whether the node may have acted.
    pub async fn send(&self, request: Request) -> Result<Answer, NodeError> {
        let deadline = Instant::now() + self.settings.deadlines.total;
        let message = self.message(&request)?;
        let _places = self.admit(deadline).await?;
        if let Ok(Some(connection)) = timeout_at(deadline, self.pool.take()).await {
            match self.exchange(connection, message.clone(), deadline).await {
                // The peer had closed the connection before it was given anything.
                Err(Failure { error: NodeError::Interrupted { .. }, untouched: true }) => {}
                result => return finish(result, request),
            }
        }
        let connection = self.connect(deadline).await?;
        finish(self.exchange(connection, message, deadline).await, request)
    }

    async fn admit(&self, deadline: Instant) -> Result<[SemaphorePermit<'_>; 2], NodeError> {
        let bounds = self.settings.pool;
        let saturated = || NodeError::Saturated { concurrent: bounds.concurrent };
        let admitted = self.admitted.try_acquire().map_err(|_| saturated())?;
        let until = deadline.min(Instant::now() + bounds.wait);
        match timeout_at(until, self.places.acquire()).await {
            Ok(Ok(place)) => Ok([admitted, place]),
            _ => Err(saturated()),
        }
    }

    async fn connect(&self, deadline: Instant) -> Result<Connection, NodeError> {
        // The generation is read first: a reload in between makes the connection older than it is, never newer.
        let generation = self.generation.load(Ordering::Acquire);
        let tls = self.tls.load_full();
        let within = self.settings.deadlines.connect.min(deadline.saturating_duration_since(Instant::now()));
        connect::open(&self.settings.base_url, tls, generation, within).await
    }

    fn message(&self, request: &Request) -> Result<http::Request<Full<Bytes>>, NodeError> {
        let url = &self.settings.base_url;
        let mut message = http::Request::builder()
            .method(request.method.clone())
            .uri(format!("{}{}", url.prefix, request.path))
            .header(header::HOST, url.authority())
            .header(header::ACCEPT, "application/json, application/problem+json")
            .header(header::USER_AGENT, concat!("egov-bridge/", env!("CARGO_PKG_VERSION")));
        if !request.body.is_empty() {
            message = message.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = &request.idempotency_key {
            message = message.header("Idempotency-Key", key);
        }
        let mut message = message.body(Full::new(request.body.clone())).map_err(NodeError::Unwritable)?;
        for (name, value) in &request.headers {
            message.headers_mut().insert(name, value.clone());
        }
        Ok(message)
    }

    async fn exchange(
        &self,
        mut connection: Connection,
        message: http::Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let waits = self.settings.deadlines;
        let first_byte = Instant::now() + waits.first_byte;
        connection.watch.begin(connection.served);
        let head = timeout_at(deadline.min(first_byte), connection.sender.try_send_request(message)).await;
        let response = match head {
            Ok(Ok(response)) => response,
            Ok(Err(refused)) => {
                let seen = connection.watch.seal();
                let sent = seen.sent();
                let error = match seen.certificate_refusal() {
                    Some(alert) => NodeError::CertificateRefused { alert },
                    None => NodeError::Interrupted { source: refused.into_error(), sent },
                };
                return Err(Failure { error, untouched: sent == super::Sent::No });
            }
            Err(_elapsed) => {
                let sent = connection.watch.seal().sent();
                let after = if first_byte < deadline { waits.first_byte } else { waits.total };
                return Err(NodeError::AnswerDeadline { after, sent }.into());
            }
        };
        let (head, body) = response.into_parts();
        let limit = self.settings.max_answer_bytes;
        let body = match timeout_at(deadline, collect(body, limit)).await {
            Ok(Ok(body)) => body,
            Ok(Err(Spoilt::Broken(source))) => {
                return Err(NodeError::Truncated { status: head.status, source }.into());
            }
            Ok(Err(Spoilt::TooLarge)) => {
                return Err(NodeError::TooLarge { status: head.status, limit }.into());
            }
            Err(_elapsed) => {
                return Err(NodeError::BodyDeadline { status: head.status, after: waits.total }.into());
            }
        };
        connection.served = connection.served.saturating_add(1);
        self.pool.put(connection);
        Ok(Answer {
            status: head.status,
            content_type: head.headers.get(header::CONTENT_TYPE).and_then(media_type),
            headers: head.headers,
            body,
            identificatore: None,
        })
    }
}

impl Renewable for Client {
    /// Requests under way finish on their connections; no later request uses them.
    fn reload(&self) -> Result<Reloaded, TlsError> {
        let (Some(files), Some(tls)) = (&self.settings.tls, self.tls.load_full()) else {
            return Ok(Reloaded::Unchanged);
        };
        let Some(renewed) = tls.reload(files)? else { return Ok(Reloaded::Unchanged) };
        self.tls.store(Some(Arc::new(renewed)));
        let generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
        self.pool.renew(generation);
        Ok(Reloaded::Changed)
    }

    fn expiries(&self) -> Vec<Expiry> {
        self.tls.load().as_ref().map(|tls| tls.expiries().to_vec()).unwrap_or_default()
    }
}

/// A failed exchange.
#[derive(Debug)]
struct Failure {
    error: NodeError,
    /// Nothing was handed over, and nothing will be.
    untouched: bool,
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        Self { error, untouched: false }
    }
}

enum Spoilt {
    Broken(hyper::Error),
    TooLarge,
}

fn finish(result: Result<Answer, Failure>, request: Request) -> Result<Answer, NodeError> {
    match result {
        Ok(answer) => Ok(Answer { identificatore: request.identificatore, ..answer }),
        Err(failure) => Err(failure.error),
    }
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Spoilt> {
    if body.size_hint().lower() > limit as u64 {
        return Err(Spoilt::TooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(Spoilt::Broken)?.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(Spoilt::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn media_type(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    Some(text.split(';').next().unwrap_or(text).trim().to_ascii_lowercase())
}
