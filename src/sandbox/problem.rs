//! Problem documents (RFC 9457), as `openapi/node.yaml` describes them.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    /// JSON Pointer of the member.
    pub(super) puntatore: String,
    /// What is expected there.
    pub(super) atteso: String,
    /// What is there.
    pub(super) trovato: String,
}

/// A refusal: nothing was done.
pub(super) fn refuse(status: StatusCode, kind: &str, detail: &str, faults: &[Fault]) -> Response<Bytes> {
    let mut document = json!({
        "type": format!("urn:nodo:problema:{kind}"),
        "title": status.canonical_reason().unwrap_or("Errore"),
        "status": status.as_u16(),
        "detail": detail,
        "elaborata": false,
    });
    if !faults.is_empty()
        && let Value::Object(members) = &mut document
    {
        members.insert("errori".to_owned(), json!(faults));
    }
    write(status, "application/problem+json", &document)
}

/// A server error of which nobody can tell how far it got.
pub(super) fn fail(status: StatusCode) -> Response<Bytes> {
    let document = json!({
        "type": "urn:nodo:problema:interno",
        "title": status.canonical_reason().unwrap_or("Errore"),
        "status": status.as_u16(),
    });
    write(status, "application/problem+json", &document)
}

/// A JSON response.
pub(super) fn write(status: StatusCode, content_type: &'static str, document: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(document.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}
