//! Schema files to plan.
//!
//! One [`Compiler`] makes the plan of one entry schema: it collects the global components of all files that the entry
//! pulls in, resolves references by expanded name, and leaves flat tables behind. It goes on after an error, so that
//! all errors of all files are reported at once; a plan with errors is never used.
//!
//! Types refer to each other by number, so a type may hold itself; only a type that *derives* from itself is refused.

mod attributes;
mod automaton;
mod builtin;
mod complex;
mod counting;
mod element;
mod facets;
mod finish;
mod grammar;
mod identity;
mod members;
mod particle;
mod redefine;
mod simple;
mod source;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use roxmltree::{Node, NodeId};

use super::identity::Identity;
use super::load_error::{LoadError, LoadErrorKind};
use super::pattern::Pattern;
use super::plan::{ComplexId, Derivations, Element, ElementId, NamespaceId, Plan, TypeId};
use super::simple::{Simple, SimpleId};
use super::table::index;
use complex::Definition;
use source::{Closure, Unit};

pub(super) use counting::STATES;
pub(super) use source::{Parsed, parse, read};

/// The namespace of XSD's own names.
const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// Patterns compiled so far, by their sources: forms share most of them.
pub(super) type Patterns = HashMap<Vec<String>, Result<Arc<Pattern>, String>>;

/// A construct, and the file it stands in.
#[derive(Clone, Copy)]
struct Site<'s> {
    unit: usize,
    node: Node<'s, 's>,
}

type Key = (usize, NodeId);

/// The name spaces of global components (part 1 §2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Space {
    Type,
    Element,
    Attribute,
    Group,
    AttributeGroup,
}

/// An expanded name: namespace and local part.
type Name = (String, String);

struct Compiler<'s, 'p> {
    units: Vec<Unit<'s>>,
    globals: HashMap<(Space, String, String), Site<'s>>,
    /// By a component that is defined anew, the one it is made from.
    redefined: HashMap<Key, Site<'s>>,
    /// Global elements that may stand for another, by that other's name.
    substitutes: HashMap<Name, Vec<Site<'s>>>,
    errors: Vec<LoadError>,
    patterns: &'p mut Patterns,
    namespaces: Vec<Box<str>>,
    elements: Vec<Element>,
    element_ids: HashMap<Key, ElementId>,
    /// Where each element was declared, for what can only be checked when its type is known.
    element_sites: Vec<Site<'s>>,
    simples: Vec<Simple>,
    /// `None` while the type is being compiled.
    simple_ids: HashMap<Key, Option<SimpleId>>,
    builtin_ids: HashMap<&'static str, SimpleId>,
    complex_ids: HashMap<Key, ComplexId>,
    complex_sites: Vec<Option<Site<'s>>>,
    definitions: Vec<Progress>,
    /// Identity constraints, and where they are declared.
    identities: Vec<(Identity, Site<'s>)>,
    /// The groups being expanded, to refuse one that holds itself.
    open_groups: Vec<Key>,
}

/// How far the definition of a complex type has come.
#[derive(Clone)]
enum Progress {
    Awaited,
    Begun,
    Done(Rc<Definition>),
}

/// Compiles one entry schema.
pub(super) fn compile<'s>(
    all: &'s [Parsed<'s>],
    entry: &'s Parsed<'s>,
    patterns: &mut Patterns,
) -> Result<(Plan, String), Vec<LoadError>> {
    let closure = Closure::of(all, entry);
    let target = closure.units.first().map(|u| u.target.clone()).unwrap_or_default();
    let mut compiler = Compiler {
        units: closure.units,
        globals: HashMap::new(),
        redefined: HashMap::new(),
        substitutes: HashMap::new(),
        errors: closure.errors,
        patterns,
        namespaces: vec!["".into()],
        elements: Vec::new(),
        element_ids: HashMap::new(),
        element_sites: Vec::new(),
        simples: vec![Simple { name: "anySimpleType".into(), ..Simple::default() }],
        simple_ids: HashMap::new(),
        builtin_ids: HashMap::new(),
        complex_ids: HashMap::new(),
        complex_sites: vec![None],
        definitions: vec![Progress::Done(Rc::new(Definition::any_type()))],
        identities: Vec::new(),
        open_groups: Vec::new(),
    };
    compiler.collect();
    let plan = compiler.finish(&target);
    if compiler.errors.is_empty() { Ok((plan, target)) } else { Err(compiler.errors) }
}

