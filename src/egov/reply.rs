//! The busta of an answer: a reply, a riscontro, a refusal, a processing error.
//!
//! An answer is derived from the request alone: parties swapped, a new identifier of the party that answers, the
//! request's identifier as reference, one hop back to where the request came from. What the answer carries in its Body
//! is not of this room.

use jiff::Timestamp;

use super::testata::{is_tipo_parte, is_tipo_servizio};
use super::{
    Busta, Eccezione, Identificatore, Ora, Parte, ProfiloTrasmissione, Registro, Riscontro, Servizio,
    Trasmissione,
};
use crate::xml::characters;

/// The reply to a synchronous request, or the receipt of an asynchronous call, by the request's destinatario.
///
/// A Fault of the service travels under this same busta.
#[must_use]
pub fn risposta(richiesta: &Busta, identificatore: &Identificatore, now: Timestamp) -> Busta {
    let mittente = richiesta.destinatario.clone();
    let destinatario = richiesta.mittente.clone();
    Busta {
        profilo: richiesta.profilo,
        collaborazione: richiesta.collaborazione.clone(),
        servizio: richiesta.servizio.clone(),
        azione: richiesta.azione.clone(),
        identificatore: identificatore.to_string(),
        ora: Ora::spc(now),
        riferimento: Some(richiesta.identificatore.clone()),
        trasmissione: Some(trasmissione(richiesta)),
        trasmissioni: vec![ritorno(richiesta, &mittente, &destinatario, now)],
        mittente,
        destinatario,
        ..Busta::default()
    }
}

/// The riscontro of a one-way request that asked for confirmation, received at `received`. It belongs to no service.
#[must_use]
pub fn riscontro(
    richiesta: &Busta,
    identificatore: &Identificatore,
    received: Timestamp,
    now: Timestamp,
) -> Busta {
    let mittente = richiesta.destinatario.clone();
    let destinatario = richiesta.mittente.clone();
    Busta {
        identificatore: identificatore.to_string(),
        ora: Ora::spc(now),
        trasmissione: Some(ProfiloTrasmissione::default().esplicito()),
        riscontri: vec![Riscontro {
            identificatore: richiesta.identificatore.clone(),
            ora: Ora::spc(received),
        }],
        trasmissioni: vec![ritorno(richiesta, &mittente, &destinatario, now)],
        mittente,
        destinatario,
        ..Busta::default()
    }
}

/// The busta of a refusal (with `eccezioni`) or of a processing error (without).
///
/// `risponde` is the party that answers, and owns `identificatore`: the one addressed, or the default party of this
/// porta where that is not known here. Of the request only what keeps the answer valid is copied.
#[must_use]
pub fn errore(
    richiesta: &Busta,
    risponde: &Parte,
    registro: &dyn Registro,
    identificatore: &Identificatore,
    now: Timestamp,
    eccezioni: Vec<Eccezione>,
) -> Busta {
    let destinatario = presentabile(&richiesta.mittente);
    let noto = |parte: &Parte| registro.parte(&parte.tipo, &parte.nome).is_some();
    let noti = noto(&richiesta.mittente) && noto(&richiesta.destinatario);
    Busta {
        profilo: richiesta.profilo,
        collaborazione: richiesta.collaborazione.clone().filter(|id| is_schema_id(id)),
        servizio: richiesta.servizio.clone().filter(is_valid),
        azione: richiesta.azione.clone().filter(|azione| is_written_plainly(azione)),
        identificatore: identificatore.to_string(),
        ora: Ora::spc(now),
        riferimento: Some(richiesta.identificatore.clone()).filter(|id| is_schema_id(id)),
        trasmissione: Some(trasmissione(richiesta)),
        trasmissioni: if noti { vec![ritorno(richiesta, risponde, &destinatario, now)] } else { Vec::new() },
        eccezioni,
        mittente: risponde.clone(),
        destinatario,
        ..Busta::default()
    }
}

impl ProfiloTrasmissione {
    /// Both options spelled out, as porte in use write them.
    fn esplicito(self) -> Self {
        Self {
            inoltro: Some(self.inoltro.unwrap_or_default()),
            conferma: Some(self.conferma.unwrap_or(false)),
        }
    }
}

fn trasmissione(richiesta: &Busta) -> ProfiloTrasmissione {
    richiesta.trasmissione.unwrap_or_default().esplicito()
}

/// The hop of the answer: to where the request's last hop to us came from, else to the destinatario.
fn ritorno(richiesta: &Busta, mittente: &Parte, destinatario: &Parte, now: Timestamp) -> Trasmissione {
    let hop = richiesta.trasmissioni.iter().rev().find(|hop| hop.destinazione.is_same(mittente));
    let destinazione = hop.map(|hop| &hop.origine).filter(|origine| is_presentabile(origine));
    Trasmissione {
        origine: mittente.clone(),
        destinazione: destinazione.unwrap_or(destinatario).clone(),
        ora: Ora::spc(now),
    }
}

/// The sender as an answer may name it: readable, or `SPC`/`Sconosciuto`.
fn presentabile(parte: &Parte) -> Parte {
    let nome = characters::trim(&parte.nome);
    Parte {
        tipo: if is_tipo_parte(&parte.tipo) { parte.tipo.clone() } else { "SPC".into() },
        nome: if nome.is_empty() { "Sconosciuto".into() } else { nome.to_owned() },
        indirizzo: parte.indirizzo.clone(),
    }
}

fn is_presentabile(parte: &Parte) -> bool {
    is_tipo_parte(&parte.tipo) && is_written_plainly(&parte.nome)
}

fn is_valid(servizio: &Servizio) -> bool {
    is_tipo_servizio(&servizio.tipo) && is_written_plainly(&servizio.nome)
}

/// Not empty, and without white space at its ends: what the schema of the busta asks of a name.
fn is_written_plainly(text: &str) -> bool {
    !text.is_empty() && characters::trim(text).len() == text.len()
}

fn is_schema_id(text: &str) -> bool {
    Identificatore::parse(text).is_some()
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
