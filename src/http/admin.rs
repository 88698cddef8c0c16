//! The listener of the operator: is the process alive, is it ready, what does it count.
//!
//! `/health/live` says that the process answers, and nothing else: it must not fail because a dependency does, or
//! an orchestrator would restart a gateway that only waits for its journal. `/health/ready` asks [`Readiness`] and
//! is 503 while one check fails. `/metrics` is the text that Prometheus scrapes. `/` is a page for people.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ALLOW, CACHE_CONTROL, HeaderName};
use ::http::{HeaderValue, Method, StatusCode};
use async_trait::async_trait;
use serde_json::json;
use tokio::time::timeout;

use super::{Handler, Peer, Received, Refused, Reply};
use crate::telemetry::metrics::Metrics;

/// Time the checks have before the answer is no. Shorter than the patience of any prober.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the gateway needs in order to do its work.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Every check, in a fixed order, whether it passes or not.
    async fn checks(&self) -> Vec<Check>;
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `journal`, `schemas`, `certificate listeners.pdd`.
    pub name: String,
    /// How it stands.
    pub state: CheckState,
    /// In words, for the operator. Empty where there is nothing to say.
    pub detail: String,
}

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// Well.
    Passing,
    /// It will need somebody; messages are served meanwhile.
    Warning,
    /// Messages cannot be served.
    Failing,
}

/// The handler of the listener.
pub struct Admin {
    metrics: Metrics,
    readiness: Arc<dyn Readiness>,
    listeners: Vec<(String, String)>,
}

impl Check {
    /// A check that passes, with nothing to say.
    #[must_use]
    pub fn passing(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: CheckState::Passing, detail: String::new() }
    }

    /// A check that fails, and why.
    #[must_use]
    pub fn failing(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), state: CheckState::Failing, detail: detail.into() }
    }

    /// A check that somebody should look at, and why.
    #[must_use]
    pub fn warning(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), state: CheckState::Warning, detail: detail.into() }
    }
}

impl CheckState {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Warning => "warning",
            Self::Failing => "failing",
        }
    }
}

impl Admin {
    /// A handler that renders `metrics`, asks `readiness`, and lists `listeners` (name and URL) on its page.
    #[must_use]
    pub fn new(metrics: Metrics, readiness: Arc<dyn Readiness>, listeners: Vec<(String, String)>) -> Self {
        Self { metrics, readiness, listeners }
    }

    async fn checks(&self) -> Vec<Check> {
        match timeout(PATIENCE, self.readiness.checks()).await {
            Ok(checks) => checks,
            Err(_) => vec![Check::failing("readiness", format!("no answer from the checks in {PATIENCE:?}"))],
        }
    }

    async fn ready(&self) -> Reply {
        let checks = self.checks().await;
        let ready = is_ready(&checks);
        let checks: Vec<_> = checks
            .iter()
            .map(|check| json!({ "name": check.name, "state": check.state.as_str(), "detail": check.detail }))
            .collect();
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let body = json!({ "status": if ready { "ready" } else { "not ready" }, "checks": checks });
        Reply::new(status, "application/json", body.to_string())
    }

    /// Everything on the page is computed for the request; it claims nothing that was not just looked at.
    async fn page(&self) -> Reply {
        let checks = self.checks().await;
        let mut page = String::from(HEAD);
        let standing = if is_ready(&checks) { "ready" } else { "not ready" };
        // Writing into a String cannot fail.
        let _ = write!(
            page,
            "<p>Version {}, {standing}.</p>\n<h2>Checks</h2>\n<table>\n",
            env!("CARGO_PKG_VERSION")
        );
        for check in &checks {
            let state = check.state.as_str();
            let (name, detail) = (escaped(&check.name), escaped(&check.detail));
            let _ = writeln!(page, "<tr><td>{name}<td class={state}>{state}<td>{detail}");
        }
        page.push_str("</table>\n<h2>Listeners</h2>\n<table>\n");
        for (name, url) in &self.listeners {
            let _ = writeln!(page, "<tr><td>{}<td><code>{}</code>", escaped(name), escaped(url));
        }
        page.push_str(FOOT);
        Reply::new(StatusCode::OK, "text/html; charset=utf-8", page)
    }
}

#[async_trait]
impl Handler for Admin {
    async fn handle(&self, received: Received) -> Reply {
        if received.method != Method::GET && received.method != Method::HEAD {
            let allow = HeaderValue::from_static("GET, HEAD");
            return guarded(Reply::empty(StatusCode::METHOD_NOT_ALLOWED).with_header(ALLOW, allow));
        }
        guarded(match received.path.as_str() {
            "/" => self.page().await,
            "/health/live" => Reply::new(StatusCode::OK, "text/plain; charset=utf-8", "alive\n"),
            "/health/ready" => self.ready().await,
            "/metrics" => {
                Reply::new(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.metrics.render())
            }
            _ => Reply::new(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is nothing here.\n"),
        })
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
        Reply::new(status, "text/plain; charset=utf-8", format!("{reason}\n"))
    }
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("listeners", &self.listeners).finish_non_exhaustive()
    }
}

const HEAD: &str = "<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content='width=device-width'>
<title>egov-bridge</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
td { padding: .2rem 1.5rem .2rem 0; vertical-align: top }
.passing { color: #060 } .warning { color: #850 } .failing { color: #a00; font-weight: bold }
</style>
<h1>egov-bridge</h1>
";

const FOOT: &str = "</table>
<p><a href=/health/live>/health/live</a> · <a href=/health/ready>/health/ready</a> · <a href=/metrics>/metrics</a>
</html>
";

fn is_ready(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.state != CheckState::Failing)
}

/// The page runs no script and is framed by nobody, and no proxy may show yesterday's health.
fn guarded(reply: Reply) -> Reply {
    const HEADERS: [(HeaderName, &str); 3] = [
        (CACHE_CONTROL, "no-store"),
        (::http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            ::http::header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    HEADERS
        .into_iter()
        .fold(reply, |reply, (name, value)| reply.with_header(name, HeaderValue::from_static(value)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
