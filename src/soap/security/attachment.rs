//! Attachments as a signature sees them.

use std::borrow::Cow;

use openssl::hash::Hasher;

use super::SecurityError;
use super::algorithm::Hashing;
use crate::soap::multipart::{self, Attached};
use crate::xml::c14n::{self, Canon};
use crate::xml::{Limits, Reader, encoding};

/// One part of the package beside the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attachment<'a> {
    /// `Content-Type` of the part, with or without parameters; empty where it has none.
    pub content_type: &'a str,
    /// The octets, transfer encoding undone.
    pub content: &'a [u8],
}

/// Finds an attachment.
pub trait Attachments {
    /// The part with this Content-ID, written without angle brackets and without `cid:`.
    fn attachment(&self, content_id: &str) -> Option<Attachment<'_>>;

    /// The Content-ID of every part beside the envelope, written in the same way.
    fn content_ids(&self) -> Vec<&str>;
}

/// A message without attachments.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAttachments;

impl Attachments for NoAttachments {
    fn attachment(&self, _content_id: &str) -> Option<Attachment<'_>> {
        None
    }

    fn content_ids(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// A name that two parts have names none of them; a part without Content-ID has none that a signature could use.
impl Attachments for Attached<'_> {
    fn attachment(&self, content_id: &str) -> Option<Attachment<'_>> {
        let is_named = |part: &&multipart::Attachment<'_>| part.content_id.as_deref() == Some(content_id);
        let mut named = self.attachments.iter().filter(is_named);
        let part = named.next()?;
        let content_type = part.headers.iter().find(|(name, _)| name == "content-type");
        named.next().is_none().then(|| Attachment {
            content_type: content_type.map_or("", |(_, value)| value),
            content: &part.content,
        })
    }

    fn content_ids(&self) -> Vec<&str> {
        self.attachments.iter().map(|part| part.content_id.as_deref().unwrap_or_default()).collect()
    }
}

/// Digests the content of an attachment (SwA Profile 1.1, §5.4.2): XML in its canonical form, text with the line ends of MIME,
/// anything else as it is.
pub(super) fn digest(
    attachment: Attachment<'_>,
    limits: &Limits,
    hasher: Hasher,
) -> Result<Vec<u8>, SecurityError> {
    let mut hashing = Hashing::new(hasher);
    let Attachment { content_type, content } = attachment;
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "text/xml" | "application/xml" => {
            let text = encoding::decode(content, charset(content_type))
                .map_err(|_| SecurityError::Malformed("attachment"))?;
            c14n::canonical(&mut Reader::document(&text, limits), &Canon::default(), &mut hashing)?;
        }
        text if text.starts_with("text/") => hashing.octets(&with_crlf(content)),
        _ => hashing.octets(content),
    }
    Ok(hashing.finish()?)
}

fn charset(content_type: &str) -> Option<&str> {
    let parameters = content_type.split(';').skip(1);
    let charset = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(charset.1.trim().trim_matches('"'))
}

fn with_crlf(content: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 32);
    let mut octets = content.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'\r' => {
                octets.next_if_eq(&b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}
