//! A child of a wrapper element, and where in the JSON its text is.

use std::borrow::Cow;

use serde_json::Value;

use super::documento::SchemaRef;
use super::puntatore::Pointer;

/// Where the JSON of a reply has its verdict: `OK`, `KO`, `X001`.
pub const ESITO: &str = "/esito/codice";

/// A child of a wrapper element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membro {
    /// Its local name.
    pub nome: String,
    /// Where its text comes from: the first that applies.
    pub da: Vec<Fonte>,
    /// Its text where none applies; without it, a JSON in which none applies is not a reply.
    pub altrimenti: Option<String>,
}

/// One place that the text of a child may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fonte {
    /// What it is.
    pub origine: Origine,
    /// Applies only where the verdict is this.
    pub esito: Option<String>,
}

/// What the text of a child may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origine {
    /// A string, verbatim.
    Testo(Pointer),
    /// An object: the payload of a document, which is written as XML and put in as text.
    Documento(Pointer, SchemaRef),
    /// An array of strings, with a space between them.
    Lista(Pointer),
    /// Always this.
    Valore(String),
}

/// The text of a child, found.
#[derive(Debug, Clone, PartialEq)]
pub enum Valore<'a> {
    /// Character data.
    Testo(Cow<'a, str>),
    /// A payload that is still to be written as XML.
    Documento {
        /// Its schema.
        schema: &'a SchemaRef,
        /// The payload.
        payload: &'a Value,
    },
}

/// A JSON that does not say what a child of the reply must.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MembroError {
    /// Nothing that could be the child.
    #[error("nothing for {membro}: wanted {puntatori}")]
    Assente {
        /// The child.
        membro: String,
        /// Where something was looked for.
        puntatori: String,
    },
    /// A value of another kind.
    #[error("{puntatore} is not {atteso}")]
    Tipo {
        /// Where it is.
        puntatore: String,
        /// What was wanted.
        atteso: &'static str,
    },
}

impl Origine {
    /// Where it looks.
    #[must_use]
    pub fn puntatore(&self) -> Option<&Pointer> {
        match self {
            Self::Testo(p) | Self::Documento(p, _) | Self::Lista(p) => Some(p),
            Self::Valore(_) => None,
        }
    }
}

impl Membro {
    /// The text of this child, from the JSON of a message.
    ///
    /// # Errors
    /// The JSON does not have it, or has something else in its place.
    pub fn valore<'a>(&'a self, json: &'a Value) -> Result<Valore<'a>, MembroError> {
        let esito = json.pointer(ESITO).and_then(Value::as_str);
        for fonte in &self.da {
            if fonte.esito.is_some() && fonte.esito.as_deref() != esito {
                continue;
            }
            if let Some(valore) = fonte.origine.valore(json)? {
                return Ok(valore);
            }
        }
        match &self.altrimenti {
            Some(text) => Ok(Valore::Testo(Cow::Borrowed(text))),
            None => Err(MembroError::Assente { membro: self.nome.clone(), puntatori: self.puntatori() }),
        }
    }

    /// Puts the text of this child, as an envelope has it, into a JSON: there where [`Membro::valore`] would look
    /// first.
    pub fn in_json(&self, text: &str, json: &mut Value) {
        let first = self.da.iter().find(|fonte| fonte.esito.is_none());
        match first.map(|fonte| &fonte.origine) {
            Some(Origine::Testo(p)) => p.set(json, Value::from(text)),
            Some(Origine::Lista(p)) => {
                p.set(json, text.split_ascii_whitespace().map(Value::from).collect());
            }
            // Loading refuses these two in a message that is read.
            Some(Origine::Documento(..) | Origine::Valore(_)) | None => {}
        }
    }

    fn puntatori(&self) -> String {
        let all: Vec<&str> =
            self.da.iter().filter_map(|f| f.origine.puntatore()).map(Pointer::as_str).collect();
        all.join(" or ")
    }
}

impl Origine {
    fn valore<'a>(&'a self, json: &'a Value) -> Result<Option<Valore<'a>>, MembroError> {
        let wrong = |p: &Pointer, atteso| MembroError::Tipo { puntatore: p.to_string(), atteso };
        match self {
            Self::Valore(text) => Ok(Some(Valore::Testo(Cow::Borrowed(text)))),
            Self::Testo(p) => match p.get(json) {
                None => Ok(None),
                Some(Value::String(text)) => Ok(Some(Valore::Testo(Cow::Borrowed(text)))),
                Some(_) => Err(wrong(p, "a string")),
            },
            Self::Documento(p, schema) => match p.get(json) {
                None => Ok(None),
                Some(payload @ Value::Object(_)) => Ok(Some(Valore::Documento { schema, payload })),
                Some(_) => Err(wrong(p, "an object")),
            },
            Self::Lista(p) => match p.get(json) {
                None => Ok(None),
                Some(Value::Array(items)) => {
                    let items: Option<Vec<&str>> = items.iter().map(item).collect();
                    let text = items.ok_or_else(|| wrong(p, "a list of strings without spaces"))?.join(" ");
                    Ok(Some(Valore::Testo(Cow::Owned(text))))
                }
                Some(_) => Err(wrong(p, "a list of strings without spaces")),
            },
        }
    }
}

/// An item of a list whose items are told apart by white space.
fn item(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty() && !text.contains(char::is_whitespace))
}
