//! Complex types: what each says, with what it inherits, before its content becomes an automaton.

use std::rc::Rc;

use super::attributes::Attributes;
use super::particle::Particle;
use super::{Compiler, Progress, Site, children, derivations, facets};
use crate::schema::load_error::LoadErrorKind;
use crate::schema::plan::{
    ANY_SIMPLE_TYPE, ANY_TYPE, Attribute, ComplexId, Derivations, Namespaces, Process, TypeId, Wildcard,
};
use crate::schema::simple::SimpleId;
use crate::schema::table::index;

/// A complex type, resolved.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) is_abstract: bool,
    pub(super) block: Derivations,
    pub(super) base: Option<(TypeId, Derivations)>,
    pub(super) mixed: bool,
    pub(super) content: DefinedContent,
    pub(super) attributes: Vec<Attribute>,
    pub(super) wildcard: Option<Wildcard>,
}

/// What may stand between the tags.
#[derive(Debug, Clone)]
pub(super) enum DefinedContent {
    Simple(SimpleId),
    Particle(Particle),
}

const EXTENSION: Derivations = Derivations { extension: true, restriction: false, substitution: false };
const RESTRICTION: Derivations = Derivations { extension: false, restriction: true, substitution: false };

impl Definition {
    /// `anyType` (part 1 §3.4.7): anything, laxly.
    pub(super) fn any_type() -> Self {
        let anything = Wildcard { namespaces: Namespaces::Any, process: Process::Lax };
        Self {
            mixed: true,
            content: DefinedContent::Particle(Particle::Wildcard(anything.clone()).repeated(0, None)),
            wildcard: Some(anything),
            ..Self::nothing()
        }
    }

    fn nothing() -> Self {
        Self {
            is_abstract: false,
            block: Derivations::default(),
            base: None,
            mixed: false,
            content: DefinedContent::Particle(Particle::EMPTY),
            attributes: Vec::new(),
            wildcard: None,
        }
    }
}

