//! A bare document put into an e-Gov envelope, as a region's porta would: escaped text in the action's wrapper.

use std::sync::Arc;

use jiff::Timestamp;

use super::restamp::progressivo;
use crate::bridge::Knowledge;
use crate::egov::{
    self, Busta, EncodeError, Identificatore, IdentificatoreError, Inoltro, Ora, Parte, ProfiloTrasmissione,
    Servizio, Trasmissione,
};
use crate::services::{Azione, Contenuto, Direction};
use crate::soap;
use crate::xml::{Event, Limits, Reader, XmlError, write};

/// Why a document cannot be wrapped.
#[derive(Debug, thiserror::Error)]
pub(super) enum WrapError {
    /// It is not XML.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// No action takes it.
    #[error("no action takes a document <{root}>; they take {}", .known.join(", "))]
    NoAction {
        /// Its root.
        root: String,
        /// The roots that are taken.
        known: Vec<String>,
    },
    /// Several actions take it.
    #[error("several actions take a document <{root}>: say --azione {}", .azioni.join(" or --azione "))]
    Ambiguous {
        /// Its root.
        root: String,
        /// Their names.
        azioni: Vec<String>,
    },
    /// The action that was asked for does not take it.
    #[error("{azione} takes no document <{root}>; {} does", .azioni.join(" or "))]
    OtherAction {
        /// The action asked for.
        azione: String,
        /// The document's root.
        root: String,
        /// The actions that take it.
        azioni: Vec<String>,
    },
    /// Nobody is called so.
    #[error("no party is called \"{nome}\"; those who use {servizio} are {}", .known.join(", "))]
    NoParty {
        /// The name given.
        nome: String,
        /// The service.
        servizio: String,
        /// Its users.
        known: Vec<String>,
    },
    /// No identifier can be made for the sender.
    #[error(transparent)]
    Identificatore(#[from] IdentificatoreError),
    /// The busta cannot be written.
    #[error(transparent)]
    Busta(#[from] EncodeError),
}

impl WrapError {
    /// Whether the question was wrong, as opposed to the document.
    pub(super) fn is_usage(&self) -> bool {
        matches!(self, Self::Ambiguous { .. } | Self::OtherAction { .. } | Self::NoParty { .. })
    }
}

/// The envelope with which `mittente` sends the document at `now`.
pub(super) fn wrap(
    document: &str,
    azione: Option<&str>,
    mittente: &str,
    knowledge: &Knowledge,
    limits: &Limits,
    now: Timestamp,
) -> Result<String, WrapError> {
    let root = root(document, limits)?;
    let azione = choose(&root, azione, knowledge)?;
    let busta = busta(&azione, mittente, knowledge, now)?;
    let mut body = String::with_capacity(document.len() * 2);
    let wrapper = &azione.richiesta.wrapper.root;
    body.push_str(&format!("<typ:{wrapper} xmlns:typ=\""));
    write::push_attribute_value(&mut body, &knowledge.wrapper_namespace(&azione).unwrap_or_default());
    body.push_str("\">");
    if let Contenuto::Documento { membro, .. } = &azione.richiesta.contenuto {
        body.push_str(&format!("<typ:{membro}>"));
        write::push_text(&mut body, document);
        body.push_str(&format!("</typ:{membro}>"));
    }
    body.push_str(&format!("</typ:{wrapper}>"));
    Ok(soap::encode(Some(&egov::encode(&busta)?), &body))
}

fn root(document: &str, limits: &Limits) -> Result<String, XmlError> {
    let mut reader = Reader::document(document, limits);
    loop {
        match reader.next_event()? {
            Event::Start(name) => return Ok(name.local.to_owned()),
            Event::Eof => return Ok(String::new()),
            _ => {}
        }
    }
}

/// The action that takes the document.
fn choose(root: &str, named: Option<&str>, knowledge: &Knowledge) -> Result<Arc<Azione>, WrapError> {
    let catalogue = &knowledge.catalogue;
    let inbound = |azione: &&Arc<Azione>| azione.direction == Direction::Inbound;
    let taking: Vec<&Arc<Azione>> = catalogue.con_radice(root).filter(inbound).collect();
    let azioni = || taking.iter().map(|azione| azione.nome.clone()).collect();
    let root = root.to_owned();
    match (taking.as_slice(), named) {
        ([], _) => {
            let mut known: Vec<String> = catalogue.documenti().map(|d| d.schema.root.clone()).collect();
            known.sort_unstable();
            known.dedup();
            Err(WrapError::NoAction { root, known })
        }
        (_, Some(named)) => match taking.iter().find(|azione| azione.nome == named) {
            Some(azione) => Ok(Arc::clone(azione)),
            None => Err(WrapError::OtherAction { azione: named.to_owned(), root, azioni: azioni() }),
        },
        ([only], None) => Ok(Arc::clone(only)),
        (_, None) => Err(WrapError::Ambiguous { root, azioni: azioni() }),
    }
}

fn busta(azione: &Azione, mittente: &str, knowledge: &Knowledge, now: Timestamp) -> Result<Busta, WrapError> {
    let servizio = &azione.servizio;
    let parte = knowledge.parti.iter().find(|parte| parte.nome == mittente).ok_or_else(|| {
        let users = knowledge.parti.iter().filter(|parte| parte.puo_usare(servizio));
        WrapError::NoParty {
            nome: mittente.to_owned(),
            servizio: servizio.nome.clone(),
            known: users.map(|parte| parte.nome.clone()).collect(),
        }
    })?;
    let identificatore = Identificatore::new(&parte.codice, &parte.porta, progressivo(now), now)?;
    let mittente = Parte { tipo: parte.tipo.clone(), nome: parte.nome.clone(), indirizzo: None };
    let erogatore = &servizio.erogatore;
    let destinatario = Parte { tipo: erogatore.tipo.clone(), nome: erogatore.nome.clone(), indirizzo: None };
    Ok(Busta {
        profilo: Some(servizio.profilo),
        servizio: Some(Servizio { tipo: servizio.tipo.clone(), nome: servizio.nome.clone() }),
        azione: azione.in_json().map(str::to_owned),
        identificatore: identificatore.to_string(),
        ora: Ora::spc(now),
        trasmissione: Some(ProfiloTrasmissione {
            inoltro: Some(Inoltro::AlPiuUnaVolta),
            conferma: Some(false),
        }),
        trasmissioni: vec![Trasmissione {
            origine: mittente.clone(),
            destinazione: destinatario.clone(),
            ora: Ora::spc(now),
        }],
        mittente,
        destinatario,
        ..Busta::default()
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config;
    use crate::services::corpo;

    const UNILAV: &str = include_str!("../../../samples/documenti/unilav-delegato.xml");
    const IDSAP: &str = include_str!("../../../samples/documenti/identificativo-sap.xml");

    fn knowledge() -> Knowledge {
        Knowledge::load(&config::embedded(Path::new("")).unwrap().directories).unwrap()
    }

    fn wrapped(document: &str, azione: Option<&str>, mittente: &str) -> Result<String, WrapError> {
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        wrap(document, azione, mittente, &knowledge(), &Limits::default(), now)
    }

    #[test]
    fn what_is_wrapped_passes_every_rule_of_the_busta_and_comes_out_as_it_went_in() {
        let knowledge = knowledge();
        let limits = Limits::default();
        let text = wrapped(UNILAV, None, "VAL D'AOSTA").unwrap();
        let envelope = soap::decode(&text, &limits).unwrap();
        let received = egov::decode(&envelope).unwrap();
        let now = "2026-11-21T10:00:30Z".parse().unwrap();
        assert_eq!(received.verify(&knowledge.registro, now), Vec::new());
        let servizio = received.busta.servizio.unwrap();
        let azione = knowledge.catalogue.azione(&servizio.tipo, &servizio.nome, None).unwrap();
        let namespace = knowledge.wrapper_namespace(azione).unwrap();
        let inviato = corpo::apri(azione, &envelope, soap::multipart::Attached::none(), &namespace).unwrap();
        assert_eq!(inviato.reader(&limits).text(), UNILAV);
    }

    #[test]
    fn a_document_of_several_actions_must_be_told_which() {
        let error = wrapped(IDSAP, None, "LAZIO").unwrap_err();
        assert!(error.is_usage());
        assert_eq!(
            error.to_string(),
            "several actions take a document <IDSAP>: say --azione annullaSAP or --azione richiestaSAP"
        );
        assert!(wrapped(IDSAP, Some("richiestaSAP"), "LAZIO").unwrap().contains("<typ:richiestaSAP "));
        assert!(matches!(wrapped(IDSAP, Some("invioSAP"), "LAZIO"), Err(WrapError::OtherAction { .. })));
    }

    #[test]
    fn an_unknown_party_and_an_unknown_document_are_named() {
        let error = wrapped(UNILAV, None, "ATLANTIDE").unwrap_err().to_string();
        assert!(error.contains("ATLANTIDE") && error.contains("VENETO"), "{error}");
        let error = wrapped("<a/>", None, "LAZIO").unwrap_err();
        assert!(!error.is_usage() && error.to_string().contains("UniLav"));
    }
}
