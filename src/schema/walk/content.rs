//! What stands inside an element that can have children: each child a step in its content model, text where it may be,
//! and the end.

use super::faults::Place;
use super::{NamespaceId, Walker};
use crate::schema::model::{Blocked, Model, Position};
use crate::schema::plan::{Content, ElementId, NO_NAMESPACE, Process, Wildcard};
use crate::schema::sink::Sink;
use crate::schema::table::index;
use crate::schema::violation::Rule;
use crate::schema::words;
use crate::xml::characters::is_blank;
use crate::xml::grain::Grain;
use crate::xml::{Name, XSI_NAMESPACE, XmlError};

impl<'d, 'x, S: Sink> Walker<'d, 'x, '_, S> {
    /// A start tag inside the innermost frame.
    #[inline]
    pub(super) fn child(&mut self, name: Name<'x>) -> Result<(), XmlError> {
        if let Some(verbatim) = &mut self.verbatim {
            verbatim.child();
        }
        self.mixed_child(name);
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
    pub(super) fn at_position(
        &mut self,
        position: &'d Position,
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
    pub(super) fn step_all(
        &mut self,
        model: &Model,
        namespace: NamespaceId,
        local: &str,
    ) -> Result<u32, Blocked> {
        let found = model.positions.all().iter().position(|p| p.is(namespace, local));
        let Some(found) = found else { return Err(Blocked::NotHere) };
        let position = index(found);
        if self.was_seen(model.positions.at(position).member) {
            return Err(Blocked::TooMany { position, max: 1 });
        }
        Ok(position)
    }

    /// A child that a wildcard admits (XSD part 1 §3.10.4).
    pub(super) fn admitted(
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

    /// Text directly inside the innermost frame.
    pub(super) fn text(&mut self, text: &str) {
        if let Some(verbatim) = &mut self.verbatim {
            verbatim.text(self.frames.len(), text);
        }
        if !self.mixed.is_empty() {
            self.mixed_text(text);
        }
        let Some(frame) = self.frames.last() else { return };
        let complex = self.plan.complexes.at(frame.complex);
        let between_elements = matches!(complex.content, Content::Elements(_)) && is_blank(text);
        if !frame.nil && (complex.mixed || between_elements) {
            return;
        }
        // A CDATA section without content is no text.
        if frame.reported || text.is_empty() {
            return;
        }
        let (start, nil) = (frame.start, frame.nil);
        let empty = matches!(complex.content, Content::Empty);
        if let Some(frame) = self.frames.last_mut() {
            frame.reported = true;
        }
        self.faults.context(&self.reader);
        let place = Place::text(self.reader.offset(), start);
        let (rule, wanted) = match (nil, empty) {
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
    pub(super) fn end(&mut self) {
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
        self.mixed_end();
        self.identity_end();
        self.frames.pop();
        if self.verbatim.as_ref().is_some_and(|v| v.depth == self.frames.len()) {
            self.end_verbatim();
        } else {
            self.close_object(complex, &frame);
        }
        self.seen.truncate(frame.seen as usize);
        self.counters.truncate(frame.counters as usize);
    }

    pub(super) fn all_complete(&self, model: &Model) -> bool {
        let positions = model.positions.all();
        let nothing = positions.iter().all(|p| !self.was_seen(p.member));
        (nothing && model.all_optional) || positions.iter().all(|p| !p.required || self.was_seen(p.member))
    }

    pub(super) fn end_verbatim(&mut self) {
        let Some(verbatim) = self.verbatim.take() else { return };
        if !self.telling() {
            return;
        }
        match verbatim.finish(&self.reader, self.plan.default_namespace != NO_NAMESPACE) {
            Ok(text) => self.sink.string(verbatim.member, text, Grain::of(text)),
            Err(xml) if verbatim.asked => self.sink.string(verbatim.member, &xml, Grain::of(&xml)),
            Err(xml) => self.sink.verbatim(verbatim.member, &xml),
        }
    }
}
