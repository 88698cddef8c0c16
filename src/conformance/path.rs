//! Paths into a message: `Messaggio/Identificatore`, `Trasmissione[2]/Origine`, `Servizio/@tipo`.
//!
//! A path names the first element, in document order, whose ancestors end like it: prefixes and the steps above are left
//! out, so that a case says what it is about. `[n]` counts siblings of one name from 1.

use roxmltree::{Attribute, Document, Node};

/// A path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    steps: Vec<Step>,
    attribute: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    local: String,
    index: Option<usize>,
}

/// The text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is no path; wanted Element/Element[2]/@attribute")]
pub struct PathError {
    text: String,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn parse(text: &str) -> Result<Self, PathError> {
        let wrong = || PathError { text: text.to_owned() };
        let (elements, attribute) = match text.rsplit_once("/@") {
            Some((elements, attribute)) => (elements, Some(attribute.to_owned())),
            None => (text, None),
        };
        let step = |text: &str| {
            let (local, index) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
                Some((local, index)) => (local, Some(index.parse().ok().filter(|n: &usize| *n > 0)?)),
                None => (text, None),
            };
            let is_name = !local.is_empty() && !local.contains(['@', '[', ']', ' ', ':']);
            is_name.then(|| Step { local: local.to_owned(), index })
        };
        let steps = elements.split('/').map(step).collect::<Option<Vec<Step>>>().ok_or_else(wrong)?;
        if attribute.as_ref().is_some_and(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { steps, attribute })
    }

    /// The attribute that it ends in, as written.
    #[must_use]
    pub(super) fn attribute(&self) -> Option<&str> {
        self.attribute.as_deref()
    }

    /// The element that it names, or whose attribute it names.
    #[must_use]
    pub(super) fn element<'a, 'd>(&self, document: &'a Document<'d>) -> Option<Node<'a, 'd>> {
        document.descendants().filter(Node::is_element).find(|node| self.fits(*node))
    }

    fn fits(&self, mut node: Node<'_, '_>) -> bool {
        for (below, step) in self.steps.iter().rev().enumerate() {
            if below > 0 {
                match node.parent_element() {
                    Some(parent) => node = parent,
                    None => return false,
                }
            }
            if node.tag_name().name() != step.local || step.index.is_some_and(|n| number(node) != n) {
                return false;
            }
        }
        true
    }
}

/// The attribute of that name, as written with its prefix or without.
pub(super) fn attribute<'a, 'd>(text: &str, node: Node<'a, 'd>, name: &str) -> Option<Attribute<'a, 'd>> {
    node.attributes().find(|at| text.get(at.range_qname()) == Some(name) || at.name() == name)
}

fn number(node: Node<'_, '_>) -> usize {
    let before = node.prev_siblings().skip(1);
    1 + before.filter(|other| other.tag_name().name() == node.tag_name().name()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_first_element_that_ends_like_it() {
        let document = Document::parse("<a><b><c>1</c></b><d><b><c>2</c><c>3</c></b></d></a>").unwrap();
        let at = |path: &str| Path::parse(path).unwrap().element(&document).and_then(|node| node.text());
        assert_eq!(at("b/c"), Some("1"));
        assert_eq!(at("d/b/c"), Some("2"));
        assert_eq!(at("c[2]"), Some("3"));
        assert_eq!(at("d/c"), None);
        for wrong in ["", "a//b", "a/b[0]", "a/b[x]", "a/@", "x:a"] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
    }
}
