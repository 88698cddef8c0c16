//! A simulated REST back end that says yes to everything, for whoever wants to see what arrives behind the gateway.
//!
//! It knows no service. A path that ends in `/stato/NNN` is answered with that status and not acted on; one that ends
//! in `/ko` with a negative esito.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::SandboxError;
use super::listener::{self, Asked, Listening, Peer, Told};

/// How many identifiers are remembered.
const REMEMBERED: usize = 100_000;

/// A back end at work. Stops when dropped.
#[derive(Debug)]
pub struct SandboxEcho {
    listening: Listening,
    seen: Arc<Seen>,
}

/// How often each message was acted on.
#[derive(Debug, Default)]
struct Seen(Mutex<HashMap<String, usize>>);

struct Echo(Arc<Seen>);

impl SandboxEcho {
    /// Starts listening with mutual TLS; the files are PEM.
    ///
    /// # Errors
    /// If the address is taken or the TLS files cannot be used.
    pub async fn start(
        address: SocketAddr,
        certificate: &Path,
        key: &Path,
        client_ca: &Path,
    ) -> Result<Self, SandboxError> {
        let tls = listener::mutual_tls(certificate, key, client_ca)?;
        let seen = Arc::new(Seen::default());
        let listening = listener::listen(address, Some(tls), Arc::new(Echo(seen.clone()))).await?;
        Ok(Self { listening, seen })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// How often it acted on the message of that identifier.
    #[must_use]
    pub fn executed(&self, identificatore: &str) -> usize {
        let seen = self.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(identificatore).copied().unwrap_or_default()
    }

    /// Stops listening and closes every connection.
    pub async fn stop(self) {
        self.listening.stop().await;
    }
}

impl Seen {
    fn note(&self, identificatore: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < REMEMBERED {
            *seen.entry(identificatore.to_owned()).or_default() += 1;
        }
    }
}

impl Peer for Echo {
    async fn answer(&self, asked: Asked) -> Told {
        let message: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let identificatore = message.get("identificatore").cloned().unwrap_or_default();
        let ordered = asked.path.rsplit_once("/stato/").and_then(|(_, status)| status.parse::<u16>().ok());
        if let Some(status) = ordered.and_then(|status| StatusCode::from_u16(status).ok()) {
            return Told::Answer(written(status, &json!({ "status": status.as_u16() })));
        }
        let esito = if asked.path.ends_with("/ko") {
            json!({ "codice": "KO", "messaggioErrore": "posizione inesistente" })
        } else {
            self.0.note(identificatore.as_str().unwrap_or_default());
            json!({ "codice": "OK" })
        };
        let reply = json!({
            "direzione": "RISPOSTA",
            "riferimentoMessaggio": identificatore,
            "esito": esito,
        });
        Told::Answer(written(StatusCode::OK, &reply))
    }
}

fn written(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
