//! One thing wrong with one file, as `validate` and `translate` say it: `LINE:COLUMN: PATH: rule: message`.

use std::borrow::Cow;
use std::fmt;

use crate::egov::Eccezione;
use crate::json_native::Refusal;
use crate::schema::{LoadError, Violation};
use crate::xml::{Position, XmlError, encoding::EncodingError, locate};

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// Where in the file.
    pub(super) position: Position,
    /// Where in the document: an XPath, a JSON Pointer, or a place of the busta.
    pub(super) path: String,
    /// Which rule is broken.
    pub(super) rule: Cow<'static, str>,
    /// What is wrong, in words.
    pub(super) message: String,
}

/// The first character of a file.
pub(super) const START: Position = Position { line: 1, column: 1 };

impl Finding {
    pub(super) fn new(
        position: Position,
        path: impl Into<String>,
        rule: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { position, path: path.into(), rule: Cow::Borrowed(rule), message: message.into() }
    }

    /// A file that is not XML.
    pub(super) fn not_xml(text: &str, error: &XmlError) -> Self {
        Self::new(locate(text, error.offset), "/", "xml", error.to_string())
    }

    /// A file that is not text.
    pub(super) fn not_text(error: &EncodingError) -> Self {
        Self::new(START, "/", "encoding", error.to_string())
    }

    /// Why a document was refused, in its own lines and columns.
    pub(super) fn all(refusal: Refusal) -> Vec<Self> {
        match refusal {
            Refusal::NotXml { error, position } => vec![Self::new(position, "/", "xml", error.to_string())],
            Refusal::NotJson { reason, position } => vec![Self::new(position, "/", "json", reason)],
            Refusal::Invalid(violations) => violations.into_iter().map(Self::from).collect(),
            Refusal::Untranslatable(obstacles) => {
                let of = |obstacle: LoadError| Self::new(START, "/", "schema", obstacle.to_string());
                obstacles.into_iter().map(of).collect()
            }
        }
    }

    /// An error of the busta at `offset` of the message.
    pub(super) fn busta(text: &str, offset: usize, eccezione: &Eccezione) -> Self {
        Self {
            position: locate(text, offset),
            path: format!("busta/{}", eccezione.posizione),
            rule: Cow::Owned(eccezione.codice.to_string()),
            message: eccezione.codice.voce().significato.to_owned(),
        }
    }
}

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        let Violation { line, column, path, rule, message, .. } = violation;
        Self { position: Position { line, column }, path, rule: Cow::Borrowed(rule.as_str()), message }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}: {}", self.position, self.path, self.rule, self.message)
    }
}