impl<'s> Compiler<'s, '_> {
    /// The number of the type that a `complexType` construct defines; it is defined later.
    pub(super) fn complex_type(&mut self, site: Site<'s>) -> ComplexId {
        let key = (site.unit, site.node.id());
        if let Some(id) = self.complex_ids.get(&key) {
            return *id;
        }
        let id = index(self.definitions.len());
        self.definitions.push(Progress::Awaited);
        self.complex_sites.push(Some(site));
        self.complex_ids.insert(key, id);
        id
    }

    /// The definition of a type, made now if it was not before.
    pub(super) fn definition(&mut self, id: ComplexId) -> Option<Rc<Definition>> {
        match self.definitions.get(id as usize).cloned() {
            Some(Progress::Done(definition)) => return Some(definition),
            Some(Progress::Awaited) => {}
            Some(Progress::Begun) => {
                let site = self.complex_sites.get(id as usize).copied().flatten()?;
                return self.refuse(site, LoadErrorKind::Circular);
            }
            None => return None,
        }
        let site = self.complex_sites.get(id as usize).copied().flatten()?;
        self.progress(id, Progress::Begun);
        let defined = Rc::new(self.define(site));
        self.progress(id, Progress::Done(Rc::clone(&defined)));
        Some(defined)
    }

    fn progress(&mut self, id: ComplexId, progress: Progress) {
        if let Some(slot) = self.definitions.get_mut(id as usize) {
            *slot = progress;
        }
    }

    fn define(&mut self, site: Site<'s>) -> Definition {
        let default_block = self.units.get(site.unit).map(|u| u.block).unwrap_or_default();
        let mut definition = Definition::nothing();
        definition.is_abstract = self.flag(site, "abstract");
        definition.block = site.node.attribute("block").map_or(default_block, derivations);
        definition.mixed = self.flag(site, "mixed");
        let first = children(site).next();
        match first.map(|f| (f, f.node.tag_name().name())) {
            Some((content, "simpleContent")) => self.define_simple_content(content, &mut definition),
            Some((content, "complexContent")) => self.define_complex_content(content, &mut definition),
            _ => {
                let attributes = self.attributes(site);
                definition.base = Some((TypeId::Complex(ANY_TYPE), RESTRICTION));
                definition.content = DefinedContent::Particle(self.own_particle(site));
                definition.attributes = attributes.uses;
                definition.wildcard = attributes.wildcard;
            }
        }
        definition
    }

    /// The one model group below a construct, or nothing.
    fn own_particle(&mut self, site: Site<'s>) -> Particle {
        let mut models = children(site)
            .filter(|c| matches!(c.node.tag_name().name(), "group" | "all" | "choice" | "sequence"));
        let model = models.next();
        if let Some(second) = models.next() {
            self.error(second, LoadErrorKind::Misplaced);
        }
        model.and_then(|m| self.particle(m)).unwrap_or(Particle::EMPTY)
    }

    /// `extension` or `restriction` below `content`, with its base.
    fn derivation(&mut self, content: Site<'s>) -> Option<(Site<'s>, bool, TypeId)> {
        let Some(how) = children(content).next() else {
            return self.refuse(content, LoadErrorKind::Incomplete("restriction or extension"));
        };
        let Some(base) = how.node.attribute("base") else {
            return self.refuse(how, LoadErrorKind::Incomplete("base"));
        };
        let base = self.type_named(how, base)?;
        Some((how, how.node.tag_name().name() == "extension", base))
    }

    fn define_simple_content(&mut self, content: Site<'s>, definition: &mut Definition) {
        definition.content = DefinedContent::Simple(ANY_SIMPLE_TYPE);
        let Some((how, extends, base)) = self.derivation(content) else { return };
        definition.base = Some((base, if extends { EXTENSION } else { RESTRICTION }));
        let own = self.attributes(how);
        let inherited = match base {
            TypeId::Simple(_) if !extends => return self.error(how, LoadErrorKind::Misplaced),
            TypeId::Simple(of) => {
                definition.content = DefinedContent::Simple(of);
                None
            }
            TypeId::Complex(id) => {
                let Some(base) = self.definition(id) else { return };
                let inline = children(how).find(|c| c.node.tag_name().name() == "simpleType");
                let of = match (&base.content, inline) {
                    (_, Some(inline)) if extends => return self.error(inline, LoadErrorKind::Misplaced),
                    (DefinedContent::Simple(_) | DefinedContent::Particle(_), Some(inline))
                        if base.mixed || matches!(base.content, DefinedContent::Simple(_)) =>
                    {
                        self.simple_type(inline).unwrap_or(ANY_SIMPLE_TYPE)
                    }
                    (DefinedContent::Simple(of), None) => *of,
                    _ => return self.error(how, LoadErrorKind::Misplaced),
                };
                definition.content = DefinedContent::Simple(of);
                if !extends
                    && children(how).any(|c| facets::is_facet(c.node.tag_name().name()))
                    && let Some(restricted) = self.restrict(how, of, "")
                {
                    definition.content = DefinedContent::Simple(self.push_simple(restricted));
                }
                Some(base)
            }
        };
        self.inherit_attributes(how, extends, own, inherited.as_deref(), definition);
    }

    fn define_complex_content(&mut self, content: Site<'s>, definition: &mut Definition) {
        if content.node.attribute("mixed").is_some() {
            definition.mixed = self.flag(content, "mixed");
        }
        let Some((how, extends, base)) = self.derivation(content) else { return };
        definition.base = Some((base, if extends { EXTENSION } else { RESTRICTION }));
        let TypeId::Complex(id) = base else { return self.error(how, LoadErrorKind::Misplaced) };
        let Some(base) = self.definition(id) else { return };
        let own = self.attributes(how);
        let particle = self.own_particle(how);
        definition.content = if extends {
            let DefinedContent::Particle(inherited) = &base.content else {
                return self.error(how, LoadErrorKind::Misplaced);
            };
            let content = match (inherited.is_empty(), particle.is_empty()) {
                (_, true) => {
                    definition.mixed = base.mixed;
                    inherited.clone()
                }
                (true, false) => particle,
                (false, false) => {
                    // An `all` can be extended by nothing and can extend nothing (part 1 §3.8.6).
                    if matches!(inherited, Particle::All(..)) || matches!(particle, Particle::All(..)) {
                        self.error(how, LoadErrorKind::Misplaced);
                    }
                    if base.mixed != definition.mixed {
                        self.bad_value(how, "mixed", "as in the base type");
                    }
                    Particle::Sequence(vec![inherited.clone(), particle])
                }
            };
            DefinedContent::Particle(content)
        } else {
            DefinedContent::Particle(particle)
        };
        self.inherit_attributes(how, extends, own, Some(&base), definition);
    }

    /// An extension has the attributes of its base and its own; a restriction has those of its base, save those it
    /// says otherwise about, and no wildcard but its own.
    fn inherit_attributes(
        &mut self,
        site: Site<'_>,
        extends: bool,
        own: Attributes,
        base: Option<&Definition>,
        definition: &mut Definition,
    ) {
        let mut uses: Vec<Attribute> = base.map(|b| b.attributes.clone()).unwrap_or_default();
        for attribute in own.uses {
            let same = |a: &Attribute| a.namespace == attribute.namespace && a.local == attribute.local;
            match uses.iter().position(same) {
                Some(_) if extends => self.error(
                    site,
                    LoadErrorKind::SameMember {
                        member: attribute.local.to_string(),
                        other: "an attribute of the base type".into(),
                    },
                ),
                Some(position) => {
                    if let Some(slot) = uses.get_mut(position) {
                        *slot = attribute;
                    }
                }
                None => uses.push(attribute),
            }
        }
        if !extends {
            uses.retain(|a| !own.prohibited.iter().any(|(n, l)| *n == a.namespace && *l == a.local));
        }
        definition.attributes = uses;
        definition.wildcard = if extends {
            self.union(site, own.wildcard, base.and_then(|b| b.wildcard.clone()))
        } else {
            own.wildcard
        };
    }
}
