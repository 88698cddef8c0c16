//! `simpleType`: restriction, list, union, and the built-in types.

use super::builtin::{self, Kind};
use super::{Compiler, Site, children};
use crate::schema::datatype::{Primitive, Value};
use crate::schema::load_error::LoadErrorKind;
use crate::schema::plan::{ANY_SIMPLE_TYPE, TypeId};
use crate::schema::simple::{Bound, Facets, Role, Simple, SimpleId, Space, Variety};
use crate::schema::table::index;

impl<'s> Compiler<'s, '_> {
    /// A built-in simple type by its local name.
    pub(super) fn builtin(&mut self, site: Site<'_>, name: &str) -> Option<SimpleId> {
        if name == "anySimpleType" {
            return Some(ANY_SIMPLE_TYPE);
        }
        let found = self.builtin_known(name);
        if found.is_none() {
            let kind = if matches!(name, "NOTATION" | "ENTITY" | "ENTITIES") {
                LoadErrorKind::NeedsDtd
            } else {
                LoadErrorKind::Unresolved { what: "built-in type", name: name.to_owned() }
            };
            self.error(site, kind);
        }
        found
    }

    pub(super) fn builtin_known(&mut self, name: &str) -> Option<SimpleId> {
        if name == "anySimpleType" {
            return Some(ANY_SIMPLE_TYPE);
        }
        if let Some(id) = self.builtin_ids.get(name) {
            return Some(*id);
        }
        let found = builtin::find(name)?;
        let base = self.builtin_known(found.base)?;
        let mut facets = Facets::default();
        let variety = match found.kind {
            Kind::Atomic(primitive, lexical, role) => {
                let bound = |text: Option<&str>| {
                    let value = primitive.value(text?, &|_| None)?;
                    Some(Bound { value, inclusive: true, written: text?.into() })
                };
                facets.min = bound(found.min);
                facets.max = bound(found.max);
                Variety::Atomic { primitive, lexical, role }
            }
            Kind::List(item) => {
                facets.min_length = Some(1);
                Variety::List(self.builtin_known(item)?)
            }
        };
        let name = found.name.into();
        let base = Some(TypeId::Simple(base));
        let simple = Simple { name, variety, space: found.space, facets, base, ..Simple::default() };
        let id = self.push_simple(simple);
        self.builtin_ids.insert(found.name, id);
        Some(id)
    }

    pub(super) fn push_simple(&mut self, mut simple: Simple) -> SimpleId {
        let parts: &[SimpleId] = match &simple.variety {
            Variety::Any => &[],
            Variety::Atomic { primitive, role, .. } => {
                simple.has_names = *primitive == Primitive::QName;
                simple.has_identities = *role != Role::None;
                &[]
            }
            Variety::List(item) => std::slice::from_ref(item),
            Variety::Union(members) => members,
        };
        let parts = parts.iter().filter_map(|id| self.simples.get(*id as usize));
        let (names, identities) =
            parts.fold((false, false), |(n, i), part| (n | part.has_names, i | part.has_identities));
        simple.has_names |= names;
        simple.has_identities |= identities;
        simple.is_free = simple.facets.is_empty() && simple.variety.is_text();
        self.simples.push(simple);
        index(self.simples.len() - 1)
    }

    pub(super) fn simple(&self, id: SimpleId) -> Simple {
        self.simples.get(id as usize).cloned().unwrap_or_default()
    }

    /// The type that a `simpleType` construct defines.
    pub(super) fn simple_type(&mut self, site: Site<'s>) -> Option<SimpleId> {
        let key = (site.unit, site.node.id());
        match self.simple_ids.get(&key) {
            Some(Some(id)) => return Some(*id),
            Some(None) => return self.refuse(site, LoadErrorKind::Circular),
            None => {}
        }
        self.simple_ids.insert(key, None);
        let simple = self.define_simple(site);
        match simple {
            Some(simple) => {
                let id = self.push_simple(simple);
                self.simple_ids.insert(key, Some(id));
                Some(id)
            }
            None => {
                // One error is enough: whoever refers to the type again goes on as if it held any text.
                self.simple_ids.insert(key, Some(ANY_SIMPLE_TYPE));
                None
            }
        }
    }

    fn define_simple(&mut self, site: Site<'s>) -> Option<Simple> {
        let name = site.node.attribute("name").unwrap_or_default();
        let Some(how) = children(site).next() else {
            return self.refuse(site, LoadErrorKind::Incomplete("restriction, list or union"));
        };
        match how.node.tag_name().name() {
            "restriction" => {
                let base = self.type_or_inline(how, "base")?;
                self.restrict(how, base, name)
            }
            "list" => {
                let item = self.type_or_inline(how, "itemType")?;
                if matches!(self.simple(item).variety, Variety::List(_)) {
                    self.bad_value(
                        how,
                        how.node.attribute("itemType").unwrap_or_default(),
                        "not itself a list",
                    );
                }
                Some(Simple {
                    name: name.into(),
                    variety: Variety::List(item),
                    space: Space::Collapse,
                    base: Some(TypeId::Simple(ANY_SIMPLE_TYPE)),
                    ..Simple::default()
                })
            }
            _ => {
                let mut members = Vec::new();
                for member in how.node.attribute("memberTypes").unwrap_or_default().split_whitespace() {
                    members.push(self.simple_named(how, member)?);
                }
                for inline in children(how) {
                    members.push(self.simple_type(inline)?);
                }
                if members.is_empty() {
                    return self.refuse(how, LoadErrorKind::Incomplete("memberTypes"));
                }
                Some(Simple {
                    name: name.into(),
                    variety: Variety::Union(members.into()),
                    base: Some(TypeId::Simple(ANY_SIMPLE_TYPE)),
                    ..Simple::default()
                })
            }
        }
    }

    /// The simple type that an attribute names or a child defines: one of the two.
    fn type_or_inline(&mut self, site: Site<'s>, attribute: &'static str) -> Option<SimpleId> {
        let inline = children(site).find(|c| c.node.tag_name().name() == "simpleType");
        match (site.node.attribute(attribute), inline) {
            (Some(name), None) => self.simple_named(site, name),
            (None, Some(inline)) => self.simple_type(inline),
            (Some(_), Some(inline)) => self.refuse(inline, LoadErrorKind::Misplaced),
            (None, None) => self.refuse(site, LoadErrorKind::Incomplete(attribute)),
        }
    }

    pub(super) fn simple_named(&mut self, site: Site<'_>, name: &str) -> Option<SimpleId> {
        match self.type_named(site, name)? {
            TypeId::Simple(id) => Some(id),
            TypeId::Complex(_) => {
                self.bad_value(site, name, "a simple type");
                None
            }
        }
    }

    /// What `site`, a `restriction`, makes of a simple type.
    pub(super) fn restrict(&mut self, site: Site<'s>, base: SimpleId, name: &str) -> Option<Simple> {
        let mut simple = self.simple(base);
        simple.base = Some(TypeId::Simple(base));
        simple.name = name.into();
        self.facets(site, base, &mut simple);
        Some(simple)
    }

    /// The value that a text in the schema stands for, as a value of `of`.
    pub(super) fn value(&mut self, site: Site<'_>, of: SimpleId, text: &str) -> Option<Value> {
        let resolve = |prefix: &str| {
            let prefix = (!prefix.is_empty()).then_some(prefix);
            match site.node.lookup_namespace_uri(prefix) {
                Some(namespace) => Some(namespace.to_owned()),
                None => prefix.is_none().then(String::new),
            }
        };
        let simple = self.simples.get(of as usize)?;
        simple.check(&self.simples, text, &resolve).ok()?;
        simple.value(&self.simples, text, &resolve)
    }

    /// Whether the values of a type name one another.
    pub(super) fn is_id(&self, id: SimpleId) -> bool {
        matches!(self.simple(id).variety, Variety::Atomic { role: Role::Id, .. })
    }
}
