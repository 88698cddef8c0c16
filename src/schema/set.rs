//! The schemas of one directory, compiled.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::carried::{NoElement, Verbatim, children};
use super::compile::{self, Patterns};
use super::load_error::LoadError;
use super::plan::{ANY_TYPE, ElementId, NO_NAMESPACE, NamespaceId, Plan, TypeId};

/// Every schema below one directory. Immutable: a reload loads another set and swaps it whole.
#[derive(Debug, Default)]
pub struct SchemaSet {
    /// By file, in order of name.
    documents: BTreeMap<String, Vec<Arc<Document>>>,
    /// The documents of which some service wants elements carried as they stand.
    carrying: Vec<(Verbatim, Arc<Document>)>,
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
    /// Elements that, carried as they stand, would take the obstacles away.
    around_obstacles: Vec<String>,
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

    /// As [`SchemaSet::document`], with those elements carried as they stand; `None` also where [`SchemaSet::carry`] was
    /// not asked for them.
    #[must_use]
    pub fn document_carrying(
        &self,
        file: &str,
        root_local: &str,
        verbatim: &Verbatim,
    ) -> Option<Arc<Document>> {
        if *verbatim == Verbatim::Nothing {
            return self.document(file, root_local);
        }
        let is = |d: &Document| d.file == file && d.root == root_local;
        self.carrying.iter().find(|(known, d)| known == verbatim && is(d)).map(|(_, d)| Arc::clone(d))
    }

    /// Makes [`SchemaSet::document_carrying`] know the document with those elements; a document that is not there is
    /// none.
    ///
    /// # Errors
    /// It has no such element.
    pub fn carry(&mut self, file: &str, root_local: &str, verbatim: &Verbatim) -> Result<(), NoElement> {
        if self.document_carrying(file, root_local, verbatim).is_some() {
            return Ok(());
        }
        if let Some(document) = self.document(file, root_local) {
            self.carrying.push((verbatim.clone(), Arc::new(document.carrying(verbatim)?)));
        }
        Ok(())
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

    /// The elements that must be carried as they stand for the obstacles to be none; `Whole` where the root is one.
    #[must_use]
    pub fn remedy(&self) -> Verbatim {
        match self.around_obstacles.as_slice() {
            [] => Verbatim::Nothing,
            names if names.contains(&self.root) => Verbatim::Whole,
            names => Verbatim::Elements(names.to_vec()),
        }
    }

    /// The document with those elements carried as they stand.
    ///
    /// # Errors
    /// It has no such element.
    pub fn carrying(&self, verbatim: &Verbatim) -> Result<Self, NoElement> {
        let chosen = verbatim.choose(&self.plan, self.element)?;
        let mut plan = Plan::clone(&self.plan);
        for (id, element) in plan.elements.all_mut().iter_mut().enumerate() {
            element.carried = chosen.contains(&super::table::index(id));
        }
        Ok(Self::new(&self.file, Arc::new(plan), self.element))
    }

    fn new(file: &str, plan: Arc<Plan>, element: ElementId) -> Self {
        let reach = Reach::from(&plan, element);
        let declared = plan.elements.at(element);
        Self {
            file: file.to_owned(),
            namespace: plan.namespace_name(declared.namespace).to_owned(),
            root: declared.local.to_string(),
            declarations: reach.declarations(&plan),
            obstacles: reach.obstacles,
            around_obstacles: reach.around_obstacles,
            element,
            plan,
        }
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
    let document = |(_, element): (_, &ElementId)| Arc::new(Document::new(file, Arc::clone(plan), *element));
    roots.into_iter().map(document).collect()
}

/// What can stand below one element.
#[derive(Default)]
struct Reach {
    seen: HashSet<ElementId>,
    types: HashSet<TypeId>,
    elements: HashSet<NamespaceId>,
    attributes: HashSet<NamespaceId>,
    obstacles: Vec<LoadError>,
    around_obstacles: Vec<String>,
}

impl Reach {
    fn from(plan: &Plan, root: ElementId) -> Self {
        let mut reach = Self::default();
        let mut queue = vec![root];
        while let Some(id) = queue.pop() {
            if !reach.seen.insert(id) {
                continue;
            }
            let element = plan.elements.at(id);
            reach.elements.insert(element.namespace);
            if element.carried {
                continue;
            }
            let of_text = element.obstacle.as_deref().map(std::slice::from_ref).unwrap_or_default();
            let of_type = match element.of {
                // An element without a type is carried verbatim, whatever it holds.
                TypeId::Simple(_) | TypeId::Complex(ANY_TYPE) => &[],
                TypeId::Complex(of) => {
                    let complex = plan.complexes.at(of);
                    reach.attributes.extend(complex.attributes.iter().map(|a| a.namespace));
                    complex.obstacles.as_slice()
                }
            };
            if !of_text.is_empty() || !of_type.is_empty() {
                reach.around_obstacles.push(element.local.to_string());
            }
            reach.obstacles.extend_from_slice(of_text);
            if reach.types.insert(element.of) {
                reach.obstacles.extend_from_slice(of_type);
            }
            queue.extend(children(plan, id));
        }
        reach.obstacles.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        reach.around_obstacles.sort();
        reach.around_obstacles.dedup();
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
