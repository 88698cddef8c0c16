//! What can be wrong with a suite.

use std::io;

use super::mutation::MutationError;
use super::path::PathError;
use crate::config::source::{Fault, Mistake, Place};

/// One mistake in the files of a suite.
pub type SuiteError = Mistake<Problem>;

/// What is wrong with one key, and what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file, its syntax, its keys or its types.
    #[error(transparent)]
    File(#[from] Fault),
    /// A file or folder that is named and cannot be read.
    #[error("{file} cannot be read: {kind}")]
    Unreadable {
        /// As it is named.
        file: String,
        /// Why not.
        kind: io::ErrorKind,
    },
    /// There are no cases.
    #[error("no case in this folder; wanted at least one [[case]] in cases/*.toml")]
    NoCase,
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
    /// Not of the form that is wanted.
    #[error("wanted {wanted}")]
    Form {
        /// What was wanted.
        wanted: &'static str,
    },
    /// A name that nothing bears.
    #[error("there is no {what} of that name")]
    Unknown {
        /// What is named.
        what: &'static str,
    },
    /// Given before.
    #[error("given twice: already at {first}")]
    Twice {
        /// The first.
        first: Place,
    },
    /// A path that is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A change that cannot be made to the message.
    #[error(transparent)]
    Mutation(#[from] MutationError),
    /// The parties of a set-up.
    #[error("{0}")]
    Parti(String),
}
