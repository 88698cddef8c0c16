//! The busta as a value: what `Intestazione` says, apart from how it was written.

use jiff::Timestamp;

use super::{Eccezione, Inoltro, Istante, Profilo, Tempo};

/// A busta e-Gov, received or to be sent.
///
/// Identifiers are text, because a busta that breaks their rules must still be answered, recorded and shown;
/// [`Identificatore::parse`](super::Identificatore::parse) gives them their parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Busta {
    /// Who sends this busta.
    pub mittente: Parte,
    /// To whom.
    pub destinatario: Parte,
    /// `ProfiloCollaborazione`; absent on a busta that only carries riscontri.
    pub profilo: Option<Profilo>,
    /// The attributes `servizioCorrelato` and `tipo` of `ProfiloCollaborazione`.
    pub correlato: Correlato,
    /// `Collaborazione`.
    pub collaborazione: Option<String>,
    /// `Servizio` with its tipo.
    pub servizio: Option<Servizio>,
    /// `Azione`.
    pub azione: Option<String>,
    /// `Messaggio/Identificatore`.
    pub identificatore: String,
    /// `Messaggio/OraRegistrazione`.
    pub ora: Ora,
    /// `Messaggio/RiferimentoMessaggio`.
    pub riferimento: Option<String>,
    /// `Messaggio/Scadenza`.
    pub scadenza: Option<Istante>,
    /// `ProfiloTrasmissione`, where the element is there.
    pub trasmissione: Option<ProfiloTrasmissione>,
    /// `Sequenza/@numeroProgressivo`.
    pub sequenza: Option<u32>,
    /// `ListaRiscontri`.
    pub riscontri: Vec<Riscontro>,
    /// `ListaTrasmissioni`: the hops, first to last.
    pub trasmissioni: Vec<Trasmissione>,
    /// `ListaEccezioni`: the errors that this busta reports of another one.
    pub eccezioni: Vec<Eccezione>,
}

/// An administration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Parte {
    /// `@tipo`, such as `SPC`.
    pub tipo: String,
    /// The name.
    pub nome: String,
    /// `@indirizzoTelematico`: URL of its porta; an empty one is as good as none.
    pub indirizzo: Option<String>,
}

/// A service, as its supplier calls it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Servizio {
    /// `@tipo`, such as `SPC`.
    pub tipo: String,
    /// The name.
    pub nome: String,
}

/// The correlated service of the asynchronous profiles. Since the certification of CNIPA both halves are optional.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Correlato {
    /// `@servizioCorrelato`.
    pub nome: Option<String>,
    /// `@tipo`.
    pub tipo: Option<String>,
}

/// A time and whose clock gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Ora {
    /// The time.
    pub istante: Istante,
    /// `@tempo`.
    pub tempo: Tempo,
}

/// Delivery options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ProfiloTrasmissione {
    /// `@inoltro`; absent means [`Inoltro::PiuDiUnaVolta`].
    pub inoltro: Option<Inoltro>,
    /// `@confermaRicezione`; absent means no.
    pub conferma: Option<bool>,
}

/// The acknowledgement of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Riscontro {
    /// Identificatore of the acknowledged busta.
    pub identificatore: String,
    /// When it was received.
    pub ora: Ora,
}

/// One hop between two porte.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Trasmissione {
    /// From.
    pub origine: Parte,
    /// To.
    pub destinazione: Parte,
    /// When.
    pub ora: Ora,
}

impl Busta {
    /// How often the message may be delivered.
    #[must_use]
    pub fn inoltro(&self) -> Inoltro {
        self.trasmissione.and_then(|t| t.inoltro).unwrap_or_default()
    }

    /// Whether the sender wants a riscontro.
    #[must_use]
    pub fn conferma(&self) -> bool {
        self.trasmissione.and_then(|t| t.conferma).unwrap_or(false)
    }

    /// Whether the busta serves only to carry riscontri: it belongs to no service.
    #[must_use]
    pub fn is_di_servizio(&self) -> bool {
        !self.riscontri.is_empty()
            && self.profilo.is_none()
            && self.servizio.is_none()
            && self.azione.is_none()
    }
}

impl Parte {
    /// A party of type SPC.
    #[must_use]
    pub fn spc(nome: impl Into<String>) -> Self {
        Self { tipo: "SPC".into(), nome: nome.into(), indirizzo: None }
    }

    /// Whether both are one party: tipo and name count, the address does not.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.tipo == other.tipo && self.nome == other.nome
    }
}

impl Servizio {
    /// A service of type SPC.
    #[must_use]
    pub fn spc(nome: impl Into<String>) -> Self {
        Self { tipo: "SPC".into(), nome: nome.into() }
    }
}

impl Ora {
    /// That instant, by a clock synchronised with SPC.
    #[must_use]
    pub fn spc(istante: Timestamp) -> Self {
        Self { istante: Istante::new(istante), tempo: Tempo::Spc }
    }
}

impl std::fmt::Display for Parte {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.tipo, self.nome)
    }
}

impl std::fmt::Display for Servizio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.tipo, self.nome)
    }
}
