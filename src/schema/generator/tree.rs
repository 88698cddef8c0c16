//! A document as a tree, and its text in one of several spellings.

use super::Rng;
use crate::xml::write::{push_attribute_value, push_text};

/// An element. Attributes are namespace, local name, value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Elem {
    pub(crate) namespace: String,
    pub(crate) local: String,
    pub(crate) attributes: Vec<(String, String, String)>,
    pub(crate) kids: Vec<Kid>,
}

/// What stands in an element.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kid {
    Elem(Elem),
    Text(String),
}

impl Elem {
    pub(crate) fn new(namespace: &str, local: &str) -> Self {
        Self { namespace: namespace.into(), local: local.into(), attributes: Vec::new(), kids: Vec::new() }
    }

    /// Calls `visit` with every element, parents first.
    pub(crate) fn each(&mut self, visit: &mut dyn FnMut(&mut Elem)) {
        visit(self);
        for kid in &mut self.kids {
            if let Kid::Elem(kid) = kid {
                kid.each(visit);
            }
        }
    }

    pub(crate) fn count(&mut self) -> usize {
        let mut count = 0;
        self.each(&mut |_| count += 1);
        count
    }

    /// The document's text: with prefixes or default namespaces, with or without indentation, comments and CDATA.
    pub(crate) fn write(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        if rng.once(2) {
            out.push_str("<?xml version=\"1.0\"?>\n");
        }
        let style =
            Style { prefixed: rng.once(3), indented: rng.once(2), comments: rng.once(5), cdata: rng.once(5) };
        self.write_in(&mut out, style, "", 0);
        out
    }

    fn write_in(&self, out: &mut String, style: Style, default: &str, depth: usize) {
        let prefixed = style.prefixed && !self.namespace.is_empty();
        let name = if prefixed { format!("e:{}", self.local) } else { self.local.clone() };
        out.push('<');
        out.push_str(&name);
        let mut below = default;
        let mut declare = |prefix: &str, namespace: &str| {
            out.push_str(&format!(" {prefix}=\""));
            push_attribute_value(out, namespace);
            out.push('"');
        };
        if prefixed {
            declare("xmlns:e", &self.namespace);
        } else if self.namespace != default {
            declare("xmlns", &self.namespace);
            below = &self.namespace;
        }
        for (index, (namespace, local, value)) in self.attributes.iter().enumerate() {
            let mut name = local.clone();
            if !namespace.is_empty() {
                out.push_str(&format!(" xmlns:a{index}=\"{namespace}\""));
                name = format!("a{index}:{local}");
            }
            out.push_str(&format!(" {name}=\""));
            push_attribute_value(out, value);
            out.push('"');
        }
        if self.kids.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        let only_elements = self.kids.iter().all(|k| matches!(k, Kid::Elem(_)));
        for kid in &self.kids {
            if style.comments && depth % 3 == 1 {
                out.push_str("<!-- nota -->");
            }
            if style.indented && only_elements {
                out.push_str("\n\t ");
            }
            match kid {
                Kid::Elem(kid) => kid.write_in(out, style, below, depth + 1),
                Kid::Text(text) if style.cdata && !text.contains("]]>") && !text.contains('\r') => {
                    out.push_str(&format!("<![CDATA[{text}]]>"));
                }
                Kid::Text(text) => push_text(out, text),
            }
        }
        if style.indented && only_elements {
            out.push('\n');
        }
        out.push_str(&format!("</{name}>"));
    }
}

#[derive(Clone, Copy)]
struct Style {
    prefixed: bool,
    indented: bool,
    comments: bool,
    cdata: bool,
}
