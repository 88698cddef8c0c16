//! XML as this gateway accepts it: one strict reader for every byte that a peer wrote.
//!
//! The rooms above (`soap`, `egov`, `schema`, `json_native`) never see the tokeniser. They see a [`Reader`] that
//! yields borrowed events with names already resolved to namespaces, or an [`XmlError`] with the byte offset at
//! which the document stopped being XML. What the tokeniser lets through and XML 1.0 or Namespaces in XML 1.0
//! forbid is refused here: document type declarations, undefined entities, unbound prefixes, two attributes with
//! one expanded name, control characters, `]]>` in text, a second root.
//!
//! The order of use is: [`encoding::decode`] turns bytes into text, [`Reader::document`] walks a whole document,
//! [`Reader::fragment`] walks one element of a document already walked, without copying it.
//!
//! Nothing here does input or output, or knows of SOAP or e-Gov.

pub mod c14n;
pub mod characters;
pub mod digest;
pub mod encoding;
mod error;
pub(crate) mod grain;
mod limits;
mod namespaces;
mod plain;
mod position;
mod reader;
pub mod write;

pub use error::{XmlError, XmlErrorKind};
pub use limits::Limits;
pub use namespaces::{Binding, NamespaceIndex, XML_NAMESPACE, XSI_NAMESPACE};
pub use position::{Position, locate};
pub use reader::{Attribute, Event, Name, Reader};
