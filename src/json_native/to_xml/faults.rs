//! Violations of a JSON document while they are collected: a JSON Pointer for programs, an XPath for people.

use crate::json_native::tape::Value;
use crate::schema::lines::Lines;
use crate::schema::member_name;
use crate::schema::plan::{Member, MemberKind};
use crate::schema::violation::{MOST, Rule, Violation, excerpt, say_if_unfinished};

/// A step from a value to one inside it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'d> {
    Member(&'d Member),
    /// A child by its XML name.
    Child(&'d str),
    Item(usize),
    /// A member that stands for no part of the element.
    Own(&'static str),
}

/// Where something is wrong.
#[derive(Debug, Clone)]
pub(super) struct Place {
    offset: usize,
    pointer: String,
    xpath: String,
}

/// What was found so far, and where the builder stands.
#[derive(Debug)]
pub(super) struct Faults<'d> {
    root: &'d str,
    path: Vec<Step<'d>>,
    raised: Vec<Raised>,
}

#[derive(Debug)]
struct Raised {
    place: Place,
    rule: Rule,
    seen: String,
    expected: String,
    words: String,
}

impl<'d> Faults<'d> {
    pub(super) fn new(root: &'d str) -> Self {
        Self { root, path: Vec::with_capacity(16), raised: Vec::new() }
    }

    pub(super) fn enter(&mut self, step: Step<'d>) {
        self.path.push(step);
    }

    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// Does `report` as if it stood at the object around the present member or item.
    pub(super) fn outside(&mut self, report: impl FnOnce(&mut Self)) {
        let depth = match self.path.last() {
            Some(Step::Item(_)) => self.path.len().saturating_sub(2),
            _ => self.path.len().saturating_sub(1),
        };
        let inner = self.path.split_off(depth);
        report(self);
        self.path.extend(inner);
    }

    pub(super) fn place(&self, value: Value<'_, '_>) -> Place {
        Place { offset: value.offset(), pointer: self.pointer(), xpath: self.xpath() }
    }

    pub(super) fn raise(
        &mut self,
        value: Value<'_, '_>,
        rule: Rule,
        seen: &str,
        expected: &str,
        words: String,
    ) {
        if !self.is_full() {
            let place = self.place(value);
            self.raise_at(place, rule, seen, expected, words);
        }
    }

    /// Whether nothing more is told.
    pub(super) fn is_full(&self) -> bool {
        self.raised.len() >= MOST
    }

    /// About a member that the present type does not have, by its key.
    pub(super) fn raise_below(
        &mut self,
        key: Value<'_, '_>,
        name: &str,
        rule: Rule,
        expected: &str,
        words: String,
    ) {
        let mut place = self.place(key);
        place.pointer.push('/');
        place.pointer.push_str(&escaped(name));
        let words = format!("{}: {words}", excerpt(name));
        self.raise_at(place, rule, name, expected, words);
    }

    pub(super) fn raise_at(&mut self, place: Place, rule: Rule, seen: &str, expected: &str, words: String) {
        if self.raised.len() < MOST {
            let (seen, expected) = (excerpt(seen), expected.to_owned());
            self.raised.push(Raised { place, rule, seen, expected, words });
        }
    }

    /// The violations, in document order.
    pub(super) fn into_violations(mut self, json: &str) -> Vec<Violation> {
        self.raised.sort_by_key(|r| r.place.offset);
        let mut lines = Lines::of(json);
        let violation = |r: Raised| {
            let position = lines.at(r.place.offset);
            Violation {
                line: position.line,
                column: position.column,
                path: r.place.pointer,
                rule: r.rule,
                seen: r.seen,
                expected: r.expected,
                message: format!("{}: {}", r.place.xpath, r.words),
            }
        };
        let mut violations: Vec<Violation> = self.raised.into_iter().map(violation).collect();
        say_if_unfinished(&mut violations, "");
        violations
    }

    fn pointer(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            out.push('/');
            match step {
                Step::Member(member) => out.push_str(&escaped(&member.name)),
                Step::Child(local) => out.push_str(&escaped(&member_name::of(local))),
                Step::Item(index) => out.push_str(&index.to_string()),
                Step::Own(name) => out.push_str(name),
            }
        }
        out
    }

    fn xpath(&self) -> String {
        let mut out = format!("/{}", self.root);
        for step in &self.path {
            match step {
                Step::Member(member) => match member.kind {
                    MemberKind::Attribute(_) => out.push_str(&format!("/@{}", member.local)),
                    MemberKind::Child => out.push_str(&format!("/{}", member.local)),
                    MemberKind::Value => out.push_str("/text()"),
                },
                Step::Child(local) => out.push_str(&format!("/{local}")),
                Step::Item(index) => out.push_str(&format!("[{}]", index + 1)),
                Step::Own(_) => {}
            }
        }
        out
    }
}

/// A reference token of RFC 6901.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