impl<'s> Compiler<'s, '_> {
    /// Registers every global component of every file.
    fn collect(&mut self) {
        let mut found = Vec::new();
        for (number, unit) in self.units.iter().enumerate() {
            let root = unit.parsed.tree.root_element();
            for node in root.children().filter(|c| c.tag_name().namespace() == Some(XSD)) {
                let space = match node.tag_name().name() {
                    "element" => Space::Element,
                    "attribute" => Space::Attribute,
                    "simpleType" | "complexType" => Space::Type,
                    "group" => Space::Group,
                    "attributeGroup" => Space::AttributeGroup,
                    _ => continue,
                };
                found.push((space, unit.target.clone(), Site { unit: number, node }));
            }
        }
        for (space, target, site) in found {
            let Some(name) = site.node.attribute("name") else {
                self.error(site, LoadErrorKind::Incomplete("name"));
                continue;
            };
            if let Some(head) = site.node.attribute("substitutionGroup").filter(|_| space == Space::Element)
                && let Some(head) = self.qname(site, head)
            {
                self.substitutes.entry(head).or_default().push(site);
            }
            if self.globals.insert((space, target, name.to_owned()), site).is_some() {
                self.error(site, LoadErrorKind::Redefined);
            }
        }
        self.redefine();
    }

    fn error(&mut self, site: Site<'_>, kind: LoadErrorKind) {
        let Some(unit) = self.units.get(site.unit) else { return };
        let line = unit.parsed.line(site.node);
        let file = unit.parsed.file.clone();
        self.errors.push(LoadError { file, line, construct: describe(site.node), kind });
    }

    /// As [`Compiler::error`], and nothing to go on with.
    fn refuse<T>(&mut self, site: Site<'_>, kind: LoadErrorKind) -> Option<T> {
        self.error(site, kind);
        None
    }

    fn bad_value(&mut self, site: Site<'_>, value: &str, wanted: &'static str) {
        self.error(site, LoadErrorKind::BadValue { value: value.to_owned(), wanted });
    }

    /// The expanded name that a reference means. A file without target namespace means that of its includer.
    fn qname(&mut self, site: Site<'_>, text: &str) -> Option<Name> {
        let text = text.trim();
        let Some((prefix, local)) = super::datatype::split_qname(text) else {
            self.bad_value(site, text, "a qualified name");
            return None;
        };
        if prefix.is_empty() {
            let default = site.node.lookup_namespace_uri(None).unwrap_or_default();
            let unit = self.units.get(site.unit)?;
            let namespace = if default.is_empty() && unit.chameleon { &unit.target } else { default };
            return Some((namespace.to_owned(), local.to_owned()));
        }
        // Namespaces in XML 1.0 §3: the prefix xml is bound without a declaration.
        let built_in = (prefix == "xml").then_some(crate::xml::XML_NAMESPACE);
        match built_in.or_else(|| site.node.lookup_namespace_uri(Some(prefix))) {
            Some(namespace) => Some((namespace.to_owned(), local.to_owned())),
            None => {
                self.bad_value(site, text, "a declared prefix");
                None
            }
        }
    }

    /// The global component that a reference means.
    fn global(&mut self, site: Site<'_>, space: Space, name: &Name) -> Option<Site<'s>> {
        let new = || self.globals.get(&(space, name.0.clone(), name.1.clone())).copied();
        let found = self.old(site, space, name).or_else(new);
        if found.is_none() {
            let what = match space {
                Space::Type => "type",
                Space::Element => "element",
                Space::Attribute => "attribute",
                Space::Group => "group",
                Space::AttributeGroup => "attribute group",
            };
            let name = format!("{{{}}}{}", name.0, name.1);
            self.error(site, LoadErrorKind::Unresolved { what, name });
        }
        found
    }

    /// The type of that name; its definition may still be to come.
    fn type_named(&mut self, site: Site<'_>, text: &str) -> Option<TypeId> {
        let name = self.qname(site, text)?;
        if name.0 == XSD {
            if name.1 == "anyType" {
                return Some(TypeId::default());
            }
            return self.builtin(site, &name.1).map(TypeId::Simple);
        }
        let target = self.global(site, Space::Type, &name)?;
        if target.node.tag_name().name() == "simpleType" {
            self.simple_type(target).map(TypeId::Simple)
        } else {
            Some(TypeId::Complex(self.complex_type(target)))
        }
    }

    fn namespace(&mut self, name: &str) -> NamespaceId {
        if let Some(found) = self.namespaces.iter().position(|known| **known == *name) {
            return index(found);
        }
        self.namespaces.push(name.into());
        index(self.namespaces.len() - 1)
    }

    fn unit_target(&self, site: Site<'_>) -> String {
        self.units.get(site.unit).map(|u| u.target.clone()).unwrap_or_default()
    }

    /// A boolean attribute of a construct.
    fn flag(&mut self, site: Site<'_>, attribute: &'static str) -> bool {
        match site.node.attribute(attribute).map(str::trim) {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(other) => {
                self.bad_value(site, other, "true or false");
                false
            }
        }
    }
}

/// The child constructs, annotations left out.
fn children<'s>(site: Site<'s>) -> impl Iterator<Item = Site<'s>> {
    let constructs = site.node.children().filter(|c| c.tag_name().namespace() == Some(XSD));
    constructs.filter(|c| c.tag_name().name() != "annotation").map(move |node| Site { unit: site.unit, node })
}

/// A construct as an error names it.
fn describe(node: Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    let of_xsd = node.tag_name().namespace() == Some(XSD);
    let tag = if of_xsd { format!("xs:{name}") } else { name.to_owned() };
    let named = ["name", "ref", "base", "value"].iter().find_map(|a| node.attribute(*a).map(|v| (a, v)));
    match named {
        Some((attribute, value)) => format!("{tag} {attribute}=\"{value}\""),
        None => tag,
    }
}

/// A value of `block`.
fn derivations(text: &str) -> Derivations {
    let all = text.trim() == "#all";
    let has = |word| all || text.split_whitespace().any(|w| w == word);
    Derivations {
        extension: has("extension"),
        restriction: has("restriction"),
        substitution: has("substitution"),
    }
}
