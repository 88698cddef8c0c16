//! Which exchange a second call belongs to.
//!
//! e-Gov 1.1 names the first call in `RiferimentoMessaggio`, and its conversation in `Collaborazione`; the Linee Guida
//! know the conversation alone. A porta that leaves one of them out is understood all the same.

use super::{Asincrono, Passo};
use crate::egov::{Busta, CodiceEccezione as Codice, Eccezione};

/// The first call, as the second one names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prima<'b> {
    /// Its identifier.
    pub identificatore: &'b str,
    /// In which of the two elements it was named.
    via: Via,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Via {
    Riferimento,
    Collaborazione,
}

/// What is known of the first call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nota<'r> {
    /// `Collaborazione` of the first call.
    pub collaborazione: Option<&'r str>,
    /// Whether the call in question is the second one of the exchange that it began, between the same parties.
    pub is_sua: bool,
}

/// The first call of the exchange, where this is a second one.
///
/// # Errors
/// It names none.
pub fn prima(passo: Passo, busta: &Busta) -> Result<Option<Prima<'_>>, Eccezione> {
    let Passo::Seguito(Asincrono::Simmetrico | Asincrono::Asimmetrico) = passo else { return Ok(None) };
    let named = |text, via| Some(Prima { identificatore: text, via });
    match (&busta.riferimento, &busta.collaborazione) {
        (Some(riferimento), _) => Ok(named(riferimento, Via::Riferimento)),
        (None, Some(collaborazione)) => Ok(named(collaborazione, Via::Collaborazione)),
        (None, None) => Err(Eccezione::new(Codice::RiferimentoNonDefinito, "Messaggio/RiferimentoMessaggio")),
    }
}

impl Prima<'_> {
    /// What is wrong with the correlation of `busta`, given what is known of its first call.
    #[must_use]
    pub fn controlla(&self, busta: &Busta, nota: Option<Nota<'_>>) -> Option<Eccezione> {
        let unknown = || match self.via {
            Via::Riferimento => {
                Eccezione::new(Codice::RiferimentoNonValido, "Messaggio/RiferimentoMessaggio")
            }
            Via::Collaborazione => Eccezione::new(Codice::CollaborazioneNonValida, "Collaborazione"),
        };
        let Some(nota) = nota.filter(|nota| nota.is_sua) else { return Some(unknown()) };
        // A first call without conversation began one of its own name.
        let due = nota.collaborazione.unwrap_or(self.identificatore);
        match &busta.collaborazione {
            Some(given) if given != due => {
                Some(Eccezione::new(Codice::CollaborazioneNonValida, "Collaborazione"))
            }
            _ => None,
        }
    }
}
