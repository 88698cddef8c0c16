//! The manifest of a message with attachments: `Descrizione`, the only child of the Body (busta e-Gov 1.1,
//! "Descrizione dei documenti allegati").
//!
//! [`decode`] reads it tolerantly, with every fault of its form in document order. [`Descrizione::discordanze`] holds it
//! against the parts of the package: one Richiesta or Risposta, every reference leads to a part, every part is
//! described. [`encode`] writes it. Whether a manifest is asked for at all is for the service to say.

mod decode;
mod encode;

#[cfg(test)]
mod tests;

pub use decode::{Letta, decode};
pub use encode::encode;

use super::{CodiceEccezione, Eccezione};
use crate::soap::multipart::Attached;

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Descrizione {
    /// One for each part of the package, the root excepted.
    pub riferimenti: Vec<Riferimento>,
}

/// The description of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Riferimento {
    /// `cid:` and the Content-ID of the part, or its Content-Location.
    pub href: String,
    /// What the part is.
    pub ruolo: Ruolo,
    /// `id`, in the namespace of the busta.
    pub id: String,
    /// `Schema/@posizione`: address of the part's schema; its media type is what porte write.
    pub schema: String,
    /// `Titolo`.
    pub titolo: String,
    /// `Titolo/@Lingua`.
    pub lingua: String,
}

/// `role` of a Riferimento; case is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ruolo {
    /// The document of a request.
    Richiesta,
    /// The document of a reply.
    Risposta,
    /// Anything else.
    Allegato,
}

/// `Lingua` where none is given.
pub const LINGUA: &str = "it";

/// Path of a Riferimento in a `posizione`.
const RIFERIMENTO: &str = "SOAPBody/Descrizione/DescrizioneMessaggio/Riferimento";

/// The most of a sender's text that a `posizione` repeats.
const MOST_QUOTED: usize = 256;

impl Descrizione {
    /// The part that is the message's document: the only Richiesta or Risposta.
    #[must_use]
    pub fn principale(&self) -> Option<&Riferimento> {
        let mut found = self.riferimenti.iter().filter(|riferimento| riferimento.ruolo.is_principale());
        found.next().filter(|_| found.next().is_none())
    }

    /// What does not fit between a manifest without fault and the parts of its package.
    #[must_use]
    pub fn discordanze(&self, attached: &Attached<'_>) -> Vec<Eccezione> {
        let mut eccezioni = Vec::new();
        let mut segnala = |codice, posizione: String| eccezioni.push(Eccezione::new(codice, posizione));
        let principali = self.riferimenti.iter().filter(|r| r.ruolo.is_principale()).count();
        if principali != 1 {
            let come = if principali == 0 { "non esistente" } else { "non univoco" };
            let posizione = format!("{RIFERIMENTO}/role (Richiesta/Risposta) {come}");
            segnala(CodiceEccezione::RiferimentoAllegato, posizione);
        }
        let mut described = vec![false; attached.attachments.len()];
        for riferimento in &self.riferimenti {
            match attached.position(&riferimento.href) {
                Some(at) => described.iter_mut().skip(at).take(1).for_each(|described| *described = true),
                None => segnala(
                    CodiceEccezione::AllegatoAssente,
                    format!("{RIFERIMENTO}/href[{}]", quoted(&riferimento.href)),
                ),
            }
        }
        for (at, attachment) in attached.beside() {
            if !described.get(at).is_some_and(|described| *described) {
                let posizione = format!("{RIFERIMENTO}/href[{}] non presente", quoted(attachment.label()));
                segnala(CodiceEccezione::AllegatoNonDichiarato, posizione);
            }
        }
        eccezioni
    }
}

impl Ruolo {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Richiesta => "Richiesta",
            Self::Risposta => "Risposta",
            Self::Allegato => "Allegato",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let roles = [Self::Richiesta, Self::Risposta, Self::Allegato];
        roles.into_iter().find(|ruolo| ruolo.as_str().eq_ignore_ascii_case(text))
    }

    fn is_principale(self) -> bool {
        matches!(self, Self::Richiesta | Self::Risposta)
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(MOST_QUOTED).collect()
}
