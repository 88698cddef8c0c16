//! The Body of an action's messages: which document a request holds, and how a reply is written.
//!
//! Both directions follow the catalogue alone. A request's document is accepted in every dress it travels in: text
//! with escapes or in CDATA inside the wrapper's member, an element inside that member, or the document itself as
//! the child of the Body; and in each of them also in an attachment (`parte`).

mod parte;
mod richiesta;
mod risposta;

pub use richiesta::{Allegato, CorpoError, Inviato, apri};
pub use risposta::{RispostaError, esito_negativo, scrivi};
