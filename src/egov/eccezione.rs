//! One error of a busta.

use super::CodiceEccezione;

/// An `Eccezione`: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Eccezione {
    /// `contestoCodifica`.
    pub contesto: Contesto,
    /// `codiceEccezione`.
    pub codice: CodiceEccezione,
    /// `rilevanza`.
    pub rilevanza: Rilevanza,
    /// `posizione`: path of what is wrong, without leading slash, prefixes or indexes; attributes are steps. It may
    /// hold text of the sender.
    pub posizione: String,
}

/// What kind of check found the error.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Contesto {
    /// Validation; the only one sent in practice.
    Intestazione,
    /// Processing.
    Processamento,
    /// Another text, as a peer wrote it.
    Altro(String),
}

/// How grave the error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rilevanza {
    /// A notice; the message was processed (Linee Guida 1.1).
    Info,
    /// Read, never written.
    Lieve,
    /// An error.
    Grave,
}

impl Eccezione {
    /// A grave error with the context that its code has in the table.
    #[must_use]
    pub fn new(codice: CodiceEccezione, posizione: impl Into<String>) -> Self {
        let voce = codice.voce();
        Self {
            contesto: Contesto::parse(voce.contesto),
            codice,
            rilevanza: voce.rilevanza,
            posizione: posizione.into(),
        }
    }
}

impl Contesto {
    /// `contestoCodifica` of what validation finds.
    pub const INTESTAZIONE: &'static str = "ErroreIntestazioneMessaggioSPCoop";
    /// `contestoCodifica` of processing errors.
    pub const PROCESSAMENTO: &'static str = "ErroreProcessamentoMessaggioSPCoop";

    /// The text on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Intestazione => Self::INTESTAZIONE,
            Self::Processamento => Self::PROCESSAMENTO,
            Self::Altro(text) => text,
        }
    }

    /// The context of that text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            Self::INTESTAZIONE => Self::Intestazione,
            Self::PROCESSAMENTO => Self::Processamento,
            other => Self::Altro(other.to_owned()),
        }
    }
}

impl Rilevanza {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Lieve => "LIEVE",
            Self::Grave => "GRAVE",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Info, Self::Lieve, Self::Grave].into_iter().find(|rilevanza| rilevanza.as_str() == text)
    }
}

impl std::fmt::Display for Eccezione {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.codice, self.posizione)
    }
}
