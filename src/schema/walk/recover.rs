//! What to report when a child does not fit, and how to go on so that one mistake stays one violation.
//!
//! - A child that is known further on means that what stands between is missing: the walk goes on from there.
//! - If that missing child turns up later, it was not missing but out of order: the report is changed, not doubled.
//! - A child that is not known at all is passed over, and may stand for one required child that is then not there: a
//!   misspelt name is one mistake.
//! - A child in a namespace that no schema knows is taken for what its name says, and so are others of that namespace.

use super::faults::Place;
use super::{Walker, may_be_mistaken};
use crate::schema::model::{Blocked, Edge, Model, Position};
use crate::schema::plan::{NamespaceId, TypeId};
use crate::schema::sink::Sink;
use crate::schema::violation::Rule;
use crate::schema::words;
use crate::xml::{Name, XmlError};

impl<'d, 'x, S: Sink> Walker<'d, 'x, '_, S> {
    /// A child that the content model does not take in its present state.
    #[cold]
    pub(super) fn misplaced(
        &mut self,
        model: &'d Model,
        name: Name<'x>,
        namespace: NamespaceId,
        blocked: Blocked,
    ) -> Result<(), XmlError> {
        if self.faults.is_full() {
            return self.reader.skip_element();
        }
        self.faults.context(&self.reader);
        let Some(frame) = self.frames.last().copied() else { return Ok(()) };
        let place = Place::element(self.reader.offset());
        match blocked {
            Blocked::TooMany { position, max } => {
                let words = format!("{} is there more than {}", name.local, times(max));
                let expected = format!("at most {}", times(max));
                self.faults.raise(place, Rule::Occurrence, name.local, &expected, words);
                return self.go_on(model.positions.at(position), name, namespace);
            }
            Blocked::TooFew { position, min } => {
                let words = format!("what comes before {} must be there at least {}", name.local, times(min));
                let expected = format!("at least {}", times(min));
                self.faults.raise(place, Rule::Occurrence, name.local, &expected, words);
                return self.move_to(model, position, name, namespace);
            }
            Blocked::NotHere => {}
        }
        let is = |p: &&Position| p.wildcard.is_none() && p.is(namespace, name.local);
        let Some(known) = model.positions.all().iter().find(is) else {
            return self.unknown(model, name, namespace, place);
        };
        if let Some(path) = model.way(frame.state, namespace, name.local) {
            // The last step is the child itself; those before it are what is missing.
            let position = path.last().and_then(|step| step.first()).map(|e| e.position);
            for step in path.iter().take(path.len().saturating_sub(1)) {
                self.missing(model, step, self.reader.offset());
            }
            if let Some(position) = position {
                return self.move_to(model, position, name, namespace);
            }
        }
        let late = format!("{} is out of order: it belongs further up", name.local);
        if self.faults.found_late(frame.start, name.local, self.reader.offset(), late.clone()) {
            return self.go_on(known, name, namespace);
        }
        if self.was_seen(known.member) {
            let words = format!("{} is there more often than it may be", name.local);
            self.faults.raise(place, Rule::Occurrence, name.local, "no other", words);
        } else if model.excludes(frame.state, namespace, name.local) {
            let wanted = self.wanted(model);
            let words =
                format!("{} may not stand together with what is there; {wanted} needed here", name.local);
            self.faults.raise(place, Rule::Unexpected, name.local, &wanted, words);
        } else {
            self.faults.raise(place, Rule::Order, name.local, "its place in the order of the form", late);
        }
        self.go_on(known, name, namespace)
    }

    /// Takes the child for the particle at `position` and goes on from there.
    fn move_to(
        &mut self,
        model: &'d Model,
        position: u32,
        name: Name<'x>,
        namespace: NamespaceId,
    ) -> Result<(), XmlError> {
        if let Some(frame) = self.frames.last_mut() {
            frame.state = position + 1;
            // How often things were there is unknown from here on: no more is asked than was.
            let counters = self.counters.get_mut(frame.counters as usize..).unwrap_or_default();
            for (count, bounds) in counters.iter_mut().zip(&model.counters) {
                *count = (*count).max(bounds.min.max(1));
            }
        }
        self.at_position(model.positions.at(position), name, namespace)
    }

    /// Takes the child for what its name says and leaves the model where it is.
    fn go_on(
        &mut self,
        position: &'d Position,
        name: Name<'x>,
        namespace: NamespaceId,
    ) -> Result<(), XmlError> {
        self.at_position(position, name, namespace)
    }

    fn unknown(
        &mut self,
        model: &'d Model,
        name: Name<'x>,
        namespace: NamespaceId,
        place: Place,
    ) -> Result<(), XmlError> {
        let other =
            |p: &&Position| p.wildcard.is_none() && *p.local == *name.local && p.namespace != namespace;
        if let Some(meant) = model.positions.all().iter().find(other).filter(|_| may_be_mistaken(namespace)) {
            self.wrong_namespace(name, meant.namespace);
            // The name of the namespace is now taken for the right one.
            return self.child(name);
        }
        let near = model.positions.all().iter().find(|p| p.local.eq_ignore_ascii_case(name.local));
        let wanted = self.wanted(model);
        let words = match near {
            Some(near) => format!("{} is not known here: {} meant?", name.local, near.local),
            None if wanted.is_empty() => format!("{} is not known here; nothing may follow", name.local),
            None => format!("{} is not known here; {wanted} may stand here", name.local),
        };
        self.faults.raise(place, Rule::Unexpected, name.local, &wanted, words);
        if let Some(frame) = self.frames.last_mut() {
            frame.strangers = frame.strangers.saturating_add(1);
        }
        self.reader.skip_element()
    }

    /// Reports a name in a wrong namespace, and takes that namespace for the right one from here on.
    pub(super) fn wrong_namespace(&mut self, name: Name<'x>, meant: NamespaceId) {
        self.faults.context(&self.reader);
        let show = |namespace: &str| match namespace {
            "" => "no namespace".to_owned(),
            namespace => format!("namespace \"{namespace}\""),
        };
        let seen = self.reader.namespace(name.namespace).to_owned();
        let wanted = show(self.plan.namespace_name(meant));
        let words = format!("{} is in {}, {wanted} needed", name.local, show(&seen));
        self.faults.raise(Place::element(self.reader.offset()), Rule::Namespace, &seen, &wanted, words);
        self.set_namespace(name.namespace, meant);
    }

    /// A required child is not there; `step` holds the ones of which one would do.
    fn missing(&mut self, model: &Model, step: &[Edge], offset: usize) {
        let Some(frame) = self.frames.last_mut() else { return };
        if frame.strangers > 0 {
            frame.strangers -= 1;
            return;
        }
        let frame = *frame;
        let mut names: Vec<&str> = step.iter().map(|e| label(model.positions.at(e.position))).collect();
        names.dedup();
        let Some(first) = names.first().copied() else { return };
        let alternatives = words::alternatives(names.iter().map(|n| (*n).to_owned()));
        let words = if names.len() == 1 {
            format!("{first} is missing")
        } else {
            format!("one of {alternatives} is missing")
        };
        let of = step.first().map(|e| self.plan.elements.at(model.positions.at(e.position).element).of);
        let expected = match of {
            Some(TypeId::Simple(id)) if names.len() == 1 => {
                self.plan.simples.at(id).wanted(self.plan.simples.all())
            }
            _ => alternatives,
        };
        self.faults.raise(Place::child(offset, frame.start, first), Rule::Missing, "", &expected, words);
    }

    /// The end tag comes before the content is complete.
    #[cold]
    pub(super) fn incomplete(&mut self, model: &Model) {
        if self.faults.is_full() {
            return;
        }
        self.faults.context(&self.reader);
        let Some(frame) = self.frames.last().copied() else { return };
        let offset = self.reader.offset();
        if model.all {
            let positions = model.positions.all().iter().enumerate();
            let absent: Vec<u32> = positions
                .filter(|(_, p)| p.required && !self.was_seen(p.member))
                .map(|(number, _)| crate::schema::table::index(number))
                .collect();
            for position in absent {
                self.missing(model, &[Edge { position, ..Edge::default() }], offset);
            }
            return;
        }
        let counters = self.counters.get(frame.counters as usize..).unwrap_or_default();
        if let Some(min) = model.wanted_repetitions(frame.state, counters).filter(|_| frame.state > 0) {
            let last = label(model.positions.at(frame.state - 1));
            let words = format!("{last} is there less often than {}", times(min));
            let expected = format!("at least {}", times(min));
            self.faults.raise(
                Place::child(offset, frame.start, last),
                Rule::Occurrence,
                last,
                &expected,
                words,
            );
            return;
        }
        for step in model.shortest(frame.state, |state| model.may_end(state)).unwrap_or_default() {
            self.missing(model, &step, offset);
        }
    }

    /// The names that may come next, in words.
    fn wanted(&self, model: &Model) -> String {
        let Some(frame) = self.frames.last() else { return String::new() };
        let mut names: Vec<String> = if model.all {
            let open = model.positions.all().iter().filter(|p| !self.was_seen(p.member));
            open.map(|p| label(p).to_owned()).collect()
        } else {
            let edges = model.edges.span(model.states.at(frame.state).edges);
            edges.iter().map(|e| label(model.positions.at(e.position)).to_owned()).collect()
        };
        names.dedup();
        words::alternatives(names.into_iter())
    }

    /// A child of an element that is nil.
    pub(super) fn child_of_nil(&mut self, name: Name<'x>) -> Result<(), XmlError> {
        self.faults.context(&self.reader);
        let words = format!("{} may not stand in an element that is nil", name.local);
        self.faults.raise(Place::element(self.reader.offset()), Rule::Nil, name.local, "nothing", words);
        self.reader.skip_element()
    }

    /// A child of an element that holds nothing.
    pub(super) fn child_of_empty(&mut self, name: Name<'x>) -> Result<(), XmlError> {
        self.faults.context(&self.reader);
        let words = format!("{} may not stand in an element that must be empty", name.local);
        self.faults.raise(
            Place::element(self.reader.offset()),
            Rule::Unexpected,
            name.local,
            "nothing",
            words,
        );
        self.reader.skip_element()
    }
}

fn label(position: &Position) -> &str {
    if position.wildcard.is_some() { "any element" } else { &position.local }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}
