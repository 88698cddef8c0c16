//! One pass over a document: every event against the plan, every value to the sink.
//!
//! The walker keeps one small frame for each open element that can have children; elements with text only are dealt
//! with where they start. Nothing is remembered of what was passed. What is needed to report a violation in full,
//! such as the XPath, is worked out after the pass, and only if there is a violation.
//!
//! After a violation the walk goes on as the document most probably meant, so that one mistake is one violation:
//! see `recover`.

mod attributes;
mod content;
mod faults;
mod identity;
pub(crate) mod leaf;
mod mixed;
mod object;
mod recover;
pub(crate) mod verbatim;

use std::borrow::Cow;
use std::collections::HashSet;

use super::Refusal;
use super::model::START;
use super::plan::{
    ANY_TYPE, ComplexId, Content, Element, ElementId, Member, MemberId, NO_NAMESPACE, NamespaceId, Plan,
    TypeId,
};
use super::set::Document;
use super::sink::{Discard, Sink};
use super::table::index;
use super::violation::Rule;
use crate::xml::{Event, Name, NamespaceIndex, Reader, XSI_NAMESPACE, XmlError, locate};
use faults::{Faults, Place};
use identity::Identities;
use leaf::Leaf;
use mixed::Mixed;
use verbatim::Verbatim;

/// No member.
const NONE: MemberId = MemberId::MAX;
/// A namespace of the reader that was not looked up yet.
const NOT_LOOKED_UP: NamespaceId = NamespaceId::MAX - 1;

/// Validates the document that `reader` is about to walk, and tells `sink` what it says.
pub(crate) fn walk<'x, S: Sink>(
    document: &Document,
    reader: Reader<'x>,
    sink: &mut S,
) -> Result<(), Refusal> {
    let mut walker = Walker::new(document.plan(), reader, sink);
    let walked = walker.run(document.element());
    finish(walker, walked)
}

/// Validates an element that is a part of a document: what it refers to may stand elsewhere in that.
pub(crate) fn part<'x>(plan: &Plan, root: ElementId, reader: Reader<'x>) -> Result<(), Refusal> {
    let mut sink = Discard;
    let mut walker = Walker::new(plan, reader, &mut sink);
    let walked = walker.run(root);
    walker.references.clear();
    finish(walker, walked)
}

fn finish<S: Sink>(walker: Walker<'_, '_, '_, S>, walked: Result<(), XmlError>) -> Result<(), Refusal> {
    match walked {
        Ok(()) => walker.finish(),
        Err(error) => {
            let position = locate(walker.reader.text(), error.offset);
            Err(Refusal::NotXml { error, position })
        }
    }
}

struct Walker<'d, 'x, 's, S> {
    plan: &'d Plan,
    reader: Reader<'x>,
    sink: &'s mut S,
    frames: Vec<Frame>,
    /// Counters of the open frames' models, innermost last.
    counters: Vec<u32>,
    /// One bit for each member of the open frames' types: whether it was met.
    seen: Vec<u64>,
    /// Namespaces of the reader as namespaces of the plan.
    namespaces: Vec<NamespaceId>,
    faults: Faults<'x>,
    /// Where the pieces of a text are joined, one text after another.
    joined: String,
    verbatim: Option<Verbatim<'d>>,
    /// Open elements of mixed content whose value is fixed, innermost last.
    mixed: Vec<Mixed<'d>>,
    /// Identifiers met, and references to them with their place.
    ids: HashSet<Box<str>>,
    references: Vec<(Box<str>, Place)>,
    /// Identity constraints, where the plan has some.
    identities: Option<Identities<'x>>,
}

/// An open element that can have children.
#[derive(Debug, Clone, Copy)]
struct Frame {
    complex: ComplexId,
    state: u32,
    counters: u32,
    seen: u32,
    /// The array that is open in the sink.
    array: MemberId,
    /// Children that were not known and may stand for ones that are missing.
    strangers: u16,
    nil: bool,
    /// White space between its children means nothing.
    spaced: bool,
    /// Text where there may be none was reported.
    reported: bool,
    /// Byte offset of the start tag.
    start: usize,
}

