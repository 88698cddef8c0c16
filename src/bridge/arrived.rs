//! What the bridge takes from a listener, and what it gives back.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::failure::reply::PddReply;
use crate::journal;

/// A request of a Porta di Dominio, whole.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The `SOAPAction` header.
    pub soap_action: Option<String>,
    /// The body.
    pub body: Bytes,
    /// Who is at the other end of the connection.
    pub caller: Caller,
    /// When the head of the request had been read.
    pub received_at: Timestamp,
}

/// The other end of the connection.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Common name of the client certificate, where one was shown and verified; the outer `None` means that the
    /// listener asks for none, the inner that the certificate has no common name.
    pub certificate: Option<Option<String>>,
    /// Subject of the certificate, or the address: for the record.
    pub label: String,
}

/// The reply to a Porta di Dominio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Cow<'static, str>,
    /// When to come again, where that is known.
    pub retry_after: Option<Duration>,
    /// Number of the journal's record: what to quote when asking about the message.
    pub reference: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// `Content-Type` of every envelope that is written here.
pub(super) const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

impl Answer {
    /// The reply as it is recorded before it is given.
    pub(super) fn recordable(reply: &PddReply) -> journal::Reply {
        journal::Reply {
            status: reply.status,
            content_type: Cow::Borrowed(CONTENT_TYPE),
            identificatore: reply.identificatore.clone(),
            body: Bytes::copy_from_slice(reply.body.as_bytes()),
        }
    }

    /// A recorded reply, given again byte for byte.
    pub(super) fn again(reply: journal::Reply, id: journal::MessageId) -> Self {
        Self {
            status: reply.status,
            content_type: reply.content_type,
            retry_after: None,
            reference: Some(id.to_string()),
            body: reply.body,
        }
    }
}

impl From<PddReply> for Answer {
    fn from(reply: PddReply) -> Self {
        Self {
            status: reply.status,
            content_type: Cow::Borrowed(CONTENT_TYPE),
            retry_after: reply.retry_after,
            reference: None,
            body: Bytes::from(reply.body),
        }
    }
}
