//! The catalogue: which services exist, who may use them, and how each of their actions maps.
//!
//! All of it is data. A file of `services/` describes one service and its actions; `services/parti.toml` lists the
//! parties. Adding an action whose schemas are in `xsd/` is adding lines to a file: no code here, or above, knows
//! the name of an action, of a form or of a region.
//!
//! [`Catalogue::load`] is strict: an unknown key, an unknown value, an action given twice or a pointer that is none
//! refuse the whole catalogue, with every mistake at once. [`Catalogue::resolve`] then holds it against the schemas
//! and the parties. What has passed both can be followed without further questions.

mod azione;
mod build;
mod build_corpi;
mod catalogue;
pub mod corpo;
mod documento;
mod firma;
mod membro;
mod parti;
mod problem;
#[cfg(test)]
mod profili_tests;
mod puntatore;
mod raw;
mod registro;
mod resolve;
mod schemi;
#[cfg(test)]
mod tests;

pub use azione::{Allegati, Azione, Direction, Duplicate, Fruitori, Manifesto};
pub use azione::{Contenuto, NomeAzione, Opzioni, Richiesta, Risposta};
pub use azione::{NomeParte, OnUnknown, Refusal, Rest, Servizio};
pub use catalogue::{Catalogue, Unknown};
pub use documento::{Documento, NessunDocumento, SchemaRef};
pub use firma::Regole;
pub use membro::{ESITO, Fonte, Membro, MembroError, Origine, Valore};
pub use parti::{Parte, Parti, SoapAction};
pub use problem::Problem;
pub use puntatore::{Pointer, PointerError};
pub use registro::Registro;
pub use resolve::Schemas;

use crate::config::source::Mistake;

/// One mistake in the catalogue.
pub type CatalogueError = Mistake<Problem>;
