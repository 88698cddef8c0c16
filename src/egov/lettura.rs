//! How the header block is walked: element by element, namespace-correct, tolerant of what porte tolerate.
//!
//! Comments and blank text between elements are passed over. Processing instructions and stray text count as unknown
//! children. A leaf is one value however it was cut into text, CDATA sections and comments; it is not trimmed.

use std::borrow::Cow;

use super::{CodiceEccezione, Eccezione, NAMESPACE};
use crate::soap::Part;
use crate::xml::{Event, Limits, NamespaceIndex, Reader, XmlError, characters};

/// No busta can be read: there is none, or its structure is broken. Answered by the bare fault `EGOV_IT_001`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// No header block has the actor or the namespace of the busta.
    #[error("the message carries no busta e-Gov")]
    Absent,
    /// What may stand once stands twice.
    #[error("{element} is given twice")]
    Repeated {
        /// Path of the element.
        element: &'static str,
    },
    /// What must be there is not.
    #[error("{item} is missing")]
    Missing {
        /// Path of the element or attribute.
        item: &'static str,
    },
    /// Something else stands where only a party's name can.
    #[error("{element} holds something other than IdentificativoParte")]
    Unexpected {
        /// Path of the element.
        element: &'static str,
    },
    /// The block is larger than any busta has reason to be.
    #[error("busta e-Gov too large: {0}")]
    TooLarge(#[from] XmlError),
}

/// A child of the element being walked.
pub(super) enum Nodo<'x> {
    /// An expected element of the busta's namespace; its content is still to be read.
    Elemento(&'static str),
    /// Anything else, by its name as written; an element has been passed over.
    Estraneo(&'x str),
    /// There are no more children.
    Fine,
}

/// A walk through one header block.
pub(super) struct Lettura<'x, 'p> {
    reader: Reader<'x>,
    /// Namespace of the block itself. It is the busta's, or a wrong one that its children may share.
    own: &'p str,
    /// The index of the busta's namespace, once met.
    egov: Option<NamespaceIndex>,
    in_text: bool,
    /// What was found wrong so far, in document order.
    pub(super) eccezioni: Vec<Eccezione>,
}

/// After this many errors the rest goes unreported: the list travels in the answer.
const MAX_ECCEZIONI: usize = 100;

/// The largest busta: some three hundred hops or a thousand riscontri.
const MAX_ELEMENTI: usize = 4096;

/// The longest value: `posizione` may hold the message of a parser.
const MAX_VALORE: usize = 64 << 10;

impl<'x, 'p> Lettura<'x, 'p> {
    /// Starts at the children of the block.
    pub(super) fn new(block: &'p Part<'x>, limits: &Limits) -> Result<Self, Broken> {
        let limits = Limits {
            elements: limits.elements.min(MAX_ELEMENTI),
            text_bytes: limits.text_bytes.min(MAX_VALORE),
            ..*limits
        };
        let mut reader = block.reader(&limits);
        reader.next_event()?;
        Ok(Self { reader, own: &block.namespace, egov: None, in_text: false, eccezioni: Vec::new() })
    }

    /// The next child of the element whose children are being walked. `known` are the names expected here.
    pub(super) fn nodo(&mut self, known: &[&'static str]) -> Result<Nodo<'x>, Broken> {
        loop {
            let in_text = std::mem::take(&mut self.in_text);
            match self.reader.next_event()? {
                Event::Start(name) => {
                    if self.is_ours(name.namespace)
                        && let Some(local) = known.iter().find(|k| **k == name.local)
                    {
                        return Ok(Nodo::Elemento(local));
                    }
                    self.reader.skip_element()?;
                    return Ok(Nodo::Estraneo(name.qualified));
                }
                Event::Text(text) => {
                    // One text comes in several runs where it holds references.
                    self.in_text = in_text || !characters::is_blank(&text);
                    if self.in_text && !in_text {
                        return Ok(Nodo::Estraneo("#text"));
                    }
                }
                Event::Cdata(text) if characters::is_blank(&text) => {}
                Event::Cdata(_) => return Ok(Nodo::Estraneo("#cdata-section")),
                Event::Instruction(target) => return Ok(Nodo::Estraneo(target)),
                Event::End | Event::Eof => return Ok(Nodo::Fine),
            }
        }
    }

    /// The value of the leaf just started, up to and including its end; `None` where it is empty, blank, or holds
    /// more than text.
    pub(super) fn foglia(&mut self) -> Result<Option<String>, Broken> {
        let mut value: Cow<'x, str> = Cow::Borrowed("");
        let mut only_text = true;
        loop {
            match self.reader.next_event()? {
                Event::Text(piece) | Event::Cdata(piece) => {
                    if value.is_empty() {
                        value = piece;
                    } else {
                        value.to_mut().push_str(&piece);
                    }
                }
                Event::Start(_) => {
                    only_text = false;
                    self.reader.skip_element()?;
                }
                Event::Instruction(_) => only_text = false,
                Event::End | Event::Eof => break,
            }
        }
        Ok((only_text && !characters::is_blank(&value)).then(|| value.into_owned()))
    }

    /// The number of children of the element just started, which should have none.
    pub(super) fn figli(&mut self) -> Result<usize, Broken> {
        let mut count = 0;
        while let Nodo::Estraneo(_) = self.nodo(&[])? {
            count += 1;
        }
        Ok(count)
    }

    /// Passes over the element just started.
    pub(super) fn salta(&mut self) -> Result<(), Broken> {
        Ok(self.reader.skip_element()?)
    }

    /// An attribute, in no namespace, of the element just started. To be asked before its content is read.
    pub(super) fn attributo(&self, local: &str) -> Option<String> {
        self.reader.attribute("", local).map(str::to_owned)
    }

    /// The same in the namespace of the busta.
    pub(super) fn attributo_della_busta(&self, local: &str) -> Option<String> {
        self.reader.attribute(NAMESPACE, local).map(str::to_owned)
    }

    /// Notes an error.
    pub(super) fn segnala(&mut self, codice: CodiceEccezione, posizione: impl Into<String>) {
        if self.eccezioni.len() < MAX_ECCEZIONI {
            self.eccezioni.push(Eccezione::new(codice, posizione));
        }
    }

    /// Notes an error that stands before others already noted.
    pub(super) fn segnala_a(&mut self, index: usize, codice: CodiceEccezione, posizione: String) {
        if index <= self.eccezioni.len() && self.eccezioni.len() < MAX_ECCEZIONI {
            self.eccezioni.insert(index, Eccezione::new(codice, posizione));
        }
    }

    fn is_ours(&mut self, namespace: NamespaceIndex) -> bool {
        if self.egov == Some(namespace) {
            return true;
        }
        let name = self.reader.namespace(namespace);
        if name == NAMESPACE {
            self.egov = Some(namespace);
            return true;
        }
        name == self.own
    }
}
