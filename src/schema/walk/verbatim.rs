//! An element without a type in the schema, on its way to JSON: text if it holds nothing else, else the element as
//! it stands.

use crate::schema::plan::Member;
use crate::xml::write::push_attribute_value;
use crate::xml::{Binding, Reader, characters};

/// An element being carried.
pub(super) struct Verbatim<'d> {
    /// Frames below it.
    pub(super) depth: usize,
    pub(super) member: Option<&'d Member>,
    start: usize,
    /// Byte offset just after the start tag.
    after_tag: usize,
    /// Whether it is more than text.
    marked_up: bool,
    text: String,
    /// Declarations that hold where it stands, as attributes.
    declarations: Vec<(String, String)>,
}

impl<'d> Verbatim<'d> {
    pub(super) fn begin(
        reader: &Reader<'_>,
        depth: usize,
        member: Option<&'d Member>,
        has_default: bool,
    ) -> Self {
        let declare = |b: &Binding<'_>| {
            let name = if b.prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{}", b.prefix) };
            (name, b.namespace.to_string())
        };
        let mut declarations: Vec<(String, String)> = reader.bindings().iter().map(declare).collect();
        // Without a default namespace here, the one that the way back declares at the root must not reach inside.
        if has_default && !declarations.iter().any(|(name, _)| name == "xmlns") {
            declarations.push(("xmlns".to_owned(), String::new()));
        }
        Self {
            depth,
            member,
            start: reader.offset(),
            after_tag: reader.end_offset(),
            marked_up: !reader.attributes().is_empty(),
            text: String::new(),
            declarations,
        }
    }

    /// Text, with that many frames open.
    pub(super) fn text(&mut self, frames: usize, text: &str) {
        if frames == self.depth + 1 {
            self.text.push_str(text);
        }
    }

    /// A child element.
    pub(super) fn child(&mut self) {
        self.marked_up = true;
    }

    /// The text; or, as an error, the element that ends at `end` with the declarations that it needs.
    pub(super) fn finish(&self, document: &str, end: usize) -> Result<&str, String> {
        if !self.marked_up {
            return Ok(&self.text);
        }
        let tag = document.get(self.start..self.after_tag).unwrap_or_default();
        let name_end =
            1 + tag.get(1..).unwrap_or_default().find([' ', '\t', '\r', '\n', '/', '>']).unwrap_or_default();
        let (name, attributes) = tag.split_at_checked(name_end).unwrap_or((tag, ""));
        let own = declared_in(attributes);
        let mut out = name.to_owned();
        for (attribute, namespace) in &self.declarations {
            if !own.contains(&attribute.as_str()) {
                out.push(' ');
                out.push_str(attribute);
                out.push_str("=\"");
                push_attribute_value(&mut out, namespace);
                out.push('"');
            }
        }
        out.push_str(attributes);
        out.push_str(document.get(self.after_tag..end).unwrap_or_default());
        Err(out)
    }
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
