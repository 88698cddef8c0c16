//! What came back, and whether it settles the matter.
//!
//! The rule is written where the REST interface is: `openapi/node.yaml`. An answer that was not written by the node
//! itself (a gateway's error page, a proxy's redirect) says nothing of what the node did.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;

/// The answer to one request, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The media type, lower case, without parameters.
    pub content_type: Option<String>,
    /// The message that the answer must refer to.
    pub(super) identificatore: Option<String>,
}

/// What an answer settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// 2xx with a reply envelope: the node took the message and says what came of it, OK or KO.
    Answered,
    /// 4xx with a problem document: the node did not take the message, and will not take it as it is.
    Refused,
    /// The node says that it did nothing, and that the same message may come again.
    NothingDone {
        /// When, if it says so.
        retry_after: Option<RetryAfter>,
    },
    /// It is not known what the node did.
    Inconclusive(Inconclusive),
}

/// Why an answer settles nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inconclusive {
    /// 502 or 504: a gateway speaks, and it does not know either.
    #[error("a gateway answered {0} in the place of the node")]
    Gateway(StatusCode),
    /// 5xx without the node's word that nothing was done.
    #[error("status {0} does not say whether anything was done")]
    ServerError(StatusCode),
    /// Neither 2xx, 4xx nor 5xx.
    #[error("status {0} is not one that the interface foresees")]
    UnforeseenStatus(StatusCode),
    /// 2xx without a reply envelope: HTML, no JSON, or other JSON.
    #[error("the body ({content_type}) is not a reply envelope: {why}")]
    NotAnEnvelope {
        /// The media type found.
        content_type: String,
        /// What was looked for and not found.
        why: String,
    },
    /// 4xx without a problem document.
    #[error("status {status} came with {content_type}, not with a problem document")]
    NotAProblem {
        /// The status.
        status: StatusCode,
        /// The media type found.
        content_type: String,
    },
    /// The reply is to another message.
    #[error("the reply refers to {found}, not to {expected}")]
    OtherMessage {
        /// The message that was sent.
        expected: String,
        /// The message that the reply names.
        found: String,
    },
}

/// The value of a `Retry-After` header (RFC 9110 §10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this long.
    In(Duration),
    /// At this instant.
    At(Timestamp),
}

/// A problem document (RFC 9457), with the members that `openapi/node.yaml` adds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Problem {
    /// The kind of problem.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// The kind in words.
    #[serde(default)]
    pub title: Option<String>,
    /// What happened this time.
    #[serde(default)]
    pub detail: Option<String>,
    /// `false`: the node did nothing with the request. The only thing that makes a 5xx conclusive by its body.
    #[serde(default)]
    pub elaborata: Option<bool>,
}

#[derive(Deserialize)]
struct ReplyEnvelope {
    direzione: String,
    #[serde(rename = "riferimentoMessaggio")]
    riferimento_messaggio: Option<String>,
    #[serde(rename = "esito")]
    _esito: Esito,
}

#[derive(Deserialize)]
struct Esito {
    #[serde(rename = "codice")]
    _codice: String,
}

