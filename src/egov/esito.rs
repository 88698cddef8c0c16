//! Reading an answer from the caller's side.
//!
//! What a porta answers is one of few things, told apart by the busta, by the Fault, or by the lack of either. Only
//! [`Esito::Risposta`] is an answer of the service; [`Esito::NonProcessata`] leaves open whether the request was
//! executed.

use super::decode::{Received, decode};
use super::lettura::Broken;
use super::verify::is_id_of;
use super::{
    Busta, CodiceEccezione as Codice, Eccezione, FAULT_FORMATO, FAULT_PROCESSAMENTO, Gestione, Registro,
    Rilevanza,
};
use crate::soap::{Envelope, Fault};
use crate::xml::XmlError;

/// What an answer amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Esito {
    /// The service answered, under a busta that fits the request. A Fault here is the service's own.
    Risposta {
        /// The busta of the reply.
        busta: Busta,
        /// The service's Fault, where the Body holds one.
        fault: Option<Fault>,
    },
    /// The porta refused the request: it was not delivered.
    Rifiutata {
        /// The busta of the refusal; none with the bare fault 001.
        busta: Option<Busta>,
        /// What it says was wrong; empty with the bare fault 001.
        eccezioni: Vec<Eccezione>,
    },
    /// The porta failed. With a busta the request may have been executed all the same; without, it was refused
    /// before it was read.
    NonProcessata {
        /// The busta of the error.
        busta: Option<Busta>,
    },
    /// A Fault that is not of SPCoop and carries no busta: trouble of the transport.
    Fault(Fault),
    /// An answer that breaks the rules; whether the request was executed is not known.
    NonValida {
        /// The busta, where one could be read.
        busta: Option<Busta>,
        /// What is wrong with it.
        eccezioni: Vec<Eccezione>,
    },
}

impl Esito {
    /// Whether the request certainly was not executed, so that another one may take its place.
    #[must_use]
    pub fn is_non_eseguita(&self) -> bool {
        matches!(self, Self::Rifiutata { .. } | Self::NonProcessata { busta: None })
    }
}

/// Reads the answer to a request for which an answer with a busta is due.
///
/// # Errors
/// The Fault in the Body is larger than the bounds under which the message was read.
pub fn leggi(richiesta: &Busta, risposta: &Envelope<'_>, registro: &dyn Registro) -> Result<Esito, XmlError> {
    let fault = match risposta.body.first() {
        Some(part) => Fault::read(part, risposta.limits())?,
        None => None,
    };
    Ok(match decode(risposta) {
        Err(Broken::Absent) => senza_busta(fault),
        Err(_) => Esito::NonValida { busta: None, eccezioni: vec![struttura()] },
        Ok(received) => con_busta(richiesta, received, fault, registro),
    })
}

fn struttura() -> Eccezione {
    Eccezione::new(Codice::FormatoIntestazione, "Intestazione")
}

fn senza_busta(fault: Option<Fault>) -> Esito {
    match fault {
        Some(fault) if is_fault(&fault, "Client", FAULT_FORMATO) => {
            Esito::Rifiutata { busta: None, eccezioni: Vec::new() }
        }
        Some(fault) if is_fault(&fault, "Server", FAULT_PROCESSAMENTO) => {
            Esito::NonProcessata { busta: None }
        }
        Some(fault) => Esito::Fault(fault),
        None => Esito::NonValida {
            busta: None,
            eccezioni: vec![Eccezione::new(Codice::FormatoBusta, "Intestazione")],
        },
    }
}

