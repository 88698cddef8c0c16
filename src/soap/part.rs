//! A header block or a child of the Body, where it stands in the text.

use std::borrow::Cow;
use std::ops::Range;

use super::{ACTOR_NEXT, NAMESPACE};
use crate::xml::{Binding, Event, Limits, Name, Reader, XmlError, XmlErrorKind, characters};

/// One element of a message, as a span of the text that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'x> {
    text: &'x str,
    /// First byte of the start tag to the byte after the end tag.
    pub range: Range<usize>,
    /// Namespace, empty for none.
    pub namespace: String,
    /// Name without prefix.
    pub local: &'x str,
    /// Name as written.
    pub qualified: &'x str,
    /// The prefixes in force at the element, its own declarations included.
    pub bindings: Vec<Binding<'x>>,
    /// The attribute `actor` in the SOAP namespace. One without prefix is not the SOAP attribute, even where SOAP is
    /// the default namespace (Namespaces in XML 1.0 §6.2).
    pub actor: Option<String>,
    /// The attribute `mustUnderstand` in the SOAP namespace.
    pub must_understand: MustUnderstand,
}

/// The SOAP attribute `mustUnderstand` (SOAP 1.1 §4.2.3) as found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MustUnderstand {
    /// Not given.
    Absent,
    /// `0`.
    No,
    /// `1`.
    Yes,
    /// Anything else; SOAP 1.1 knows the two digits only.
    Invalid,
}

/// What an element of a wrapper holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inner<'x> {
    /// Character data: an inner document written with escapes or in CDATA, or plain text. A document found here has
    /// lines and columns of its own, counted from its first character.
    Text {
        /// The text, the pieces between references, CDATA boundaries and comments joined.
        text: Cow<'x, str>,
        /// Byte offset in the envelope at which the content of the element begins.
        offset: usize,
    },
    /// One element, with nothing but white space around it.
    Element(Part<'x>),
    /// Several elements, or elements with text between them, or a processing instruction.
    Mixed {
        /// Byte offset of the element that holds them.
        offset: usize,
    },
}

/// No wrapper of the ministry's services has more than a handful.
const MAX_CHILDREN: usize = 64;

impl<'x> Part<'x> {
    /// The part whose start tag `reader` has just reported as `name`; the reader is moved past its end.
    ///
    /// # Errors
    /// The element is not well formed, or exceeds a bound.
    pub fn take(reader: &mut Reader<'x>, name: Name<'x>) -> Result<Self, XmlError> {
        let start = reader.offset();
        let must_understand = match reader.attribute(NAMESPACE, "mustUnderstand") {
            None => MustUnderstand::Absent,
            Some("0") => MustUnderstand::No,
            Some("1") => MustUnderstand::Yes,
            Some(_) => MustUnderstand::Invalid,
        };
        let mut part = Self {
            text: reader.text(),
            range: start..start,
            namespace: reader.namespace(name.namespace).to_owned(),
            local: name.local,
            qualified: name.qualified,
            bindings: reader.bindings(),
            actor: reader.attribute(NAMESPACE, "actor").map(str::to_owned),
            must_understand,
        };
        reader.skip_element()?;
        part.range.end = reader.end_offset();
        Ok(part)
    }

    /// Whether the element has this namespace and this local name.
    #[must_use]
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace == namespace
    }

    /// Whether the block is for whoever receives the message: no actor, an empty one, or `next`.
    #[must_use]
    pub fn is_for_anyone(&self) -> bool {
        self.actor.as_deref().is_none_or(|actor| actor.is_empty() || actor == ACTOR_NEXT)
    }

    /// The element as written. Prefixes declared outside it are not repeated in it.
    #[must_use]
    pub fn raw(&self) -> &'x str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    /// A reader of this element alone; offsets are those of the whole message.
    #[must_use]
    pub fn reader(&self, limits: &Limits) -> Reader<'x> {
        Reader::fragment(self.text, self.range.clone(), &self.bindings, limits)
    }

    /// The child elements with what each holds, in document order; for wrappers, whose children are few.
    ///
    /// # Errors
    /// More than 64 children, or the part is larger than `limits`; it was well formed when it was taken.
    pub fn children(&self, limits: &Limits) -> Result<Vec<(Part<'x>, Inner<'x>)>, XmlError> {
        let mut reader = self.reader(limits);
        let mut children = Vec::new();
        reader.next_event()?;
        loop {
            match reader.next_event()? {
                Event::Start(_) if children.len() >= MAX_CHILDREN => {
                    let kind = XmlErrorKind::TooLarge { what: "children of a wrapper", limit: MAX_CHILDREN };
                    return Err(XmlError { kind, offset: reader.offset() });
                }
                Event::Start(name) => {
                    let child = Self::take(&mut reader, name)?;
                    let inner = child.content(limits)?;
                    children.push((child, inner));
                }
                Event::Eof => return Ok(children),
                _ => {}
            }
        }
    }

    /// What the first child element of that namespace and name holds; `None` where there is none.
    ///
    /// # Errors
    /// The part is larger than `limits`; it was well formed when it was taken.
    pub fn inner(
        &self,
        namespace: &str,
        local: &str,
        limits: &Limits,
    ) -> Result<Option<Inner<'x>>, XmlError> {
        let mut reader = self.reader(limits);
        reader.next_event()?;
        loop {
            match reader.next_event()? {
                Event::Start(name)
                    if name.local == local && reader.namespace(name.namespace) == namespace =>
                {
                    return Self::take(&mut reader, name)?.content(limits).map(Some);
                }
                Event::Start(_) => reader.skip_element()?,
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// What this element holds.
    ///
    /// # Errors
    /// As [`Part::inner`].
    pub fn content(&self, limits: &Limits) -> Result<Inner<'x>, XmlError> {
        let mut reader = self.reader(limits);
        reader.next_event()?;
        let offset = reader.end_offset();
        let mut text: Cow<'x, str> = Cow::Borrowed("");
        let mut element = None;
        loop {
            match reader.next_event()? {
                Event::Text(piece) | Event::Cdata(piece) => {
                    if text.is_empty() {
                        text = piece;
                    } else {
                        text.to_mut().push_str(&piece);
                    }
                }
                Event::Start(name) if element.is_none() => element = Some(Self::take(&mut reader, name)?),
                Event::Start(_) | Event::Instruction(_) => {
                    return Ok(Inner::Mixed { offset: self.range.start });
                }
                Event::End | Event::Eof => break,
            }
        }
        Ok(match element {
            None => Inner::Text { text, offset },
            Some(part) if characters::is_blank(&text) => Inner::Element(part),
            Some(_) => Inner::Mixed { offset: self.range.start },
        })
    }
}
