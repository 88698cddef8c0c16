//! The JSON nativo model: its envelope, and both directions of the translation.
//!
//! Every value is a JSON string, kept verbatim. An element with attributes or children is an object; attributes and
//! children are its members, under the names of the schema's plan (`schema` owns the naming rule, because two
//! members of one name are refused when schemas are loaded). What the schema allows and the document lacks is `null`;
//! what the schema lets repeat is an array; the root element itself is not a member.
//!
//! - Text of an element that also has attributes: member `value`.
//! - An element that is `xsi:nil`: an object with member `nil`, verbatim (`"true"` or `"1"`), and its attributes.
//! - An element without a type in the schema: a string where it holds only text and has no attributes; else an
//!   object with the one member `xml`, the element verbatim, with the namespace declarations it needs.
//! - An element that the service wants carried as it stands ([`crate::schema::Verbatim`]): a string that holds its XML,
//!   with the namespace declarations it needs.
//! - On the way back `null`, an absent member and an empty array say the same.

pub mod envelope;
mod tape;
mod to_json;
mod to_xml;

use crate::schema::{self, Document, LoadError, Violation, walk};
use crate::xml::{self, Position, XmlError};
use to_json::Writer;

/// Why a document was not translated.
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
    /// The text is not JSON, or is nested too deeply.
    #[error("{position}: {reason}")]
    NotJson {
        /// What is wrong.
        reason: &'static str,
        /// Where.
        position: Position,
    },
    /// The document breaks its schema; at least one violation, in document order.
    #[error("{} violations of the schema", .0.len())]
    Invalid(Vec<Violation>),
    /// The schema has constructs that JSON cannot carry ([`Document::obstacles`]).
    #[error("the schema cannot be carried to JSON")]
    Untranslatable(Vec<LoadError>),
}

/// Validates the document that `reader` is about to walk and appends its JSON to `out`, in one pass. All violations
/// are collected. After an error `out` is as it was.
///
/// # Errors
/// The document is not XML, is not valid, or its schema cannot be translated.
pub fn to_json(document: &Document, reader: xml::Reader<'_>, out: &mut Vec<u8>) -> Result<(), Refusal> {
    translatable(document)?;
    let mut writer = Writer::new(out);
    let walked = walk::walk(document, reader, &mut writer);
    if walked.is_err() {
        writer.undo();
    }
    Ok(walked?)
}

/// Validates `json` and appends the root element it stands for to `out`: elements in schema order, without XML
/// declaration. Violations are located by JSON Pointer. After an error `out` is as it was.
///
/// # Errors
/// The text is not JSON, is not valid, or its schema cannot be translated.
pub fn to_xml(document: &Document, json: &[u8], out: &mut String) -> Result<(), Refusal> {
    translatable(document)?;
    to_xml::write(document, json, out)
}

fn translatable(document: &Document) -> Result<(), Refusal> {
    match document.obstacles() {
        [] => Ok(()),
        obstacles => Err(Refusal::Untranslatable(obstacles.to_vec())),
    }
}

impl From<schema::Refusal> for Refusal {
    fn from(refusal: schema::Refusal) -> Self {
        match refusal {
            schema::Refusal::NotXml { error, position } => Self::NotXml { error, position },
            schema::Refusal::Invalid(violations) => Self::Invalid(violations),
        }
    }
}

#[cfg(test)]
mod translation_tests;
