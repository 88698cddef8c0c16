//! All services together, and the questions asked of them while a message passes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::CatalogueError;
use super::azione::{Azione, Direction, NomeAzione, Servizio};
use super::build;
use super::documento::{Documento, SchemaRef};
use super::membro::Origine;
use super::parti;
use super::problem::Problem;
use crate::config::source::{Mistake, Place, Source};
use crate::egov::Profilo;
use crate::schema::Verbatim;

/// The services and their actions. Immutable: a reload loads another and swaps it whole.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    azioni: Vec<Arc<Azione>>,
    /// By type and name of the service, the indices of its actions.
    by_service: HashMap<(String, String), Vec<usize>>,
}

/// What the catalogue does not know of a busta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The service.
    #[error("no such service")]
    Servizio,
    /// The action, or none was named where one must be.
    #[error("no such action of the service")]
    Azione,
}

impl Catalogue {
    /// Reads every `*.toml` of the folder, the parties' file excepted.
    ///
    /// # Errors
    /// Everything that is wrong in all of them.
    pub fn load(dir: &Path) -> Result<Self, Vec<CatalogueError>> {
        let mut files = files(dir).map_err(|mistake| vec![*mistake])?;
        files.sort();
        let mut sources = Vec::new();
        let mut mistakes = Vec::new();
        for file in files {
            match Source::read(&file) {
                Ok(source) => sources.push(source),
                Err(mistake) => mistakes.push(mistake.map(Problem::from)),
            }
        }
        if sources.is_empty() && mistakes.is_empty() {
            mistakes.push(of_folder(dir, Problem::NoService));
        }
        let catalogue = Self::read(sources, &mut mistakes);
        if mistakes.is_empty() { Ok(catalogue) } else { Err(mistakes) }
    }

    pub(super) fn read(
        sources: impl IntoIterator<Item = Source>,
        mistakes: &mut Vec<CatalogueError>,
    ) -> Self {
        let mut catalogue = Self::default();
        for source in sources {
            let (azioni, found) = build::build(source);
            mistakes.extend(found);
            catalogue.add(azioni, mistakes);
        }
        catalogue.models_agree(mistakes);
        catalogue.correlate(mistakes);
        catalogue
    }

    /// The action that a busta means. A busta without `Azione` means the one that may be left out, if there is one.
    ///
    /// # Errors
    /// The catalogue does not know it.
    pub fn azione(
        &self,
        tipo_servizio: &str,
        servizio: &str,
        azione: Option<&str>,
    ) -> Result<&Arc<Azione>, Unknown> {
        let key = (tipo_servizio.to_owned(), servizio.to_owned());
        let indices = self.by_service.get(&key).ok_or(Unknown::Servizio)?;
        let mut azioni = indices.iter().filter_map(|index| self.azioni.get(*index));
        azioni
            .find(|known| match azione {
                Some(nome) => known.nome == nome,
                None => known.facoltativa && known.direction == Direction::Inbound,
            })
            .ok_or(Unknown::Azione)
    }

    /// The service of this type and name.
    #[must_use]
    pub fn servizio(&self, tipo: &str, nome: &str) -> Option<&Servizio> {
        let indices = self.by_service.get(&(tipo.to_owned(), nome.to_owned()))?;
        indices.first().and_then(|index| self.azioni.get(*index)).map(|azione| azione.servizio.as_ref())
    }

    /// The outbound action that a call to this gateway means.
    #[must_use]
    pub fn in_uscita(&self, method: &http::Method, path: &str) -> Option<&Arc<Azione>> {
        self.azioni.iter().find(|azione| {
            azione.direction == Direction::Outbound
                && azione.rest.method == *method
                && azione.rest.path == path
        })
    }

    /// The actions whose request may carry a document with this root: to tell an action by a document alone.
    pub fn con_radice<'c>(&'c self, root: &'c str) -> impl Iterator<Item = &'c Arc<Azione>> {
        self.azioni.iter().filter(move |azione| {
            azione.richiesta.contenuto.documenti().iter().any(|d| d.schema.root == root)
        })
    }

    /// The documents of this `tipoModello`, one for each revision.
    pub fn modello<'c>(&'c self, tipo_modello: &'c str) -> impl Iterator<Item = &'c Documento> {
        self.documenti().filter(move |documento| documento.tipo_modello == tipo_modello)
    }

    /// All documents of all requests; one that several actions carry comes once for each.
    pub fn documenti(&self) -> impl Iterator<Item = &Documento> {
        self.azioni.iter().flat_map(|azione| azione.richiesta.contenuto.documenti())
    }

    /// The documents that the gateway translates, of requests and of replies, of which something is carried as it stands.
    pub fn carried(&self) -> impl Iterator<Item = &SchemaRef> {
        let replies =
            self.azioni.iter().flat_map(|azione| &azione.risposta).flat_map(|risposta| &risposta.membri);
        let written = replies.flat_map(|membro| &membro.da).filter_map(|fonte| match &fonte.origine {
            Origine::Documento(_, schema) => Some(schema),
            Origine::Testo(_) | Origine::Lista(_) | Origine::Valore(_) => None,
        });
        let read = self.documenti().map(|documento| &documento.schema);
        read.chain(written).filter(|schema| schema.verbatim != Verbatim::Nothing)
    }

