//! Canonical XML: the octets over which a signature is made.
//!
//! [`canonical`] writes the canonical form of one element, as Exclusive XML Canonicalization 1.0 and
//! Canonical XML 1.0 define it. It walks the strict reader once, keeps one entry for each prefix that is written, and does not
//! recurse: cost and memory are linear in the element, whose size the bounds of the reader limit.
//!
//! The element stands in a document: the prefixes in force around it come with the reader (see [`Reader::fragment`]), and the
//! `xml:` attributes of its ancestors, which the inclusive form takes over (Canonical XML 1.0 §2.4), with [`Canon`]. What is
//! outside the element does not matter otherwise.

use std::collections::HashMap;

use super::namespaces::NamespaceIndex;
use super::reader::normalise_line_ends;
use super::{Attribute, Event, Name, Reader, XmlError, XmlErrorKind};

/// Takes canonical text in, piece by piece.
pub trait Sink {
    /// Takes the next piece.
    fn push(&mut self, text: &str);
}

/// Which canonical form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Canon {
    /// Whether all prefixes in force are written, or only those in use.
    pub mode: Mode,
    /// Whether comments are kept.
    pub comments: bool,
    /// Of the exclusive form: prefixes that are written although nobody uses them (`InclusiveNamespaces/@PrefixList`); the
    /// empty one is the default namespace, `#default` in the list.
    pub prefixes: Vec<String>,
    /// Of the inclusive form: `xml:` attributes of the ancestors, by local name, the nearest ancestor's where several have one.
    pub inherited: Vec<(String, String)>,
}

/// Which namespace declarations are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Those that an element or its attributes use (Exclusive XML Canonicalization 1.0).
    #[default]
    Exclusive,
    /// All that are in force (Canonical XML 1.0).
    Inclusive,
}

/// The `xml:` attributes of the elements that are open while a document is read: those that the inclusive form of an element
/// takes over from its ancestors.
#[derive(Debug, Default)]
pub struct Inherited {
    /// Depth of its element, local name, value.
    attributes: Vec<(usize, String, String)>,
}

