//! Documents made up from the text of a schema, for tests that compare verdicts and test laws.
//!
//! It reads XSD on its own, by names and without the compiler, so that a mistake of the compiler is not one here. What
//! it makes is meant to be valid and mostly is; [`mutate`] makes it mostly invalid. Everything follows from the seed.

mod mutate;
mod tree;
mod values;

use std::collections::HashMap;

use roxmltree::{Document, Node};

pub(crate) use mutate::mutate;
pub(crate) use tree::{Elem, Kid};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A small generator of numbers; the same seed gives the same documents on every machine.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound
    }

    /// Once in `of`.
    pub(crate) fn once(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// Reads the schemas of one entry.
pub(crate) struct Generator<'t> {
    globals: HashMap<(&'static str, String, String), Node<'t, 't>>,
    /// The target namespace of each file, as the entry sees it.
    targets: Vec<(&'t Document<'t>, String)>,
    pub(crate) rng: Rng,
}

impl<'t> Generator<'t> {
    /// `files` are relative names and parsed documents; the entry is one of them.
    pub(crate) fn new(files: &'t [(String, Document<'t>)], entry: &str, seed: u64) -> Self {
        let mut generator = Self { globals: HashMap::new(), targets: Vec::new(), rng: Rng::new(seed) };
        let (_, tree) = files.iter().find(|(name, _)| name == entry).unwrap();
        let target = tree.root_element().attribute("targetNamespace").unwrap_or("").to_owned();
        generator.add(files, entry, &target);
        generator
    }

    fn add(&mut self, files: &'t [(String, Document<'t>)], name: &str, target: &str) {
        let Some((_, tree)) = files.iter().find(|(file, _)| file == name) else { return };
        if self.targets.iter().any(|(known, t)| std::ptr::eq(*known, tree) && t == target) {
            return;
        }
        self.targets.push((tree, target.to_owned()));
        for node in tree.root_element().children().filter(|c| c.is_element()) {
            let kind = match node.tag_name().name() {
                "element" => "element",
                "simpleType" | "complexType" => "type",
                "group" => "group",
                "attributeGroup" => "attributeGroup",
                "attribute" => "attribute",
                tag @ ("include" | "import") => {
                    let Some(location) = node.attribute("schemaLocation") else { continue };
                    let dir = name.rsplit_once('/').map_or(String::new(), |(dir, _)| format!("{dir}/"));
                    let namespace =
                        if tag == "include" { target } else { node.attribute("namespace").unwrap_or("") };
                    self.add(files, &format!("{dir}{location}"), namespace);
                    continue;
                }
                _ => continue,
            };
            let local = node.attribute("name").unwrap().to_owned();
            self.globals.insert((kind, target.to_owned(), local), node);
        }
    }

    fn target(&self, node: Node<'t, 't>) -> &str {
        let document = node.document();
        &self.targets.iter().find(|(d, _)| std::ptr::eq(*d, document)).unwrap().1
    }

    fn find(&self, kind: &'static str, at: Node<'t, 't>, reference: &str) -> Option<Node<'t, 't>> {
        let (prefix, local) = reference.split_once(':').map_or((None, reference), |(p, l)| (Some(p), l));
        let namespace =
            at.lookup_namespace_uri(prefix).unwrap_or(if prefix.is_none() { self.target(at) } else { "" });
        self.globals.get(&(kind, namespace.to_owned(), local.to_owned())).copied()
    }

    /// A document of the global element of that name.
    pub(crate) fn document(&mut self, namespace: &str, local: &str) -> Elem {
        let node = self.globals[&("element", namespace.to_owned(), local.to_owned())];
        self.element(node, 0)
    }

    fn element(&mut self, node: Node<'t, 't>, depth: usize) -> Elem {
        let global = node.parent().unwrap().tag_name().name() == "schema";
        let schema = node.document().root_element();
        let form = node.attribute("form").or(schema.attribute("elementFormDefault"));
        let namespace =
            if global || form == Some("qualified") { self.target(node).to_owned() } else { String::new() };
        let mut elem = Elem::new(&namespace, node.attribute("name").unwrap());
        if node.attribute("nillable") == Some("true") && self.rng.once(4) {
            elem.attributes.push((XSI.into(), "nil".into(), "true".into()));
            let mut whole = Elem::new("", "");
            self.content(node, &mut whole, depth);
            elem.attributes.extend(whole.attributes);
            return elem;
        }
        if let Some(fixed) = node.attribute("fixed") {
            elem.kids.push(Kid::Text(fixed.into()));
        } else if node.attribute("default").is_some() && self.rng.once(2) {
            // Left empty.
        } else {
            self.content(node, &mut elem, depth);
        }
        elem
    }

    /// Fills in what the type of an element says.
    fn content(&mut self, node: Node<'t, 't>, elem: &mut Elem, depth: usize) {
        let inline = node.children().find(|c| matches!(c.tag_name().name(), "simpleType" | "complexType"));
        let named = node.attribute("type").and_then(|name| self.find("type", node, name));
        match inline.or(named) {
            Some(of) if of.tag_name().name() == "complexType" => self.complex(of, elem, depth),
            Some(of) => elem.kids.push(Kid::Text(self.simple(of))),
            None => match node.attribute("type") {
                Some(name) if !name.ends_with("anyType") => {
                    let value = self.builtin(name.rsplit(':').next().unwrap());
                    elem.kids.push(Kid::Text(value));
                }
                Some(_) => self.anything(elem),
                None => match node.attribute("substitutionGroup").and_then(|h| self.find("element", node, h))
                {
                    Some(head) => self.content(head, elem, depth),
                    None => self.anything(elem),
                },
            },
        }
    }

    fn anything(&mut self, elem: &mut Elem) {
        match self.rng.below(4) {
            0 => elem.kids.push(Kid::Text("testo & <libero>".into())),
            1 => {
                let mut kid = Elem::new("urn:altro", "qualcosa");
                kid.attributes.push((String::new(), "a".into(), "\"1\"".into()));
                kid.kids.push(Kid::Text("x".into()));
                elem.kids.push(Kid::Text(" prima ".into()));
                elem.kids.push(Kid::Elem(kid));
            }
            2 => elem.attributes.push((String::new(), "libero".into(), "sì".into())),
            _ => {}
        }
    }

    fn complex(&mut self, of: Node<'t, 't>, elem: &mut Elem, depth: usize) {
        for child in of.children().filter(|c| c.is_element()) {
            match child.tag_name().name() {
                "simpleContent" | "complexContent" => {
                    let simple = child.tag_name().name() == "simpleContent";
                    let how = child
                        .children()
                        .find(|c| matches!(c.tag_name().name(), "extension" | "restriction"))
                        .unwrap();
                    let extends = how.tag_name().name() == "extension";
                    let base = how.attribute("base").unwrap();
                    let found = self.find("type", how, base);
                    match found {
                        Some(base) if base.tag_name().name() == "simpleType" => {
                            elem.kids.push(Kid::Text(self.simple(base)));
                        }
                        None if simple => {
                            let value = self.builtin(base.rsplit(':').next().unwrap());
                            elem.kids.push(Kid::Text(value));
                        }
                        Some(base) if extends => self.complex(base, elem, depth),
                        Some(base) => {
                            // Of a restriction the attributes of the base stay, its children do not.
                            let mut whole = Elem::new("", "");
                            self.complex(base, &mut whole, depth);
                            elem.attributes.extend(whole.attributes);
                            if simple {
                                elem.kids.extend(whole.kids);
                            }
                        }
                        None => {}
                    }
                    self.complex(how, elem, depth);
                }
                "attribute" => self.attribute(child, elem),
                "attributeGroup" => {
                    let group = self.find("attributeGroup", child, child.attribute("ref").unwrap()).unwrap();
                    self.complex(group, elem, depth);
                }
                "anyAttribute" if self.rng.once(3) => {
                    elem.attributes.push(("urn:altro".into(), "estraneo".into(), "x".into()));
                }
                "sequence" | "choice" | "all" | "group" => self.particle(child, elem, depth),
                _ => {}
            }
        }
        if of.attribute("mixed") == Some("true") && self.rng.once(2) {
            elem.kids.push(Kid::Text(" misto ".into()));
        }
    }

    fn attribute(&mut self, node: Node<'t, 't>, elem: &mut Elem) {
        let required = node.attribute("use") == Some("required");
        let declared = match node.attribute("ref") {
            Some(reference) => self.find("attribute", node, reference),
            None => Some(node),
        };
        if node.attribute("use") == Some("prohibited") {
            let name = node.attribute("name").unwrap_or("");
            elem.attributes.retain(|(_, local, _)| local != name);
            return;
        }
        let Some(declared) = declared.filter(|_| required || self.rng.once(2)) else { return };
        let local = declared.attribute("name").unwrap();
        let schema = node.document().root_element();
        let form = node.attribute("form").or(schema.attribute("attributeFormDefault"));
        let qualified = node.attribute("ref").is_some() || form == Some("qualified");
        let namespace = if qualified { self.target(declared).to_owned() } else { String::new() };
        let fixed = node.attribute("fixed").or(declared.attribute("fixed"));
        let value = match (fixed, declared.children().find(|c| c.tag_name().name() == "simpleType")) {
            (Some(fixed), _) => fixed.to_owned(),
            (None, Some(inline)) => self.simple(inline),
            (None, None) => match declared.attribute("type") {
                Some(named) => self.typed(declared, named),
                None => "x".into(),
            },
        };
        elem.attributes.retain(|(n, l, _)| *n != namespace || l != local);
        elem.attributes.push((namespace, local.into(), value));
    }

    /// How often a particle is there: around its bounds more often than between them.
    fn times(&mut self, node: Node<'t, 't>, depth: usize) -> usize {
        let min: usize = node.attribute("minOccurs").unwrap_or("1").parse().unwrap();
        let max = match node.attribute("maxOccurs").unwrap_or("1") {
            "unbounded" => min + 3,
            max => max.parse().unwrap(),
        };
        if depth > 8 || self.rng.once(20) && min == 0 {
            return min;
        }
        match self.rng.below(4) {
            0 => min,
            1 => max.min(min + 4),
            _ => min + self.rng.below(max.min(min + 4) - min + 1),
        }
    }

    fn particle(&mut self, node: Node<'t, 't>, elem: &mut Elem, depth: usize) {
        for _ in 0..self.times(node, depth) {
            match node.tag_name().name() {
                "element" => self.element_particle(node, elem, depth),
                "group" => {
                    let group = self.find("group", node, node.attribute("ref").unwrap()).unwrap();
                    let model = group
                        .children()
                        .find(|c| matches!(c.tag_name().name(), "sequence" | "choice" | "all"));
                    self.particle(model.unwrap(), elem, depth);
                }
                "sequence" => {
                    for child in particles(node) {
                        self.particle(child, elem, depth);
                    }
                }
                "all" => {
                    let mut children: Vec<_> = particles(node).collect();
                    while !children.is_empty() {
                        let child = children.swap_remove(self.rng.below(children.len()));
                        self.particle(child, elem, depth);
                    }
                }
                "choice" => {
                    let children: Vec<_> = particles(node).collect();
                    if !children.is_empty() {
                        let child = *self.rng.pick(&children);
                        self.particle(child, elem, depth);
                    }
                }
                "any" => {
                    let mut kid = Elem::new("urn:altro", "qualcosa");
                    kid.kids.push(Kid::Text("x".into()));
                    elem.kids.push(Kid::Elem(kid));
                }
                _ => {}
            }
        }
    }

    fn element_particle(&mut self, node: Node<'t, 't>, elem: &mut Elem, depth: usize) {
        let Some(reference) = node.attribute("ref") else {
            let kid = self.element(node, depth + 1);
            elem.kids.push(Kid::Elem(kid));
            return;
        };
        let mut declared = self.find("element", node, reference).unwrap();
        let name = declared.attribute("name").unwrap();
        let heads =
            self.globals.values().copied().filter(|n| {
                n.attribute("substitutionGroup").is_some_and(|h| h.rsplit(':').next() == Some(name))
            });
        let mut heads: Vec<_> = heads.collect();
        heads.sort_by_key(|n| n.range().start);
        if !heads.is_empty() && (declared.attribute("abstract") == Some("true") || self.rng.once(2)) {
            declared = *self.rng.pick(&heads);
        }
        let kid = self.element(declared, depth + 1);
        elem.kids.push(Kid::Elem(kid));
    }
}

fn particles<'t>(node: Node<'t, 't>) -> impl Iterator<Item = Node<'t, 't>> {
    node.children()
        .filter(|c| matches!(c.tag_name().name(), "element" | "group" | "sequence" | "choice" | "any"))
}
