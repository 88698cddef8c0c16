//! Request and answer are two calls, one each way, each with its receipt.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::Penna;
use super::messaggi::{Ricevuta, Richiesta, Risposta};
use crate::egov::{self, Busta, Gestione, Inoltro, Profilo, Servizio, linee_guida, reply};

/// A message of the profile; `M` says which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsincronoSimmetrico<'b, M> {
    busta: Cow<'b, Busta>,
    messaggio: PhantomData<M>,
}

impl<'b> AsincronoSimmetrico<'b, Richiesta> {
    /// The first call, received or sent.
    #[must_use]
    pub fn richiesta(busta: &'b Busta) -> Self {
        Self::of(Cow::Borrowed(busta))
    }

    /// Its receipt. It does not name the correlated service again.
    #[must_use]
    pub fn ricevuta(&self, penna: Penna<'_>) -> AsincronoSimmetrico<'static, Ricevuta> {
        ricevuta(&self.busta, penna)
    }

    /// The answer: a call of the correlated service, by whom the first call addressed. The Linee Guida correlate by
    /// conversation alone.
    #[must_use]
    pub fn rispondi(
        &self,
        correlato: &Servizio,
        azione: Option<String>,
        penna: Penna<'_>,
    ) -> AsincronoSimmetrico<'static, Risposta> {
        let call = egov::Richiesta {
            mittente: self.busta.destinatario.clone(),
            destinatario: self.busta.mittente.clone(),
            profilo: Profilo::AsincronoSimmetrico,
            servizio: correlato.clone(),
            azione,
            inoltro: Inoltro::AlPiuUnaVolta,
            conferma: false,
            collaborazione: true,
            scadenza: None,
            correlato: None,
        };
        let first = &self.busta.identificatore;
        let busta = Busta {
            collaborazione: Some(self.busta.collaborazione.clone().unwrap_or_else(|| first.clone())),
            riferimento: (penna.gestione == Gestione::EGov11).then(|| first.clone()),
            ..call.busta(penna.identificatore, penna.now)
        };
        AsincronoSimmetrico::of(Cow::Owned(match penna.gestione {
            Gestione::EGov11 => busta,
            Gestione::LineeGuida11 => linee_guida::restringi(busta),
        }))
    }
}

impl<'b> AsincronoSimmetrico<'b, Risposta> {
    /// The second call, received or sent.
    #[must_use]
    pub fn risposta(busta: &'b Busta) -> Self {
        Self::of(Cow::Borrowed(busta))
    }

    /// Its receipt, which ends the exchange.
    #[must_use]
    pub fn ricevuta(&self, penna: Penna<'_>) -> AsincronoSimmetrico<'static, Ricevuta> {
        ricevuta(&self.busta, penna)
    }
}

impl<'b, M> AsincronoSimmetrico<'b, M> {
    fn of(busta: Cow<'b, Busta>) -> Self {
        Self { busta, messaggio: PhantomData }
    }

    /// The busta.
    #[must_use]
    pub fn into_busta(self) -> Busta {
        self.busta.into_owned()
    }
}

fn ricevuta(call: &Busta, penna: Penna<'_>) -> AsincronoSimmetrico<'static, Ricevuta> {
    let busta = penna.vesti(call, reply::risposta(call, penna.identificatore, penna.now));
    AsincronoSimmetrico::of(Cow::Owned(busta))
}
