//! The busta of a request that we send.

use jiff::Timestamp;

use super::{
    Busta, Correlato, Identificatore, Inoltro, Istante, Ora, Parte, Profilo, ProfiloTrasmissione, Servizio,
    Trasmissione,
};

/// What a request asks, and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Richiesta {
    /// Who asks.
    pub mittente: Parte,
    /// Who is asked.
    pub destinatario: Parte,
    /// In which profile.
    pub profilo: Profilo,
    /// Which service.
    pub servizio: Servizio,
    /// Which action, where the service has any.
    pub azione: Option<String>,
    /// How often it may be delivered.
    pub inoltro: Inoltro,
    /// Whether a riscontro is wanted.
    pub conferma: bool,
    /// Whether the accordo wants an identifier of conversation. The asynchronous profiles always have one.
    pub collaborazione: bool,
    /// When the message expires, where the accordo says.
    pub scadenza: Option<Timestamp>,
    /// The correlated service that the busta names (e-Gov 1.1, symmetric profile; optional).
    pub correlato: Option<Servizio>,
}

impl Richiesta {
    /// A synchronous request, to be delivered at most once.
    #[must_use]
    pub fn sincrona(
        mittente: Parte,
        destinatario: Parte,
        servizio: Servizio,
        azione: Option<String>,
    ) -> Self {
        Self {
            mittente,
            destinatario,
            profilo: Profilo::Sincrono,
            servizio,
            azione,
            inoltro: Inoltro::AlPiuUnaVolta,
            conferma: false,
            collaborazione: false,
            scadenza: None,
            correlato: None,
        }
    }

    /// The busta, with one hop from sender to recipient.
    #[must_use]
    pub fn busta(&self, identificatore: &Identificatore, now: Timestamp) -> Busta {
        let ora = Ora::spc(now);
        let conversation = self.collaborazione || self.profilo.is_asincrono();
        let (nome, tipo) = self.correlato.clone().map(|s| (s.nome, s.tipo)).unzip();
        Busta {
            mittente: self.mittente.clone(),
            destinatario: self.destinatario.clone(),
            profilo: Some(self.profilo),
            correlato: Correlato { nome, tipo },
            collaborazione: conversation.then(|| identificatore.to_string()),
            servizio: Some(self.servizio.clone()),
            azione: self.azione.clone(),
            identificatore: identificatore.to_string(),
            ora: ora.clone(),
            scadenza: self.scadenza.map(Istante::new),
            trasmissione: Some(ProfiloTrasmissione {
                inoltro: Some(self.inoltro),
                conferma: Some(self.conferma),
            }),
            trasmissioni: vec![Trasmissione {
                origine: self.mittente.clone(),
                destinazione: self.destinatario.clone(),
                ora,
            }],
            ..Busta::default()
        }
    }
}
