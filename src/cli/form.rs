//! What is in an XML file: a document, or an e-Gov envelope with one in it; and by which schema it is judged.
//!
//! The catalogue is asked first, as the gateway does: it knows which revision of a form is in force. What it does not
//! know, the contracts' own elements and the documents of replies, is found by its root among all schemas.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::embedded::Embedded;
use super::finding::Finding;
use crate::bridge::Knowledge;
use crate::egov::{self, Broken, Busta, CodiceEccezione, Eccezione};
use crate::json_native::Refusal;
use crate::schema;
use crate::services::corpo::{self, CorpoError, Inviato};
use crate::services::{Azione, Contenuto, Documento, NessunDocumento, Unknown};
use crate::soap::{self, Envelope, Inner, Part};
use crate::xml::{Event, Limits, Position, Reader, locate};

/// The document of a file, and what is known of it.
#[derive(Debug)]
pub(super) struct Form<'x> {
    /// The schema.
    pub(super) plan: Arc<schema::Document>,
    /// What an envelope says about it, where there is one.
    pub(super) letter: Option<Letter>,
    /// What is wrong with the busta, apart from its age.
    pub(super) findings: Vec<Finding>,
    place: Placed<'x>,
}

/// The envelope of a request.
#[derive(Debug)]
pub(super) struct Letter {
    /// Its busta.
    pub(super) busta: Busta,
    /// The action that it asks for.
    pub(super) azione: Arc<Azione>,
    /// Which of the action's documents it carries.
    pub(super) documento: Documento,
}

/// Where the document stands in the file.
#[derive(Debug)]
enum Placed<'x> {
    /// It is the file.
    Whole(&'x str),
    /// It is an element of the Body.
    Part(Part<'x>),
    /// It is what a request carries; where it travels as text, the text's place is known too.
    Inviato(Inviato<'x>, Option<Embedded<'x>>),
}

/// What every question of this file is asked with.
#[derive(Clone, Copy)]
pub(super) struct Asking<'k> {
    /// Schemas, services, parties.
    pub(super) knowledge: &'k Knowledge,
    /// Bounds of what is read.
    pub(super) limits: &'k Limits,
    /// The day by which revisions are chosen.
    pub(super) giorno: Date,
}

impl<'x> Form<'x> {
    /// Recognises the file.
    ///
    /// # Errors
    /// It holds no document that is known.
    pub(super) fn recognise(text: &'x str, asking: Asking<'_>) -> Result<Self, Vec<Finding>> {
        let root = Root::read(Reader::document(text, asking.limits)).map_err(|finding| vec![*finding])?;
        if root.local == "Envelope"
            && (root.namespace == soap::NAMESPACE || root.namespace == soap::NAMESPACE_1_2)
        {
            return envelope(text, asking);
        }
        let plan = asking.schema(&root).map_err(|finding| vec![*finding])?;
        Ok(Self { plan, letter: None, findings: Vec::new(), place: Placed::Whole(text) })
    }

    /// A reader over the document alone.
    pub(super) fn reader(&self, limits: &Limits) -> Reader<'_> {
        match &self.place {
            Placed::Whole(text) => Reader::document(text, limits),
            Placed::Part(part) => part.reader(limits),
            Placed::Inviato(inviato, _) => inviato.reader(limits),
        }
    }

    /// Why the document was refused, each thing at its place in the file.
    pub(super) fn refused(&self, refusal: Refusal, limits: &Limits) -> Vec<Finding> {
        let mut findings = Finding::all(refusal);
        if let Placed::Inviato(inviato, Some(embedded)) = &self.place {
            let reader = inviato.reader(limits);
            for finding in &mut findings {
                finding.position = embedded.place(reader.text(), finding.position);
            }
        }
        findings
    }
}

/// The root of a document.
struct Root {
    namespace: String,
    local: String,
    position: Position,
    /// Those without prefix.
    attributes: Vec<(String, String)>,
}

impl Root {
    /// The root of what `reader` is about to walk.
    fn read(mut reader: Reader<'_>) -> Result<Self, Box<Finding>> {
        loop {
            match reader.next_event() {
                Ok(Event::Start(name)) => {
                    let plain = |index| reader.namespace(index).is_empty();
                    let attributes = reader.attributes().iter().filter(|a| plain(a.name.namespace));
                    return Ok(Self {
                        namespace: reader.namespace(name.namespace).to_owned(),
                        local: name.local.to_owned(),
                        position: locate(reader.text(), reader.offset()),
                        attributes: attributes
                            .map(|a| (a.name.local.to_owned(), a.value.clone().into_owned()))
                            .collect(),
                    });
                }
                Ok(_) => {}
                Err(error) => return Err(Box::new(Finding::not_xml(reader.text(), &error))),
            }
        }
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Asking<'_> {
    /// The schema of the document with this root.
    fn schema(&self, root: &Root) -> Result<Arc<schema::Document>, Box<Finding>> {
        let of = |rule, message: String| {
            Box::new(Finding::new(root.position, format!("/{}", root.local), rule, message))
        };
        let mut refused = None;
        for azione in self.knowledge.catalogue.con_radice(&root.local) {
            let richiesta = &azione.richiesta;
            let versione = richiesta.attributo_versione(&root.local).and_then(|name| root.attribute(name));
            match richiesta.per_radice(&root.local, versione, self.giorno) {
                Ok(documento) => match self.knowledge.document(&documento.schema) {
                    Some(plan) => return Ok(plan),
                    None => continue,
                },
                Err(why) => refused = Some(why),
            }
        }
        if let Some(why) = refused {
            return Err(of("version", why.to_string()));
        }
        let plans = self.knowledge.schemas.by_root(&root.namespace, &root.local);
        plans.into_iter().next().ok_or_else(|| of("root", self.unknown(root)))
    }

    fn unknown(&self, root: &Root) -> String {
        let schemas = &self.knowledge.schemas;
        if let Some(other) = schemas.documents().find(|document| document.root() == root.local) {
            let (seen, known) = (&root.namespace, other.namespace());
            return format!("no schema has this root element in namespace \"{seen}\", but in \"{known}\"");
        }
        let known: BTreeSet<&str> = schemas.documents().map(|document| document.root()).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        format!("no schema has this root element; known: {known}")
    }
}

/// The document of an envelope.
fn envelope<'x>(text: &'x str, asking: Asking<'_>) -> Result<Form<'x>, Vec<Finding>> {
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
            let answers = child.local == azione.risposta.wrapper.root;
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
    let inviato = corpo::apri(azione, envelope, &namespace)?;
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
