//! Request and answer are two calls, one each way, each with its receipt.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::Penna;
use super::messaggi::{Ricevuta, Richiesta, Risposta};
use crate::egov::{self, Busta, Profilo, Servizio, reply};

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
        let Busta { mittente, destinatario, .. } = &*self.busta;
        let (from, to) = (destinatario.clone(), mittente.clone());
        let call = egov::Richiesta {
            profilo: Profilo::AsincronoSimmetrico,
            ..egov::Richiesta::sincrona(from, to, correlato.clone(), azione)
        };
        AsincronoSimmetrico::of(Cow::Owned(penna.segui(&self.busta, &call)))
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
