//! The catalogue held against what it speaks of: schemas, contracts and parties.

use std::path::Path;

use super::CatalogueError;
use super::azione::{Azione, Contenuto, Direction, Fruitori};
use super::catalogue::{Catalogue, at};
use super::documento::SchemaRef;
use super::membro::Origine;
use super::parti::Parti;
use super::problem::Problem;

/// What the catalogue asks of the schemas.
pub trait Schemas {
    /// Whether the file has this global element.
    fn has_root(&self, file: &str, root: &str) -> bool;

    /// Why the element could not hold these children, in this order and with text only; `None` where it can.
    fn refuses_children(&self, file: &str, root: &str, children: &[&str]) -> Option<String>;

    /// Why the element, as a document, could not be carried to JSON and back, and what would help; `None` where it can.
    fn untranslatable(&self, schema: &SchemaRef) -> Option<Problem>;
}

impl Catalogue {
    /// Every schema, element, contract and party that the services name and that is not there.
    pub fn resolve(&self, schemas: &dyn Schemas, parti: &Parti, wsdl: &Path) -> Vec<CatalogueError> {
        let mut resolve = Resolve { schemas, mistakes: Vec::new() };
        for azione in self.iter() {
            resolve.azione(azione);
        }
        self.resolve_parties(parti, &mut resolve.mistakes);
        for servizio in self.servizi() {
            if let Some(file) = servizio.wsdl.as_ref().filter(|file| !wsdl.join(file).is_file()) {
                let mut place = servizio.place.clone();
                place.key.push_str(".wsdl");
                resolve.mistakes.push(at(&place, file, Problem::NoWsdl));
            }
        }
        resolve.mistakes
    }

    fn resolve_parties(&self, parti: &Parti, mistakes: &mut Vec<CatalogueError>) {
        let mut wrong = |place: &crate::config::source::Place, key: &str, seen: &str, problem| {
            let mut place = place.clone();
            place.key.push_str(key);
            mistakes.push(at(&place, seen, problem));
        };
        for servizio in self.servizi() {
            let centre = &servizio.erogatore;
            if parti.parte(&centre.tipo, &centre.nome).is_none() {
                wrong(&servizio.place, ".erogatore", &centre.nome, Problem::UnknownParty);
            }
            match &servizio.fruitori {
                Fruitori::Gruppo(gruppo) => {
                    if parti.del_gruppo(gruppo).next().is_none() {
                        wrong(&servizio.place, ".fruitori", gruppo, Problem::UnknownGroup);
                    }
                }
                Fruitori::Elenco(nomi) => {
                    for nome in nomi.iter().filter(|nome| parti.parte(&centre.tipo, nome).is_none()) {
                        wrong(&servizio.place, ".fruitori", nome, Problem::UnknownParty);
                    }
                }
            }
        }
        for parte in parti.iter() {
            for nome in parte.servizi.iter().flatten() {
                if !self.servizi().any(|servizio| servizio.nome == *nome) {
                    wrong(&parte.place, ".servizi", nome, Problem::UnknownService);
                }
            }
        }
    }
}

struct Resolve<'s> {
    schemas: &'s dyn Schemas,
    mistakes: Vec<CatalogueError>,
}

impl Resolve<'_> {
    fn azione(&mut self, azione: &Azione) {
        match &azione.richiesta.contenuto {
            Contenuto::Documento { membro, documenti, testo } => {
                self.wrapper(&azione.richiesta.wrapper, &[membro]);
                for documento in documenti {
                    self.document(&documento.schema);
                }
                if let (Some(testo), Some(first)) = (testo, documenti.first()) {
                    self.children(&first.schema, &[testo]);
                }
            }
            Contenuto::Membri(membri) => {
                let names: Vec<&str> = membri.iter().map(|membro| membro.nome.as_str()).collect();
                self.wrapper(&azione.richiesta.wrapper, &names);
            }
        }
        let Some(risposta) = &azione.risposta else { return };
        let names: Vec<&str> = risposta.membri.iter().map(|membro| membro.nome.as_str()).collect();
        self.wrapper(&risposta.wrapper, &names);
        // The reply of an outbound action is read: no payload is written there.
        if azione.direction == Direction::Inbound {
            for fonte in risposta.membri.iter().flat_map(|membro| &membro.da) {
                if let Origine::Documento(_, schema) = &fonte.origine {
                    self.document(schema);
                }
            }
        }
    }

    fn wrapper(&mut self, schema: &SchemaRef, children: &[&str]) {
        if self.root(schema) {
            self.children(schema, children);
        }
    }

    fn document(&mut self, schema: &SchemaRef) {
        if self.root(schema)
            && let Some(problem) = self.schemas.untranslatable(schema)
        {
            self.wrong(schema, problem);
        }
    }

    fn root(&mut self, schema: &SchemaRef) -> bool {
        let SchemaRef { file, root, .. } = schema;
        let known = self.schemas.has_root(file, root);
        if !known {
            self.wrong(schema, Problem::NoSchema { file: file.clone(), root: root.clone() });
        }
        known
    }

    fn children(&mut self, schema: &SchemaRef, children: &[&str]) {
        let SchemaRef { file, root, .. } = schema;
        if let Some(why) = self.schemas.refuses_children(file, root, children) {
            let children = children.iter().map(|&child| child.to_owned()).collect();
            let (file, root) = (file.clone(), root.clone());
            self.wrong(schema, Problem::Children { file, root, children, why });
        }
    }

    fn wrong(&mut self, schema: &SchemaRef, problem: Problem) {
        self.mistakes.push(at(&schema.place, &schema.file, problem));
    }
}
