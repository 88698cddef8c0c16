//! From the bytes of a package to its parts.

use std::borrow::Cow;

use memchr::memmem;

use super::attachment::bare;
use super::headers::Headers;
use super::{Attachment, Bounds, MultipartError, transfer};
use crate::soap::Related;

/// A package, split.
#[derive(Debug)]
pub struct Package<'b> {
    /// The part with the envelope.
    pub root: Root<'b>,
    /// The other parts, in the order of the package.
    pub attachments: Vec<Attachment<'b>>,
}

/// The part with the envelope.
#[derive(Debug)]
pub struct Root<'b> {
    /// Its bytes.
    pub content: Cow<'b, [u8]>,
    /// The charset of its own Content-Type.
    pub charset: Option<String>,
}

/// Where one delimiter line stands.
struct Delimiter {
    /// The end of the content before it.
    content_end: usize,
    /// The byte after its line.
    end: usize,
    /// The last one.
    closing: bool,
}

/// Splits a package.
///
/// # Errors
/// It is no package of that boundary, breaks off, exceeds a bound, or has no usable root.
pub fn read<'b>(body: &'b [u8], related: &Related, bounds: &Bounds) -> Result<Package<'b>, MultipartError> {
    let mut parts = Vec::new();
    for (part, bytes) in (1..).zip(split(body, &related.boundary, bounds)?) {
        let (headers, content) = Headers::split(bytes, part, bounds.header_bytes)?;
        let content = transfer::decode(content, headers.transfer_encoding(), part)?;
        parts.push(Attachment::new(headers, content));
    }
    one_name_one_part(&parts)?;
    let at = match related.start.as_deref().map(bare).filter(|start| !start.is_empty()) {
        None => 0,
        Some(start) => parts
            .iter()
            .position(|part| part.content_id.as_deref() == Some(start))
            .ok_or(MultipartError::NoRoot)?,
    };
    if at >= parts.len() {
        return Err(MultipartError::NoParts);
    }
    let root = root(parts.remove(at), related)?;
    Ok(Package { root, attachments: parts })
}

/// The root is what the package's `type` says; a root that says nothing of itself is believed to be.
fn root<'b>(part: Attachment<'b>, related: &Related) -> Result<Root<'b>, MultipartError> {
    let refused = |media: &str| MultipartError::RootType { media: media.chars().take(128).collect() };
    let Some(content_type) = &part.content_type else {
        let header = part.headers.iter().find(|(name, value)| name == "content-type" && !value.is_empty());
        return match header {
            Some((_, senseless)) => Err(refused(senseless)),
            None => Ok(Root { content: part.content, charset: None }),
        };
    };
    let kind = content_type.parameter("type").unwrap_or("text/xml");
    // XOP 1.0 §4.1: the root of an XOP package is application/xop+xml, its `type` the media type of the document.
    let is_xop = content_type.media() == "application/xop+xml" && kind.eq_ignore_ascii_case("text/xml");
    if content_type.media() != "text/xml" && !(related.xop && is_xop) {
        return Err(refused(content_type.media()));
    }
    let charset = content_type.parameter("charset").map(str::to_owned);
    Ok(Root { content: part.content, charset })
}

fn one_name_one_part(parts: &[Attachment<'_>]) -> Result<(), MultipartError> {
    let mut names = std::collections::HashSet::new();
    for (part, attachment) in (1..).zip(parts) {
        if let Some(id) = &attachment.content_id
            && !names.insert(id)
        {
            return Err(MultipartError::RepeatedId { part });
        }
    }
    Ok(())
}

/// The parts as bytes, headers included (RFC 2046 §5.1.1).
fn split<'b>(body: &'b [u8], boundary: &str, bounds: &Bounds) -> Result<Vec<&'b [u8]>, MultipartError> {
    let dashes = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut begun: Option<usize> = None;
    // The line end of the delimiter before says whether a CR before this one is the package's or the content's.
    let mut crlf = true;
    for at in memmem::find_iter(body, dashes.as_bytes()) {
        let Some(delimiter) = delimiter(body, at, dashes.len(), &mut crlf) else { continue };
        if let Some(begin) = begun {
            parts.push(body.get(begin..delimiter.content_end).unwrap_or_default());
        }
        if delimiter.closing {
            return if begun.is_some() { Ok(parts) } else { Err(MultipartError::NoParts) };
        }
        if parts.len() >= bounds.parts {
            return Err(MultipartError::TooManyParts { limit: bounds.parts });
        }
        begun = Some(delimiter.end);
    }
    Err(match begun {
        None => MultipartError::NoDelimiter,
        Some(_) => MultipartError::Unterminated { parts: parts.len() + 1 },
    })
}

/// The delimiter whose dashes were found at `at`, if they are one: they begin a line and nothing but the closing dashes
/// and white space follows them there. So content with the dashes of another boundary inside a line stays content.
fn delimiter(body: &[u8], at: usize, length: usize, crlf: &mut bool) -> Option<Delimiter> {
    let before = body.get(..at)?;
    if !before.is_empty() && !before.ends_with(b"\n") {
        return None;
    }
    let after = body.get(at + length..)?;
    let closing = after.starts_with(b"--");
    let padding_at = if closing { 2 } else { 0 };
    let padding = after.get(padding_at..)?;
    let spaces = padding.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let line_end = match padding.get(spaces..)? {
        [b'\r', b'\n', ..] => {
            *crlf = true;
            2
        }
        [b'\n', ..] => {
            *crlf = false;
            1
        }
        [] if closing => 0,
        _ => return None,
    };
    let without_lf = before.strip_suffix(b"\n").unwrap_or(before);
    let content = if *crlf { without_lf.strip_suffix(b"\r").unwrap_or(without_lf) } else { without_lf };
    let end = at + length + padding_at + spaces + line_end;
    Some(Delimiter { content_end: content.len(), end, closing })
}
