//! Element declarations, and the particles that refer to them.

use super::particle::Particle;
use super::{Compiler, Name, Site, Space, children, derivations};
use crate::schema::load_error::LoadErrorKind;
use crate::schema::plan::{
    Constraint, Derivations, Element, ElementId, Namespaces, Process, TypeId, Wildcard,
};
use crate::schema::table::index;

impl<'s> Compiler<'s, '_> {
    /// The declaration that an `element` construct makes, global or local.
    pub(super) fn element(&mut self, site: Site<'s>) -> ElementId {
        let key = (site.unit, site.node.id());
        if let Some(id) = self.element_ids.get(&key) {
            return *id;
        }
        // Known before its type is looked at: a type may hold its own element.
        let id = index(self.elements.len());
        self.elements.push(Element::default());
        self.element_sites.push(site);
        self.element_ids.insert(key, id);
        let global = site.node.parent().is_some_and(|p| p.tag_name().name() == "schema");
        let target = self.unit_target(site);
        let (qualified, block) = self
            .units
            .get(site.unit)
            .map_or((false, Derivations::default()), |u| (u.elements_qualified, u.block));
        let qualified = match site.node.attribute("form") {
            _ if global => true,
            None => qualified,
            Some(form) => form == "qualified",
        };
        let namespace = if qualified { self.namespace(&target) } else { 0 };
        let block = site.node.attribute("block").map_or(block, derivations);
        let element = Element {
            namespace,
            local: site.node.attribute("name").unwrap_or_default().into(),
            of: self.element_type(site).unwrap_or_default(),
            nillable: self.flag(site, "nillable"),
            is_abstract: self.flag(site, "abstract"),
            block,
            constraint: self.constraint(site),
            identities: self.identities(site),
            ..Element::default()
        };
        if element.local.is_empty() {
            self.error(site, LoadErrorKind::Incomplete("name"));
        }
        if let Some(slot) = self.elements.get_mut(id as usize) {
            *slot = element;
        }
        id
    }

    fn element_type(&mut self, site: Site<'s>) -> Option<TypeId> {
        let inline =
            children(site).find(|c| matches!(c.node.tag_name().name(), "simpleType" | "complexType"));
        if let Some(named) = site.node.attribute("type") {
            if let Some(inline) = inline {
                self.error(inline, LoadErrorKind::Misplaced);
            }
            return self.type_named(site, named);
        }
        if let Some(inline) = inline {
            return if inline.node.tag_name().name() == "simpleType" {
                self.simple_type(inline).map(TypeId::Simple)
            } else {
                Some(TypeId::Complex(self.complex_type(inline)))
            };
        }
        // Part 1 §3.3.2: without a type of its own, that of the head of its substitution group.
        let head = site.node.attribute("substitutionGroup")?;
        let name = self.qname(site, head)?;
        let head = self.global(site, Space::Element, &name)?;
        if head.node.id() == site.node.id() {
            return self.refuse(site, LoadErrorKind::Circular);
        }
        let head = self.element(head);
        self.elements.get(head as usize).map(|e| e.of)
    }

    pub(super) fn constraint(&mut self, site: Site<'_>) -> Constraint {
        match (site.node.attribute("default"), site.node.attribute("fixed")) {
            (None, None) => Constraint::None,
            (Some(value), None) => Constraint::Default(value.into()),
            (None, Some(value)) => Constraint::Fixed(value.into()),
            (Some(value), Some(_)) => {
                self.bad_value(site, value, "default or fixed, not both");
                Constraint::None
            }
        }
    }

    /// The particle that a construct inside a model is, its bounds included.
    pub(super) fn particle(&mut self, site: Site<'s>) -> Option<Particle> {
        let (min, max) = self.occurs(site)?;
        let inner = match site.node.tag_name().name() {
            "element" => self.element_particle(site)?,
            "group" => self.group_particle(site)?,
            "sequence" => Particle::Sequence(self.particles(site)),
            "choice" => Particle::Choice(self.particles(site)),
            "all" => return self.all_particle(site, min, max),
            "any" => Particle::Wildcard(self.wildcard(site)),
            _ => return None,
        };
        if matches!(inner, Particle::All(..)) {
            if (min, max) == (1, Some(1)) {
                return Some(inner);
            }
            return self.refuse(site, LoadErrorKind::Misplaced);
        }
        Some(inner.repeated(min, max))
    }

    fn particles(&mut self, site: Site<'s>) -> Vec<Particle> {
        let mut items = Vec::new();
        for child in children(site) {
            let Some(particle) = self.particle(child) else { continue };
            match particle {
                Particle::All(..) => self.error(child, LoadErrorKind::Misplaced),
                // A particle that may occur zero times at most is none (part 1 §3.9.2), even of a choice.
                particle if particle == Particle::EMPTY && child.node.attribute("maxOccurs") == Some("0") => {
                }
                particle => items.push(particle),
            }
        }
        items
    }

    fn element_particle(&mut self, site: Site<'s>) -> Option<Particle> {
        let Some(reference) = site.node.attribute("ref") else {
            return Some(Particle::Element(self.element(site)));
        };
        let name = self.qname(site, reference)?;
        let head = self.global(site, Space::Element, &name)?;
        let id = self.element(head);
        // Part 1 §3.3.6, Substitution Group OK (Transitive), 2.1: the head alone says so, whatever the chain below it.
        if self.elements.get(id as usize).is_some_and(|e| e.block.substitution) {
            return Some(Particle::Element(id));
        }
        let mut all = Vec::new();
        self.with_substitutes(&name, &mut all);
        if all.contains(&id) {
            return self.refuse(head, LoadErrorKind::Circular);
        }
        if all.is_empty() {
            return Some(Particle::Element(id));
        }
        let members = std::iter::once(id).chain(all);
        let members: Vec<ElementId> =
            members.filter(|id| self.elements.get(*id as usize).is_some_and(|e| !e.is_abstract)).collect();
        Some(Particle::Choice(members.into_iter().map(Particle::Element).collect()))
    }

    /// The elements that may stand for the one of that name, directly or through others (part 1 §3.3.6).
    fn with_substitutes(&mut self, head: &Name, all: &mut Vec<ElementId>) {
        let Some(sites) = self.substitutes.get(head).cloned() else { return };
        for site in sites {
            let id = self.element(site);
            if all.contains(&id) {
                continue;
            }
            all.push(id);
            let local = site.node.attribute("name").unwrap_or_default().to_owned();
            let name = (self.unit_target(site), local);
            self.with_substitutes(&name, all);
        }
    }

    fn group_particle(&mut self, site: Site<'s>) -> Option<Particle> {
        let Some(reference) = site.node.attribute("ref") else {
            return self.refuse(site, LoadErrorKind::Incomplete("ref"));
        };
        let name = self.qname(site, reference)?;
        let group = self.global(site, Space::Group, &name)?;
        let key = (group.unit, group.node.id());
        if self.open_groups.contains(&key) {
            return self.refuse(site, LoadErrorKind::Circular);
        }
        let Some(model) = children(group).next() else { return Some(Particle::EMPTY) };
        self.open_groups.push(key);
        let particle = self.particle(model);
        self.open_groups.pop();
        particle
    }

    fn all_particle(&mut self, site: Site<'s>, min: u32, max: Option<u32>) -> Option<Particle> {
        if max != Some(1) || min > 1 {
            return self.refuse(site, LoadErrorKind::Misplaced);
        }
        let mut items = Vec::new();
        for child in children(site) {
            let (min, max) = self.occurs(child)?;
            if max == Some(0) {
                continue;
            }
            if max != Some(1) {
                self.error(child, LoadErrorKind::Misplaced);
                continue;
            }
            match self.element_particle(child)? {
                Particle::Element(id) => items.push((id, min > 0)),
                // A substitution group within an `all` is a set of choices, which the automaton of `all` has not.
                _ => self.error(child, LoadErrorKind::Unsupported),
            }
        }
        Some(Particle::All(items, min == 0))
    }

    /// `minOccurs` and `maxOccurs`.
    fn occurs(&mut self, site: Site<'_>) -> Option<(u32, Option<u32>)> {
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let min_text = site.node.attribute("minOccurs").unwrap_or("1");
        let max_text = site.node.attribute("maxOccurs").unwrap_or("1");
        let Some(min) = number(min_text) else {
            self.bad_value(site, min_text, "a whole number");
            return None;
        };
        let max = match max_text.trim() {
            "unbounded" => None,
            text => match number(text) {
                Some(max) => Some(max),
                None => {
                    self.bad_value(site, max_text, "a whole number or unbounded");
                    return None;
                }
            },
        };
        if max.is_some_and(|max| max < min) {
            self.bad_value(site, max_text, "no less than minOccurs");
            return None;
        }
        Some((min, max))
    }

    /// `any` or `anyAttribute`.
    pub(super) fn wildcard(&mut self, site: Site<'_>) -> Wildcard {
        let target = self.unit_target(site);
        let namespaces = match site.node.attribute("namespace").map(str::trim) {
            None | Some("##any") => Namespaces::Any,
            Some("##other") => Namespaces::Other(self.namespace(&target)),
            Some(list) => {
                let mut listed = Vec::new();
                for word in list.split_whitespace() {
                    listed.push(match word {
                        "##targetNamespace" => self.namespace(&target),
                        "##local" => 0,
                        name => self.namespace(name),
                    });
                }
                Namespaces::Listed(listed)
            }
        };
        let process = match site.node.attribute("processContents").map(str::trim) {
            None | Some("strict") => Process::Strict,
            Some("lax") => Process::Lax,
            Some("skip") => Process::Skip,
            Some(other) => {
                self.bad_value(site, other, "strict, lax or skip");
                Process::Strict
            }
        };
        Wildcard { namespaces, process }
    }
}
