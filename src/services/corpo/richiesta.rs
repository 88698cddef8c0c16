//! From the Body of a request to the document in it.

use std::borrow::Cow;

use crate::services::{Azione, Contenuto, Documento, NessunDocumento};
use crate::soap::{Envelope, Inner, Part};
use crate::xml::{Event, Limits, Reader, XmlError, characters, write};

/// The document of a request, found but not yet known.
#[derive(Debug)]
pub struct Inviato<'x> {
    dress: Dress<'x>,
}

/// How the document stood in the Body.
#[derive(Debug)]
enum Dress<'x> {
    /// As an element of the message: offsets are the message's.
    Element(Part<'x>),
    /// As text: a document of its own, with lines and columns of its own.
    Text(Cow<'x, str>),
}

/// The Body is not what the action asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorpoError {
    /// The Body has no element, or several.
    #[error("the Body holds {0} elements, one is needed")]
    Elements(usize),
    /// The element is neither the wrapper of the declared action nor one of its documents.
    #[error("the Body holds \"{seen}\", which is not of the declared action; \"{expected}\" is needed")]
    OtherAction {
        /// The element as written.
        seen: String,
        /// The wrapper of the action.
        expected: String,
    },
    /// The wrapper holds other children than the one it must.
    #[error("\"{seen}\" stands where the single element \"{expected}\" is needed")]
    Member {
        /// What the wrapper holds, as written.
        seen: String,
        /// The member of the contract.
        expected: String,
    },
    /// The member holds nothing.
    #[error("\"{0}\" is empty")]
    Empty(String),
    /// The member holds several elements, or elements and text.
    #[error("\"{0}\" holds neither one text nor one element")]
    Mixed(String),
    /// The member does not hold XML, and the action takes no plain text.
    #[error("\"{0}\" does not hold an XML document")]
    NotXml(String),
    /// The inner document breaks off or is malformed before its root could be read.
    #[error("the document cannot be read: {0}")]
    Unreadable(#[from] XmlError),
    /// The root, or its revision, is not of this action.
    #[error("document \"{root}\": {why}")]
    Document {
        /// Local name of its root.
        root: String,
        /// At which question it fell.
        why: NessunDocumento,
        /// The roots that the action takes.
        expected: Vec<String>,
    },
}

impl CorpoError {
    /// Whether the Body contradicts the action that the busta declares: then the busta is wrong, not the document.
    #[must_use]
    pub fn contradicts_the_busta(&self) -> bool {
        matches!(self, Self::Elements(_) | Self::OtherAction { .. })
    }
}

impl Inviato<'_> {
    /// A reader over the document alone.
    #[must_use]
    pub fn reader(&self, limits: &Limits) -> Reader<'_> {
        match &self.dress {
            Dress::Element(part) => part.reader(limits),
            Dress::Text(text) => Reader::document(text, limits),
        }
    }

    /// Its length in bytes, as it stood in the message.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.dress {
            Dress::Element(part) => part.range.len(),
            Dress::Text(text) => text.len(),
        }
    }

    /// Whether there is nothing in it; never so for one that was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Which of the action's documents it is. `giorno` is the day by which revisions are chosen.
    ///
    /// # Errors
    /// Its root cannot be read, or is not of the action.
    pub fn documento<'c>(
        &self,
        azione: &'c Azione,
        giorno: jiff::civil::Date,
        limits: &Limits,
    ) -> Result<&'c Documento, CorpoError> {
        let (root, versione) = self.root(azione, limits)?;
        let richiesta = &azione.richiesta;
        richiesta.per_radice(&root, versione.as_deref(), giorno).map_err(|why| {
            let documenti = richiesta.contenuto.documenti();
            CorpoError::Document {
                root,
                why,
                expected: documenti.iter().map(|d| d.schema.root.clone()).collect(),
            }
        })
    }

    /// Local name of the root, and its revision where the form tells one.
    fn root(&self, azione: &Azione, limits: &Limits) -> Result<(String, Option<String>), CorpoError> {
        let mut reader = self.reader(limits);
        loop {
            if let Event::Start(name) = reader.next_event()? {
                let attribute = azione.richiesta.attributo_versione(name.local);
                let versione = attribute.and_then(|a| reader.attribute("", a)).map(str::to_owned);
                return Ok((name.local.chars().take(80).collect(), versione));
            }
        }
    }
}

