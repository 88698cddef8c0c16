//! XSD to compiled plan, and validation against it.
//!
//! A directory of `*.xsd` is read once, at start-up or reload, and compiled into immutable tables: [`SchemaSet::load`].
//! Whatever the engine does not support is refused there, with file, line and the name of the construct; nothing is
//! ignored silently. A [`Document`] is one global element of one file, with the plan of all that can stand below it.
//! [`validate`] walks a document once and reports every violation, each with its place; `json_native` walks it with
//! the same code and writes JSON on the way.
//!
//! Nothing here does input or output except `SchemaSet::load`.

mod carried;
mod compile;
mod datatype;
pub(crate) mod identity;
pub(crate) mod lines;
mod load_error;
pub(crate) mod member_name;
pub(crate) mod model;
mod pattern;
pub(crate) mod plan;
mod set;
pub(crate) mod simple;
pub(crate) mod sink;
mod table;
pub(crate) mod violation;
pub(crate) mod walk;
pub(crate) mod words;

pub use carried::{NoElement, Verbatim};
pub use load_error::{LoadError, LoadErrorKind};
pub use set::{Document, SchemaSet};
pub use violation::{Rule, Violation};

use crate::xml::{self, Position, XmlError};

/// Why a document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The document is not XML, or is more than the limits allow.
    #[error("{position}: {error}")]
    NotXml {
        /// What is wrong.
        error: XmlError,
        /// Where.
        position: Position,
    },
    /// The document is XML and breaks its schema; at least one violation, in document order.
    #[error("{} violations of the schema", .0.len())]
    Invalid(Vec<Violation>),
}

/// Validates the document that `reader` is about to walk. All violations are collected.
///
/// # Errors
/// The document is not XML, or is not valid.
pub fn validate(document: &Document, reader: xml::Reader<'_>) -> Result<(), Refusal> {
    walk::walk(document, reader, &mut sink::Discard)
}

#[cfg(test)]
mod carried_tests;
#[cfg(test)]
mod differential_tests;
#[cfg(test)]
pub(crate) mod generator;
#[cfg(test)]
mod load_tests;
