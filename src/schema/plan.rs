//! The compiled form of one entry schema and all it pulls in: flat tables of elements, types and content models.
//!
//! Everything a document needs while it is walked is here and ready: names to compare, JSON keys to copy, tags to
//! write. Ids are positions in the tables.

use std::collections::HashMap;

use super::identity::Identity;
use super::load_error::LoadError;
use super::model::Model;
use super::simple::{Simple, SimpleId, Variety};
use super::table::Table;

/// The number of an element declaration in its plan.
pub(crate) type ElementId = u32;
/// The number of a complex type in its plan.
pub(crate) type ComplexId = u32;
/// The number of an identity constraint in its plan.
pub(crate) type IdentityId = u32;
/// The number of a namespace in its plan.
pub(crate) type NamespaceId = u32;
/// The number of a member within its type.
pub(crate) type MemberId = u16;

/// No namespace.
pub(crate) const NO_NAMESPACE: NamespaceId = 0;
/// A namespace that the plan does not know.
pub(crate) const UNKNOWN_NAMESPACE: NamespaceId = NamespaceId::MAX;
/// The complex type `anyType` of every plan.
pub(crate) const ANY_TYPE: ComplexId = 0;
/// The simple type `anySimpleType` of every plan.
pub(crate) const ANY_SIMPLE_TYPE: SimpleId = 0;

/// One compiled entry schema.
#[derive(Debug, Default, Clone)]
pub(crate) struct Plan {
    /// Namespace names; index 0 is "none".
    pub(crate) namespaces: Vec<Box<str>>,
    /// The prefix under which each namespace is written; elements of the default namespace need none.
    pub(crate) prefixes: Vec<Box<str>>,
    /// The namespace of elements that are written without prefix.
    pub(crate) default_namespace: NamespaceId,
    pub(crate) elements: Table<Element>,
    pub(crate) complexes: Table<Complex>,
    pub(crate) simples: Table<Simple>,
    pub(crate) identities: Table<Identity>,
    /// Global elements, for wildcards and for finding a root.
    pub(crate) global_elements: HashMap<(NamespaceId, Box<str>), ElementId>,
    /// Global attributes, for wildcards.
    pub(crate) global_attributes: HashMap<(NamespaceId, Box<str>), AttributeGlobal>,
    /// Global types and built-in ones, for `xsi:type`.
    pub(crate) global_types: HashMap<(NamespaceId, Box<str>), TypeId>,
}

/// A type of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TypeId {
    Simple(SimpleId),
    Complex(ComplexId),
}

/// An element declaration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Element {
    pub(crate) namespace: NamespaceId,
    pub(crate) local: Box<str>,
    pub(crate) of: TypeId,
    pub(crate) nillable: bool,
    pub(crate) is_abstract: bool,
    /// Whether `xsi:type` may name a type derived by extension, by restriction.
    pub(crate) block: Derivations,
    pub(crate) constraint: Constraint,
    /// The identity constraints whose scope the element is.
    pub(crate) identities: Box<[IdentityId]>,
    /// `<name`, prefix included, as it is written on the way from JSON.
    pub(crate) opening: Box<str>,
    /// `</name>`.
    pub(crate) closing: Box<str>,
    /// Whether it goes to JSON as it stands, as a string of XML.
    pub(crate) carried: bool,
    /// Why its text cannot be carried to JSON and back.
    pub(crate) obstacle: Option<Box<LoadError>>,
}

/// Ways of deriving a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Derivations {
    pub(crate) extension: bool,
    pub(crate) restriction: bool,
    pub(crate) substitution: bool,
}

/// `default` and `fixed`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Constraint {
    #[default]
    None,
    Default(Box<str>),
    Fixed(Box<str>),
}

/// A complex type.
#[derive(Debug, Default, Clone)]
pub(crate) struct Complex {
    pub(crate) is_abstract: bool,
    pub(crate) block: Derivations,
    pub(crate) base: Option<(TypeId, Derivations)>,
    pub(crate) mixed: bool,
    pub(crate) content: Content,
    pub(crate) attributes: Box<[Attribute]>,
    pub(crate) any_attribute: Option<Wildcard>,
    /// What the type's JSON object may hold: attributes, then children in the order in which XML wants them.
    pub(crate) members: Box<[Member]>,
    /// The member that holds the text of simple content.
    pub(crate) value_member: MemberId,
    /// Why the type cannot be carried to JSON and back.
    pub(crate) obstacles: Vec<LoadError>,
}

/// What may stand between the tags.
#[derive(Debug, Default, Clone)]
pub(crate) enum Content {
    #[default]
    Empty,
    Simple(SimpleId),
    Elements(Box<Model>),
}

/// An attribute that a type allows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attribute {
    pub(crate) namespace: NamespaceId,
    pub(crate) local: Box<str>,
    pub(crate) of: SimpleId,
    pub(crate) required: bool,
    pub(crate) constraint: Constraint,
    pub(crate) member: MemberId,
    /// ` name="`, prefix included, as it is written on the way from JSON.
    pub(crate) opening: Box<str>,
}

/// A global attribute, as a wildcard finds it.
#[derive(Debug, Clone)]
pub(crate) struct AttributeGlobal {
    pub(crate) of: SimpleId,
    pub(crate) constraint: Constraint,
}

