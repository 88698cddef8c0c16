//! The Security block as a small tree, so that what is in it can be asked for by name.

use super::{SecurityError, WSSE, WSU, XENC};
use crate::soap::{Envelope, Part};
use crate::xml::{Event, Limits, characters};

/// Elements of one block: a signature of ten parts has some hundred.
const MOST_ELEMENTS: usize = 512;

/// The block that is for an actor.
pub(super) struct Block<'x> {
    /// In document order; the block itself is the first.
    elements: Vec<Element<'x>>,
}

/// One element of a block.
pub(super) struct Element<'x> {
    index: usize,
    parent: Option<usize>,
    namespace: String,
    local: &'x str,
    /// Namespace, local name, value.
    attributes: Vec<(String, &'x str, String)>,
    /// The text directly in it.
    pub(super) text: String,
    /// Byte offset of its start tag.
    pub(super) start: usize,
}

/// The block for `actor`, and its number among the header blocks. An absent actor and an empty one are the same.
pub(super) fn find<'e, 'x>(
    envelope: &'e Envelope<'x>,
    actor: Option<&str>,
) -> Result<(usize, &'e Part<'x>), SecurityError> {
    let wanted = actor.filter(|actor| !actor.is_empty());
    let is_for = |part: &Part<'_>| part.actor.as_deref().filter(|actor| !actor.is_empty()) == wanted;
    let blocks = envelope.header.iter().enumerate();
    let mut blocks = blocks.filter(|(_, part)| part.is(WSSE, "Security") && is_for(part));
    let found = blocks.next().ok_or(SecurityError::Absent)?;
    if blocks.next().is_some() { Err(SecurityError::Several) } else { Ok(found) }
}

impl<'x> Block<'x> {
    /// Reads the block.
    pub(super) fn read(part: &Part<'x>, limits: &Limits) -> Result<Self, SecurityError> {
        let mut reader = part.reader(limits);
        let mut elements: Vec<Element<'x>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            match reader.next_event()? {
                Event::Start(_) if elements.len() >= MOST_ELEMENTS => {
                    return Err(SecurityError::TooMany {
                        what: "elements of Security",
                        limit: MOST_ELEMENTS,
                    });
                }
                Event::Start(name) => {
                    let attributes = reader.attributes().iter().map(|a| {
                        (reader.namespace(a.name.namespace).to_owned(), a.name.local, a.value.to_string())
                    });
                    let index = elements.len();
                    elements.push(Element {
                        index,
                        parent: open.last().copied(),
                        namespace: reader.namespace(name.namespace).to_owned(),
                        local: name.local,
                        attributes: attributes.collect(),
                        text: String::new(),
                        start: reader.offset(),
                    });
                    open.push(index);
                }
                Event::Text(text) | Event::Cdata(text) => {
                    if let Some(element) = open.last().and_then(|index| elements.get_mut(*index)) {
                        element.text.push_str(&text);
                    }
                }
                Event::End => {
                    open.pop();
                }
                Event::Instruction(_) => {}
                Event::Eof => break,
            }
        }
        if elements.iter().any(|element| element.namespace == XENC) {
            return Err(SecurityError::Encrypted);
        }
        Ok(Self { elements })
    }

    /// The block itself.
    pub(super) fn root(&self) -> Option<&Element<'x>> {
        self.elements.first()
    }

    /// The children of an element.
    pub(super) fn children<'b>(&'b self, of: &Element<'_>) -> impl Iterator<Item = &'b Element<'x>> {
        let parent = Some(of.index);
        self.elements.iter().filter(move |element| element.parent == parent)
    }

    /// The only child of that name; absent, or an error where there are two.
    pub(super) fn child(
        &self,
        of: &Element<'_>,
        namespace: &str,
        local: &'static str,
    ) -> Result<Option<&Element<'x>>, SecurityError> {
        let mut found = self.children(of).filter(|child| child.is(namespace, local));
        let first = found.next();
        if found.next().is_some() { Err(SecurityError::Malformed(local)) } else { Ok(first) }
    }

    /// The child that must be there, once.
    pub(super) fn required(
        &self,
        of: &Element<'_>,
        namespace: &str,
        local: &'static str,
    ) -> Result<&Element<'x>, SecurityError> {
        self.child(of, namespace, local)?.ok_or(SecurityError::Malformed(local))
    }
}

impl Element<'_> {
    pub(super) fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }

    /// An attribute in no namespace.
    pub(super) fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.1 == local && a.0.is_empty()).map(|a| a.2.as_str())
    }

    /// `wsu:Id`.
    pub(super) fn id(&self) -> Option<&str> {
        self.attributes.iter().find(|a| a.1 == "Id" && a.0 == WSU).map(|a| a.2.as_str())
    }

    /// The attribute `Algorithm`.
    pub(super) fn algorithm(&self) -> &str {
        self.attribute("Algorithm").unwrap_or_default()
    }

    /// The text, without white space around it.
    pub(super) fn trimmed(&self) -> &str {
        characters::trim(&self.text)
    }
}
