//! What the bridge knows of forms, services and parties: data, loaded whole or not at all.

use std::path::Path;
use std::sync::Arc;

use super::ChiaviError;
use crate::config::Directories;
use crate::egov::{Busta, Gestione};
use crate::schema::{self, LoadError, SchemaSet};
use crate::services::{Azione, Catalogue, CatalogueError, Parti, Registro, SchemaRef};

/// Schemas, catalogue and parties that fit together. Immutable: a reload makes a new one and swaps it.
#[derive(Debug)]
pub struct Knowledge {
    /// The compiled schemas.
    pub schemas: SchemaSet,
    /// Services and actions.
    pub catalogue: Catalogue,
    /// Who takes part.
    pub parti: Parti,
    /// Catalogue and parties, as the rules of the busta ask about them.
    pub registro: Registro,
    /// A digest of the files it was loaded from, for the record of each message.
    pub version: String,
}

/// One thing that is wrong with the data.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// A schema.
    #[error(transparent)]
    Schema(#[from] LoadError),
    /// The catalogue or the parties.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The keys of signatures.
    #[error(transparent)]
    Chiavi(#[from] ChiaviError),
}

/// The file of the parties, beside the services.
const PARTI: &str = "parti.toml";

impl Knowledge {
    /// Loads everything, and holds each against the others.
    ///
    /// # Errors
    /// Everything that is wrong, in one list.
    pub fn load(directories: &Directories) -> Result<Self, Vec<KnowledgeError>> {
        let mut errors = Vec::new();
        let schemas = keep(SchemaSet::load(&directories.xsd), &mut errors);
        let catalogue = keep(Catalogue::load(&directories.services), &mut errors);
        let parti = keep(Parti::load(&directories.services.join(PARTI)), &mut errors);
        let (Some(mut schemas), Some(catalogue), Some(parti)) = (schemas, catalogue, parti) else {
            return Err(errors);
        };
        let mistakes = catalogue.resolve(&schemas, &parti, &directories.wsdl);
        if !mistakes.is_empty() {
            return Err(mistakes.into_iter().map(Into::into).collect());
        }
        for SchemaRef { file, root, verbatim, .. } in catalogue.carried() {
            // That each has its elements was seen when the catalogue was held against the schemas.
            let _ = schemas.carry(file, root, verbatim);
        }
        let version = version(&[&directories.xsd, &directories.services]);
        let registro = Registro::new(&catalogue, &parti);
        Ok(Self { schemas, catalogue, parti, registro, version })
    }

    /// The namespace of the wrapper of an action's request.
    #[must_use]
    pub fn wrapper_namespace(&self, azione: &Azione) -> Option<String> {
        self.document(&azione.richiesta.wrapper).map(|document| document.namespace().to_owned())
    }

    /// By which text the sender of a busta speaks e-Gov.
    #[must_use]
    pub fn gestione(&self, busta: &Busta) -> Gestione {
        let parte = self.parti.parte(&busta.mittente.tipo, &busta.mittente.nome);
        parte.map(|parte| parte.gestione).unwrap_or_default()
    }

    /// The compiled document that the catalogue names.
    #[must_use]
    pub fn document(&self, reference: &SchemaRef) -> Option<Arc<schema::Document>> {
        self.schemas.document_carrying(&reference.file, &reference.root, &reference.verbatim)
    }
}

fn keep<T, E: Into<KnowledgeError>>(
    loaded: Result<T, Vec<E>>,
    errors: &mut Vec<KnowledgeError>,
) -> Option<T> {
    match loaded {
        Ok(loaded) => Some(loaded),
        Err(more) => {
            errors.extend(more.into_iter().map(Into::into));
            None
        }
    }
}

/// Twelve digits that change when any file below the folders does.
fn version(folders: &[&Path]) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let mut pending: Vec<std::path::PathBuf> = folders.iter().map(|folder| folder.to_path_buf()).collect();
    let mut files = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    for file in files {
        context.update(file.as_os_str().as_encoded_bytes());
        context.update(&std::fs::read(&file).unwrap_or_default());
    }
    let digest = context.finish();
    digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
