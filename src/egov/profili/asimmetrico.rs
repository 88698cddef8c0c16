//! The caller asks again for the outcome, until it is there.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::Penna;
use super::messaggi::{Ricevuta, Richiesta, RichiestaStato};
use crate::egov::{self, Busta, Correlato, Profilo, Servizio, reply};

/// A message of the profile; `M` says which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsincronoAsimmetrico<'b, M> {
    busta: Cow<'b, Busta>,
    messaggio: PhantomData<M>,
}

impl<'b> AsincronoAsimmetrico<'b, Richiesta> {
    /// The first call, received or sent.
    #[must_use]
    pub fn richiesta(busta: &'b Busta) -> Self {
        Self::of(Cow::Borrowed(busta))
    }

    /// Its receipt, which says where the outcome is asked for; not under the Linee Guida, which leave that to the accordo.
    #[must_use]
    pub fn ricevuta(
        &self,
        correlato: Option<&Servizio>,
        penna: Penna<'_>,
    ) -> AsincronoAsimmetrico<'static, Ricevuta> {
        let (nome, tipo) = correlato.map(|servizio| (servizio.nome.clone(), servizio.tipo.clone())).unzip();
        let receipt = reply::risposta(&self.busta, penna.identificatore, penna.now);
        let receipt = Busta { correlato: Correlato { nome, tipo }, ..receipt };
        AsincronoAsimmetrico::of(Cow::Owned(penna.vesti(&self.busta, receipt)))
    }

    /// The call that asks for the outcome, by the same caller. The Linee Guida correlate by conversation alone.
    #[must_use]
    pub fn chiedi_stato(
        &self,
        correlato: &Servizio,
        azione: Option<String>,
        penna: Penna<'_>,
    ) -> AsincronoAsimmetrico<'static, RichiestaStato> {
        let Busta { mittente, destinatario, .. } = &*self.busta;
        let (from, to) = (mittente.clone(), destinatario.clone());
        let call = egov::Richiesta {
            profilo: Profilo::AsincronoAsimmetrico,
            ..egov::Richiesta::sincrona(from, to, correlato.clone(), azione)
        };
        AsincronoAsimmetrico::of(Cow::Owned(penna.segui(&self.busta, &call)))
    }
}

impl<'b> AsincronoAsimmetrico<'b, RichiestaStato> {
    /// The second call, received or sent.
    #[must_use]
    pub fn richiesta_stato(busta: &'b Busta) -> Self {
        Self::of(Cow::Borrowed(busta))
    }

    /// Its receipt, which carries the outcome.
    #[must_use]
    pub fn ricevuta(&self, penna: Penna<'_>) -> AsincronoAsimmetrico<'static, Ricevuta> {
        let receipt = reply::risposta(&self.busta, penna.identificatore, penna.now);
        AsincronoAsimmetrico::of(Cow::Owned(penna.vesti(&self.busta, receipt)))
    }
}

impl<'b, M> AsincronoAsimmetrico<'b, M> {
    fn of(busta: Cow<'b, Busta>) -> Self {
        Self { busta, messaggio: PhantomData }
    }

    /// The busta.
    #[must_use]
    pub fn into_busta(self) -> Busta {
        self.busta.into_owned()
    }
}
