//! Where the node is and how long we wait for it.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

use crate::tls::ClientFiles;

/// Everything the client needs to be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The node.
    pub base_url: BaseUrl,
    /// Whom we trust and who we are.
    /// `None` only where the base URL is `http://`.
    pub tls: Option<ClientFiles>,
    /// How long we wait.
    pub deadlines: Deadlines,
    /// How many connections and requests.
    pub pool: PoolBounds,
    /// The longest body of an answer that is read.
    pub max_answer_bytes: usize,
}

impl Settings {
    /// Settings with the default deadlines and bounds.
    #[must_use]
    pub fn new(base_url: BaseUrl, tls: Option<ClientFiles>) -> Self {
        Self {
            base_url,
            tls,
            deadlines: Deadlines::default(),
            pool: PoolBounds::default(),
            max_answer_bytes: 16 * 1024 * 1024,
        }
    }
}

/// How long each step may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Resolving, TCP and TLS together.
    pub connect: Duration,
    /// From handing over the request to the head of the answer.
    pub first_byte: Duration,
    /// The whole of [`send`](super::Client::send), waiting for a free place included.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(25),
            total: Duration::from_secs(30),
        }
    }
}

/// Bounds of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolBounds {
    /// Requests under way at one time, and so connections.
    pub concurrent: usize,
    /// Requests that may wait for one of those places; those beyond are refused at once.
    pub waiting: usize,
    /// How long they wait.
    pub wait: Duration,
    /// How long an unused connection is kept. Less than the node's own keep-alive, so that closing is ours to do.
    pub idle: Duration,
}

impl Default for PoolBounds {
    fn default() -> Self {
        Self { concurrent: 64, waiting: 128, wait: Duration::from_secs(1), idle: Duration::from_secs(20) }
    }
}

/// A base URL: scheme, host, port, and a path prefix without a final slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) prefix: String,
}

impl BaseUrl {
    /// Host and port as written in a `Host` header, the port always shown.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for BaseUrl {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |why| SettingsError { text: text.to_owned(), why };
        let uri: Uri = text.parse().map_err(|_| bad("is not a URL"))?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(bad("must begin with https://")),
        };
        let host = uri.host().ok_or_else(|| bad("has no host"))?.trim_matches(['[', ']']).to_owned();
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(bad("must not carry a user"));
        }
        if uri.path_and_query().and_then(PathAndQuery::query).is_some() {
            return Err(bad("must not carry a query"));
        }
        // A sidecar that does the TLS stands on the same machine; anything farther would show the payload.
        let loopback =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if !tls && !loopback {
            return Err(bad("may be http:// only towards this machine"));
        }
        Ok(Self {
            tls,
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            host,
        })
    }
}

/// A base URL that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the base URL \"{text}\" {why}")]
pub struct SettingsError {
    /// The URL as given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_keeps_its_prefix_without_the_final_slash() {
        let url: BaseUrl = "https://nodo.example.org/api/".parse().unwrap();
        assert_eq!(
            (url.authority().as_str(), url.prefix.as_str(), url.tls),
            ("nodo.example.org:443", "/api", true)
        );
        let url: BaseUrl = "https://[::1]:8445".parse().unwrap();
        assert_eq!(
            (url.authority().as_str(), url.host.as_str(), url.prefix.as_str()),
            ("[::1]:8445", "::1", "")
        );
    }

    #[test]
    fn plain_http_leaves_this_machine_never() {
        assert!("http://127.0.0.1:8080".parse::<BaseUrl>().is_ok());
        let refused = "http://nodo.example.org".parse::<BaseUrl>().unwrap_err();
        assert!(refused.to_string().contains("only towards this machine"));
    }

    #[test]
    fn a_base_url_with_a_query_a_user_or_another_scheme_is_refused() {
        for text in ["https://a/?b", "https://u:p@a/", "ftp://a/", "nodo", "/path"] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
