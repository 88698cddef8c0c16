//! A digest of what a document says, not of how it was written.
//!
//! Two documents have one digest exactly when a receiver could not tell them apart: same expanded element and
//! attribute names, same attribute values whatever their order, same text. Prefixes, comments, CDATA sections,
//! the encoding, the quotes and white space between elements do not count. White space is "between elements" when
//! it fills all the text of an element that also has child elements.

use aws_lc_rs::digest::{Context, SHA256};

use super::{Event, Reader, XmlError, characters};

/// SHA-256 of the canonical form of the document that `reader` is about to walk.
///
/// # Errors
/// The document is not well formed.
pub fn canonical(reader: &mut Reader<'_>) -> Result<[u8; 32], XmlError> {
    let mut digest = Canonical { context: Context::new(&SHA256), pending: Vec::new() };
    loop {
        match reader.next_event()? {
            Event::Start(name) => digest.start(reader.namespace(name.namespace), name.local, reader),
            Event::End => digest.end(),
            Event::Text(text) | Event::Cdata(text) => digest.text(&text),
            Event::Instruction(_) => {}
            Event::Eof => break,
        }
    }
    Ok(finish(digest.context))
}

/// SHA-256 of several parts, each with its length before it: no two sequences of parts give the same bytes.
#[must_use]
pub fn of(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    finish(context)
}

fn finish(context: Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

struct Canonical {
    context: Context,
    /// For each open element: the text met since its last child, and whether it has a child.
    pending: Vec<(String, bool)>,
}

impl Canonical {
    fn start(&mut self, namespace: &str, local: &str, reader: &Reader<'_>) {
        self.flush(true);
        self.part(b'<', namespace);
        self.part(b':', local);
        let mut attributes: Vec<(&str, &str, &str)> = reader
            .attributes()
            .iter()
            .map(|a| (reader.namespace(a.name.namespace), a.name.local, a.value.as_ref()))
            .collect();
        attributes.sort_unstable();
        for (namespace, local, value) in attributes {
            self.part(b'@', namespace);
            self.part(b':', local);
            self.part(b'=', value);
        }
        self.pending.push((String::new(), false));
    }

    fn end(&mut self) {
        self.flush(false);
        self.pending.pop();
        self.part(b'>', "");
    }

    fn text(&mut self, text: &str) {
        if let Some((pending, _)) = self.pending.last_mut() {
            pending.push_str(text);
        }
    }

    /// Takes the text before a child element, or before the end of the element, into the digest.
    fn flush(&mut self, before_child: bool) {
        let Some((pending, has_child)) = self.pending.last_mut() else { return };
        *has_child |= before_child;
        let between_elements = *has_child && characters::is_blank(pending);
        let text = std::mem::take(pending);
        if !between_elements && !text.is_empty() {
            self.part(b'"', &text);
        }
    }

    /// Length before content: no two sequences of parts give the same bytes.
    fn part(&mut self, kind: u8, text: &str) {
        self.context.update(&[kind]);
        self.context.update(&(text.len() as u64).to_be_bytes());
        self.context.update(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn of(text: &str) -> [u8; 32] {
        canonical(&mut Reader::document(text, &Limits::default())).unwrap()
    }

    #[test]
    fn what_a_receiver_cannot_tell_apart_has_one_digest() {
        let plain = of("<a xmlns='u' x='1' y='2'><b>t&amp;t</b><c/></a>");
        let other = "<?xml version='1.0'?><!-- sent again -->\n<p:a xmlns:p='u' y=\"2\" x='1'>\r\n  <p:b><![CDATA[t&t]]></p:b> <p:c></p:c>\n</p:a>";
        assert_eq!(plain, of(other));
    }

    #[test]
    fn what_a_receiver_can_tell_apart_has_two() {
        let base = of("<a><b>t</b></a>");
        for other in [
            "<a><b>t </b></a>",
            "<a><b/>t</a>",
            "<a><c>t</c></a>",
            "<a x=''><b>t</b></a>",
            "<a xmlns='u'><b>t</b></a>",
        ] {
            assert_ne!(base, of(other), "{other}");
        }
        assert_ne!(of("<a> </a>"), of("<a/>"));
    }
}
