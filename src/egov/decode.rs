//! Reading of a busta: one pass over the header block.

use jiff::Timestamp;

use super::intestazione::{self, Trovata};
use super::lettura::{Broken, Lettura, Nodo};
use super::{Busta, CodiceEccezione, Eccezione, Finestre, Registro, eta, verify};
use crate::soap::Envelope;
use crate::xml::Limits;

/// A busta that could be read, and what is wrong with its fields.
///
/// A field of [`Busta`] that the rules want may be empty or senseless only where `eccezioni` is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What was read.
    pub busta: Busta,
    /// The errors of syntax, in document order.
    pub eccezioni: Vec<Eccezione>,
    /// How many of `eccezioni` lie before the end of `IntestazioneMessaggio`: the errors of age follow them.
    testata: usize,
    /// The frame of the block is such that the rest was not judged.
    preclusa: bool,
}

impl Received {
    /// All that is wrong with the busta, as one `ListaEccezioni`: the errors of syntax with those of age; only if
    /// there are none, the errors against the registry.
    #[must_use]
    pub fn verify(&self, registro: &dyn Registro, now: Timestamp) -> Vec<Eccezione> {
        let finestre = Finestre::default();
        let sintassi = self.sintassi(now, &finestre);
        if sintassi.is_empty() { self.contro_registro(registro) } else { sintassi }
    }

    /// The first stage: the errors of syntax with those of age.
    #[must_use]
    pub fn sintassi(&self, now: Timestamp, finestre: &Finestre) -> Vec<Eccezione> {
        if self.preclusa {
            return self.eccezioni.clone();
        }
        let (testata, liste) =
            self.eccezioni.split_at_checked(self.testata).unwrap_or((&self.eccezioni, &[]));
        let eta = eta::controlla(&self.busta, now, finestre);
        testata.iter().cloned().chain(eta).chain(liste.iter().cloned()).collect()
    }

    /// The last stage, for a busta that passed the others: the errors against the registry.
    #[must_use]
    pub fn contro_registro(&self, registro: &dyn Registro) -> Vec<Eccezione> {
        verify::contro_registro(&self.busta, registro)
    }

    /// The times that are further ahead than is tolerated: said only of a busta that passed everything else.
    #[must_use]
    pub fn futuro(&self, now: Timestamp, finestre: &Finestre) -> Vec<Eccezione> {
        eta::futuro(&self.busta, now, finestre)
    }
}

/// Finds and reads the busta of a message.
///
/// # Errors
/// There is none, or its structure is broken: the bare fault is due.
pub fn decode(envelope: &Envelope<'_>) -> Result<Received, Broken> {
    let limits = envelope.limits();
    match intestazione::trova(envelope) {
        None => Err(Broken::Absent),
        Some(Trovata { blocco, preclusa: Some(eccezione) }) => {
            // The parties are worth having for the answer; whatever else is wrong is not worth saying.
            let busta = Lettura::new(blocco, limits).and_then(|l| l.intestazione()).map(|r| r.busta);
            Ok(Received::preclusa(busta.unwrap_or_default(), eccezione))
        }
        Some(Trovata { blocco, preclusa: None }) => leggi(blocco, limits),
    }
}

fn leggi(blocco: &crate::soap::Part<'_>, limits: &Limits) -> Result<Received, Broken> {
    let mut lettura = Lettura::new(blocco, limits)?;
    for posizione in intestazione::cornice(blocco) {
        lettura.segnala(CodiceEccezione::FormatoIntestazione, posizione);
    }
    lettura.intestazione()
}

impl Received {
    fn preclusa(busta: Busta, eccezione: Eccezione) -> Self {
        Self { busta, eccezioni: vec![eccezione], testata: 1, preclusa: true }
    }
}

const LISTE: [&str; 4] = ["IntestazioneMessaggio", "ListaRiscontri", "ListaTrasmissioni", "ListaEccezioni"];

impl Lettura<'_, '_> {
    /// Reads the children of `Intestazione`.
    fn intestazione(mut self) -> Result<Received, Broken> {
        let Nodo::Elemento("IntestazioneMessaggio") = self.nodo(&["IntestazioneMessaggio"])? else {
            return self.senza_testata();
        };
        let mut busta = self.testata()?;
        let testata = self.eccezioni.len();
        let (mut riscontri, mut trasmissioni, mut eccezioni) = (false, false, false);
        loop {
            match self.nodo(&LISTE)? {
                Nodo::Elemento("IntestazioneMessaggio") => {
                    return Err(Broken::Repeated { element: "Intestazione/IntestazioneMessaggio" });
                }
                Nodo::Elemento("ListaRiscontri") => {
                    una_volta(&mut riscontri, "ListaRiscontri")?;
                    busta.riscontri = self.lista_riscontri()?;
                }
                Nodo::Elemento("ListaTrasmissioni") => {
                    una_volta(&mut trasmissioni, "ListaTrasmissioni")?;
                    busta.trasmissioni = self.lista_trasmissioni()?;
                }
                Nodo::Elemento(_) => {
                    una_volta(&mut eccezioni, "ListaEccezioni")?;
                    busta.eccezioni = self.lista_eccezioni()?;
                }
                Nodo::Estraneo(name) => {
                    self.segnala(CodiceEccezione::FormatoIntestazione, format!("Intestazione/child[{name}]"));
                }
                Nodo::Fine => break,
            }
        }
        Ok(Received { busta, eccezioni: self.eccezioni, testata, preclusa: false })
    }

    /// `IntestazioneMessaggio` is not the first child. It is still looked for, to know whom to answer.
    fn senza_testata(mut self) -> Result<Received, Broken> {
        let mut busta = Busta::default();
        loop {
            match self.nodo(&["IntestazioneMessaggio"])? {
                Nodo::Elemento(_) => {
                    busta = self.testata().unwrap_or_default();
                    break;
                }
                Nodo::Estraneo(_) => {}
                Nodo::Fine => break,
            }
        }
        let eccezione = Eccezione::new(CodiceEccezione::FormatoIntestazione, "IntestazioneMessaggio");
        Ok(Received::preclusa(busta, eccezione))
    }
}

/// Notes that an element was met; a second time is a broken structure.
pub(super) fn una_volta(met: &mut bool, element: &'static str) -> Result<(), Broken> {
    if std::mem::replace(met, true) { Err(Broken::Repeated { element }) } else { Ok(()) }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
