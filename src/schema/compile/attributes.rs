//! Attribute uses, attribute groups and attribute wildcards.

use super::{Compiler, Site, Space, children};
use crate::schema::load_error::LoadErrorKind;
use crate::schema::plan::{
    ANY_SIMPLE_TYPE, Attribute, AttributeGlobal, Constraint, NO_NAMESPACE, Namespaces, Process, Wildcard,
};
use crate::schema::simple::SimpleId;
use crate::xml::XML_NAMESPACE;

/// What a type says about attributes.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    pub(super) uses: Vec<Attribute>,
    /// Names that a restriction takes away.
    pub(super) prohibited: Vec<(u32, Box<str>)>,
    pub(super) wildcard: Option<Wildcard>,
}

/// The attributes that the namespace `xml` has without any schema.
const XML_ATTRIBUTES: [(&str, &str); 4] =
    [("lang", "language"), ("space", "NCName"), ("base", "anyURI"), ("id", "ID")];

impl<'s> Compiler<'s, '_> {
    /// The attributes declared directly below `site`, groups expanded.
    pub(super) fn attributes(&mut self, site: Site<'s>) -> Attributes {
        let mut found = Attributes::default();
        self.collect_attributes(site, &mut found);
        for (index, one) in found.uses.iter().enumerate() {
            let same = |other: &&Attribute| other.namespace == one.namespace && other.local == one.local;
            if found.uses.iter().skip(index + 1).any(|other| same(&other)) {
                self.error(
                    site,
                    LoadErrorKind::SameMember {
                        member: one.local.to_string(),
                        other: "another attribute".into(),
                    },
                );
            }
        }
        if found.uses.iter().filter(|a| self.is_id(a.of)).count() > 1 {
            self.error(
                site,
                LoadErrorKind::BadValue { value: "two attributes".into(), wanted: "one of type ID" },
            );
        }
        found
    }

    fn collect_attributes(&mut self, site: Site<'s>, found: &mut Attributes) {
        for child in children(site) {
            match child.node.tag_name().name() {
                "attribute" => self.attribute_use(child, found),
                "attributeGroup" => self.attribute_group(child, found),
                "anyAttribute" => {
                    let own = self.wildcard(child);
                    found.wildcard = match found.wildcard.take() {
                        None => Some(own),
                        Some(other) => self.intersection(child, own, &other),
                    };
                }
                _ => {}
            }
        }
    }

    fn attribute_group(&mut self, site: Site<'s>, found: &mut Attributes) {
        let Some(reference) = site.node.attribute("ref") else {
            return self.error(site, LoadErrorKind::Incomplete("ref"));
        };
        let Some(name) = self.qname(site, reference) else { return };
        let Some(group) = self.global(site, Space::AttributeGroup, &name) else { return };
        let key = (group.unit, group.node.id());
        if self.open_groups.contains(&key) {
            return self.error(site, LoadErrorKind::Circular);
        }
        self.open_groups.push(key);
        self.collect_attributes(group, found);
        self.open_groups.pop();
    }

    fn attribute_use(&mut self, site: Site<'s>, found: &mut Attributes) {
        let Some(mut attribute) = self.attribute(site) else { return };
        match site.node.attribute("use").map(str::trim) {
            None | Some("optional") => {}
            Some("required") => attribute.required = true,
            Some("prohibited") => {
                found.prohibited.push((attribute.namespace, attribute.local));
                return;
            }
            Some(other) => return self.bad_value(site, other, "optional, required or prohibited"),
        }
        if attribute.required && matches!(attribute.constraint, Constraint::Default(_)) {
            let use_ = site.node.attribute("use").unwrap_or_default();
            self.bad_value(site, use_, "optional, where there is a default");
        }
        found.uses.push(attribute);
    }

    fn attribute(&mut self, site: Site<'s>) -> Option<Attribute> {
        let own = self.constraint(site);
        if let Some(reference) = site.node.attribute("ref") {
            let name = self.qname(site, reference)?;
            let namespace = self.namespace(&name.0);
            let global = self.attribute_global(site, &name)?;
            // A use may fix what its declaration left open, not change what that fixed.
            let constraint = match (own, global.constraint) {
                (Constraint::None, global) => global,
                (own, _) => own,
            };
            let local = name.1.into();
            self.check_constraint(site, global.of, &constraint);
            return Some(Attribute { namespace, local, of: global.of, constraint, ..Attribute::default() });
        }
        let Some(name) = site.node.attribute("name") else {
            return self.refuse(site, LoadErrorKind::Incomplete("name"));
        };
        let qualified = match site.node.attribute("form") {
            None => self.units.get(site.unit).is_some_and(|u| u.attributes_qualified),
            Some(form) => form == "qualified",
        };
        let target = self.unit_target(site);
        let namespace = if qualified { self.namespace(&target) } else { 0 };
        let of = self.attribute_type(site)?;
        self.check_constraint(site, of, &own);
        Some(Attribute { namespace, local: name.into(), of, constraint: own, ..Attribute::default() })
    }

    fn attribute_type(&mut self, site: Site<'s>) -> Option<SimpleId> {
        let inline = children(site).next();
        match (site.node.attribute("type"), inline) {
            (Some(named), None) => self.simple_named(site, named),
            (None, Some(inline)) => self.simple_type(inline),
            (None, None) => Some(ANY_SIMPLE_TYPE),
            (Some(_), Some(inline)) => self.refuse(inline, LoadErrorKind::Misplaced),
        }
    }

    /// The global attribute of that name.
    fn attribute_global(&mut self, site: Site<'s>, name: &(String, String)) -> Option<AttributeGlobal> {
        if name.0 == XML_NAMESPACE {
            let builtin = XML_ATTRIBUTES.iter().find(|(local, _)| *local == name.1);
            let of = builtin.and_then(|(_, of)| self.builtin_known(of));
            return match of {
                Some(of) => Some(AttributeGlobal { of, constraint: Constraint::None }),
                None => {
                    let name = format!("xml:{}", name.1);
                    self.refuse(site, LoadErrorKind::Unresolved { what: "attribute", name })
                }
            };
        }
        let global = self.global(site, Space::Attribute, name)?;
        self.global_attribute(global)
    }

    /// What a global `attribute` construct declares.
    pub(super) fn global_attribute(&mut self, site: Site<'s>) -> Option<AttributeGlobal> {
        let of = self.attribute_type(site)?;
        let constraint = self.constraint(site);
        Some(AttributeGlobal { of, constraint })
    }

    /// A default or fixed value must be one of the type (part 1 §3.2.6).
    pub(super) fn check_constraint(&mut self, site: Site<'_>, of: SimpleId, constraint: &Constraint) {
        let (Constraint::Default(value) | Constraint::Fixed(value)) = constraint else { return };
        if self.value(site, of, value).is_none() {
            self.bad_value(site, value, "a value of the type");
        }
    }

    /// Wildcards of several attribute groups admit what all of them admit (part 1 §3.10.6).
    fn intersection(&mut self, site: Site<'_>, one: Wildcard, other: &Wildcard) -> Option<Wildcard> {
        let process = one.process;
        let namespaces = match (&one.namespaces, &other.namespaces) {
            (a, b) if a == b => a.clone(),
            (Namespaces::Any, b) => b.clone(),
            (a, Namespaces::Any) => a.clone(),
            (Namespaces::Listed(list), _) => {
                Namespaces::Listed(list.iter().copied().filter(|n| other.admits(*n)).collect())
            }
            (_, Namespaces::Listed(list)) => {
                Namespaces::Listed(list.iter().copied().filter(|n| one.admits(*n)).collect())
            }
            (Namespaces::Other(NO_NAMESPACE), other) | (other, Namespaces::Other(NO_NAMESPACE)) => {
                other.clone()
            }
            (Namespaces::Other(_), Namespaces::Other(_)) => {
                return self.refuse(site, LoadErrorKind::NoSuchWildcard);
            }
        };
        Some(Wildcard { namespaces, process })
    }

    /// The wildcard of an extension admits what it or its base admits (part 1 §3.4.2).
    pub(super) fn union(
        &mut self,
        site: Site<'_>,
        own: Option<Wildcard>,
        base: Option<Wildcard>,
    ) -> Option<Wildcard> {
        let (own, base) = match (own, base) {
            (Some(own), Some(base)) => (own, base),
            (one, other) => return one.or(other),
        };
        let namespaces = match (&own.namespaces, &base.namespaces) {
            (a, b) if a == b => a.clone(),
            (Namespaces::Any, _) | (_, Namespaces::Any) => Namespaces::Any,
            (Namespaces::Listed(a), Namespaces::Listed(b)) => {
                Namespaces::Listed(a.iter().chain(b).copied().collect())
            }
            (Namespaces::Other(not), Namespaces::Listed(list))
            | (Namespaces::Listed(list), Namespaces::Other(not))
                if list.contains(not) && list.contains(&NO_NAMESPACE) =>
            {
                Namespaces::Any
            }
            (Namespaces::Other(not), Namespaces::Listed(list))
            | (Namespaces::Listed(list), Namespaces::Other(not))
                if !list.contains(not) && !list.contains(&NO_NAMESPACE) =>
            {
                Namespaces::Other(*not)
            }
            // Any namespace, and not none.
            (Namespaces::Other(_), Namespaces::Other(_)) => Namespaces::Other(NO_NAMESPACE),
            (Namespaces::Other(_), Namespaces::Listed(list))
            | (Namespaces::Listed(list), Namespaces::Other(_))
                if !list.contains(&NO_NAMESPACE) =>
            {
                Namespaces::Other(NO_NAMESPACE)
            }
            _ => return self.refuse(site, LoadErrorKind::NoSuchWildcard),
        };
        Some(Wildcard {
            namespaces,
            process: if own.process == Process::Skip { Process::Skip } else { own.process },
        })
    }
}