impl<'d, 'x, 's, S: Sink> Walker<'d, 'x, 's, S> {
    fn new(plan: &'d Plan, reader: Reader<'x>, sink: &'s mut S) -> Self {
        Self {
            plan,
            reader,
            sink,
            frames: Vec::with_capacity(16),
            counters: Vec::new(),
            seen: Vec::with_capacity(32),
            namespaces: Vec::with_capacity(8),
            faults: Faults::default(),
            joined: String::new(),
            verbatim: None,
            mixed: Vec::new(),
            ids: HashSet::new(),
            references: Vec::new(),
            identities: (!plan.identities.all().is_empty()).then(Identities::default),
        }
    }

    fn run(&mut self, root: ElementId) -> Result<(), XmlError> {
        loop {
            if self.frames.last().is_some_and(|frame| frame.spaced) {
                self.reader.skip_blank();
                // What nearly always comes next; all else is an event.
                if let Some(name) = self.reader.plain_start() {
                    self.child(name)?;
                    continue;
                }
            }
            match self.reader.next_event()? {
                Event::Start(name) if self.frames.is_empty() => self.root(root, name)?,
                Event::Start(name) => self.child(name)?,
                Event::Text(text) | Event::Cdata(text) => self.text(&text),
                Event::End => self.end(),
                Event::Instruction(_) => {}
                Event::Eof => return Ok(()),
            }
        }
    }

    fn finish(mut self) -> Result<(), Refusal> {
        for (reference, place) in std::mem::take(&mut self.references) {
            if !self.ids.contains(&reference) {
                let words = format!("no element is identified by \"{reference}\"");
                self.faults.raise(place, Rule::Identity, &reference, "the identifier of an element", words);
            }
        }
        match self.faults.into_violations(self.reader.text()) {
            violations if violations.is_empty() => Ok(()),
            violations => Err(Refusal::Invalid(violations)),
        }
    }

    /// Whether what comes now goes to the sink.
    fn telling(&self) -> bool {
        S::KEEPS && self.verbatim.is_none() && self.faults.is_empty()
    }

    /// The plan's number of a namespace of the reader.
    fn namespace(&mut self, index: NamespaceIndex) -> NamespaceId {
        let slot = index.as_usize();
        match self.namespaces.get(slot) {
            Some(known) if *known != NOT_LOOKED_UP => *known,
            _ => {
                let found = self.plan.namespace(self.reader.namespace(index));
                self.set_namespace(index, found);
                found
            }
        }
    }

    fn set_namespace(&mut self, index: NamespaceIndex, id: NamespaceId) {
        let slot = index.as_usize();
        if self.namespaces.len() <= slot {
            self.namespaces.resize(slot + 1, NOT_LOOKED_UP);
        }
        if let Some(known) = self.namespaces.get_mut(slot) {
            *known = id;
        }
    }

    fn root(&mut self, root: ElementId, name: Name<'x>) -> Result<(), XmlError> {
        let declared = self.plan.elements.at(root);
        self.faults.root_at(self.reader.offset());
        let namespace = self.namespace(name.namespace);
        if *declared.local != *name.local {
            let place = Place::element(self.reader.offset());
            self.faults.context(&self.reader);
            let words = format!("the document is {}, {} needed", name.local, declared.local);
            self.faults.raise(place, Rule::Root, name.local, &declared.local, words);
            return self.reader.skip_element();
        }
        if namespace != declared.namespace {
            self.wrong_namespace(name, declared.namespace);
        }
        self.begin(declared, name, None)
    }

