//! The exchanges of the four profiles: of which messages each consists, what may come next, what an answer looks like.
//!
//! ```text
//! one-way        A ──► B    then nothing, or the riscontro that A asked for
//! synchronous    A ──► B    then the reply
//! symmetric      A ──► B    receipt      later   B ──► A (correlated service)   receipt
//! asymmetric     A ──► B    receipt      later   A ──► B (correlated service)   receipt, with the result
//! ```
//!
//! Each message is a type, and has the methods for what may follow it and for nothing else. [`Passo`] is the same at
//! run time: which call a message is follows from its action, and [`dovuto`] gives what it is answered.
//! A second call belongs to its first one by reference or by conversation: [`correlazione`].

mod asimmetrico;
pub mod correlazione;
mod one_way;
mod simmetrico;
mod sincrono;

use jiff::Timestamp;

use super::{Busta, Gestione, Identificatore, Inoltro, Servizio, linee_guida};

pub use asimmetrico::AsincronoAsimmetrico;
pub use one_way::OneWay;
pub use simmetrico::AsincronoSimmetrico;
pub use sincrono::Sincrono;

/// The messages of the asynchronous exchanges, as states of a type.
pub mod messaggi {
    /// The first call.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Richiesta;
    /// The answer of the symmetric exchange: a call by whom the first one addressed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Risposta;
    /// The call of the asymmetric exchange that asks for the result.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct RichiestaStato;
    /// The acknowledgement of a call. Nothing follows it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Ricevuta;
}

/// The two asynchronous profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asincrono {
    /// The answer is a call of its own.
    Simmetrico,
    /// The caller asks again.
    Asimmetrico,
}

/// Which call of its exchange a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Passo {
    /// The only one, without answer.
    OneWay,
    /// The only one, with its reply.
    Sincrono,
    /// The first of two.
    Richiesta(Asincrono),
    /// The second of two.
    Seguito(Asincrono),
}

/// Who writes an answer, to whom, and when.
#[derive(Debug, Clone, Copy)]
pub struct Penna<'a> {
    /// Identifier of the answer, given by the party that answers.
    pub identificatore: &'a Identificatore,
    /// The present instant.
    pub now: Timestamp,
    /// By which text the other party speaks e-Gov.
    pub gestione: Gestione,
}

/// What a message that was taken is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dovuto {
    /// Nothing.
    Niente,
    /// This busta, over an empty Body: the riscontro.
    Riscontro(Box<Busta>),
    /// This busta, over what the service says.
    Risposta(Box<Busta>),
}

impl Passo {
    /// Whether what the service says comes back with the answer to this call.
    #[must_use]
    pub fn ha_risposta(self) -> bool {
        self != Self::OneWay
    }
}

impl Penna<'_> {
    /// An answer as the other party takes it, with what it must be told of its request.
    fn vesti(self, richiesta: &Busta, risposta: Busta) -> Busta {
        match self.gestione {
            Gestione::EGov11 => risposta,
            Gestione::LineeGuida11 => linee_guida::rispondi(richiesta, risposta),
        }
    }

    /// The busta of the second `call` of the exchange that `prima` began. The Linee Guida correlate by conversation alone.
    fn segui(self, prima: &Busta, call: &super::Richiesta) -> Busta {
        let first = &prima.identificatore;
        let busta = Busta {
            collaborazione: Some(prima.collaborazione.clone().unwrap_or_else(|| first.clone())),
            riferimento: (self.gestione == Gestione::EGov11).then(|| first.clone()),
            ..call.busta(self.identificatore, self.now)
        };
        match self.gestione {
            Gestione::EGov11 => busta,
            Gestione::LineeGuida11 => linee_guida::restringi(busta),
        }
    }
}

/// What the message `richiesta`, received at `received`, is answered when it has been taken. `correlato` is the service
/// of the second call of its exchange.
#[must_use]
pub fn dovuto(
    passo: Passo,
    richiesta: &Busta,
    correlato: Option<&Servizio>,
    received: Timestamp,
    penna: Penna<'_>,
) -> Dovuto {
    let busta = match passo {
        Passo::OneWay => {
            let riscontro = OneWay::new(richiesta).riscontro(received, penna);
            return riscontro.map_or(Dovuto::Niente, |busta| Dovuto::Riscontro(Box::new(busta)));
        }
        Passo::Sincrono => Sincrono::new(richiesta).risposta(penna),
        Passo::Richiesta(Asincrono::Simmetrico) => {
            AsincronoSimmetrico::richiesta(richiesta).ricevuta(penna).into_busta()
        }
        Passo::Richiesta(Asincrono::Asimmetrico) => {
            AsincronoAsimmetrico::richiesta(richiesta).ricevuta(correlato, penna).into_busta()
        }
        Passo::Seguito(Asincrono::Simmetrico) => {
            AsincronoSimmetrico::risposta(richiesta).ricevuta(penna).into_busta()
        }
        Passo::Seguito(Asincrono::Asimmetrico) => {
            AsincronoAsimmetrico::richiesta_stato(richiesta).ricevuta(penna).into_busta()
        }
    };
    Dovuto::Risposta(Box::new(busta))
}

/// Whether repetitions of a message are filtered: its sender asks for delivery at most once, or the accordo does, or the
/// Linee Guida, which know nothing else.
#[must_use]
pub fn filtra_duplicati(busta: &Busta, gestione: Gestione, accordo: bool) -> bool {
    accordo || gestione == Gestione::LineeGuida11 || busta.inoltro() == Inoltro::AlPiuUnaVolta
}

#[cfg(test)]
mod tests;
