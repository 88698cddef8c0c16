//! The simulated national node: the REST interface of `openapi/node.yaml` over mutual TLS.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value};

use super::SandboxError;
use super::actions::{Action, Memory, Outcome};
use super::control::{Behaviour, Control, Received, ResetWhen};
use super::control_listener;
use super::envelope::{self, Envelope};
use super::listener::{self, Asked, Listening, Peer, Told};
use super::problem::{self, refuse};
use super::reply::Esito;

use crate::clock::Clock;

/// What the simulated node needs to start.
#[derive(Debug, Clone)]
pub struct SandboxNodeConfig {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
    /// Its certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// The authorities of the client certificates that it accepts, PEM.
    pub client_ca: PathBuf,
    /// Where it takes orders over HTTP, if anywhere; an address of this machine.
    pub control: Option<SocketAddr>,
    /// Whether it recognises a repeated `identificatore` and answers as before.
    pub recognises_repetitions: bool,
    /// The time it lives in.
    pub clock: Clock,
}

/// A simulated national node at work. Stops when dropped.
#[derive(Debug)]
pub struct SandboxNode {
    listening: Listening,
    orders: Option<Listening>,
    control: Arc<Control>,
}

impl SandboxNode {
    /// Starts listening.
    ///
    /// # Errors
    /// If an address is taken or the TLS files cannot be used.
    pub async fn start(config: SandboxNodeConfig) -> Result<Self, SandboxError> {
        let tls = listener::mutual_tls(&config.certificate, &config.key, &config.client_ca)?;
        let control = Arc::new(Control::default());
        let node = Node {
            control: Arc::clone(&control),
            memory: Mutex::default(),
            idempotent: config.recognises_repetitions,
            clock: config.clock,
        };
        let orders = match config.control {
            None => None,
            Some(address) => Some(control_listener::start(address, Arc::clone(&control)).await?),
        };
        let listening = listener::listen(config.address, Some(tls), Arc::new(node)).await?;
        Ok(Self { listening, orders, control })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// Where it takes orders.
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.orders.as_ref().map(|orders| orders.address)
    }

    /// Sets its behaviour: for the next `count` requests, or until further orders.
    pub fn behave(&self, behaviour: Behaviour, count: Option<u32>) {
        self.control.behave(behaviour, count);
    }

    /// The requests that it received, the oldest first; the last 200 are kept.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.control.received()
    }

    /// Stops listening and closes every connection.
    pub async fn stop(self) {
        self.listening.stop().await;
        if let Some(orders) = self.orders {
            orders.stop().await;
        }
    }
}

struct Node {
    control: Arc<Control>,
    memory: Mutex<Memory>,
    idempotent: bool,
    clock: Clock,
}

impl Peer for Node {
    fn reset_before_reading(&self) -> bool {
        self.control.reset_before_reading()
    }

    async fn answer(&self, asked: Asked) -> Told {
        let behaviour = self.control.next();
        let (response, executed) = match &behaviour {
            Behaviour::Status { status } => (failure(*status), false),
            Behaviour::Html { status } => (page(*status), false),
            Behaviour::Unavailable { retry_after } => (unavailable(*retry_after), false),
            Behaviour::Ko { codice, descrizione } => self.serve(&asked, Some((codice, descrizione))),
            _ => self.serve(&asked, None),
        };
        self.record(&asked, executed);
        match behaviour {
            Behaviour::Delay { millis } => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Told::Answer(response)
            }
            Behaviour::Reset { when: ResetWhen::AfterReading | ResetWhen::BeforeReading } => Told::Reset,
            Behaviour::Truncated => Told::Truncated(response),
            _ => Told::Answer(response),
        }
    }
}

impl Node {
    /// The answer, and whether the message was acted on. With `ordered`, it is not.
    fn serve(&self, asked: &Asked, ordered: Option<(&str, &str)>) -> (Response<Bytes>, bool) {
        let (action, envelope) = match admit(asked) {
            Ok(admitted) => admitted,
            Err(refused) => return (*refused, false),
        };
        let now = self.clock.now();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let (reply, executed) = match ordered {
            Some((codice, descrizione)) => {
                let esito = match codice {
                    "X001" => Esito::throttled(descrizione, action.has_esito()),
                    _ => Esito::anomaly(codice, descrizione, None),
                };
                (memory.reply(&envelope, esito, Map::new(), now), false)
            }
            None => match memory.act(action, &envelope, self.idempotent, now) {
                Outcome::Done(reply) => (reply, true),
                Outcome::Repeated(reply) => (reply, false),
                Outcome::Clash => {
                    let detail = "identificatore already used for another message";
                    return (refuse(StatusCode::CONFLICT, "identificatore", detail, &[]), false);
                }
            },
        };
        (problem::write(StatusCode::OK, "application/json", &reply), executed)
    }

    fn record(&self, asked: &Asked, executed: bool) {
        let body = serde_json::from_slice(&asked.body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&asked.body).into_owned()));
        let key = asked.headers.get("Idempotency-Key").and_then(|value| value.to_str().ok());
        self.control.record(Received {
            at: self.clock.now(),
            method: asked.method.to_string(),
            path: match &asked.query {
                Some(query) => format!("{}?{query}", asked.path),
                None => asked.path.clone(),
            },
            client: asked.client.clone(),
            idempotency_key: key.map(str::to_owned),
            body,
            executed,
        });
    }
}

/// The checks that come before the message is acted on.
fn admit(asked: &Asked) -> Result<(Action, Envelope), Box<Response<Bytes>>> {
    let refuse = |status, kind, detail: &str| Box::new(refuse(status, kind, detail, &[]));
    let action =
        Action::at(&asked.path).ok_or_else(|| refuse(StatusCode::NOT_FOUND, "percorso", &asked.path))?;
    if asked.method != Method::POST {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "metodo", asked.method.as_str()));
    }
    let kind = asked.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("none");
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "tipo-contenuto", kind));
    }
    let document: Value = serde_json::from_slice(&asked.body)
        .map_err(|error| refuse(StatusCode::BAD_REQUEST, "json", &error.to_string()))?;
    let envelope = envelope::read(&document, &action.expected()).map_err(|faults| {
        let detail = format!("{} members of the envelope are not in order", faults.len());
        Box::new(problem::refuse(StatusCode::BAD_REQUEST, "busta", &detail, &faults))
    })?;
    Ok((action, envelope))
}

fn failure(status: u16) -> Response<Bytes> {
    problem::fail(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
}

fn page(status: u16) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::new(Bytes::from(format!(
        "<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"
    )));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

fn unavailable(retry_after: u32) -> Response<Bytes> {
    let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, "sospeso", "nothing was done", &[]);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
    response
}
