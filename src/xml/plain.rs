//! Tags and text written plainly, read in one pass over their bytes.
//!
//! Each function takes what the text begins with, or nothing at all where that is written in a way that needs a closer
//! look: an end tag with a space in it, a name beyond ASCII, a namespace declaration, a tag that is malformed, a bound
//! exceeded. Whoever calls then reads the same bytes the other way, which also words what is wrong. So nothing is
//! refused here, and nothing may be taken here that the other way refuses or reads otherwise.

use std::borrow::Cow;

use super::grain::{Grain, MARKUP, NAME, NAME_START, SPACE, SPECIAL, SPECIAL_IN_VALUE, class, same_name};
use super::{Attribute, Limits, Name, NamespaceIndex};

/// A start tag.
pub(super) struct StartTag<'x> {
    /// The name as written: ASCII letters, digits and `_-.`, with at most one colon, and each part begins as a name
    /// may begin.
    pub(super) name: &'x str,
    /// The part after the colon.
    pub(super) local: &'x str,
    /// Bytes of the tag.
    pub(super) length: usize,
    /// Whether it is an empty-element tag.
    pub(super) empty: bool,
}

/// A run of text.
pub(super) struct Text<'x> {
    pub(super) run: &'x str,
    seen: u16,
}

impl Text<'_> {
    /// Whether it stands for itself: no character that may be forbidden, no carriage return, no `]`.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.seen & SPECIAL == 0
    }

    #[inline]
    pub(super) fn grain(&self) -> Grain {
        Grain::gathered(self.seen)
    }
}

/// The text up to the next markup or reference.
#[inline]
pub(super) fn text(rest: &str) -> Text<'_> {
    let mut seen = 0;
    let mut length = 0;
    for byte in rest.bytes() {
        let class = class(byte);
        if class & MARKUP != 0 {
            break;
        }
        seen |= class;
        length += 1;
    }
    Text { run: rest.get(..length).unwrap_or_default(), seen }
}

/// The length of the end tag of `open`.
#[inline]
pub(super) fn end_tag(rest: &str, open: &str) -> Option<usize> {
    let name = rest.as_bytes().strip_prefix(b"</")?;
    let after = name.get(open.len())?;
    (*after == b'>' && same_name(name.get(..open.len())?, open.as_bytes())).then_some(open.len() + 3)
}

/// The name in a reference.
pub(super) fn reference(rest: &str) -> Option<&str> {
    let name = rest.get(1..)?;
    let length = name.bytes().take(10).position(|b| matches!(b, b';' | b'<' | b'&'))?;
    (name.as_bytes().get(length) == Some(&b';')).then(|| name.get(..length))?
}

/// The start tag at `offset`; its attributes take the place of those in `attributes`.
// Always: a tag that goes through memory costs as much as reading it.
#[inline(always)]
pub(super) fn start_tag<'x>(
    rest: &'x str,
    offset: usize,
    limits: &Limits,
    attributes: &mut Vec<Attribute<'x>>,
) -> Option<StartTag<'x>> {
    let bytes = rest.as_bytes();
    if bytes.first() != Some(&b'<') {
        return None;
    }
    attributes.clear();
    let (local_at, mut at) = name_ends(bytes, 1)?;
    let name = rest.get(1..at).filter(|name| name.len() <= limits.name_bytes)?;
    let local = rest.get(local_at..at)?;
    loop {
        let spaces = at;
        while class(*bytes.get(at)?) & SPACE != 0 {
            at += 1;
        }
        match bytes.get(at)? {
            b'>' => return Some(StartTag { name, local, length: at + 1, empty: false }),
            b'/' => {
                let closed = *bytes.get(at + 1)? == b'>';
                return closed.then_some(StartTag { name, local, length: at + 2, empty: true });
            }
            _ if at == spaces || attributes.len() >= limits.attributes => return None,
            _ => {}
        }
        at = attribute(rest, at, offset, limits, attributes)?;
    }
}

/// Takes the attribute at `start`, and gives its end.
#[inline]
fn attribute<'x>(
    rest: &'x str,
    start: usize,
    offset: usize,
    limits: &Limits,
    attributes: &mut Vec<Attribute<'x>>,
) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (local_at, end) = name_ends(bytes, start)?;
    let name = rest.get(start..end).filter(|name| name.len() <= limits.name_bytes)?;
    let quote = *bytes.get(end + 1)?;
    if *bytes.get(end)? != b'=' || !matches!(quote, b'"' | b'\'') || name.starts_with("xmlns") {
        return None;
    }
    let value_at = end + 2;
    let mut seen = 0;
    let mut value_end = value_at;
    loop {
        let byte = *bytes.get(value_end)?;
        if byte == quote {
            break;
        }
        seen |= class(byte);
        value_end += 1;
    }
    let value = rest.get(value_at..value_end)?;
    if seen & SPECIAL_IN_VALUE != 0 || value.len() > limits.text_bytes {
        return None;
    }
    let local = rest.get(local_at..end)?;
    let name = Name { namespace: NamespaceIndex::NONE, local, qualified: name };
    let grain = Grain::gathered(seen);
    attributes.push(Attribute { name, value: Cow::Borrowed(value), offset: offset + value_at, grain });
    Some(value_end + 1)
}

/// Where the local part of the qualified name at `start` begins, and where it ends.
#[inline]
fn name_ends(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let end = local_end(bytes, start)?;
    if *bytes.get(end)? == b':' {
        return Some((end + 1, local_end(bytes, end + 1)?));
    }
    Some((start, end))
}

#[inline]
fn local_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    if class(*bytes.get(at)?) & NAME_START == 0 {
        return None;
    }
    while class(*bytes.get(at)?) & NAME != 0 {
        at += 1;
    }
    Some(at)
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
