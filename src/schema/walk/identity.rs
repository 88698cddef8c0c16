//! Identity constraints while a document is walked: what is selected, by which values, and whether they are different
//! or known.
//!
//! Nothing of this costs anything where the plan has no constraint. Where it has, only elements inside the scope of
//! one are looked at.

use std::collections::HashMap;

use super::faults::Place;
use super::{Walker, resolve};
use crate::schema::datatype::Value;
use crate::schema::identity::{Identity, IdentityKind, Path};
use crate::schema::plan::{Element, IdentityId, NamespaceId};
use crate::schema::simple::SimpleId;
use crate::schema::sink::Sink;
use crate::schema::violation::{Rule, excerpt};
use crate::xml::{Name, NamespaceIndex};

/// The constraints that are open, and what they have selected.
#[derive(Debug, Default)]
pub(super) struct Identities<'x> {
    /// Names of the open elements, the root first.
    names: Vec<(NamespaceId, &'x str)>,
    scopes: Vec<Scope>,
    targets: Vec<Target>,
    /// Tables of keys whose scope has ended, with the offset at which it began.
    ended: Vec<(IdentityId, usize, Table)>,
}

/// The values met, with the text to show for each.
type Table = HashMap<String, Place>;

/// An open element that constraints are about.
#[derive(Debug)]
struct Scope {
    constraint: IdentityId,
    depth: usize,
    start: usize,
    table: Table,
    /// Of a `keyref`: what must be found.
    wanted: Vec<(String, String, Place)>,
}

/// An open element that a selector has selected.
#[derive(Debug)]
struct Target {
    /// Which of the scopes.
    scope: usize,
    depth: usize,
    place: Place,
    /// For each field its value, as something to compare and as something to show.
    values: Vec<Option<(String, String)>>,
}

impl<'x> Identities<'x> {
    /// Fields of open targets that are the node down `names`, or its attribute.
    fn fields(
        &self,
        plan: &crate::schema::plan::Plan,
        attribute: Option<(NamespaceId, &str)>,
    ) -> Vec<(usize, usize)> {
        let leads = |path: &Path, depth: usize| {
            let names = self.names.get(depth..).unwrap_or_default();
            let ends = match (&path.attribute, attribute) {
                (None, None) => true,
                (Some(test), Some((namespace, local))) => test.admits(namespace, local),
                _ => false,
            };
            ends && path.leads_down(names)
        };
        let mut found = Vec::new();
        for (number, target) in self.targets.iter().enumerate() {
            let Some(scope) = self.scopes.get(target.scope) else { continue };
            let constraint = plan.identities.at(scope.constraint);
            for (field, paths) in constraint.fields.iter().enumerate() {
                if paths.iter().any(|path| leads(path, target.depth)) {
                    found.push((number, field));
                }
            }
        }
        found
    }
}

