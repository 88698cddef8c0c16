//! The listener of the Porte di Dominio: envelopes in, replies out, contracts on request.
//!
//! `POST /pdd` is the porta's own address; the recipient and the service come from the envelope, not from the path.
//! `GET /pdd/{servizio}?wsdl` gives the service's contract with this listener's address in it.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;

use super::{Handler, HeaderName, HeaderValue, Method, Peer, Received, Refused, Reply, StatusCode, header};
use crate::bridge::{Answer, Arrived, Caller, Inbound, Knowledge};
use crate::failure::TransportError;
use crate::xml::write;

/// Where envelopes are posted.
pub const PATH: &str = "/pdd";
/// What to quote when asking about a message: the number of the journal's record.
pub const REFERENCE: &str = "egov-bridge-reference";
/// What the shipped contracts have in the place of an address.
const PLACEHOLDER: &str = "http://indirizzo.invalid/pdd";

/// Hands envelopes to the bridge.
pub struct Pdd {
    inbound: Arc<Inbound>,
    knowledge: Arc<ArcSwap<Knowledge>>,
    wsdl: PathBuf,
    /// `http` or `https`: how this listener is reached.
    scheme: &'static str,
    /// Whether callers show a certificate.
    mutual: bool,
}

impl Pdd {
    /// A handler for one listener; `wsdl` is the folder of the contracts.
    #[must_use]
    pub fn new(
        inbound: Arc<Inbound>,
        knowledge: Arc<ArcSwap<Knowledge>>,
        wsdl: PathBuf,
        scheme: &'static str,
        mutual: bool,
    ) -> Self {
        Self { inbound, knowledge, wsdl, scheme, mutual }
    }

    async fn receive(&self, received: Received) -> Reply {
        let text = |name: &str| {
            received.headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
        };
        let identity = received.peer.identity.as_deref();
        let label = identity.map_or_else(|| received.peer.address.ip().to_string(), |id| id.subject.clone());
        let certificate = match identity {
            Some(identity) => Some(identity.subject_cn.clone()),
            // A listener with mutual TLS lets nobody in without a certificate; were one to come all the same, it
            // speaks for no party.
            None => self.mutual.then_some(None),
        };
        let arrived = Arrived {
            content_type: text("content-type"),
            soap_action: text("soapaction"),
            body: received.body,
            caller: Caller { certificate, label },
            received_at: received.received_at,
        };
        reply(self.inbound.receive(arrived).await)
    }

    /// The contract of a service, with the address under which it was asked for.
    async fn contract(&self, servizio: &str, received: &Received) -> Reply {
        let knowledge = self.knowledge.load();
        let file = knowledge.catalogue.servizi().find(|s| s.nome == servizio).and_then(|s| s.wsdl.clone());
        let Some(file) = file else { return missing() };
        let Ok(text) = tokio::fs::read_to_string(self.wsdl.join(file)).await else { return missing() };
        let host = received.header("host").filter(|host| is_authority(host)).unwrap_or("localhost");
        let mut address = String::new();
        write::push_attribute_value(&mut address, &format!("{}://{host}{PATH}", self.scheme));
        Reply::new(StatusCode::OK, "text/xml; charset=utf-8", text.replace(PLACEHOLDER, &address))
    }
}

#[async_trait]
impl Handler for Pdd {
    async fn handle(&self, received: Received) -> Reply {
        let servizio = received.path.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('/'));
        let wants_contract =
            received.query.as_deref().is_some_and(|query| query.eq_ignore_ascii_case("wsdl"));
        match (servizio, received.method.clone()) {
            (Some(servizio), Method::GET) if wants_contract => self.contract(servizio, &received).await,
            // Porte call whatever address they were given below ours, with the service in it or not.
            (_, Method::POST) if received.path.starts_with(PATH) => self.receive(received).await,
            (_, method) if received.path.starts_with(PATH) => reply(
                self.inbound.turn_away(TransportError::Method(method.as_str().chars().take(32).collect())),
            ),
            _ => missing(),
        }
    }

    async fn refused(&self, _peer: &Peer, reason: Refused) -> Reply {
        reply(self.inbound.unheard(match reason {
            Refused::RateLimited { retry_after } => TransportError::RateLimited { retry_after },
            Refused::TooLarge { limit } => TransportError::TooLarge { limit },
            Refused::TooSlow => TransportError::TooSlow,
            Refused::Disconnected => TransportError::Disconnected,
            Refused::BadHttp => TransportError::BadHttp,
            Refused::TooManyConnections => {
                TransportError::Overloaded { retry_after: reason.retry_after().unwrap_or_default() }
            }
            Refused::Overloaded { retry_after } => TransportError::Overloaded { retry_after },
            Refused::NotTheProxy => TransportError::NotTheProxy,
            Refused::Certificate { reason } => TransportError::Certificate { reason },
            Refused::Panicked => TransportError::Panicked,
        }))
    }
}

fn reply(answer: Answer) -> Reply {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let empty = answer.body.is_empty();
    let mut reply = Reply::empty(status).with_body(answer.body);
    if let Some(content_type) = HeaderValue::from_str(&answer.content_type).ok().filter(|_| !empty) {
        reply = reply.with_header(header::CONTENT_TYPE, content_type);
    }
    if let Some(reference) = answer.reference.and_then(|text| HeaderValue::from_str(&text).ok()) {
        reply = reply.with_header(HeaderName::from_static(REFERENCE), reference);
    }
    match answer.retry_after {
        Some(wait) => reply.with_retry_after(wait),
        None => reply,
    }
}

fn missing() -> Reply {
    let hint = format!(
        "Nothing here. Envelopes go to POST {PATH}, contracts come from GET {PATH}/<servizio>?wsdl\n"
    );
    Reply::new(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", hint)
}

/// A `Host` header goes into the contract: only what an authority may hold (RFC 3986 §3.2.2).
fn is_authority(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
}
