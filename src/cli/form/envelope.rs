//! The document in an e-Gov envelope: found by the action that the busta asks for, or by the wrapper alone.

use std::sync::Arc;

use super::{Asking, Form, Letter, Placed, Root};
use crate::cli::embedded::Embedded;
use crate::cli::finding::Finding;
use crate::egov::{self, Broken, Busta, CodiceEccezione, Eccezione};
use crate::schema;
use crate::services::corpo::{self, CorpoError, Inviato};
use crate::services::{Azione, Contenuto, Documento, NessunDocumento, Unknown};
use crate::soap::multipart::Attached;
use crate::soap::{self, Envelope, Inner, Part};
use crate::xml::{Limits, locate};

/// The document of an envelope.
pub(super) fn read<'x>(text: &'x str, asking: Asking<'_>) -> Result<Form<'x>, Vec<Finding>> {
    let wrong = |offset: usize, path: &str, rule, message: String| {
        vec![Finding::new(locate(text, offset), path, rule, message)]
    };
    let envelope = soap::decode(text, asking.limits)
        .map_err(|error| wrong(error.offset().unwrap_or_default(), "/Envelope", "soap", error.to_string()))?;
    let header = envelope.header.iter().find(|block| block.namespace == egov::NAMESPACE);
    let header = header.map_or(0, |block| block.range.start);
    let received = match egov::decode(&envelope) {
        Ok(received) => Some(received),
        Err(Broken::Absent) => None,
        Err(broken) => return Err(wrong(header, "busta", "EGOV_IT_001", broken.to_string())),
    };
    let eccezioni = received.iter().flat_map(|received| &received.eccezioni);
    let findings: Vec<_> = eccezioni.map(|e| Finding::busta(text, header, e)).collect();
    let Some(child) = envelope.payload().cloned() else {
        let start = envelope.body.first().map_or(0, |part| part.range.start);
        let message = CorpoError::Elements(envelope.body.len()).to_string();
        return Err(with(findings, wrong(start, "/Envelope/Body", "content", message)));
    };
    if child.is(soap::NAMESPACE, "Fault") {
        let message = "a SOAP Fault: there is no document in it".to_owned();
        return Err(with(findings, wrong(child.range.start, "/Envelope/Body/Fault", "content", message)));
    }
    let busta = received.map(|received| received.busta);
    let azione = match asking.azione(busta.as_ref(), &child) {
        Ok(azione) => azione,
        Err(eccezione) => return Err(with(findings, vec![Finding::busta(text, header, &eccezione)])),
    };
    let Some(azione) = azione else {
        let plan = Root::read(child.reader(asking.limits)).and_then(|root| asking.schema(&root));
        let plan = plan.map_err(|finding| vec![*finding])?;
        return Ok(Form { plan, letter: None, findings, place: Placed::Part(child) });
    };
    let opened = open(&envelope, &azione, asking).map_err(|error| {
        let path = format!("/Envelope/Body/{}", child.local);
        with(findings.clone(), wrong(child.range.start, &path, "content", error.to_string()))
    })?;
    let (inviato, documento, plan) = opened;
    let embedded = embedded(text, &child, asking.limits);
    let letter = busta.map(|busta| Letter { busta, azione, documento });
    Ok(Form { plan, letter, findings, place: Placed::Inviato(inviato, embedded) })
}

impl Asking<'_> {
    /// The action of a request; none where the Body is a reply, or a request without an inner document.
    fn azione(&self, busta: Option<&Busta>, child: &Part<'_>) -> Result<Option<Arc<Azione>>, Eccezione> {
        let catalogue = &self.knowledge.catalogue;
        let asks = |azione: &Azione| {
            let namespace = self.knowledge.wrapper_namespace(azione).unwrap_or_default();
            child.is(&namespace, &azione.richiesta.wrapper.root)
        };
        let azione = match busta.and_then(|busta| Some((busta, busta.servizio.as_ref()?))) {
            Some((busta, servizio)) => {
                let found = catalogue.azione(&servizio.tipo, &servizio.nome, busta.azione.as_deref());
                Some(found.map_err(|unknown| match unknown {
                    Unknown::Servizio => Eccezione::new(CodiceEccezione::ServizioSconosciuto, "Servizio"),
                    Unknown::Azione => Eccezione::new(CodiceEccezione::AzioneSconosciuta, "Azione"),
                })?)
            }
            None => catalogue.iter().find(|azione| asks(azione)),
        };
        let carries = |azione: &&Arc<Azione>| {
            let answers =
                azione.risposta.as_ref().is_some_and(|risposta| child.local == risposta.wrapper.root);
            !answers && matches!(azione.richiesta.contenuto, Contenuto::Documento { .. })
        };
        Ok(azione.filter(carries).cloned())
    }
}

/// What a request carries.
fn open<'x>(
    envelope: &Envelope<'x>,
    azione: &Azione,
    asking: Asking<'_>,
) -> Result<(Inviato<'x>, Documento, Arc<schema::Document>), CorpoError> {
    let namespace = asking.knowledge.wrapper_namespace(azione).unwrap_or_default();
    let inviato = corpo::apri(azione, envelope, Attached::none(), &namespace)?;
    let documento = inviato.documento(azione, asking.giorno, asking.limits)?.clone();
    let plan = asking.knowledge.document(&documento.schema).ok_or_else(|| CorpoError::Document {
        root: documento.schema.root.clone(),
        why: NessunDocumento::Sconosciuto,
        expected: Vec::new(),
    })?;
    Ok((inviato, documento, plan))
}

/// Where the inner document's text begins, where it travels as text.
fn embedded<'x>(text: &'x str, wrapper: &Part<'x>, limits: &Limits) -> Option<Embedded<'x>> {
    let children = wrapper.children(limits).ok()?;
    match children.as_slice() {
        [(_, Inner::Text { text: inner, offset })] => {
            let blank = inner.chars().take_while(|c| c.is_ascii_whitespace()).count();
            Some(Embedded { text, content: *offset, blank })
        }
        _ => None,
    }
}

fn with(mut findings: Vec<Finding>, more: Vec<Finding>) -> Vec<Finding> {
    findings.extend(more);
    findings
}
