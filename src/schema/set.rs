//! The schemas of one directory, compiled.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::compile::{self, Patterns};
use super::load_error::LoadError;
use super::plan::{ANY_TYPE, Content, ElementId, NO_NAMESPACE, NamespaceId, Plan, TypeId};

/// Every schema below one directory. Immutable: a reload loads another set and swaps it whole.
#[derive(Debug, Default)]
pub struct SchemaSet {
    /// By file, in order of name.
    documents: BTreeMap<String, Vec<Arc<Document>>>,
}

/// One global element of one schema file, with the plan of what it may hold.
#[derive(Debug)]
pub struct Document {
    file: String,
    namespace: String,
    root: String,
    plan: Arc<Plan>,
    element: ElementId,
    obstacles: Vec<LoadError>,
    /// The namespace declarations that the root carries on the way from JSON, with a space before each.
    declarations: String,
}

impl SchemaSet {
    /// Reads every `*.xsd` below `dir`, each as an entry schema with what it includes and imports.
    ///
    /// # Errors
    /// All that is wrong in all files.
    pub fn load(dir: &Path) -> Result<Self, Vec<LoadError>> {
        let (texts, errors) = compile::read(dir);
        Self::compile(&texts, errors)
    }

    /// As [`SchemaSet::load`], from texts by file name.
    #[cfg(test)]
    pub(crate) fn from_texts(texts: &[(&str, &str)]) -> Result<Self, Vec<LoadError>> {
        let texts = texts.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Self::compile(&texts, Vec::new())
    }

    fn compile(texts: &BTreeMap<String, String>, mut errors: Vec<LoadError>) -> Result<Self, Vec<LoadError>> {
        let parsed = compile::parse(texts, &mut errors);
        let mut patterns = Patterns::default();
        let mut set = Self::default();
        for entry in &parsed {
            match compile::compile(&parsed, entry, &mut patterns) {
                Ok((plan, target)) => {
                    let documents = documents(&entry.file, &target, &Arc::new(plan));
                    set.documents.insert(entry.file.clone(), documents);
                }
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() {
            return Ok(set);
        }
        // A file that several entries pull in says the same to each.
        let key = |e: &LoadError| (e.file.clone(), e.line, e.construct.clone(), e.kind.to_string());
        errors.sort_by_cached_key(key);
        errors.dedup();
        Err(errors)
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

    /// Every document, in order of file name.
    pub fn documents(&self) -> impl Iterator<Item = &Arc<Document>> {
        self.documents.values().flatten()
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
        &self.obstacles
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn element(&self) -> ElementId {
        self.element
    }

    pub(crate) fn declarations(&self) -> &str {
        &self.declarations
    }
}

/// The documents of one entry: its own global elements first, then those it imports.
fn documents(file: &str, target: &str, plan: &Arc<Plan>) -> Vec<Arc<Document>> {
    let mut roots: Vec<_> = plan.global_elements.iter().collect();
    let foreign = |namespace: &NamespaceId| plan.namespace_name(*namespace) != target;
    roots.sort_by_key(|((namespace, local), _)| (foreign(namespace), *namespace, local.clone()));
    let document = |((namespace, local), element): (&(NamespaceId, Box<str>), &ElementId)| {
        let reach = Reach::from(plan, *element);
        Arc::new(Document {
            file: file.to_owned(),
            namespace: plan.namespace_name(*namespace).to_owned(),
            root: local.to_string(),
            plan: Arc::clone(plan),
            element: *element,
            declarations: reach.declarations(plan),
            obstacles: reach.obstacles,
        })
    };
    roots.into_iter().map(document).collect()
}

/// What can stand below one element.
#[derive(Default)]
struct Reach {
    seen: HashSet<TypeId>,
    elements: HashSet<NamespaceId>,
    attributes: HashSet<NamespaceId>,
    obstacles: Vec<LoadError>,
}

impl Reach {
    fn from(plan: &Plan, root: ElementId) -> Self {
        let mut reach = Self::default();
        let mut queue = vec![root];
        while let Some(element) = queue.pop() {
            let element = plan.elements.at(element);
            reach.elements.insert(element.namespace);
            let TypeId::Complex(id) = element.of else { continue };
            // An element without a type is carried verbatim, whatever it holds.
            if id == ANY_TYPE || !reach.seen.insert(element.of) {
                continue;
            }
            let complex = plan.complexes.at(id);
            reach.attributes.extend(complex.attributes.iter().map(|a| a.namespace));
            reach.obstacles.extend(complex.obstacles.iter().cloned());
            if let Content::Elements(model) = &complex.content {
                queue
                    .extend(model.positions.all().iter().filter(|p| p.wildcard.is_none()).map(|p| p.element));
            }
        }
        reach.obstacles.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        reach
    }

    fn declarations(&self, plan: &Plan) -> String {
        let mut out = String::new();
        let mut declare = |attribute: String, namespace: &str| {
            out.push(' ');
            out.push_str(&attribute);
            out.push_str("=\"");
            crate::xml::write::push_attribute_value(&mut out, namespace);
            out.push('"');
        };
        let default = plan.default_namespace;
        if default != NO_NAMESPACE && self.elements.contains(&default) {
            declare("xmlns".into(), plan.namespace_name(default));
        }
        for (id, (name, prefix)) in plan.namespaces.iter().zip(&plan.prefixes).enumerate() {
            let id = super::table::index(id);
            let needed = self.attributes.contains(&id) || (id != default && self.elements.contains(&id));
            if needed && !prefix.is_empty() && **prefix != *"xml" {
                declare(format!("xmlns:{prefix}"), name);
            }
        }
        out
    }
}