/// What is being written.
struct Writer<'c, 'x, S> {
    canon: &'c Canon,
    out: &'c mut S,
    /// The namespace that each prefix has in the output at this place.
    written: HashMap<&'x str, NamespaceIndex>,
    /// What `written` held before, with the depth of the element that changed it.
    changes: Vec<(usize, &'x str, Option<NamespaceIndex>)>,
    /// The tags that are due.
    open: Vec<&'x str>,
    /// Declarations of the element at hand, kept for their allocation.
    declarations: Vec<(&'x str, NamespaceIndex)>,
    /// Depth of the outermost element.
    apex: usize,
}

impl Inherited {
    /// Takes in the element that `reader` has just started.
    pub fn start(&mut self, reader: &Reader<'_>) {
        self.end(reader.depth());
        for attribute in reader.attributes().iter().filter(|a| a.name.namespace == NamespaceIndex::XML) {
            let (local, value) = (attribute.name.local.to_owned(), attribute.value.to_string());
            self.attributes.push((reader.depth(), local, value));
        }
    }

    /// Forgets the elements at `depth` and below it.
    fn end(&mut self, depth: usize) {
        while self.attributes.pop_if(|attribute| attribute.0 >= depth).is_some() {}
    }

    /// What the element just taken in has of itself and of its ancestors, as [`Canon::inherited`] wants it.
    #[must_use]
    pub fn in_force(&self) -> Vec<(String, String)> {
        let mut nearest: Vec<(String, String)> = Vec::new();
        for (_, local, value) in self.attributes.iter().rev() {
            if nearest.iter().all(|(known, _)| known != local) {
                nearest.push((local.clone(), value.clone()));
            }
        }
        nearest
    }
}

impl Sink for String {
    fn push(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Writes the canonical form of the element that `reader` begins with, and reads up to its end.
///
/// # Errors
/// The element is not well formed, or exceeds a bound of the reader.
pub fn canonical<S: Sink>(reader: &mut Reader<'_>, canon: &Canon, out: &mut S) -> Result<(), XmlError> {
    let Event::Start(name) = first(reader)? else {
        return Err(XmlError { kind: XmlErrorKind::NoRoot, offset: reader.offset() });
    };
    let apex = reader.depth();
    let mut writer = Writer {
        canon,
        out,
        written: HashMap::new(),
        changes: Vec::new(),
        open: Vec::new(),
        declarations: Vec::new(),
        apex,
    };
    writer.start(reader, name);
    loop {
        let before = reader.end_offset();
        let event = reader.next_event()?;
        if canon.comments {
            // Inside the root the reader passes over nothing but comments.
            writer.comments(reader.text().get(before..reader.offset()).unwrap_or_default());
        }
        match event {
            Event::Start(name) => writer.start(reader, name),
            Event::End => {
                writer.end(reader.depth() + 1);
                if reader.depth() < apex {
                    return Ok(());
                }
            }
            Event::Text(text) | Event::Cdata(text) => writer.text(&text),
            Event::Instruction(target) => {
                let raw = reader.text().get(reader.offset()..reader.end_offset()).unwrap_or_default();
                writer.instruction(target, raw);
            }
            Event::Eof => return Ok(()),
        }
    }
}

/// The first event that is one of an element.
fn first<'x>(reader: &mut Reader<'x>) -> Result<Event<'x>, XmlError> {
    loop {
        match reader.next_event()? {
            Event::Instruction(_) => {}
            event => return Ok(event),
        }
    }
}

impl<'x, S: Sink> Writer<'_, 'x, S> {
    fn start(&mut self, reader: &Reader<'x>, name: Name<'x>) {
        let depth = reader.depth();
        self.out.push("<");
        self.out.push(name.qualified);
        self.declare(reader, name, depth);
        self.attributes(reader, depth);
        self.out.push(">");
        self.open.push(name.qualified);
    }

    fn end(&mut self, depth: usize) {
        if let Some(name) = self.open.pop() {
            self.out.push("</");
            self.out.push(name);
            self.out.push(">");
        }
        while let Some((_, prefix, before)) = self.changes.pop_if(|change| change.0 >= depth) {
            match before {
                Some(namespace) => self.written.insert(prefix, namespace),
                None => self.written.remove(prefix),
            };
        }
    }

    /// Writes the declarations that are due at this element: of the prefixes that it uses, and of those that are written
    /// wherever they are declared.
    fn declare(&mut self, reader: &Reader<'x>, name: Name<'x>, depth: usize) {
        let mut due = std::mem::take(&mut self.declarations);
        due.clear();
        if self.canon.mode == Mode::Exclusive {
            due.push((prefix(name), name.namespace));
            let used = reader.attributes().iter().filter(|a| a.name.qualified.len() != a.name.local.len());
            due.extend(used.map(|a| (prefix(a.name), a.name.namespace)));
        }
        if self.canon.mode == Mode::Exclusive && self.canon.prefixes.is_empty() {
            // Nothing is written that is not used.
        } else if depth == self.apex {
            reader.each_in_force(|prefix, namespace| self.inclusive(prefix, namespace, &mut due));
        } else {
            reader.each_declared(|prefix, namespace| self.inclusive(prefix, namespace, &mut due));
        }
        due.sort_unstable_by(|a, b| a.0.cmp(b.0));
        due.dedup();
        for (prefix, namespace) in &due {
            let (prefix, namespace) = (*prefix, *namespace);
            let before = self.written.get(prefix).copied();
            // "xml" needs no declaration; and that there is no default namespace goes without saying until there was one.
            let known = before == Some(namespace)
                || namespace == NamespaceIndex::XML
                || (before.is_none() && namespace == NamespaceIndex::NONE);
            if known {
                continue;
            }
            self.written.insert(prefix, namespace);
            self.changes.push((depth, prefix, before));
            self.out.push(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push(prefix);
            self.out.push("=\"");
            value(self.out, reader.namespace(namespace));
            self.out.push("\"");
        }
        self.declarations = due;
    }

    /// Notes a declaration that is written without being used.
    fn inclusive(
        &self,
        prefix: &'x str,
        namespace: NamespaceIndex,
        due: &mut Vec<(&'x str, NamespaceIndex)>,
    ) {
        if self.canon.mode == Mode::Inclusive || self.canon.prefixes.iter().any(|listed| listed == prefix) {
            due.push((prefix, namespace));
        }
    }

    /// By namespace, then by local name; those of no namespace first (Canonical XML 1.0 §2.2).
    fn attributes(&mut self, reader: &Reader<'x>, depth: usize) {
        let written = |a: &'_ Attribute<'x>| (a.name.namespace, a.name.local);
        let own = reader.attributes();
        let mut sorted: Vec<(&str, &str, &str, &str)> = own
            .iter()
            .map(|a| (reader.namespace(a.name.namespace), a.name.local, a.name.qualified, a.value.as_ref()))
            .collect();
        if depth == self.apex && self.canon.mode == Mode::Inclusive {
            let canon = self.canon;
            for (local, value) in &canon.inherited {
                if !own.iter().any(|a| written(a) == (NamespaceIndex::XML, local.as_str())) {
                    sorted.push((super::XML_NAMESPACE, local, "", value));
                }
            }
        }
        sorted.sort_unstable();
        for (_, local, qualified, text) in sorted {
            self.out.push(if qualified.is_empty() { " xml:" } else { " " });
            self.out.push(if qualified.is_empty() { local } else { qualified });
            self.out.push("=\"");
            value(self.out, text);
            self.out.push("\"");
        }
    }

    fn text(&mut self, text: &str) {
        escaped(self.out, text, |byte| match byte {
            b'&' => Some("&amp;"),
            b'<' => Some("&lt;"),
            b'>' => Some("&gt;"),
            b'\r' => Some("&#xD;"),
            _ => None,
        });
    }

    /// `raw` is the instruction as written.
    fn instruction(&mut self, target: &str, raw: &str) {
        let data = raw.get(2 + target.len()..raw.len().saturating_sub(2)).unwrap_or_default();
        let data = data.trim_start_matches([' ', '\t', '\r', '\n']);
        self.out.push("<?");
        self.out.push(target);
        if !data.is_empty() {
            self.out.push(" ");
            self.out.push(&normalise_line_ends(data));
        }
        self.out.push("?>");
    }

    fn comments(&mut self, raw: &str) {
        if !raw.is_empty() {
            self.out.push(&normalise_line_ends(raw));
        }
    }
}

fn prefix(name: Name<'_>) -> &str {
    let prefix = name.qualified.len().saturating_sub(name.local.len() + 1);
    name.qualified.get(..prefix).unwrap_or_default()
}

/// An attribute value, between double quotes.
fn value(out: &mut impl Sink, text: &str) {
    escaped(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

fn escaped(out: &mut impl Sink, text: &str, escape: impl Fn(u8) -> Option<&'static str>) {
    let mut rest = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(escape) = escape(byte) {
            out.push(text.get(rest..at).unwrap_or_default());
            out.push(escape);
            rest = at + 1;
        }
    }
    out.push(text.get(rest..).unwrap_or_default());
}

#[cfg(test)]
#[path = "c14n_tests.rs"]
mod tests;