    /// All actions, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Azione>> {
        self.azioni.iter()
    }

    /// All services, each once.
    pub fn servizi(&self) -> impl Iterator<Item = &Servizio> {
        let firsts = self.by_service.values().filter_map(|indices| indices.first());
        let mut firsts: Vec<usize> = firsts.copied().collect();
        firsts.sort_unstable();
        firsts.into_iter().filter_map(|index| self.azioni.get(index)).map(|azione| azione.servizio.as_ref())
    }

    fn add(&mut self, azioni: Vec<Azione>, mistakes: &mut Vec<CatalogueError>) {
        let Some(servizio) = azioni.first().map(|azione| Arc::clone(&azione.servizio)) else { return };
        if let Some(known) = self.servizio(&servizio.tipo, &servizio.nome) {
            let problem = Problem::Twice { first: known.place.clone() };
            mistakes.push(at(&servizio.place, &servizio.nome, problem));
            return;
        }
        let mut indices = Vec::new();
        for azione in azioni {
            let same_call = (azione.direction == Direction::Outbound)
                .then(|| self.in_uscita(&azione.rest.method, &azione.rest.path))
                .flatten();
            if let Some(known) = same_call {
                let mut place = azione.place.clone();
                place.key.push_str(".rest");
                mistakes.push(at(&place, &azione.rest.path, Problem::Twice { first: known.place.clone() }));
            }
            indices.push(self.azioni.len());
            self.azioni.push(Arc::new(azione));
        }
        self.by_service.insert((servizio.tipo.clone(), servizio.nome.clone()), indices);
    }

    /// The second call of an asynchronous exchange is an action too, and knows which exchange it belongs to: of the same
    /// profile; towards the caller in the symmetric one, where the answer is a call of its own; again from the
    /// caller in the asymmetric one.
    fn correlate(&mut self, mistakes: &mut Vec<CatalogueError>) {
        let mut links: Vec<(usize, NomeAzione)> = Vec::new();
        for azione in &self.azioni {
            let Some(correlato) = &azione.correlato else { continue };
            let mut wrong = |problem| {
                let mut place = azione.place.clone();
                place.key.push_str(".correlato");
                mistakes.push(at(&place, &correlato.to_string(), problem));
            };
            let Some(index) = self.azioni.iter().position(|known| correlato.is(known)) else {
                wrong(Problem::UnknownAction);
                continue;
            };
            let Some(target) = self.azioni.get(index) else { continue };
            let profilo = azione.servizio.profilo;
            let same_way = target.direction == azione.direction;
            if target.servizio.profilo != profilo || same_way != (profilo == Profilo::AsincronoAsimmetrico) {
                wrong(Problem::NotASecondCall);
            } else if target.correlato.is_some() || links.iter().any(|(known, _)| *known == index) {
                wrong(Problem::SecondCallTwice);
            } else if profilo == Profilo::AsincronoAsimmetrico && target.risposta.is_none() {
                wrong(Problem::NoResult);
            } else {
                links.push((index, NomeAzione::from(azione.as_ref())));
            }
        }
        for (index, first) in links {
            if let Some(azione) = self.azioni.get_mut(index).and_then(Arc::get_mut) {
                azione.seguito_di = Some(first);
            }
        }
    }

    /// A `tipoModello` is one form: JSON that names it is written with one root element.
    fn models_agree(&self, mistakes: &mut Vec<CatalogueError>) {
        let mut roots: HashMap<&str, &Documento> = HashMap::new();
        for documento in self.documenti() {
            let known = *roots.entry(&documento.tipo_modello).or_insert(documento);
            if known.schema.root != documento.schema.root {
                let first = known.schema.place.clone();
                let wanted = "one root element for one tipo_modello";
                let problem = Problem::Unlike { first, wanted };
                mistakes.push(at(&documento.schema.place, &documento.schema.root, problem));
            }
        }
    }
}

/// A mistake at a place kept from loading.
pub(super) fn at(place: &Place, seen: &str, problem: Problem) -> CatalogueError {
    Mistake { place: place.clone(), seen: format!("{seen:?}"), problem }
}

fn of_folder(dir: &Path, problem: Problem) -> CatalogueError {
    let place = Place { file: dir.to_owned(), line: None, key: String::new() };
    Mistake { place, seen: String::new(), problem }
}

fn files(dir: &Path) -> Result<Vec<std::path::PathBuf>, Box<CatalogueError>> {
    let unreadable = |error: std::io::Error| Box::new(of_folder(dir, Problem::Folder(error.kind())));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|e| e == "toml") && !hidden && !path.ends_with(parti::FILE) {
            files.push(path);
        }
    }
    Ok(files)
}