/// Finds the document in the Body of a request, in any of its dresses. The schemas are not asked: whether this is a
/// message that was carried before must be answered even after they have changed.
///
/// `namespace` is that of the wrapper.
///
/// # Errors
/// The Body or its wrapper are not of the action.
pub fn apri<'x>(
    azione: &Azione,
    envelope: &Envelope<'x>,
    namespace: &str,
) -> Result<Inviato<'x>, CorpoError> {
    let limits = envelope.limits();
    let Some(child) = envelope.payload() else {
        return Err(CorpoError::Elements(envelope.body.len()));
    };
    let richiesta = &azione.richiesta;
    let Contenuto::Documento { membro, testo, documenti } = &richiesta.contenuto else {
        return Err(other_action(azione, child));
    };
    let dress = if child.is(namespace, &richiesta.wrapper.root) {
        unwrap(child, membro, testo.as_deref(), documenti, limits)?
    } else if documenti.iter().any(|d| d.schema.root == child.local) {
        Dress::Element(child.clone())
    } else {
        return Err(other_action(azione, child));
    };
    Ok(Inviato { dress })
}

fn other_action(azione: &Azione, child: &Part<'_>) -> CorpoError {
    let seen = child.qualified.chars().take(80).collect();
    CorpoError::OtherAction { seen, expected: azione.richiesta.wrapper.root.clone() }
}

/// Takes the document out of the wrapper's only member.
fn unwrap<'x>(
    wrapper: &Part<'x>,
    membro: &str,
    testo: Option<&str>,
    documenti: &[Documento],
    limits: &Limits,
) -> Result<Dress<'x>, CorpoError> {
    let mut children = wrapper.children(limits)?;
    let member = children.pop().filter(|(part, _)| {
        // The member is qualified by the contract; clients that leave the namespace out are common and harmless.
        part.local == membro && (part.namespace == wrapper.namespace || part.namespace.is_empty())
    });
    let Some((_, inner)) = member.filter(|_| children.is_empty()) else {
        let seen = wrapper.children(limits)?;
        let seen: Vec<&str> = seen.iter().map(|(part, _)| part.qualified).take(4).collect();
        let seen = seen.join(" ").chars().take(80).collect();
        return Err(CorpoError::Member { seen, expected: membro.to_owned() });
    };
    match inner {
        Inner::Element(part) => Ok(Dress::Element(part)),
        Inner::Mixed { .. } => Err(CorpoError::Mixed(membro.to_owned())),
        Inner::Text { text, .. } if characters::is_blank(&text) => Err(CorpoError::Empty(membro.to_owned())),
        Inner::Text { text, .. } => {
            if characters::trim(&text).starts_with('<') {
                Ok(Dress::Text(without_leading_space(text)))
            } else {
                let plain = testo.zip(documenti.first());
                let (child, documento) = plain.ok_or_else(|| CorpoError::NotXml(membro.to_owned()))?;
                Ok(Dress::Text(Cow::Owned(plain_document(documento, child, characters::trim(&text)))))
            }
        }
    }
}

/// An XML declaration may stand only at the very start; inside a member it often follows a line end.
fn without_leading_space(text: Cow<'_, str>) -> Cow<'_, str> {
    let blank = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len();
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(blank..).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.drain(..blank);
            Cow::Owned(text)
        }
    }
}

/// The document that a bare value stands for.
fn plain_document(documento: &Documento, child: &str, value: &str) -> String {
    let root = &documento.schema.root;
    format!("<{root}><{child}>{}</{child}></{root}>", write::text(value))
}
