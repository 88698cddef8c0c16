//! The answer to a request, whole.

use ::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use ::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;
use std::time::Duration;

/// A reply with its body in memory: the gateway answers nothing before the outcome is durable, so there is never
/// a body still being made.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers; `Content-Length`, `Date` and `Connection` are added by the listener.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A reply without headers and body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A reply with a body of the given media type.
    #[must_use]
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::empty(status).with_header(CONTENT_TYPE, HeaderValue::from_static(content_type)).with_body(body)
    }

    /// The same reply with one more header; a header of that name already there is replaced.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The same reply with another body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same reply with `Retry-After` in whole seconds, rounded up and at least one: "at once" would invite
    /// the very request that was refused (RFC 9110 §10.2.3).
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_rounded_up_and_never_zero() {
        let seconds = |wait| {
            Reply::empty(StatusCode::OK).with_retry_after(wait).headers[RETRY_AFTER]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(seconds(Duration::ZERO), "1");
        assert_eq!(seconds(Duration::from_millis(1001)), "2");
        assert_eq!(seconds(Duration::from_secs(3)), "3");
    }
}
