//! A document that travels inside a wrapper: its schema, its name in JSON, and when it is the one in force.

use jiff::civil::Date;

use super::puntatore::Pointer;
use crate::config::source::Place;
use crate::schema::Verbatim;

/// One global element of one schema file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRef {
    /// The file, below `directories.xsd`, with `/`.
    pub file: String,
    /// Local name of the element.
    pub root: String,
    /// What of it is carried as it stands.
    pub verbatim: Verbatim,
    /// Where the catalogue names it.
    pub place: Place,
}

/// A document that a request may carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documento {
    /// Its schema.
    pub schema: SchemaRef,
    /// Value of `modello.tipoModello`.
    pub tipo_modello: String,
    /// Where the payload has the code of the communication.
    pub codice_comunicazione: Option<Pointer>,
    /// The attribute of the root that tells the revision.
    pub versione: Option<String>,
    /// Revisions that this schema serves; empty: all.
    pub versioni: Vec<String>,
    /// First day on which it is in force.
    pub dal: Option<Date>,
    /// Last day on which it is in force.
    pub al: Option<Date>,
}

/// Why no document was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NessunDocumento {
    /// The action knows no such root or model.
    #[error("not a document of this action")]
    Sconosciuto,
    /// The form is known, its revision is not.
    #[error("no schema for this revision; known: {}", .note.join(", "))]
    Versione {
        /// The revisions that are known.
        note: Vec<String>,
    },
    /// The revision is known, and not in force on that day.
    #[error("not in force on {giorno}")]
    NonInVigore {
        /// The day.
        giorno: Date,
    },
}

impl Documento {
    /// Whether it is in force on the day.
    #[must_use]
    pub fn in_vigore(&self, giorno: Date) -> bool {
        self.dal.is_none_or(|dal| dal <= giorno) && self.al.is_none_or(|al| giorno <= al)
    }

    /// Whether it serves the revision. A document that tells none is taken by a schema that serves all.
    #[must_use]
    pub fn serve(&self, versione: Option<&str>) -> bool {
        self.versioni.is_empty() || versione.is_some_and(|v| self.versioni.iter().any(|served| served == v))
    }

    /// Whether some message could be both this and the other.
    pub(super) fn incontra(&self, other: &Self) -> bool {
        let revisions = self.versioni.is_empty()
            || other.versioni.is_empty()
            || self.versioni.iter().any(|v| other.versioni.contains(v));
        let starts_late = |a: &Self, b: &Self| matches!((a.dal, b.al), (Some(dal), Some(al)) if al < dal);
        revisions && !starts_late(self, other) && !starts_late(other, self)
    }

    /// The one of `candidates` that serves the revision on the day; loading made sure that no two do.
    pub(super) fn scegli<'d>(
        candidates: impl Iterator<Item = &'d Self> + Clone,
        versione: Option<&str>,
        giorno: Date,
    ) -> Result<&'d Self, NessunDocumento> {
        if candidates.clone().next().is_none() {
            return Err(NessunDocumento::Sconosciuto);
        }
        let mut serving = candidates.clone().filter(|d| d.serve(versione)).peekable();
        if serving.peek().is_none() {
            let note = candidates.flat_map(|d| d.versioni.iter().cloned()).collect();
            return Err(NessunDocumento::Versione { note });
        }
        serving.find(|d| d.in_vigore(giorno)).ok_or(NessunDocumento::NonInVigore { giorno })
    }
}
