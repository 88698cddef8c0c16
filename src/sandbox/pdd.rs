//! The simulated regional PDD: takes an e-Gov request, delivers it to an application of the region, answers.
//!
//! It plays whichever region a message is addressed to, so that one of them serves for all.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::SandboxError;
use super::control::{Behaviour, Control, Received, ResetWhen};
use super::control_listener;
use super::listener::{self, Asked, Listening, Peer, Told};
use super::pdd_registry::PddRegistry;
use super::pdd_service;
use crate::clock::Clock;
use crate::egov::{self, Busta, CodiceEccezione, Eccezione, Identificatore, Parte, Registro, reply};
use crate::soap::multipart::{self, Bounds, Message};
use crate::soap::{self, Answer, Content, Side, SoapAction};
use crate::xml::{Limits, encoding};

/// How many identifiers are remembered, to recognise duplicates.
const REMEMBERED: usize = 5_000;

/// What the simulated PDD needs to start.
#[derive(Debug, Clone)]
pub struct SandboxPddConfig {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
    /// Mutual TLS; without it the listener is plain HTTP.
    pub tls: Option<SandboxPddTls>,
    /// The region that answers where the one addressed is not known.
    pub regione: String,
    /// Where it takes orders over HTTP, if anywhere; an address of this machine.
    pub control: Option<SocketAddr>,
    /// The time it lives in.
    pub clock: Clock,
}

/// The PEM files of the PDD's side of mutual TLS.
#[derive(Debug, Clone)]
pub struct SandboxPddTls {
    /// Its certificate chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authorities of the client certificates that it accepts.
    pub client_ca: PathBuf,
}

/// A simulated PDD at work. Stops when dropped.
#[derive(Debug)]
pub struct SandboxPdd {
    listening: Listening,
    orders: Option<Listening>,
    control: Arc<Control>,
}

