//! The control listener: plain HTTP on this machine only.
//!
//! `GET|PUT /behaviour` shows or sets how the peer behaves; `GET|DELETE /requests` shows or forgets what it received.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::SandboxError;
use super::control::{self, Control};
use super::listener::{self, Asked, Listening, Peer, Told};
use super::problem;

/// Starts the control listener.
pub(super) async fn start(address: SocketAddr, control: Arc<Control>) -> Result<Listening, SandboxError> {
    if !address.ip().is_loopback() {
        return Err(SandboxError::ControlNotLocal { address });
    }
    listener::listen(address, None, Arc::new(Desk(control))).await
}

struct Desk(Arc<Control>);

impl Peer for Desk {
    async fn answer(&self, asked: Asked) -> Told {
        Told::Answer(self.serve(&asked))
    }
}

impl Desk {
    fn serve(&self, asked: &Asked) -> Response<Bytes> {
        match (asked.path.as_str(), &asked.method) {
            ("/behaviour", &Method::GET) => self.show(),
            ("/behaviour", &Method::PUT) => match control::parse_order(&asked.body) {
                Ok((behaviour, count)) => {
                    self.0.behave(behaviour, count);
                    self.show()
                }
                Err(error) => problem::refuse(StatusCode::BAD_REQUEST, "ordine", &error.to_string(), &[]),
            },
            ("/requests", &Method::GET) => {
                problem::write(StatusCode::OK, "application/json", &json!(self.0.received()))
            }
            ("/requests", &Method::DELETE) => {
                self.0.forget();
                let mut done = Response::new(Bytes::new());
                *done.status_mut() = StatusCode::NO_CONTENT;
                done
            }
            ("/behaviour" | "/requests", _) => {
                problem::refuse(StatusCode::METHOD_NOT_ALLOWED, "metodo", asked.method.as_str(), &[])
            }
            _ => problem::refuse(StatusCode::NOT_FOUND, "percorso", &asked.path, &[]),
        }
    }

    fn show(&self) -> Response<Bytes> {
        let (behaviour, count) = self.0.current();
        let mut shown = json!(behaviour);
        if let (Value::Object(members), Some(count)) = (&mut shown, count) {
            members.insert("count".to_owned(), json!(count));
        }
        problem::write(StatusCode::OK, "application/json", &shown)
    }
}
