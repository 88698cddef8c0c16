//! SOAP Messages with Attachments: `multipart/related` (RFC 2387) in both directions, and XOP (MTOM).
//!
//! Reading: [`open`] splits a package in one pass, finds its root by `start` or takes the first part, and gives a
//! [`Message`]: the text of the envelope with what travels beside it. Nothing is copied but what a transfer encoding
//! hides; the bytes of an attachment are exactly those that were sent. Preamble, epilogue, bare line feeds, folded and
//! absent part headers are taken as they come; a package that breaks off, names one part twice or hides one behind an
//! unknown encoding is refused, because a guess would lose or change what has legal value.
//!
//! XOP: the `Include` elements of the root are replaced by the base64 text that they stand for, which is what the
//! package means (XOP 1.0 §3.2); [`Inclusion`] remembers which part each came from.
//!
//! Writing: [`write()`] is byte-stable, and its boundary occurs in no part.
//!
//! Everything is bounded: parts and headers by [`Bounds`], decoded content by the length of the package, the text with
//! its inclusions by `xml::Limits`. No scan looks at a byte more than a few times.

mod attachment;
mod error;
mod headers;
mod read;
mod transfer;
mod write;
mod xop;

#[cfg(test)]
mod read_tests;

use std::borrow::Cow;

pub use attachment::Attachment;
pub use error::MultipartError;
pub use read::{Package, Root, read};
pub use write::{Outgoing, WriteError, Written, write};
pub use xop::Inclusion;

use super::Related;
use crate::xml::{Limits, encoding};

/// Bounds of a package, apart from its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Greatest number of parts, the root included.
    pub parts: usize,
    /// Greatest length of the headers of one part, in bytes.
    pub header_bytes: usize,
}

/// A message as it arrived: the text of its envelope, and what travels beside it.
#[derive(Debug)]
pub struct Message<'b> {
    /// The envelope. Offsets of its elements are those of this text.
    pub text: Cow<'b, str>,
    /// The attachments; none where the message was no package.
    pub attached: Attached<'b>,
}

/// What travels beside an envelope.
#[derive(Debug, Default)]
pub struct Attached<'b> {
    /// The parts other than the root, in the order of the package.
    pub attachments: Vec<Attachment<'b>>,
    /// Where parts were put into the text of the envelope, in document order.
    pub inclusions: Vec<Inclusion>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { parts: 64, header_bytes: 8192 }
    }
}

impl<'b> Attached<'b> {
    /// Nothing.
    #[must_use]
    pub fn none() -> &'static Attached<'static> {
        static NONE: Attached<'static> = Attached { attachments: Vec::new(), inclusions: Vec::new() };
        &NONE
    }

    /// The number of the attachment that `href` names: `cid:` and a Content-ID, or a Content-Location.
    #[must_use]
    pub fn position(&self, href: &str) -> Option<usize> {
        self.attachments.iter().position(|attachment| attachment.is_at(href))
    }

    /// The attachments that are not part of the envelope's own text, with their numbers.
    pub fn beside(&self) -> impl Iterator<Item = (usize, &Attachment<'b>)> {
        let included = |at: usize| self.inclusions.iter().any(|inclusion| inclusion.attachment == at);
        self.attachments.iter().enumerate().filter(move |(at, _)| !included(*at))
    }
}

impl<'b> From<Cow<'b, str>> for Message<'b> {
    fn from(text: Cow<'b, str>) -> Self {
        Self { text, attached: Attached::default() }
    }
}

/// Reads a package down to the text of its envelope.
///
/// # Errors
/// The package cannot be split, its root is no text, or an inclusion leads nowhere.
pub fn open<'b>(
    body: &'b [u8],
    related: &Related,
    limits: &Limits,
    bounds: &Bounds,
) -> Result<Message<'b>, MultipartError> {
    let Package { root, attachments } = read(body, related, bounds)?;
    let charset = root.charset.as_deref();
    let text = match root.content {
        Cow::Borrowed(bytes) => encoding::decode(bytes, charset)?,
        Cow::Owned(bytes) => Cow::Owned(encoding::decode(&bytes, charset)?.into_owned()),
    };
    let mut attached = Attached { attachments, inclusions: Vec::new() };
    if !related.xop {
        return Ok(Message { text, attached });
    }
    let (text, inclusions) = xop::resolve(text, &attached, limits)?;
    attached.inclusions = inclusions;
    Ok(Message { text, attached })
}