impl Answer {
    /// What the answer settles.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let status = self.status;
        let retry_after = self.retry_after();
        if status.is_success() {
            return self.envelope().map_or_else(Verdict::Inconclusive, |()| Verdict::Answered);
        }
        // RFC 6585 §4, RFC 9110 §15.6.4: both refuse the request as a whole. Without Retry-After they may be a
        // gateway's, after the node was reached.
        if retry_after.is_some()
            && (status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS)
        {
            return Verdict::NothingDone { retry_after };
        }
        let problem = self.problem();
        if status.is_client_error() {
            return match problem {
                // RFC 9110 §15.5.9: the request never arrived whole.
                Some(_)
                    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT =>
                {
                    Verdict::NothingDone { retry_after }
                }
                Some(_) => Verdict::Refused,
                None => Verdict::Inconclusive(Inconclusive::NotAProblem {
                    status,
                    content_type: self.media_type().to_owned(),
                }),
            };
        }
        if status.is_server_error() {
            if status == StatusCode::BAD_GATEWAY || status == StatusCode::GATEWAY_TIMEOUT {
                return Verdict::Inconclusive(Inconclusive::Gateway(status));
            }
            if problem.is_some_and(|problem| problem.elaborata == Some(false)) {
                return Verdict::NothingDone { retry_after };
            }
            return Verdict::Inconclusive(Inconclusive::ServerError(status));
        }
        Verdict::Inconclusive(Inconclusive::UnforeseenStatus(status))
    }

    /// Whether it is known what the node did.
    #[must_use]
    pub fn conclusive(&self) -> bool {
        !matches!(self.verdict(), Verdict::Inconclusive(_))
    }

    /// The problem document, when the answer is one.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        if self.media_type() != "application/problem+json" {
            return None;
        }
        serde_json::from_slice(&self.body).ok()
    }

    /// The `Retry-After` header, when it can be read.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(RetryAfter::In(Duration::from_secs(u64::from(seconds))));
        }
        jiff::fmt::rfc2822::parse(value).ok().map(|zoned| RetryAfter::At(zoned.timestamp()))
    }

    fn media_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or("no content type")
    }

    fn envelope(&self) -> Result<(), Inconclusive> {
        let not =
            |why: String| Inconclusive::NotAnEnvelope { content_type: self.media_type().to_owned(), why };
        if self.media_type() != "application/json" {
            return Err(not("application/json is expected".to_owned()));
        }
        let envelope: ReplyEnvelope =
            serde_json::from_slice(&self.body).map_err(|error| not(error.to_string()))?;
        if envelope.direzione != "RISPOSTA" {
            return Err(not("direzione is not RISPOSTA".to_owned()));
        }
        match (&self.identificatore, envelope.riferimento_messaggio) {
            (Some(expected), found) if found.as_ref() != Some(expected) => Err(Inconclusive::OtherMessage {
                expected: expected.clone(),
                found: found.unwrap_or_else(|| "none".to_owned()),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const REPLY: &str = r#"{"direzione":"RISPOSTA","riferimentoMessaggio":"A","esito":{"codice":"OK"}}"#;

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_owned()),
            content_type: Some(content_type.to_owned()),
            identificatore: Some("A".to_owned()),
        }
    }

    fn retry(mut answer: Answer, value: &'static str) -> Answer {
        answer.headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
        answer
    }

    #[test]
    fn a_reply_envelope_settles_and_so_does_a_problem_document() {
        assert_eq!(answer(200, "application/json", REPLY).verdict(), Verdict::Answered);
        assert_eq!(answer(400, "application/problem+json", "{}").verdict(), Verdict::Refused);
    }

    #[test]
    fn a_reply_to_another_message_settles_nothing() {
        let other = REPLY.replace("\"A\"", "\"B\"");
        let verdict = answer(200, "application/json", &other).verdict();
        assert!(matches!(verdict, Verdict::Inconclusive(Inconclusive::OtherMessage { .. })));
        let silent = r#"{"direzione":"RISPOSTA","esito":{"codice":"OK"}}"#;
        assert!(!answer(200, "application/json", silent).conclusive());
    }

    #[test]
    fn pages_fragments_and_gateway_errors_settle_nothing() {
        for (status, kind, body) in [
            (200, "text/html", "<html/>"),
            (200, "text/html", REPLY),
            (200, "application/json", "{\"direzione\":\"RISPOSTA\""),
            (200, "application/json", "[]"),
            (
                200,
                "application/json",
                r#"{"direzione":"RICHIESTA","riferimentoMessaggio":"A","esito":{"codice":"OK"}}"#,
            ),
            (204, "application/json", ""),
            (302, "text/html", ""),
            (403, "text/html", "<html/>"),
            (400, "application/problem+json", "<html/>"),
            (500, "application/problem+json", "{}"),
            (500, "application/problem+json", r#"{"elaborata":true}"#),
            (502, "application/problem+json", r#"{"elaborata":false}"#),
            (503, "text/html", ""),
            (504, "text/html", ""),
        ] {
            assert!(!answer(status, kind, body).conclusive(), "{status} {kind} {body}");
        }
    }

    #[test]
    fn unavailable_with_retry_after_says_that_nothing_was_done() {
        let told = retry(answer(503, "text/html", ""), "7").verdict();
        assert_eq!(told, Verdict::NothingDone { retry_after: Some(RetryAfter::In(Duration::from_secs(7))) });
        let dated = retry(answer(503, "text/html", ""), "Wed, 21 Oct 2026 07:28:00 GMT").verdict();
        let at = "2026-10-21T07:28:00Z".parse().unwrap();
        assert_eq!(dated, Verdict::NothingDone { retry_after: Some(RetryAfter::At(at)) });
        let gateway = retry(answer(502, "text/html", ""), "7");
        assert!(!gateway.conclusive());
    }

    #[test]
    fn a_server_error_settles_only_when_the_node_says_it_did_nothing() {
        let told = answer(500, "application/problem+json", r#"{"elaborata":false}"#).verdict();
        assert_eq!(told, Verdict::NothingDone { retry_after: None });
    }
}
