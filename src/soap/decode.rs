//! Reading of a SOAP 1.1 envelope, in one pass over the text.

use super::{MustUnderstand, NAMESPACE, Part, SoapError};
use crate::xml::{Event, Limits, Name, Reader, characters};

/// Bounds of an envelope, apart from those of any XML document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Greatest number of header blocks.
    pub header_blocks: usize,
    /// Greatest number of children of the Body.
    pub body_children: usize,
}

/// A message, as spans of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'x> {
    text: &'x str,
    limits: Limits,
    /// Whether there is a Header, empty or not.
    pub has_header: bool,
    /// The header blocks in document order.
    pub header: Vec<Part<'x>>,
    /// The child elements of the Body in document order.
    pub body: Vec<Part<'x>>,
    /// Byte offset of the first text directly in the Body that is not white space. SOAP 1.1 knows only elements
    /// there; whether it matters is for the service to say.
    pub body_text: Option<usize>,
}

impl<'x> Envelope<'x> {
    /// The whole text of the message.
    #[must_use]
    pub fn text(&self) -> &'x str {
        self.text
    }

    /// The bounds under which the message was read.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The only child of the Body; `None` where there are none or several, or text beside it.
    #[must_use]
    pub fn payload(&self) -> Option<&Part<'x>> {
        match self.body.as_slice() {
            [only] if self.body_text.is_none() => Some(only),
            _ => None,
        }
    }

    /// The first header block for this receiver that demands to be understood and that `understood` does not know
    /// (SOAP 1.1 §4.2.3).
    pub fn not_understood(&self, understood: impl Fn(&Part<'x>) -> bool) -> Option<&Part<'x>> {
        self.header.iter().find(|block| {
            block.must_understand == MustUnderstand::Yes && block.is_for_anyone() && !understood(block)
        })
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self { header_blocks: 64, body_children: 64 }
    }
}

/// Reads an envelope with the default [`Bounds`].
///
/// # Errors
/// The text is not a SOAP 1.1 message, or exceeds a bound.
pub fn decode<'x>(text: &'x str, limits: &Limits) -> Result<Envelope<'x>, SoapError> {
    decode_within(text, limits, &Bounds::default())
}

/// Reads an envelope.
///
/// # Errors
/// The text is not a SOAP 1.1 message, or exceeds a bound.
pub fn decode_within<'x>(text: &'x str, limits: &Limits, bounds: &Bounds) -> Result<Envelope<'x>, SoapError> {
    let mut reader = Reader::document(text, limits);
    loop {
        if let Event::Start(root) = reader.next_event()? {
            check_root(&reader, root)?;
            break;
        }
    }
    let mut envelope = Envelope {
        text,
        limits: *limits,
        has_header: false,
        header: Vec::new(),
        body: Vec::new(),
        body_text: None,
    };
    let mut has_body = false;
    loop {
        match reader.next_event()? {
            Event::Start(name) => {
                let soap = reader.namespace(name.namespace) == NAMESPACE;
                if soap && name.local == "Header" && !envelope.has_header && !has_body {
                    envelope.has_header = true;
                    read_header(&mut reader, &mut envelope, bounds)?;
                } else if soap && name.local == "Body" && !has_body {
                    has_body = true;
                    read_body(&mut reader, &mut envelope, bounds)?;
                } else {
                    let qualified = name.qualified.to_owned();
                    return Err(SoapError::Misplaced { qualified, offset: reader.offset() });
                }
            }
            Event::Text(text) | Event::Cdata(text) if !characters::is_blank(&text) => {
                return Err(SoapError::StrayText { offset: reader.offset() });
            }
            Event::Eof if has_body => return Ok(envelope),
            Event::Eof => return Err(SoapError::NoBody),
            _ => {}
        }
    }
}

fn check_root(reader: &Reader<'_>, root: Name<'_>) -> Result<(), SoapError> {
    let namespace = reader.namespace(root.namespace);
    match root.local {
        "Envelope" if namespace == NAMESPACE => Ok(()),
        "Envelope" => Err(SoapError::Version { namespace: namespace.chars().take(128).collect() }),
        _ => Err(SoapError::NotAnEnvelope { qualified: root.qualified.to_owned() }),
    }
}

fn read_header<'x>(
    reader: &mut Reader<'x>,
    envelope: &mut Envelope<'x>,
    bounds: &Bounds,
) -> Result<(), SoapError> {
    loop {
        match reader.next_event()? {
            Event::Start(_) if envelope.header.len() >= bounds.header_blocks => {
                return Err(SoapError::TooMany { what: "header blocks", limit: bounds.header_blocks });
            }
            Event::Start(name) => envelope.header.push(Part::take(reader, name)?),
            Event::Text(text) | Event::Cdata(text) if !characters::is_blank(&text) => {
                return Err(SoapError::StrayText { offset: reader.offset() });
            }
            Event::End | Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn read_body<'x>(
    reader: &mut Reader<'x>,
    envelope: &mut Envelope<'x>,
    bounds: &Bounds,
) -> Result<(), SoapError> {
    loop {
        match reader.next_event()? {
            Event::Start(_) if envelope.body.len() >= bounds.body_children => {
                return Err(SoapError::TooMany { what: "children of the Body", limit: bounds.body_children });
            }
            Event::Start(name) => envelope.body.push(Part::take(reader, name)?),
            Event::Text(text) | Event::Cdata(text) if !characters::is_blank(&text) => {
                envelope.body_text.get_or_insert(reader.offset());
            }
            Event::End | Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
