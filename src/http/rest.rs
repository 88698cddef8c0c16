//! The listener of the national node.
//!
//! The outbound direction (the node's JSON delivered to a region's Porta di Dominio) is not part of this release: the
//! listener stands, with its TLS and its limits, and says so in the words of RFC 9457.

use async_trait::async_trait;
use serde_json::json;

use super::{Handler, Peer, Received, Refused, Reply, StatusCode};

/// Answers the national node.
#[derive(Debug, Default)]
pub struct Rest;

#[async_trait]
impl Handler for Rest {
    async fn handle(&self, _received: Received) -> Reply {
        problem(
            StatusCode::NOT_IMPLEMENTED,
            "Direction not served",
            "deliveries from the node to a Porta di Dominio are not part of this release",
        )
    }

    async fn refused(&self, _peer: &Peer, reason: Refused) -> Reply {
        let status = match reason {
            Refused::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refused::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refused::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Refused::Disconnected | Refused::BadHttp => StatusCode::BAD_REQUEST,
            Refused::TooManyConnections | Refused::Overloaded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Refused::NotTheProxy | Refused::Certificate { .. } => StatusCode::FORBIDDEN,
            Refused::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        };
        problem(status, "Request refused", &reason.to_string())
    }
}

fn problem(status: StatusCode, title: &str, detail: &str) -> Reply {
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    Reply::new(status, "application/problem+json", body.to_string())
}
