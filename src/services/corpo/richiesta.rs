//! From the Body of a request to the document in it.

use std::borrow::Cow;

use super::parte;
use crate::egov::Eccezione;
use crate::egov::manifest::Descrizione;
use crate::services::{Allegati, Azione, Contenuto, Documento, NessunDocumento};
use crate::soap::multipart::{Attached, Attachment, Inclusion};
use crate::soap::{Envelope, Inner, Part};
use crate::xml::encoding::EncodingError;
use crate::xml::{Event, Limits, Reader, XmlError, characters, write};

/// The document of a request, found but not yet known.
#[derive(Debug)]
pub struct Inviato<'x> {
    dress: Dress<'x>,
    allegati: Vec<Allegato<'x>>,
}

/// An attachment that is not the document.
#[derive(Debug)]
pub struct Allegato<'x> {
    /// The part.
    pub attachment: &'x Attachment<'x>,
    /// The title that the manifest gives it, where there is one.
    pub titolo: Option<String>,
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
    /// The manifest does not tell which part the document is in.
    #[error("the manifest does not tell which part holds the document")]
    Manifest(Vec<Eccezione>),
    /// The Body is empty, and several parts could be the document.
    #[error("the Body is empty, and no single part of the package is the document")]
    Ambiguous,
    /// The wrapper refers to a part that is not there.
    #[error("no part of the package is named \"{0}\"")]
    NoPart(String),
    /// The action takes the document alone.
    #[error("the action takes no attachments, and the message has {0} beside its document")]
    Attachments(usize),
    /// The bytes of the part are not text in the encoding that they claim.
    #[error("the part that holds the document cannot be read: {0}")]
    Encoding(#[from] EncodingError),
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
        matches!(self, Self::Elements(_) | Self::OtherAction { .. } | Self::Manifest(_))
    }
}

impl<'x> Inviato<'x> {
    /// The attachments beside the document, whatever becomes of them.
    #[must_use]
    pub fn allegati(&self) -> &[Allegato<'x>] {
        &self.allegati
    }

    /// The attachments that go on with the document.
    ///
    /// # Errors
    /// There are some, and the action takes none.
    pub fn inoltrati(&self, azione: &Azione) -> Result<&[Allegato<'x>], CorpoError> {
        match (azione.allegati, self.allegati.len()) {
            (Allegati::Rifiutati, more @ 1..) => Err(CorpoError::Attachments(more)),
            _ => Ok(&self.allegati),
        }
    }

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

/// Finds the document of a request, in any of its dresses, in the Body or in an attachment. The schemas are not asked:
/// whether this is a message that was carried before must be answered even after they have changed.
///
/// `namespace` is that of the wrapper.
///
/// # Errors
/// The Body, the part that it leaves the document to, or the wrapper are not of the action.
pub fn apri<'x>(
    azione: &Azione,
    envelope: &Envelope<'x>,
    attached: &'x Attached<'x>,
    namespace: &str,
) -> Result<Inviato<'x>, CorpoError> {
    let ricerca = Ricerca { azione, namespace, attached, limits: envelope.limits() };
    let (found, descrizione) = match parte::indicata(envelope, attached)? {
        Some((at, descrizione)) => (ricerca.in_parte(at)?, descrizione),
        None => {
            let child = envelope.payload().ok_or(CorpoError::Elements(envelope.body.len()))?;
            (ricerca.in_element(child, &attached.inclusions)?, Descrizione::default())
        }
    };
    let titolo = |at: usize| {
        let mut of_it = descrizione.riferimenti.iter().filter(|r| attached.position(&r.href) == Some(at));
        of_it.next().map(|riferimento| riferimento.titolo.clone())
    };
    let allegati = attached
        .beside()
        .filter(|(at, _)| !found.parts.contains(at))
        .map(|(at, attachment)| Allegato { attachment, titolo: titolo(at) })
        .collect();
    Ok(Inviato { dress: found.dress, allegati })
}

/// The document, and the parts that it was found in.
struct Found<'x> {
    dress: Dress<'x>,
    parts: Vec<usize>,
}

/// What is looked for, and where.
struct Ricerca<'a, 'x> {
    azione: &'a Azione,
    namespace: &'a str,
    attached: &'x Attached<'x>,
    limits: &'a Limits,
}

