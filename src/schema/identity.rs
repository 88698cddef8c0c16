//! Identity constraints (XSD part 1 §3.11): `unique`, `key` and `keyref`, with the paths that select what they
//! compare.

use super::plan::{IdentityId, NamespaceId};

/// An identity constraint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Identity {
    pub(crate) name: Box<str>,
    pub(crate) kind: IdentityKind,
    /// What is compared: any of these paths from the element that is the scope.
    pub(crate) selector: Box<[Path]>,
    /// By what: for each field, any of these paths from what was selected.
    pub(crate) fields: Box<[Box<[Path]>]>,
}

/// What the selected elements must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum IdentityKind {
    /// Different where all fields are there.
    #[default]
    Unique,
    /// Different, and all fields there.
    Key,
    /// Equal to one selected by that key.
    KeyRef(IdentityId),
}

/// A path of the small XPath of §3.11.6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// Whether it begins with `.//`.
    pub(crate) anywhere: bool,
    pub(crate) steps: Box<[Test]>,
    pub(crate) attribute: Option<Test>,
}

/// A name, or a wildcard for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    /// `None` for any.
    pub(crate) namespace: Option<NamespaceId>,
    /// `None` for any.
    pub(crate) local: Option<Box<str>>,
}

impl Test {
    pub(crate) fn admits(&self, namespace: NamespaceId, local: &str) -> bool {
        self.namespace.is_none_or(|n| n == namespace) && self.local.as_ref().is_none_or(|l| **l == *local)
    }
}

impl Path {
    /// Whether the path leads down `names`, the elements below where it begins.
    pub(crate) fn leads_down(&self, names: &[(NamespaceId, &str)]) -> bool {
        let skipped = match names.len().checked_sub(self.steps.len()) {
            Some(0) => 0,
            Some(more) if self.anywhere => more,
            _ => return false,
        };
        let rest = names.get(skipped..).unwrap_or_default();
        self.steps.iter().zip(rest).all(|(test, (namespace, local))| test.admits(*namespace, local))
    }
}
