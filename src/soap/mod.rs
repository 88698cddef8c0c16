//! SOAP 1.1: envelope, fault, content type, limits.
//!
//! Reading: [`decode`] walks a whole document once and gives an [`Envelope`]: the header blocks and the children of
//! the Body as [`Part`]s, that is spans of the text with the prefixes in force where they stand. Nothing is copied,
//! and nothing inside a part is judged: that is the business of the rooms above (`egov` for its header block, the
//! schema engine for the Body).
//!
//! Writing: [`encode`] puts a header block and a Body together, [`fault`] writes the Fault that goes into the Body.
//! Both are byte-stable.
//!
//! A message with attachments goes through [`multipart`] first, which gives the text of its envelope and the parts beside
//! it.
//!
//! Every refusal is a [`SoapError`]; [`SoapError::answer`] says which of the two bare faults of SPCoop it deserves.
//! No input or output, no clock, and no recursion on input.

mod content_type;
mod decode;
mod encode;
mod error;
mod fault;
pub mod multipart;
mod part;
pub mod security;
mod soap_action;

pub use content_type::{Content, ContentType, ContentTypeError, Related};
pub use decode::{Bounds, Envelope, decode, decode_within};
pub use encode::encode;
pub use error::{Answer, SoapError};
pub use fault::{Fault, Side, fault};
pub use part::{Inner, MustUnderstand, Part};
pub use soap_action::SoapAction;

/// The namespace of SOAP 1.1.
pub const NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of SOAP 1.2, known only to be told apart.
pub const NAMESPACE_1_2: &str = "http://www.w3.org/2003/05/soap-envelope";
/// The actor that stands for whoever comes next (SOAP 1.1 §4.2.2).
pub const ACTOR_NEXT: &str = "http://schemas.xmlsoap.org/soap/actor/next";
