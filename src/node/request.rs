//! What is sent.

use bytes::Bytes;
use http::{HeaderMap, Method};

/// One request to the node.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query below the base URL, beginning with a slash.
    pub path: String,
    /// The JSON envelope; may be empty.
    pub body: Bytes,
    /// The `identificatore` of the message. When given, an answer that refers to another message settles nothing.
    pub identificatore: Option<String>,
    /// Sent as `Idempotency-Key`, for the services that declare that the node recognises repetitions.
    pub idempotency_key: Option<String>,
    /// Further headers; they replace those that the client would write.
    pub headers: HeaderMap,
}

impl Request {
    /// A POST of a JSON envelope.
    #[must_use]
    pub fn post(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            body: body.into(),
            identificatore: None,
            idempotency_key: None,
            headers: HeaderMap::new(),
        }
    }

    /// The same request, expecting an answer to `identificatore`.
    #[must_use]
    pub fn about(mut self, identificatore: impl Into<String>) -> Self {
        self.identificatore = Some(identificatore.into());
        self
    }

    /// The same request with an `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}