/// `any` and `anyAttribute`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wildcard {
    pub(crate) namespaces: Namespaces,
    pub(crate) process: Process,
}

/// The namespaces that a wildcard admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Namespaces {
    Any,
    /// Some namespace, and not this one.
    Other(NamespaceId),
    Listed(Vec<NamespaceId>),
}

/// What a wildcard does with what it admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    Strict,
    Lax,
    Skip,
}

/// A member of a JSON object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Member {
    pub(crate) name: Box<str>,
    /// `"name":`, ready to copy.
    pub(crate) key: Box<[u8]>,
    /// Whether it is an array.
    pub(crate) repeated: bool,
    pub(crate) kind: MemberKind,
    /// The expanded name of the child; of no use for the others.
    pub(crate) namespace: NamespaceId,
    pub(crate) local: Box<str>,
}

/// What a member stands for in XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum MemberKind {
    /// The attribute at this position of the type's attributes.
    Attribute(u16),
    #[default]
    Child,
    /// The text of simple content.
    Value,
}

impl Default for TypeId {
    fn default() -> Self {
        Self::Complex(ANY_TYPE)
    }
}

impl Constraint {
    /// The value that an element or attribute without one of its own has.
    pub(crate) fn value(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Default(value) | Self::Fixed(value) => Some(value),
        }
    }
}

impl Element {
    /// Whether the schema declares it: one without a name stands for what a wildcard lets in undeclared.
    pub(crate) fn is_declared(&self) -> bool {
        !self.local.is_empty()
    }
}

impl Plan {
    /// The number of a namespace name, [`UNKNOWN_NAMESPACE`] where no schema of the plan has it.
    pub(crate) fn namespace(&self, name: &str) -> NamespaceId {
        let found = self.namespaces.iter().position(|known| **known == *name);
        found.map_or(UNKNOWN_NAMESPACE, super::table::index)
    }

    /// The name of a namespace.
    pub(crate) fn namespace_name(&self, id: NamespaceId) -> &str {
        self.namespaces.get(id as usize).map_or("", |name| name)
    }

    /// The simple type of the text of elements of a type, where they hold text.
    pub(crate) fn text_of(&self, of: TypeId) -> Option<SimpleId> {
        match of {
            TypeId::Simple(id) => Some(id),
            TypeId::Complex(id) => match self.complexes.at(id).content {
                Content::Simple(id) => Some(id),
                Content::Empty | Content::Elements(_) => None,
            },
        }
    }

    /// Whether `derived` is `base` or derives from it by ways that are not blocked. What derives from a member of a
    /// union derives from the union (part 1 §3.14.6, Type Derivation OK (Simple), 2.2.4).
    pub(crate) fn derives(&self, derived: TypeId, base: TypeId, block: Derivations) -> bool {
        let of_member = |id| !block.restriction && self.derives_from_member(derived, id, block);
        self.descends(derived, base, block) || matches!(base, TypeId::Simple(id) if of_member(id))
    }

    /// A union among the members of a union is not itself one of them: its members are (§3.14.2).
    fn derives_from_member(&self, derived: TypeId, union: SimpleId, block: Derivations) -> bool {
        let Variety::Union(members) = &self.simples.at(union).variety else { return false };
        members.iter().any(|member| match self.simples.at(*member).variety {
            Variety::Union(_) => self.derives_from_member(derived, *member, block),
            _ => self.descends(derived, TypeId::Simple(*member), block),
        })
    }

    /// As [`Plan::derives`], along the chain of base types alone.
    fn descends(&self, derived: TypeId, base: TypeId, block: Derivations) -> bool {
        let mut at = derived;
        // No chain is longer than the plan has types; a longer one would be a circle.
        for _ in 0..=self.complexes.all().len() + self.simples.all().len() {
            if at == base {
                return true;
            }
            let step = match at {
                TypeId::Complex(ANY_TYPE) => return false,
                TypeId::Complex(id) => self.complexes.at(id).base,
                TypeId::Simple(id) => self
                    .simples
                    .at(id)
                    .base
                    .map(|base| (base, Derivations { restriction: true, ..Derivations::default() })),
            };
            let Some((next, how)) = step else { return base == TypeId::Complex(ANY_TYPE) };
            if (how.extension && block.extension) || (how.restriction && block.restriction) {
                return false;
            }
            at = next;
        }
        false
    }
}

impl Complex {
    /// Whether the JSON of an element of this type is a plain string: text and nothing else.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.content, Content::Simple(_))
            && self.attributes.is_empty()
            && self.any_attribute.is_none()
    }
}

impl Wildcard {
    /// Whether it admits a namespace.
    pub(crate) fn admits(&self, namespace: NamespaceId) -> bool {
        match &self.namespaces {
            Namespaces::Any => true,
            Namespaces::Other(not) => namespace != *not && namespace != NO_NAMESPACE,
            Namespaces::Listed(listed) => listed.contains(&namespace),
        }
    }

    /// Whether some namespace is admitted by both.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (&self.namespaces, &other.namespaces) {
            (Namespaces::Listed(listed), _) => listed.iter().any(|n| other.admits(*n)),
            (_, Namespaces::Listed(listed)) => listed.iter().any(|n| self.admits(*n)),
            _ => true,
        }
    }
}
