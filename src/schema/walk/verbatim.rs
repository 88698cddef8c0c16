//! An element on its way to JSON as it stands: one that the service wants carried so, or one without a type in the
//! schema, which is text if it holds nothing else.
//!
//! What is carried can be read by itself: it has every declaration of a prefix that holds where it stands and that it
//! may use. Whether it does is judged by the look of it, `p:` anywhere in it, since prefixes may stand in values too.

use crate::schema::plan::Member;
use crate::xml::write::push_attribute_value;
use crate::xml::{Reader, characters};

/// An element being carried.
pub(super) struct Verbatim<'d> {
    /// Frames below it.
    pub(super) depth: usize,
    pub(super) member: Option<&'d Member>,
    start: usize,
    /// Byte offset just after the start tag.
    after_tag: usize,
    /// Whether the service asks for it: then it is carried whatever it holds.
    pub(super) asked: bool,
    /// Whether it is more than text.
    marked_up: bool,
    text: String,
}

impl<'d> Verbatim<'d> {
    pub(super) fn begin(reader: &Reader<'_>, depth: usize, member: Option<&'d Member>, asked: bool) -> Self {
        Self {
            depth,
            member,
            start: reader.offset(),
            after_tag: reader.end_offset(),
            asked,
            marked_up: asked || !reader.attributes().is_empty(),
            text: String::new(),
        }
    }

    /// Text, with that many frames open.
    pub(super) fn text(&mut self, frames: usize, text: &str) {
        if frames == self.depth + 1 && !self.asked {
            self.text.push_str(text);
        }
    }

    /// A child element.
    pub(super) fn child(&mut self) {
        self.marked_up = true;
    }

    /// The text; or, as an error, the element that the reader has just left with the declarations that it needs.
    /// `has_default` says that the way back declares a default namespace at the root: where none holds here, that one
    /// must not reach inside.
    pub(super) fn finish(&self, reader: &Reader<'_>, has_default: bool) -> Result<&str, String> {
        if !self.marked_up {
            return Ok(&self.text);
        }
        let document = reader.text();
        let end = reader.end_offset();
        let tag = document.get(self.start..self.after_tag).unwrap_or_default();
        let (name, attributes) = split_tag(tag);
        let own = declared_in(attributes);
        let mut out = String::with_capacity(end.saturating_sub(self.start) + 64);
        out.push_str(name);
        for prefix in prefixes(document.get(self.start..end).unwrap_or_default()) {
            if own.iter().any(|name| name.strip_prefix("xmlns:") == Some(prefix)) || prefix == "xml" {
                continue;
            }
            if let Some(namespace) = reader.namespace_of(prefix) {
                declare(&mut out, &format!("xmlns:{prefix}"), namespace);
            }
        }
        let default = reader.namespace_of("").unwrap_or_default();
        if !own.contains(&"xmlns") && (has_default || !default.is_empty()) {
            declare(&mut out, "xmlns", default);
        }
        out.push_str(attributes);
        out.push_str(document.get(self.after_tag..end).unwrap_or_default());
        Err(out)
    }
}

/// An element that can be read by itself, as text that means the same below a default namespace.
pub(crate) fn push_isolated(out: &mut String, element: &str) {
    let tag = element.get(..tag_length(element)).unwrap_or(element);
    let (name, attributes) = split_tag(tag);
    out.push_str(name);
    if !declared_in(attributes).contains(&"xmlns") {
        declare(out, "xmlns", "");
    }
    out.push_str(element.get(name.len()..).unwrap_or_default());
}

fn declare(out: &mut String, attribute: &str, namespace: &str) {
    out.push(' ');
    out.push_str(attribute);
    out.push_str("=\"");
    push_attribute_value(out, namespace);
    out.push('"');
}

/// `<name`, and the rest of a start tag.
fn split_tag(tag: &str) -> (&str, &str) {
    let inner = tag.get(1..).unwrap_or_default();
    let name_end = 1 + inner.find([' ', '\t', '\r', '\n', '/', '>']).unwrap_or(inner.len());
    tag.split_at_checked(name_end).unwrap_or((tag, ""))
}

/// The length of the start tag that a well-formed element begins with.
fn tag_length(element: &str) -> usize {
    let mut quote = None;
    for (at, byte) in element.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    element.len()
}

/// All that may be prefixes in a text, in order.
fn prefixes(text: &str) -> Vec<&str> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.') || b >= 0x80;
    let mut found = Vec::new();
    for at in memchr::memchr_iter(b':', text.as_bytes()) {
        let before = text.as_bytes().get(..at).unwrap_or_default();
        let length = before.iter().rev().take_while(|b| is_name(**b)).count();
        found.extend(text.get(at - length..at).filter(|name| characters::is_ncname(name)));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Names of the namespace declarations in the attributes of a start tag that a reader has accepted.
fn declared_in(mut attributes: &str) -> Vec<&str> {
    let mut names = Vec::new();
    loop {
        attributes = characters::trim(attributes);
        let Some((name, rest)) = attributes.split_once('=') else { return names };
        let name = characters::trim(name);
        if name == "xmlns" || name.starts_with("xmlns:") {
            names.push(name);
        }
        let rest = characters::trim(rest);
        let Some(quote) = rest.chars().next() else { return names };
        attributes = rest.get(1..).and_then(|r| r.split_once(quote)).map_or("", |(_, after)| after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_sought_wherever_they_may_stand() {
        let text = "<p:a q:b='r:x' c=\"/s:t\">u.v-w: 12:30 à:b http://x <![CDATA[z:]]></p:a>";
        assert_eq!(prefixes(text), ["http", "p", "q", "r", "s", "u.v-w", "z", "à"]);
    }

    #[test]
    fn a_default_namespace_does_not_reach_into_what_is_carried() {
        let isolated = |element: &str| {
            let mut out = String::new();
            push_isolated(&mut out, element);
            out
        };
        assert_eq!(isolated("<a b='>'/>"), "<a xmlns=\"\" b='>'/>");
        assert_eq!(isolated("<p:a\n xmlns:p='u'>x</p:a>"), "<p:a xmlns=\"\"\n xmlns:p='u'>x</p:a>");
        assert_eq!(isolated("<a xmlns='u'><b/></a>"), "<a xmlns='u'><b/></a>");
        assert_eq!(isolated("<a/>"), "<a xmlns=\"\"/>");
    }
}
