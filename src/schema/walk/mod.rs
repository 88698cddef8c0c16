//! One pass over a document: every event against the plan, every value to the sink.
//!
//! The walker keeps one small frame for each open element that can have children; elements with text only are dealt
//! with where they start. Nothing is remembered of what was passed. What is needed to report a violation in full,
//! such as the XPath, is worked out after the pass, and only if there is a violation.
//!
//! After a violation the walk goes on as the document most probably meant, so that one mistake is one violation:
//! see `recover`.

mod attributes;
mod faults;
pub(crate) mod leaf;
mod recover;
mod verbatim;

use std::borrow::Cow;
use std::collections::HashSet;

use super::model::START;
use super::plan::{
    ANY_TYPE, ComplexId, Content, Element, ElementId, Member, MemberId, NO_NAMESPACE, NamespaceId, Plan,
    Process, TypeId, Wildcard,
};
use super::set::Document;
use super::sink::Sink;
use super::table::index;
use super::violation::Rule;
use super::{Refusal, words};
use crate::xml::characters::is_blank;
use crate::xml::{Event, Name, NamespaceIndex, Reader, XSI_NAMESPACE, XmlError, locate};
use faults::{Faults, Place};
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
    element(document.plan(), document.element(), reader, sink)
}

/// As [`walk`], for any element of a plan.
pub(crate) fn element<'x, S: Sink>(
    plan: &Plan,
    root: ElementId,
    reader: Reader<'x>,
    sink: &mut S,
) -> Result<(), Refusal> {
    let mut walker = Walker::new(plan, reader, sink);
    match walker.run(root) {
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
    verbatim: Option<Verbatim<'d>>,
    /// Identifiers met, and references to them with their place.
    ids: HashSet<Box<str>>,
    references: Vec<(Box<str>, Place)>,
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
            verbatim: None,
            ids: HashSet::new(),
            references: Vec::new(),
        }
    }

    fn run(&mut self, root: ElementId) -> Result<(), XmlError> {
        loop {
            match self.reader.next_event()? {
                Event::Start(name) if self.frames.is_empty() => self.root(root, name)?,
                Event::Start(name) => self.child(name)?,
                Event::Text(text) => self.text(&text, false),
                Event::Cdata(text) => self.text(&text, true),
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

    /// A start tag inside the innermost frame.
    #[inline]
    fn child(&mut self, name: Name<'x>) -> Result<(), XmlError> {
        if let Some(verbatim) = &mut self.verbatim {
            verbatim.child();
        }
        let namespace = self.namespace(name.namespace);
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let (complex, nil) = (self.plan.complexes.at(frame.complex), frame.nil);
        if nil {
            return self.child_of_nil(name);
        }
        let Content::Elements(model) = &complex.content else { return self.child_of_empty(name) };
        let position = if model.all {
            self.step_all(model, namespace, name.local)
        } else {
            let (state, base) = (frame.state, frame.counters as usize);
            let counters = self.counters.get_mut(base..).unwrap_or_default();
            model.step(state, counters, namespace, name.local)
        };
        let position = match position {
            Ok(position) => position,
            Err(blocked) => return self.misplaced(model, name, namespace, blocked),
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.state = position + 1;
        }
        self.at_position(model.positions.at(position), name, namespace)
    }

    /// A child whose particle is known.
    fn at_position(
        &mut self,
        position: &'d super::model::Position,
        name: Name<'x>,
        namespace: NamespaceId,
    ) -> Result<(), XmlError> {
        if let Some(wildcard) = &position.wildcard {
            return self.admitted(wildcard, name, namespace);
        }
        let member = self.place(position.member);
        self.begin(self.plan.elements.at(position.element), name, member)
    }

    /// A step of `xs:all`: any particle not met yet.
    fn step_all(
        &mut self,
        model: &super::model::Model,
        namespace: NamespaceId,
        local: &str,
    ) -> Result<u32, super::model::Blocked> {
        let found = model.positions.all().iter().position(|p| p.is(namespace, local));
        let Some(found) = found else { return Err(super::model::Blocked::NotHere) };
        let position = index(found);
        if self.was_seen(model.positions.at(position).member) {
            return Err(super::model::Blocked::TooMany { position, max: 1 });
        }
        Ok(position)
    }

    /// A child that a wildcard admits (XSD part 1 §3.10.4).
    fn admitted(
        &mut self,
        wildcard: &Wildcard,
        name: Name<'x>,
        namespace: NamespaceId,
    ) -> Result<(), XmlError> {
        if wildcard.process == Process::Skip {
            return self.reader.skip_element();
        }
        let plan = self.plan;
        if let Some(global) = plan.global_elements.get(&(namespace, name.local.into())) {
            return self.begin(plan.elements.at(*global), name, None);
        }
        if wildcard.process == Process::Strict && self.reader.attribute(XSI_NAMESPACE, "type").is_none() {
            let place = Place::element(self.reader.offset());
            self.faults.context(&self.reader);
            let words = format!("{} is not known to the schema", name.local);
            self.faults.raise(place, Rule::Unexpected, name.local, "an element of the schema", words);
            return self.reader.skip_element();
        }
        // Nothing is declared, so anything will do: the table's default element is of type `anyType`.
        self.begin(plan.elements.at(ElementId::MAX), name, None)
    }

    /// Marks a member of the innermost frame as met, opens and closes arrays around it, and gives it if its name is
    /// to be told.
    #[inline]
    fn place(&mut self, member: MemberId) -> Option<&'d Member> {
        let telling = self.telling();
        let frame = self.frames.last_mut()?;
        let bit = usize::from(member);
        let word = self.seen.get_mut(frame.seen as usize + bit / 64)?;
        let first = *word & (1 << (bit % 64)) == 0;
        *word |= 1 << (bit % 64);
        if !telling {
            return None;
        }
        if frame.array != NONE && frame.array != member {
            self.sink.close_array();
            frame.array = NONE;
        }
        let declared = self.plan.complexes.at(frame.complex).members.get(bit)?;
        if !declared.repeated {
            return Some(declared);
        }
        if first {
            self.sink.open_array(declared);
            frame.array = member;
        }
        None
    }

    fn was_seen(&self, member: MemberId) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let bit = usize::from(member);
        self.seen.get(frame.seen as usize + bit / 64).is_some_and(|word| word & (1 << (bit % 64)) != 0)
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
        if self.reader.attributes().iter().any(|a| a.name.namespace != NamespaceIndex::NONE) {
            (of, nil) = self.instance_attributes(declared, name, start);
        }
        if declared.is_abstract {
            self.is_abstract(name, start);
        }
        match of {
            TypeId::Simple(id) => {
                self.no_attributes(name, start);
                self.leaf(declared, id, name, start, nil, member)
            }
            TypeId::Complex(id) => self.begin_complex(declared, id, name, start, nil, member),
        }
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
            let has_default = self.plan.default_namespace != NO_NAMESPACE;
            self.verbatim = Some(Verbatim::begin(&self.reader, self.frames.len(), member, has_default));
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
            self.leaf(declared, of, name, start, nil, value)?;
            if object {
                self.close_object(complex, &frame);
            }
            self.seen.truncate(seen);
            return Ok(());
        }
        if let Content::Elements(model) = &complex.content {
            self.counters.resize(counters + model.counters.len(), 0);
        }
        frame.nil = nil;
        self.frames.push(frame);
        Ok(())
    }

    fn mark(&mut self, frame: &Frame, member: MemberId) {
        let bit = usize::from(member);
        if let Some(word) = self.seen.get_mut(frame.seen as usize + bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    /// Tells the members that were not met, and the end of the object.
    fn close_object(&mut self, complex: &'d super::plan::Complex, frame: &Frame) {
        if !self.telling() {
            return;
        }
        if frame.array != NONE {
            self.sink.close_array();
        }
        let words = self.seen.get(frame.seen as usize..).unwrap_or_default();
        for (bit, member) in complex.members.iter().enumerate() {
            if words.get(bit / 64).is_some_and(|word| word & (1 << (bit % 64)) == 0) {
                self.sink.null(member);
            }
        }
        self.sink.close_object();
    }

    /// Text directly inside the innermost frame.
    fn text(&mut self, text: &str, cdata: bool) {
        let Some(frame) = self.frames.last().copied() else { return };
        if let Some(verbatim) = &mut self.verbatim {
            verbatim.text(self.frames.len(), text);
        }
        let complex = self.plan.complexes.at(frame.complex);
        let empty = matches!(complex.content, Content::Empty) || frame.nil;
        let allowed = if frame.nil { false } else { complex.mixed || (!empty && !cdata && is_blank(text)) };
        // White space in a CDATA section is white space all the same between elements, but not in an empty element.
        let allowed = allowed || (!empty && is_blank(text));
        if allowed || frame.reported {
            return;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.reported = true;
        }
        self.faults.context(&self.reader);
        let place = Place::text(self.reader.offset(), frame.start);
        let (rule, wanted) = match (frame.nil, empty) {
            (true, _) => (Rule::Nil, "nothing, because it is nil"),
            (false, true) => (Rule::Content, "nothing: the element is empty"),
            (false, false) => (Rule::Content, "only elements"),
        };
        let seen = crate::xml::characters::trim(text);
        let words =
            if seen.is_empty() { format!("white space given, {wanted}") } else { words::given(seen, wanted) };
        self.faults.raise(place, rule, seen, wanted, words);
    }

    /// The end tag of the innermost frame.
    fn end(&mut self) {
        let Some(frame) = self.frames.last().copied() else { return };
        let complex = self.plan.complexes.at(frame.complex);
        if let Content::Elements(model) = &complex.content {
            let complete = if model.all {
                self.all_complete(model)
            } else {
                let counters = self.counters.get(frame.counters as usize..).unwrap_or_default();
                model.accepts(frame.state, counters)
            };
            if !complete && !frame.nil {
                self.incomplete(model);
            }
        }
        self.frames.pop();
        if self.verbatim.as_ref().is_some_and(|v| v.depth == self.frames.len()) {
            self.end_verbatim();
        } else {
            self.close_object(complex, &frame);
        }
        self.seen.truncate(frame.seen as usize);
        self.counters.truncate(frame.counters as usize);
    }

    fn all_complete(&self, model: &super::model::Model) -> bool {
        let positions = model.positions.all();
        let nothing = positions.iter().all(|p| !self.was_seen(p.member));
        (nothing && model.all_optional) || positions.iter().all(|p| !p.required || self.was_seen(p.member))
    }

    fn end_verbatim(&mut self) {
        let Some(verbatim) = self.verbatim.take() else { return };
        if !self.telling() {
            return;
        }
        match verbatim.finish(self.reader.text(), self.reader.end_offset()) {
            Ok(text) => self.sink.string(verbatim.member, text),
            Err(xml) => self.sink.verbatim(verbatim.member, &xml),
        }
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
mod walk_tests;
