//! Prefix to namespace, by scope.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{XmlErrorKind, characters};

/// The namespace that the prefix `xml` is bound to, always.
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of `xsi:nil`, `xsi:type` and `xsi:schemaLocation`.
pub const XSI_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

/// Greatest number of namespace names in one document. Each new one is compared with all before it, so that without a
/// bound a document could buy quadratic time; real messages have a dozen.
const MOST_NAMES: usize = 256;

/// Greatest number of namespace declarations in force at one place: every prefix is sought among them.
const MOST_BINDINGS: usize = 512;

/// A namespace of one [`Reader`](super::Reader): two names are in one namespace when their indexes are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NamespaceIndex(u32);

impl NamespaceIndex {
    /// No namespace.
    pub const NONE: Self = Self(0);
    /// [`XML_NAMESPACE`].
    pub const XML: Self = Self(1);

    /// A small number, dense from 0: fit to index a table of the caller's.
    #[must_use]
    pub fn as_usize(self) -> usize {
        self.0 as usize
    }
}

/// A prefix in scope and its namespace; the empty prefix is the default namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding<'x> {
    /// The prefix, empty for the default namespace.
    pub prefix: &'x str,
    /// The namespace name, empty where the default namespace was undone.
    pub namespace: Cow<'x, str>,
}

/// The bindings in scope while a document is read.
#[derive(Debug)]
pub(super) struct Scopes<'x> {
    /// Every namespace name met, in order of appearance; index 0 is "none", 1 is `xml`.
    names: Vec<Cow<'x, str>>,
    /// Prefix, namespace, depth of the element that declared it.
    bindings: Vec<(&'x str, NamespaceIndex, usize)>,
    /// The namespace of the empty prefix, which nearly every element asks for.
    default: NamespaceIndex,
}

impl<'x> Scopes<'x> {
    pub(super) fn new() -> Self {
        Self {
            names: vec![Cow::Borrowed(""), Cow::Borrowed(XML_NAMESPACE)],
            bindings: Vec::with_capacity(8),
            default: NamespaceIndex::NONE,
        }
    }

    pub(super) fn name(&self, index: NamespaceIndex) -> &str {
        self.names.get(index.as_usize()).map_or("", |name| name)
    }

    fn intern(&mut self, namespace: Cow<'x, str>) -> Result<NamespaceIndex, XmlErrorKind> {
        let index = match self.names.iter().position(|known| *known == namespace) {
            Some(index) => index,
            None if self.names.len() >= MOST_NAMES => {
                return Err(XmlErrorKind::TooLarge { what: "namespaces", limit: MOST_NAMES });
            }
            None => {
                self.names.push(namespace);
                self.names.len() - 1
            }
        };
        Ok(NamespaceIndex(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// Declares `prefix` (empty: the default namespace) for the element at `depth`, with the constraints of
    /// Namespaces in XML 1.0 §3 and §5.
    pub(super) fn declare(
        &mut self,
        prefix: &'x str,
        namespace: Cow<'x, str>,
        depth: usize,
    ) -> Result<(), XmlErrorKind> {
        let refused = || XmlErrorKind::BadNamespaceDeclaration(format!("xmlns:{prefix}"));
        if !prefix.is_empty() && !characters::is_ncname(prefix) {
            return Err(XmlErrorKind::BadName(format!("xmlns:{prefix}")));
        }
        let reserved = match prefix {
            "xmlns" => return Err(refused()),
            "xml" => namespace != XML_NAMESPACE,
            "" => namespace == XML_NAMESPACE,
            _ => namespace.is_empty() || namespace == XML_NAMESPACE,
        };
        if reserved || namespace == XMLNS_NAMESPACE {
            return Err(refused());
        }
        if self.bindings.iter().rev().take_while(|b| b.2 == depth).any(|b| b.0 == prefix) {
            return Err(XmlErrorKind::DuplicateAttribute(format!("xmlns:{prefix}")));
        }
        if self.bindings.len() >= MOST_BINDINGS {
            let what = "namespace declarations in force";
            return Err(XmlErrorKind::TooLarge { what, limit: MOST_BINDINGS });
        }
        let index = self.intern(namespace)?;
        self.bindings.push((prefix, index, depth));
        if prefix.is_empty() {
            self.default = index;
        }
        Ok(())
    }

    /// Forgets what the element at `depth` declared.
    pub(super) fn leave(&mut self, depth: usize) {
        while let Some((prefix, _, _)) = self.bindings.pop_if(|b| b.2 >= depth) {
            if prefix.is_empty() {
                let outer = self.bindings.iter().rev().find(|b| b.0.is_empty());
                self.default = outer.map_or(NamespaceIndex::NONE, |b| b.1);
            }
        }
    }

    /// The namespace of an element without prefix.
    pub(super) fn default_namespace(&self) -> NamespaceIndex {
        self.default
    }

    /// The namespace of an element's prefix (empty: the default namespace); `None` where it is not declared.
    pub(super) fn resolve(&self, prefix: &str) -> Option<NamespaceIndex> {
        if prefix.is_empty() {
            return Some(self.default);
        }
        match self.bindings.iter().rev().find(|b| b.0 == prefix) {
            Some(binding) => Some(binding.1),
            None if prefix == "xml" => Some(NamespaceIndex::XML),
            None => None,
        }
    }

    /// The bindings in force, innermost declaration of each prefix only.
    pub(super) fn in_force(&self) -> Vec<Binding<'x>> {
        let mut seen: Vec<Binding<'x>> = Vec::new();
        self.each_in_force(|prefix, index| {
            let namespace = self.names.get(index.as_usize()).cloned().unwrap_or_default();
            seen.push(Binding { prefix, namespace });
        });
        seen.reverse();
        seen
    }

    /// The same, from the innermost out.
    pub(super) fn each_in_force(&self, mut with: impl FnMut(&'x str, NamespaceIndex)) {
        let mut seen = HashSet::new();
        for (prefix, index, _) in self.bindings.iter().rev() {
            if seen.insert(*prefix) {
                with(prefix, *index);
            }
        }
    }

    /// What the element at `depth`, the innermost, declares.
    pub(super) fn each_declared(&self, depth: usize, mut with: impl FnMut(&'x str, NamespaceIndex)) {
        for (prefix, index, _) in self.bindings.iter().rev().take_while(|b| b.2 == depth) {
            with(prefix, *index);
        }
    }
}
