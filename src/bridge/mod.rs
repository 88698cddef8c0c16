//! The two lives of a message, one line a phase.
//!
//! This room knows the order in which everything is done, and none of how it is done. [`Inbound::receive`] is the life
//! of a message from a region's Porta di Dominio to the national node; what comes back is what the porta is answered.

mod arrived;
mod chiavi;
mod correlate;
mod delivery;
mod firma;
mod inbound;
mod knowledge;
mod manifesto;
pub mod nativo;
mod parting;
mod passage;
mod progressivi;
mod recognise;
mod ritorno;
mod serie;
mod soap_action;
mod twin;
mod verdict;

pub use arrived::{Answer, Arrived, Caller};
pub use chiavi::{Chiavi, ChiaviError};
pub use delivery::Delivery;
pub use inbound::{Inbound, Settings};
pub use knowledge::{Knowledge, KnowledgeError};
pub use progressivi::{Prefisso, PrefissoError, Progressivi};
