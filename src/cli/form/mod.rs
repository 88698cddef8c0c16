//! What is in an XML file: a document, or an e-Gov envelope with one in it; and by which schema it is judged.
//!
//! The catalogue is asked first, as the gateway does: it knows which revision of a form is in force. What it does not
//! know, the contracts' own elements and the documents of replies, is found by its root among all schemas.

mod envelope;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::embedded::Embedded;
use super::finding::Finding;
use crate::bridge::Knowledge;
use crate::egov::Busta;
use crate::json_native::Refusal;
use crate::schema;
use crate::services::corpo::Inviato;
use crate::services::{Azione, Documento};
use crate::soap::{self, Part};
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
            return envelope::read(text, asking);
        }
        let plan = asking.schema(&root).map_err(|finding| {
            // What is not XML is that before anything else.
            vec![malformed(text, asking.limits).unwrap_or(*finding)]
        })?;
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
        let forms = self.knowledge.catalogue.documenti().map(|documento| documento.schema.root.as_str());
        let known = forms.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ");
        format!("no schema has this root element; the forms are {known}")
    }
}

fn malformed(text: &str, limits: &Limits) -> Option<Finding> {
    let mut reader = Reader::document(text, limits);
    loop {
        match reader.next_event() {
            Ok(Event::Eof) => return None,
            Ok(_) => {}
            Err(error) => return Some(Finding::not_xml(text, &error)),
        }
    }
}