    /// The element just started, of a known declaration.
    fn begin(
        &mut self,
        declared: &'d Element,
        name: Name<'x>,
        member: Option<&'d Member>,
    ) -> Result<(), XmlError> {
        let start = self.reader.offset();
        let mut of = declared.of;
        let mut nil = false;
        let carried = declared.carried && self.telling();
        if carried {
            self.verbatim = Some(Verbatim::begin(&self.reader, self.frames.len(), member, true));
        }
        if self.reader.attributes().iter().any(|a| a.name.namespace != NamespaceIndex::NONE) {
            (of, nil) = self.instance_attributes(declared, name, start);
        }
        if declared.is_abstract {
            self.is_abstract(name, start);
        }
        if self.identities.is_some() {
            self.identity_start(declared, name, start);
        }
        match of {
            TypeId::Simple(id) => {
                self.no_attributes(name, start);
                self.leaf(Leaf { declared, of: id, name, start, member }, nil)?;
            }
            TypeId::Complex(id) => self.begin_complex(declared, id, name, start, nil, member)?,
        }
        // Where a frame was opened, the element goes on.
        if carried && self.verbatim.as_ref().is_some_and(|v| v.depth == self.frames.len()) {
            self.end_verbatim();
        }
        Ok(())
    }

    fn begin_complex(
        &mut self,
        declared: &'d Element,
        id: ComplexId,
        name: Name<'x>,
        start: usize,
        nil: bool,
        member: Option<&'d Member>,
    ) -> Result<(), XmlError> {
        let complex = self.plan.complexes.at(id);
        if complex.is_abstract {
            self.is_abstract(name, start);
        }
        if id == ANY_TYPE && self.telling() {
            self.verbatim = Some(Verbatim::begin(&self.reader, self.frames.len(), member, false));
        }
        let object = !complex.is_text() || nil;
        if object && self.telling() {
            self.sink.open_object(member);
        }
        let words = complex.members.len().div_ceil(64);
        let seen = self.seen.len();
        self.seen.resize(seen + words, 0);
        let counters = self.counters.len();
        let mut frame = Frame {
            complex: id,
            state: START,
            counters: index(counters),
            seen: index(seen),
            array: NONE,
            strangers: 0,
            nil,
            spaced: false,
            reported: false,
            start,
        };
        self.attributes(complex, &frame, name);
        if nil && self.telling() {
            let text = self.reader.attribute(XSI_NAMESPACE, "nil").unwrap_or("true");
            self.sink.nil(text);
        }
        if let Content::Simple(of) = complex.content {
            let value = complex.members.get(usize::from(complex.value_member)).filter(|_| object).or(member);
            if object && !nil {
                self.mark(&frame, complex.value_member);
            }
            self.leaf(Leaf { declared, of, name, start, member: value }, nil)?;
            if object {
                self.close_object(complex, &frame);
            }
            self.seen.truncate(seen);
            return Ok(());
        }
        if let Content::Elements(model) = &complex.content {
            self.counters.resize(counters + model.counters.len(), 0);
            frame.spaced = !nil && self.verbatim.is_none() && self.mixed.is_empty() && !complex.mixed;
        }
        self.frames.push(frame);
        self.mixed_start(declared, complex);
        Ok(())
    }
}

/// The namespace of a prefix in scope at the reader's last event.
fn resolve(reader: &Reader<'_>, prefix: &str) -> Option<String> {
    let bindings = reader.bindings();
    let found = bindings.iter().find(|b| b.prefix == prefix).map(|b| Cow::into_owned(b.namespace.clone()));
    match (found, prefix) {
        (Some(namespace), _) => Some(namespace),
        (None, "") => Some(String::new()),
        (None, "xml") => Some(crate::xml::XML_NAMESPACE.to_owned()),
        (None, _) => None,
    }
}

/// Whether the namespace is one that a document may have meant for another by mistake: none, or one that no schema
/// knows.
fn may_be_mistaken(namespace: NamespaceId) -> bool {
    namespace == NO_NAMESPACE || namespace == super::plan::UNKNOWN_NAMESPACE
}

#[cfg(test)]
mod clause_tests;
#[cfg(test)]
mod walk_tests;