fn con_busta(richiesta: &Busta, received: Received, fault: Option<Fault>, registro: &dyn Registro) -> Esito {
    let Received { busta, mut eccezioni, .. } = received;
    if !eccezioni.is_empty() {
        return Esito::NonValida { busta: Some(busta), eccezioni };
    }
    if is_rifiuto(&busta, registro) {
        eccezioni = fault_di_rifiuto(fault.as_ref());
        // The reference is left out where the request's identifier was the trouble.
        if busta.riferimento.as_ref().is_some_and(|r| *r != richiesta.identificatore) {
            eccezioni.push(Eccezione::new(Codice::RiferimentoNonValido, "Messaggio/RiferimentoMessaggio"));
        }
        if eccezioni.is_empty() {
            let eccezioni = busta.eccezioni.clone();
            return Esito::Rifiutata { busta: Some(busta), eccezioni };
        }
        return Esito::NonValida { busta: Some(busta), eccezioni };
    }
    if fault.as_ref().is_some_and(|fault| is_fault(fault, "Server", FAULT_PROCESSAMENTO)) {
        return Esito::NonProcessata { busta: Some(busta) };
    }
    eccezioni = corrispondenza(richiesta, &busta, registro);
    if eccezioni.is_empty() {
        Esito::Risposta { busta, fault }
    } else {
        Esito::NonValida { busta: Some(busta), eccezioni }
    }
}

/// Any exception makes a refusal, of whatever relevance; under the Linee Guida only a grave one, the others being
/// notices that ride on a normal reply.
fn is_rifiuto(busta: &Busta, registro: &dyn Registro) -> bool {
    let parte = registro.parte(&busta.mittente.tipo, &busta.mittente.nome);
    match parte.map(|parte| parte.gestione).unwrap_or_default() {
        Gestione::EGov11 => !busta.eccezioni.is_empty(),
        Gestione::LineeGuida11 => busta.eccezioni.iter().any(|e| e.rilevanza == Rilevanza::Grave),
    }
}

/// What is wrong with the Fault that must come with a list of exceptions: `EGOV_IT_001`, Client, no detail.
fn fault_di_rifiuto(fault: Option<&Fault>) -> Vec<Eccezione> {
    let wrong = |step: &str| Eccezione::new(Codice::FormatoCorpo, format!("ListaEccezioni/SOAPFault{step}"));
    let Some(fault) = fault else { return vec![wrong("")] };
    // A processing error may be listed too.
    let due = match fault.code.as_str() {
        "Server" => FAULT_PROCESSAMENTO,
        _ => FAULT_FORMATO,
    };
    let mut eccezioni = Vec::new();
    if fault.string != due {
        eccezioni.push(wrong("/FaultString"));
    }
    if !fault.code_is_soap || !matches!(fault.code.as_str(), "Client" | "Server") {
        eccezioni.push(wrong("/FaultCode"));
    }
    if fault.has_detail && fault.code == "Client" {
        eccezioni.push(wrong("/Details"));
    }
    eccezioni
}

/// What of the reply does not fit the request.
fn corrispondenza(richiesta: &Busta, risposta: &Busta, registro: &dyn Registro) -> Vec<Eccezione> {
    let replier = &risposta.mittente;
    let owned = registro
        .parte(&replier.tipo, &replier.nome)
        .is_some_and(|parte| is_id_of(&risposta.identificatore, parte));
    let rules = [
        (
            replier.is_same(&richiesta.destinatario),
            Codice::MittenteSconosciuto,
            "Mittente/IdentificativoParte",
        ),
        (
            risposta.destinatario.is_same(&richiesta.mittente),
            Codice::DestinatarioSconosciuto,
            "Destinatario/IdentificativoParte",
        ),
        (risposta.servizio == richiesta.servizio, Codice::ServizioSconosciuto, "Servizio"),
        (risposta.azione == richiesta.azione, Codice::AzioneSconosciuta, "Azione"),
        (risposta.profilo == richiesta.profilo, Codice::ProfiloNonValido, "ProfiloCollaborazione"),
        (owned, Codice::IdentificatoreNonValido, "Messaggio/Identificatore"),
        (
            risposta.riferimento.as_ref() == Some(&richiesta.identificatore),
            Codice::RiferimentoNonValido,
            "Messaggio/RiferimentoMessaggio",
        ),
    ];
    let broken = rules.into_iter().filter(|(holds, ..)| !holds);
    broken.map(|(_, codice, posizione)| Eccezione::new(codice, posizione)).collect()
}

fn is_fault(fault: &Fault, code: &str, string: &str) -> bool {
    fault.code_is_soap && fault.code == code && fault.string == string
}

#[cfg(test)]
#[path = "esito_tests.rs"]
mod tests;
