//! Violations while they are collected: byte offsets now, lines and XPaths when the pass is over.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::schema::lines::Lines;
use crate::schema::violation::{MOST, Rule, Violation, excerpt, say_if_unfinished};
use crate::xml::{Binding, Event, Limits, Reader};

/// Longest XPath that is told, in bytes: names are the sender's to choose, and every violation repeats them.
const LONGEST_PATH: usize = 2_048;

/// How many violations are looked through for one that turns out to be another.
const LOOKED_BACK: usize = 256;

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Byte offset that is shown as line and column.
    offset: usize,
    /// Byte offset of the start tag of the element that it is about.
    element: usize,
    /// What follows the element in the XPath.
    step: Step,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    None,
    Attribute(String),
    Child(String),
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Faults<'x> {
    raised: Vec<Raised>,
    /// Prefixes in scope at the first fault, to walk the document a second time.
    bindings: Vec<Binding<'x>>,
    has_context: bool,
    /// Byte offset of the root's start tag.
    root: usize,
}

#[derive(Debug)]
struct Raised {
    place: Place,
    rule: Rule,
    seen: String,
    expected: String,
    message: String,
}

impl Place {
    pub(super) fn element(offset: usize) -> Self {
        Self { offset, element: offset, step: Step::None }
    }

    pub(super) fn text(offset: usize, element: usize) -> Self {
        Self { offset, element, step: Step::None }
    }

    pub(super) fn attribute(offset: usize, element: usize, name: &str) -> Self {
        Self { offset, element, step: Step::Attribute(name.to_owned()) }
    }

    /// A child that is not there.
    pub(super) fn child(offset: usize, element: usize, name: &str) -> Self {
        Self { offset, element, step: Step::Child(name.to_owned()) }
    }
}

impl<'x> Faults<'x> {
    pub(super) fn is_empty(&self) -> bool {
        self.raised.is_empty()
    }

    /// Whether nothing more is told.
    pub(super) fn is_full(&self) -> bool {
        self.raised.len() >= MOST
    }

    /// Where the document begins within its text.
    pub(super) fn root_at(&mut self, offset: usize) {
        self.root = offset;
    }

    /// To be called before the first fault is raised, while the reader stands where it was found.
    pub(super) fn context(&mut self, reader: &Reader<'x>) {
        if !self.has_context {
            self.bindings = reader.bindings();
            self.has_context = true;
        }
    }

    pub(super) fn raise(&mut self, place: Place, rule: Rule, seen: &str, expected: &str, message: String) {
        if self.raised.len() < MOST {
            let (seen, expected) = (excerpt(seen), expected.to_owned());
            self.raised.push(Raised { place, rule, seen, expected, message });
        }
    }

    /// Makes of "`name` is missing" in the element at `parent` that it is there and out of order. Says whether it was
    /// reported as missing.
    pub(super) fn found_late(&mut self, parent: usize, name: &str, at: usize, message: String) -> bool {
        let missing = |r: &&mut Raised| {
            r.rule == Rule::Missing
                && r.place.element == parent
                && r.place.step == Step::Child(name.to_owned())
        };
        // It was reported while the same parent was open, so not long ago.
        let Some(raised) = self.raised.iter_mut().rev().take(LOOKED_BACK).find(missing) else { return false };
        raised.place = Place::element(at);
        raised.rule = Rule::Order;
        raised.seen = name.to_owned();
        raised.expected = "its place in the order of the form".into();
        raised.message = message;
        true
    }

    /// The violations, in document order.
    pub(super) fn into_violations(mut self, text: &str) -> Vec<Violation> {
        if self.raised.is_empty() {
            return Vec::new();
        }
        self.raised.sort_by_key(|r| r.place.offset);
        let mut wanted: Vec<usize> = self.raised.iter().map(|r| r.place.element).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let paths = paths(text, self.root, &wanted, &self.bindings);
        let raised = self.raised.into_iter();
        let mut lines = Lines::of(text);
        let violation = |r: Raised| {
            let position = lines.at(r.place.offset);
            let mut path = paths.get(&r.place.element).cloned().unwrap_or_else(|| "/".to_owned());
            match r.place.step {
                Step::None => {}
                Step::Attribute(name) => path.push_str(&format!("/@{name}")),
                Step::Child(name) => path.push_str(&format!("/{name}")),
            }
            Violation {
                line: position.line,
                column: position.column,
                path,
                rule: r.rule,
                seen: r.seen,
                expected: r.expected,
                message: r.message,
            }
        };
        let mut violations: Vec<Violation> = raised.map(violation).collect();
        say_if_unfinished(&mut violations, "/");
        violations
    }
}

/// An XPath as a violation has it: where it is very long, its end.
fn told(path: &str) -> String {
    let mut start = path.len().saturating_sub(LONGEST_PATH);
    while !path.is_char_boundary(start) {
        start += 1;
    }
    let end = path.get(start..).unwrap_or_default();
    if start == 0 { end.to_owned() } else { format!("…{end}") }
}

/// The XPaths of the elements whose start tags begin at the offsets `wanted`, which are in order. The document was
/// read to its end before, so nothing in it can fail.
fn paths(text: &str, root: usize, wanted: &[usize], bindings: &[Binding<'_>]) -> HashMap<usize, String> {
    let unbounded = Limits {
        depth: usize::MAX,
        attributes: usize::MAX,
        name_bytes: usize::MAX,
        text_bytes: usize::MAX,
        document_bytes: usize::MAX,
        elements: usize::MAX,
    };
    let mut found = HashMap::new();
    let mut reader = Reader::fragment(text, root..text.len(), bindings, &unbounded);
    let mut path = String::new();
    // For each open element how long the path is without it, and how many children of each name it had.
    let mut open: Vec<(usize, HashMap<&str, u32>)> = Vec::new();
    let mut left = wanted.iter().peekable();
    while left.peek().is_some() {
        match reader.next_event() {
            Ok(Event::Start(name)) => {
                let around = path.len();
                path.push('/');
                path.push_str(name.local);
                if let Some((_, counts)) = open.last_mut() {
                    let count = counts.entry(name.local).or_default();
                    *count += 1;
                    // Writing to a string does not fail.
                    let _ = write!(path, "[{count}]");
                }
                if left.next_if(|offset| **offset == reader.offset()).is_some() {
                    found.insert(reader.offset(), told(&path));
                }
                open.push((around, HashMap::new()));
            }
            Ok(Event::End) => {
                path.truncate(open.pop().map_or(0, |(around, _)| around));
                if open.is_empty() {
                    break;
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    found
}