impl<'d, 'x, S: Sink> Walker<'d, 'x, '_, S> {
    /// An element starts: it may be selected, and it may be a scope.
    pub(super) fn identity_start(&mut self, declared: &Element, name: Name<'x>, start: usize) {
        let namespace = self.namespace(name.namespace);
        let plan = self.plan;
        let Some(open) = &mut self.identities else { return };
        open.names.push((namespace, name.local));
        let depth = open.names.len();
        for (number, scope) in open.scopes.iter().enumerate() {
            let constraint = plan.identities.at(scope.constraint);
            let names = open.names.get(scope.depth..).unwrap_or_default();
            if constraint.selector.iter().any(|path| path.leads_down(names)) {
                let values = vec![None; constraint.fields.len()];
                open.targets.push(Target { scope: number, depth, place: Place::element(start), values });
            }
        }
        for constraint in &declared.identities {
            let number = open.scopes.len();
            let (table, wanted) = (Table::new(), Vec::new());
            open.scopes.push(Scope { constraint: *constraint, depth, start, table, wanted });
            // A selector may be ".", the scope itself.
            let identity = plan.identities.at(*constraint);
            if identity.selector.iter().any(|path| path.leads_down(&[])) {
                let values = vec![None; identity.fields.len()];
                open.targets.push(Target { scope: number, depth, place: Place::element(start), values });
            }
        }
    }

    /// An attribute of the element just started has a valid value.
    pub(super) fn identity_attribute(
        &mut self,
        index: NamespaceIndex,
        local: &str,
        of: SimpleId,
        text: &str,
    ) {
        if self.identities.as_ref().is_none_or(|open| open.targets.is_empty()) {
            return;
        }
        let namespace = if index == NamespaceIndex::NONE { 0 } else { self.namespace(index) };
        let fields = self.identities.as_ref().map(|o| o.fields(self.plan, Some((namespace, local))));
        self.set_fields(fields.unwrap_or_default(), of, text);
    }

    /// The innermost element holds text with a valid value.
    pub(super) fn identity_text(&mut self, of: SimpleId, text: &str) {
        if self.identities.as_ref().is_none_or(|open| open.targets.is_empty()) {
            return;
        }
        let fields = self.identities.as_ref().map(|o| o.fields(self.plan, None)).unwrap_or_default();
        self.set_fields(fields, of, text);
    }

    fn set_fields(&mut self, fields: Vec<(usize, usize)>, of: SimpleId, text: &str) {
        if fields.is_empty() {
            return;
        }
        let simple = self.plan.simples.at(of);
        let named = |prefix: &str| resolve(&self.reader, prefix);
        let Some(value) = simple.value(self.plan.simples.all(), text, &named) else { return };
        let key = comparable(&value);
        for (target, field) in fields {
            let Some(open) = &mut self.identities else { return };
            let Some(target) = open.targets.get_mut(target) else { continue };
            let Some(slot) = target.values.get_mut(field) else { continue };
            if slot.is_some() {
                let place = target.place.clone();
                self.faults.context(&self.reader);
                let words = "a field of an identity constraint is there more than once".to_owned();
                self.faults.raise(place, Rule::Identity, text, "one value", words);
                return;
            }
            *slot = Some((key.clone(), text.to_owned()));
        }
    }

    /// The innermost element ends.
    pub(super) fn identity_end(&mut self) {
        let Some(open) = &mut self.identities else { return };
        let depth = open.names.len();
        while let Some(target) = open.targets.pop_if(|target| target.depth == depth) {
            let Some(scope) = open.scopes.get_mut(target.scope) else { continue };
            let constraint = self.plan.identities.at(scope.constraint);
            let values: Option<Vec<(String, String)>> = target.values.iter().cloned().collect();
            let Some(values) = values else {
                if constraint.kind == IdentityKind::Key {
                    self.faults.context(&self.reader);
                    let words = format!("a part of the key {} is missing", constraint.name);
                    self.faults.raise(target.place, Rule::Identity, "", "all parts of the key", words);
                }
                continue;
            };
            let key: String = values.iter().map(|(key, _)| format!("{}:{key}", key.len())).collect();
            let shown = values.iter().map(|(_, shown)| excerpt(shown)).collect::<Vec<_>>().join(", ");
            match constraint.kind {
                IdentityKind::KeyRef(_) => scope.wanted.push((key, shown, target.place)),
                IdentityKind::Key | IdentityKind::Unique if scope.table.contains_key(&key) => {
                    self.faults.context(&self.reader);
                    let words = format!("\"{shown}\" is given twice ({})", constraint.name);
                    self.faults.raise(target.place, Rule::Identity, &shown, "a value given once", words);
                }
                IdentityKind::Key | IdentityKind::Unique => {
                    scope.table.insert(key, target.place);
                }
            }
        }
        let mut references = Vec::new();
        while let Some(scope) = open.scopes.pop_if(|scope| scope.depth == depth) {
            match self.plan.identities.at(scope.constraint).kind {
                IdentityKind::KeyRef(_) => references.push(scope),
                _ => open.ended.push((scope.constraint, scope.start, scope.table)),
            }
        }
        for scope in references {
            let constraint: &Identity = self.plan.identities.at(scope.constraint);
            let IdentityKind::KeyRef(key) = constraint.kind else { continue };
            // Keys of the same element and of those inside it (§3.11.4).
            let tables = open.ended.iter().filter(|(of, start, _)| *of == key && *start >= scope.start);
            let tables: Vec<&Table> = tables.map(|(_, _, table)| table).collect();
            for (wanted, shown, place) in scope.wanted {
                if !tables.iter().any(|table| table.contains_key(&wanted)) {
                    self.faults.context(&self.reader);
                    let words = format!("\"{shown}\" refers to nothing ({})", constraint.name);
                    self.faults.raise(place, Rule::Identity, &shown, "a value that the key has", words);
                }
            }
        }
        open.names.pop();
        if open.scopes.is_empty() {
            open.ended.clear();
        }
    }
}

/// A text that is equal for equal values, and for no others of one type.
fn comparable(value: &Value) -> String {
    format!("{value:?}")
}
