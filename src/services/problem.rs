//! What can be wrong with the catalogue.

use std::io;

use super::puntatore::PointerError;
use crate::config::source::{Fault, Place};
use crate::schema::NoElement;

/// What is wrong with one key of a file of `services/`, and what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file, its syntax, its keys or its types.
    #[error(transparent)]
    File(#[from] Fault),
    /// The folder of services.
    #[error("the folder cannot be read: {0}")]
    Folder(io::ErrorKind),
    /// No file describes a service.
    #[error("no service in this folder; wanted at least one file with a [service]")]
    NoService,
    /// Needed, and not given.
    #[error("not given; wanted {wanted}")]
    Missing {
        /// What was wanted.
        wanted: &'static str,
    },
    /// Given where it means nothing.
    #[error("means nothing here: {why}")]
    Superfluous {
        /// Why.
        why: &'static str,
    },
    /// Not one of a fixed set.
    #[error("wanted one of {}", .wanted.join(", "))]
    Choice {
        /// The set.
        wanted: Vec<&'static str>,
    },
    /// Not a name that the busta or XML can carry.
    #[error("wanted {wanted}")]
    Name {
        /// What was wanted.
        wanted: &'static str,
    },
    /// Given before.
    #[error("given twice: already at {first}")]
    Twice {
        /// The first.
        first: Place,
    },
    /// Two documents between which a message could not choose.
    #[error(
        "some message would be both this and the document at {first}; wanted other `versioni`, or days apart"
    )]
    Ambiguous {
        /// The first.
        first: Place,
    },
    /// One root with two ways to tell the revision, or one `tipo_modello` with two roots.
    #[error("not as at {first}; wanted {wanted}")]
    Unlike {
        /// The first.
        first: Place,
        /// What was wanted.
        wanted: &'static str,
    },
    /// Not a JSON pointer.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// Not a day.
    #[error("wanted a day, such as \"2026-01-31\"")]
    Date,
    /// A window that closes before it opens.
    #[error("before `dal`; wanted a day after it")]
    Window,
    /// A party that is not in `parti.toml`.
    #[error("no such party in parti.toml")]
    UnknownParty,
    /// A group that no party of `parti.toml` is in.
    #[error("no party of parti.toml is in this group")]
    UnknownGroup,
    /// A service that no file describes.
    #[error("no file describes this service")]
    UnknownService,
    /// An action that no file describes.
    #[error("no file describes this action")]
    UnknownAction,
    /// A correlated action of another profile, or in the wrong direction.
    #[error(
        "wanted an action of the same profile: in the other direction where it is symmetric, in the same where it is asymmetric"
    )]
    NotASecondCall,
    /// A correlated action that has one of its own, or belongs to two exchanges.
    #[error("wanted the second call of this exchange alone")]
    SecondCallTwice,
    /// A status request that could not give the result.
    #[error("the correlated action has no [azione.risposta]; wanted one, which gives the result")]
    NoResult,
    /// A schema file without this root.
    #[error("no schema {file} with the root element {root}")]
    NoSchema {
        /// The file.
        file: String,
        /// The root element.
        root: String,
    },
    /// A wrapper that its schema does not let hold these children.
    #[error("{file}: <{root}> cannot hold {}: {why}", if .children.is_empty() { "nothing".to_owned() } else { .children.join(", ") })]
    Children {
        /// The schema file.
        file: String,
        /// The wrapper.
        root: String,
        /// The children.
        children: Vec<String>,
        /// What the schema says.
        why: String,
    },
    /// A document that JSON cannot carry and give back.
    #[error(
        "{file}: <{root}> cannot be carried to JSON and back: {why}. To carry the elements around it as XML: {remedy}"
    )]
    Untranslatable {
        /// The schema file.
        file: String,
        /// The root element.
        root: String,
        /// Which construct.
        why: String,
        /// The line that would have it carried.
        remedy: String,
    },
    /// An element to carry as it stands that the document does not have.
    #[error(transparent)]
    NoElement(#[from] NoElement),
    /// A contract that is not there.
    #[error("no such file in the folder of contracts")]
    NoWsdl,
}
