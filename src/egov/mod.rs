//! The busta e-Gov 1.1 of SPCoop: model, reading, writing, rules, exceptions, identifiers.
//!
//! The calls, in the order in which a message lives:
//!
//! - [`decode`] finds the header block of an envelope and reads it whole: either [`Broken`] (no busta can be read:
//!   the bare fault `EGOV_IT_001`), or a [`Received`] with every error of its fields, in document order;
//! - [`Received::sintassi`] adds age and expiry, [`Received::contro_registro`] what needs a [`Registro`]: parties, service,
//!   action, profile, ownership of identifiers, sequence, hops. The first stage that fails decides the answer;
//!   [`Received::verify`] is both. Between them comes the [`manifest`] of a message with attachments;
//! - [`profili`] says what a message of each profile is answered, and what may follow; [`reply`] builds the busta of an
//!   answer, good or bad; [`encode`] writes it;
//! - [`esito`] reads an answer from the caller's side.
//!
//! Values are text as written: leaves are not trimmed, and all comparisons are case sensitive but for the porta part
//! of an identifier. Nothing here does input or output; the present time is a parameter; nothing recurses on input,
//! and every list that grows with input is bounded.
//!
//! # Glossary
//!
//! - *porta di dominio*: the gateway of one administration; only the leg between two of them carries the busta.
//! - *busta*: the envelope's header block, `Intestazione`, with what it says of the message.
//! - *parte*: an administration, by tipo and name; *mittente* and *destinatario* are the two of a busta.
//! - *servizio*, *azione*: what is asked of the destinatario; the *accordo* says with which options.
//! - *profilo di collaborazione*: one-way, synchronous, asynchronous symmetric or asymmetric.
//! - *identificatore*: the name of one busta, given by the porta that sends it; *riferimento*: that of another busta.
//! - *collaborazione*: the identificatore of the first busta of a conversation.
//! - *riscontro*: acknowledgement of a one-way message; *conferma di ricezione*: the wish for one.
//! - *inoltro*: at most once (`ALPIUUNAVOLTA`) or at least once (`PIUDIUNAVOLTA`).
//! - *trasmissione*: one hop between two porte. *Sequenza*: place in an ordered series. *Scadenza*: expiry.
//! - *eccezione*: one error of a busta: code, context, relevance, and its place (*posizione*).
//! - *descrizione*: the manifest that says of each attachment what it is.
//! - *tempo*: whose clock stamped a time, SPC's or a local one.

mod busta;
mod codice;
mod decode;
mod eccezione;
mod encode;
pub mod esito;
mod eta;
pub mod firma;
mod identificatore;
mod intestazione;
mod istante;
mod lettura;
pub mod linee_guida;
mod liste;
pub mod manifest;
pub mod profili;
mod profilo;
mod registro;
pub mod reply;
mod richiesta;
mod testata;
mod verify;

#[cfg(test)]
mod prova;
#[cfg(test)]
mod reference_tests;

pub use busta::{Busta, Correlato, Ora, Parte, ProfiloTrasmissione, Riscontro, Servizio, Trasmissione};
pub use codice::{CodiceEccezione, Fase, Riprova, Voce};
pub use decode::{Received, decode};
pub use eccezione::{Contesto, Eccezione, Rilevanza};
pub use encode::{EncodeError, encode};
pub use esito::Esito;
pub use eta::{ETA_MASSIMA, Finestre};
pub use identificatore::{Identificatore, IdentificatoreError};
pub use intestazione::is_understood;
pub use istante::Istante;
pub use lettura::Broken;
pub use profilo::{Inoltro, Profilo, Tempo};
pub use registro::{Accordo, Gestione, ParteNota, Registro};
pub use richiesta::Richiesta;
pub use verify::verify;

/// The namespace of the busta.
pub const NAMESPACE: &str = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/";
/// The actor of the header block.
pub const ACTOR: &str = "http://www.cnipa.it/eGov_it/portadominio";
/// `faultstring` of a refused busta; partners compare the exact text.
pub const FAULT_FORMATO: &str = "EGOV_IT_001 - Formato Busta non corretto";
/// `faultstring` of a processing error; partners compare the exact text.
pub const FAULT_PROCESSAMENTO: &str = "EGOV_IT_300 - Errore nel processamento del messaggio SPCoop";