impl SandboxPdd {
    /// Starts listening.
    ///
    /// # Errors
    /// If an address is taken or the TLS files cannot be used.
    pub async fn start(config: SandboxPddConfig) -> Result<Self, SandboxError> {
        let tls = match &config.tls {
            None => None,
            Some(files) => Some(listener::mutual_tls(&files.certificate, &files.key, &files.client_ca)?),
        };
        let control = Arc::new(Control::default());
        let pdd = Pdd {
            control: Arc::clone(&control),
            registry: PddRegistry::new(),
            regione: Parte::spc(config.regione),
            memory: Mutex::default(),
            clock: config.clock,
        };
        let orders = match config.control {
            None => None,
            Some(address) => Some(control_listener::start(address, Arc::clone(&control)).await?),
        };
        let listening = listener::listen(config.address, tls, Arc::new(pdd)).await?;
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

struct Pdd {
    control: Arc<Control>,
    registry: PddRegistry,
    regione: Parte,
    memory: Mutex<Memory>,
    clock: Clock,
}

#[derive(Default)]
struct Memory {
    progressive: u32,
    delivered: HashSet<String>,
    order: VecDeque<String>,
}

impl Peer for Pdd {
    fn reset_before_reading(&self) -> bool {
        self.control.reset_before_reading()
    }

    fn too_large(&self) -> Response<Bytes> {
        bare(Answer::Format, 500)
    }

    async fn answer(&self, asked: Asked) -> Told {
        let behaviour = self.control.next();
        let (response, delivered) = match &behaviour {
            Behaviour::Status { status } => (bare(Answer::Processing, *status), false),
            Behaviour::Html { status } => (page(*status), false),
            Behaviour::Unavailable { retry_after } => {
                let mut response = bare(Answer::Processing, 503);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*retry_after));
                (response, false)
            }
            Behaviour::Ko { descrizione, .. } => self.serve(&asked, Some(("KO", descrizione))),
            _ => self.serve(&asked, None),
        };
        self.control.record(Received {
            at: self.clock.now(),
            method: asked.method.to_string(),
            path: asked.path.clone(),
            client: asked.client.clone(),
            idempotency_key: None,
            body: Value::String(String::from_utf8_lossy(&asked.body).into_owned()),
            executed: delivered,
        });
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

impl Pdd {
    /// The answer, and whether the message was delivered to the application.
    fn serve(&self, asked: &Asked, ordered: Option<(&str, &str)>) -> (Response<Bytes>, bool) {
        if asked.method != Method::POST {
            return (bare(Answer::Processing, 500), false);
        }
        match self.receive(asked, ordered) {
            Ok(body) => (xml(200, body), ordered.is_none()),
            Err(Refusal::Bare(answer)) => (bare(answer, 500), false),
            Err(Refusal::WithBusta(body)) => (xml(500, body), false),
        }
    }

    fn receive(&self, asked: &Asked, ordered: Option<(&str, &str)>) -> Result<String, Refusal> {
        let header = |name| asked.headers.get(name).and_then(|value| value.to_str().ok());
        let unread = || Refusal::Bare(Answer::Processing);
        if !SoapAction::read(header("SOAPAction")).is_present() {
            return Err(unread());
        }
        let limits = Limits::default();
        let broken = || Refusal::Bare(Answer::Format);
        let message = match Content::of_request(content_type(&asked.headers)).map_err(|_| unread())? {
            Content::Xml { charset } => {
                encoding::decode(&asked.body, charset.as_deref()).map(Message::from).map_err(|_| broken())?
            }
            Content::Related(related) => multipart::open(&asked.body, &related, &limits, &Bounds::default())
                .map_err(|error| Refusal::Bare(error.answer()))?,
        };
        let envelope = soap::decode(&message.text, &limits).map_err(|error| Refusal::Bare(error.answer()))?;
        if envelope.not_understood(egov::is_understood).is_some() {
            return Err(unread());
        }
        let received = egov::decode(&envelope).map_err(|_| broken())?;
        let now = self.clock.now();
        let busta = &received.busta;
        let mut eccezioni = received.verify(&self.registry, now);
        if eccezioni.is_empty() && self.memory().delivered.contains(&busta.identificatore) {
            let twin = CodiceEccezione::IdentificatoreNonValido;
            eccezioni.push(Eccezione::new(twin, "Messaggio/Identificatore"));
        }
        let operation = busta.azione.as_deref().or(busta.servizio.as_ref().map(|s| s.nome.as_str()));
        let body = envelope.payload().filter(|part| Some(part.local) == operation);
        let reply = match body {
            Some(body) if eccezioni.is_empty() => {
                pdd_service::answer(body, &limits, ordered).map_err(|_| broken())?
            }
            _ => None,
        };
        let Some(reply) = reply else {
            if eccezioni.is_empty() {
                eccezioni.push(Eccezione::new(CodiceEccezione::FormatoCorpo, "SOAPBody"));
            }
            return Err(self.refuse(busta, eccezioni, now));
        };
        let risponde = self.answering(busta);
        let identificatore = self.identifier(&risponde, now).ok_or_else(unread)?;
        let block = egov::encode(&reply::risposta(busta, &identificatore, now)).map_err(|_| unread())?;
        if ordered.is_none() {
            self.memory().remember(&busta.identificatore);
        }
        Ok(soap::encode(Some(&block), &reply))
    }

    /// The fault of a busta that is not in order, under a busta that says why.
    fn refuse(&self, busta: &Busta, eccezioni: Vec<Eccezione>, now: Timestamp) -> Refusal {
        let risponde = self.answering(busta);
        let block = self.identifier(&risponde, now).and_then(|identificatore| {
            let errore = reply::errore(busta, &risponde, &self.registry, &identificatore, now, eccezioni);
            egov::encode(&errore).ok()
        });
        match block {
            None => Refusal::Bare(Answer::Format),
            Some(block) => {
                let fault = soap::fault(Side::Client, egov::FAULT_FORMATO, None);
                Refusal::WithBusta(soap::encode(Some(&block), &fault))
            }
        }
    }

    /// The party addressed, if it is one of ours; else the party that answers for this porta.
    fn answering(&self, busta: &Busta) -> Parte {
        let addressed = &busta.destinatario;
        let known = self.registry.parte(&addressed.tipo, &addressed.nome).is_some();
        if known { Parte { indirizzo: None, ..addressed.clone() } } else { self.regione.clone() }
    }

    fn identifier(&self, parte: &Parte, now: Timestamp) -> Option<Identificatore> {
        let known = self.registry.parte(&parte.tipo, &parte.nome)?;
        let progressive = {
            let mut memory = self.memory();
            memory.progressive = (memory.progressive + 1) % (Identificatore::ULTIMO + 1);
            memory.progressive
        };
        Identificatore::new(&known.codice, &known.porta, progressive, now).ok()
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn remember(&mut self, identificatore: &str) {
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.delivered.remove(&oldest);
        }
        self.order.push_back(identificatore.to_owned());
        self.delivered.insert(identificatore.to_owned());
    }
}

enum Refusal {
    /// Without busta.
    Bare(Answer),
    /// A whole message.
    WithBusta(String),
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

fn bare(answer: Answer, status: u16) -> Response<Bytes> {
    let fault = match answer {
        Answer::Format => soap::fault(Side::Client, egov::FAULT_FORMATO, None),
        Answer::Processing => soap::fault(Side::Server, egov::FAULT_PROCESSAMENTO, None),
    };
    xml(status, soap::encode(None, &fault))
}

fn xml(status: u16, body: String) -> Response<Bytes> {
    typed(status, "text/xml; charset=utf-8", body)
}

fn page(status: u16) -> Response<Bytes> {
    typed(status, "text/html", format!("<html><body><h1>{status}</h1></body></html>\n"))
}

fn typed(status: u16, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