impl<'x> Ricerca<'_, 'x> {
    /// In an element that stands as a child of the Body.
    fn in_element(&self, child: &Part<'x>, inclusions: &[Inclusion]) -> Result<Found<'x>, CorpoError> {
        let Contenuto::Documento { documenti, .. } = &self.azione.richiesta.contenuto else {
            return Err(self.other_action(child.qualified));
        };
        if self.is_wrapper(&child.namespace, child.local) {
            self.unwrap(child, inclusions)
        } else if documenti.iter().any(|d| d.schema.root == child.local) {
            Ok(Found { dress: Dress::Element(child.clone()), parts: Vec::new() })
        } else {
            Err(self.other_action(child.qualified))
        }
    }

    /// In a part that holds what the Body would.
    fn in_parte(&self, at: usize) -> Result<Found<'x>, CorpoError> {
        let text = self.text(at)?;
        let mut reader = Reader::document(text, self.limits);
        let root = loop {
            if let Event::Start(name) = reader.next_event()? {
                break name;
            }
        };
        let namespace = reader.namespace(root.namespace);
        if parte::is_placeholder(namespace, root.local) {
            return Err(CorpoError::Elements(0));
        }
        let mut found = if self.is_wrapper(namespace, root.local) {
            // Its offsets are those of the part: no inclusion stands there.
            self.in_element(&Part::take(&mut reader, root)?, &[])?
        } else {
            let documenti = self.azione.richiesta.contenuto.documenti();
            if !documenti.iter().any(|d| d.schema.root == root.local) {
                return Err(self.other_action(root.qualified));
            }
            Found { dress: Dress::Text(Cow::Borrowed(text)), parts: Vec::new() }
        };
        found.parts.push(at);
        Ok(found)
    }

    /// Takes the document out of the wrapper's only member, or from where the member says that it is.
    fn unwrap(&self, wrapper: &Part<'x>, inclusions: &[Inclusion]) -> Result<Found<'x>, CorpoError> {
        let Contenuto::Documento { membro, testo, documenti } = &self.azione.richiesta.contenuto else {
            return Err(self.other_action(wrapper.qualified));
        };
        let mut children = wrapper.children(self.limits)?;
        if children.is_empty()
            && let Some(at) =
                parte::riferita(wrapper, &wrapper.content(self.limits)?, self.attached, &[], self.limits)?
        {
            return self.referred(at);
        }
        let member = children.pop().filter(|(part, _)| {
            // The member is qualified by the contract; clients that leave the namespace out are common and harmless.
            part.local == membro && (part.namespace == wrapper.namespace || part.namespace.is_empty())
        });
        let Some((element, inner)) = member.filter(|_| children.is_empty()) else {
            let seen = wrapper.children(self.limits)?;
            let seen: Vec<&str> = seen.iter().map(|(part, _)| part.qualified).take(4).collect();
            let seen = seen.join(" ").chars().take(80).collect();
            return Err(CorpoError::Member { seen, expected: membro.to_owned() });
        };
        if let Some(at) = parte::riferita(&element, &inner, self.attached, inclusions, self.limits)? {
            return self.referred(at);
        }
        let dress = match inner {
            Inner::Element(part) => Dress::Element(part),
            Inner::Mixed { .. } => return Err(CorpoError::Mixed(membro.to_owned())),
            Inner::Text { text, .. } if characters::is_blank(&text) => {
                return Err(CorpoError::Empty(membro.to_owned()));
            }
            Inner::Text { text, .. } if characters::trim(&text).starts_with('<') => {
                Dress::Text(without_leading_space(text))
            }
            Inner::Text { text, .. } => {
                let plain = testo.as_deref().zip(documenti.first());
                let (child, documento) = plain.ok_or_else(|| CorpoError::NotXml(membro.to_owned()))?;
                Dress::Text(Cow::Owned(plain_document(documento, child, characters::trim(&text))))
            }
        };
        Ok(Found { dress, parts: Vec::new() })
    }

    /// A part that holds what the member would.
    fn referred(&self, at: usize) -> Result<Found<'x>, CorpoError> {
        Ok(Found { dress: Dress::Text(Cow::Borrowed(self.text(at)?)), parts: vec![at] })
    }

    fn text(&self, at: usize) -> Result<&'x str, CorpoError> {
        let text = self.attached.attachments.get(at).map_or(Ok(""), Attachment::text)?;
        Ok(text.trim_start_matches(BLANK))
    }

    fn is_wrapper(&self, namespace: &str, local: &str) -> bool {
        local == self.azione.richiesta.wrapper.root && namespace == self.namespace
    }

    fn other_action(&self, qualified: &str) -> CorpoError {
        let seen = qualified.chars().take(80).collect();
        CorpoError::OtherAction { seen, expected: self.azione.richiesta.wrapper.root.clone() }
    }
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// An XML declaration may stand only at the very start; inside a member it often follows a line end.
fn without_leading_space(text: Cow<'_, str>) -> Cow<'_, str> {
    let blank = text.len() - text.trim_start_matches(BLANK).len();
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
