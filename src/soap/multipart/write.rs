//! Writing of a package.

use memchr::memmem;

use crate::xml::digest;

/// An attachment to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Content-ID, without angle brackets; a reference to it is `cid:` and this.
    pub content_id: &'a str,
    /// Content-Type, with its parameters.
    pub content_type: &'a str,
    /// Name of the file, where it has one.
    pub filename: Option<&'a str>,
    /// The content, sent as it is.
    pub content: &'a [u8],
}

/// A package, and the HTTP header that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Value of the HTTP header `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A package cannot be written. Attachments are numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A Content-ID, Content-Type or name that would not be read back, or would be read as another header.
    #[error("attachment {attachment} has a {what} that no header can carry")]
    Header {
        /// The attachment.
        attachment: usize,
        /// Which.
        what: &'static str,
    },
    /// Two parts of one name.
    #[error("attachment {attachment} has the Content-ID of another part")]
    RepeatedId {
        /// The later attachment.
        attachment: usize,
    },
}

/// Content-ID of the root.
const ROOT: &str = "busta@egov-bridge";

/// A package of an envelope and its attachments, in that order: CRLF line ends, no transfer encoding. The result is a
/// function of the arguments alone.
///
/// # Errors
/// A header of an attachment cannot be written, or two attachments have one name.
pub fn write(envelope: &str, attachments: &[Outgoing<'_>]) -> Result<Written, WriteError> {
    let mut names = vec![ROOT];
    let mut size = envelope.len() + 512;
    for (attachment, outgoing) in (1..).zip(attachments) {
        let fail = |what| Err(WriteError::Header { attachment, what });
        let Outgoing { content_id, content_type, filename, content } = *outgoing;
        if content_id.is_empty() || !content_id.bytes().all(|b| b.is_ascii_graphic() && !b"<>".contains(&b)) {
            return fail("Content-ID");
        }
        if content_type.is_empty() || !content_type.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return fail("Content-Type");
        }
        if filename.is_some_and(|name| name.chars().any(char::is_control)) {
            return fail("name");
        }
        if names.contains(&content_id) {
            return Err(WriteError::RepeatedId { attachment });
        }
        names.push(content_id);
        size += content.len() + content_id.len() + content_type.len() + 256;
    }
    let boundary = boundary(envelope, attachments);
    let mut body = Vec::with_capacity(size);
    part(&mut body, &boundary, "text/xml; charset=UTF-8", "8bit", ROOT, None, envelope.as_bytes());
    for outgoing in attachments {
        let Outgoing { content_id, content_type, filename, content } = *outgoing;
        part(&mut body, &boundary, content_type, "binary", content_id, filename, content);
    }
    push(&mut body, &["--", &boundary, "--\r\n"]);
    let content_type =
        format!("multipart/related; type=\"text/xml\"; start=\"<{ROOT}>\"; boundary=\"{boundary}\"");
    Ok(Written { content_type, body })
}

fn part(
    body: &mut Vec<u8>,
    boundary: &str,
    content_type: &str,
    transfer_encoding: &str,
    content_id: &str,
    filename: Option<&str>,
    content: &[u8],
) {
    push(body, &["--", boundary, "\r\nContent-Type: ", content_type]);
    push(body, &["\r\nContent-Transfer-Encoding: ", transfer_encoding]);
    push(body, &["\r\nContent-ID: <", content_id, ">\r\n"]);
    if let Some(filename) = filename {
        let quoted = filename.replace('\\', "\\\\").replace('"', "\\\"");
        push(body, &["Content-Disposition: attachment; filename=\"", &quoted, "\"\r\n"]);
    }
    push(body, &["\r\n"]);
    body.extend_from_slice(content);
    push(body, &["\r\n"]);
}

fn push(body: &mut Vec<u8>, pieces: &[&str]) {
    for piece in pieces {
        body.extend_from_slice(piece.as_bytes());
    }
}

/// A boundary that occurs in no part. It comes from a digest of what is written, so that nobody can have chosen the
/// content to hold it; that it does not is looked at all the same.
fn boundary(envelope: &str, attachments: &[Outgoing<'_>]) -> String {
    let mut attempt = 0_u64;
    loop {
        let number = attempt.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![&number, envelope.as_bytes()];
        parts.extend(attachments.iter().map(|outgoing| outgoing.content));
        let hex: String = digest::of(&parts).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let boundary = format!("MIME_{hex}");
        let occurs = |content: &[u8]| memmem::find(content, boundary.as_bytes()).is_some();
        if !parts.iter().any(|part| occurs(part)) {
            return boundary;
        }
        attempt += 1;
    }
}
