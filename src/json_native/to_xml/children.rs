//! The children of an object, each taking its step in the content model.

use super::faults::Faults;
use super::members::position;
use super::{Builder, Cursor, Step, Value};
use crate::json_native::tape::Kind;
use crate::schema::model::{Blocked, Edge, Model, START};
use crate::schema::plan::{Complex, Member, MemberKind, Plan, TypeId};
use crate::schema::violation::Rule;
use crate::schema::words;

impl<'d, 't, 'j> Builder<'d, 't, 'j, '_> {
    pub(super) fn children(
        &mut self,
        complex: &'d Complex,
        model: &'d Model,
        object: Value<'t, 'j>,
        base: usize,
    ) {
        let counters = self.counters.len();
        self.counters.resize(counters + model.counters.len(), 0);
        let mut cursor = Cursor { model, state: START, counters };
        if model.all {
            self.children_in_any_order(complex, model, object, base);
        }
        for (number, member) in complex.members.iter().enumerate() {
            if member.kind != MemberKind::Child || model.all {
                continue;
            }
            let Some(value) = self.slot(base, number) else { continue };
            self.faults.enter(Step::Member(member));
            if !member.repeated {
                self.child(&mut cursor, member, value, object);
            } else if value.kind() == Kind::Array {
                for (index, item) in value.items().enumerate() {
                    self.faults.enter(Step::Item(index));
                    self.child(&mut cursor, member, item, object);
                    self.faults.leave();
                }
            } else {
                self.wrong_kind(value, "an array");
            }
            self.faults.leave();
        }
        self.complete(complex, &cursor, object, base);
        self.counters.truncate(counters);
    }

    /// The children of an `xs:all`, in the order in which the object has them: any is right, and this one is that of
    /// the document the object came from.
    pub(super) fn children_in_any_order(
        &mut self,
        complex: &'d Complex,
        model: &'d Model,
        object: Value<'t, 'j>,
        base: usize,
    ) {
        for (key, value) in object.members() {
            let Some(number) = position(&complex.members, &key.string().unwrap_or_default(), 0) else {
                continue;
            };
            let Some(member) = complex.members.get(number) else { continue };
            let taken = self.slot(base, number).is_some_and(|slot| slot.offset() == value.offset());
            let found = model.positions.all().iter().find(|p| p.is(member.namespace, &member.local));
            let Some(position) = found.filter(|_| taken && member.kind == MemberKind::Child) else {
                continue;
            };
            self.faults.enter(Step::Member(member));
            self.element(position.element, value, None);
            self.faults.leave();
        }
    }

    pub(super) fn child(
        &mut self,
        cursor: &mut Cursor<'d>,
        member: &'d Member,
        value: Value<'t, 'j>,
        object: Value<'t, 'j>,
    ) {
        let model = cursor.model;
        let counters = self.counters.get_mut(cursor.counters..).unwrap_or_default();
        let position = match model.step(cursor.state, counters, member.namespace, &member.local) {
            Ok(position) => position,
            Err(blocked) => match self.misplaced(cursor, member, value, object, blocked) {
                Some(position) => position,
                None => return,
            },
        };
        cursor.state = position + 1;
        self.element(model.positions.at(position).element, value, None);
    }

    /// A child that the model does not take: reports why, and gives the particle to go on from.
    pub(super) fn misplaced(
        &mut self,
        cursor: &Cursor<'d>,
        member: &'d Member,
        value: Value<'t, 'j>,
        object: Value<'t, 'j>,
        blocked: Blocked,
    ) -> Option<u32> {
        let model = cursor.model;
        match blocked {
            Blocked::TooMany { position, max } => {
                let expected = format!("at most {max}");
                self.faults.raise(value, Rule::Occurrence, "", &expected, format!("more than {max} given"));
                return Some(position);
            }
            Blocked::TooFew { position, min } => {
                let words = format!("what comes before must be there at least {min} times");
                self.faults.raise(value, Rule::Occurrence, "", &format!("at least {min}"), words);
                return Some(position);
            }
            Blocked::NotHere => {}
        }
        if let Some(way) = model.way(cursor.state, member.namespace, &member.local) {
            self.faults.outside(|faults| {
                for step in way.iter().take(way.len().saturating_sub(1)) {
                    missing_child(faults, self.plan, model, step, object);
                }
            });
            return way.last().and_then(|step| step.first()).map(|edge| edge.position);
        }
        let words = if model.excludes(cursor.state, member.namespace, &member.local) {
            let other = &model.positions.at(cursor.state.saturating_sub(1)).local;
            format!("may not stand together with {other}")
        } else {
            "is there more often than it may be".to_owned()
        };
        self.faults.raise(value, Rule::Unexpected, "", "null", words);
        None
    }

    /// The end of an object's children.
    pub(super) fn complete(
        &mut self,
        complex: &'d Complex,
        cursor: &Cursor<'d>,
        object: Value<'t, 'j>,
        base: usize,
    ) {
        let model = cursor.model;
        if model.all {
            let met = |member: u16| self.slot(base, usize::from(member)).is_some();
            let positions = model.positions.all();
            if model.all_optional && !positions.iter().any(|p| met(p.member)) {
                return;
            }
            let absent: Vec<u32> = positions
                .iter()
                .enumerate()
                .filter(|(_, p)| p.required && !met(p.member))
                .filter_map(|(number, _)| u32::try_from(number).ok())
                .collect();
            for position in absent {
                let step = [Edge { position, ..Edge::default() }];
                missing_child(&mut self.faults, self.plan, model, &step, object);
            }
            return;
        }
        let counters = self.counters.get(cursor.counters..).unwrap_or_default();
        if model.accepts(cursor.state, counters) {
            return;
        }
        if let Some(min) = model.wanted_repetitions(cursor.state, counters).filter(|_| cursor.state > START) {
            let last = model.positions.at(cursor.state - 1).member;
            if let Some(member) = complex.members.get(usize::from(last)) {
                self.faults.enter(Step::Member(member));
                let at = self.slot(base, usize::from(last)).unwrap_or(object);
                let words = format!("fewer than {min} given");
                self.faults.raise(at, Rule::Occurrence, "", &format!("at least {min}"), words);
                self.faults.leave();
            }
            return;
        }
        for step in model.shortest(cursor.state, |state| model.may_end(state)).unwrap_or_default() {
            missing_child(&mut self.faults, self.plan, model, &step, object);
        }
    }
}

/// Reports a child that is not there; `step` holds those of which one would do.
fn missing_child<'d>(
    faults: &mut Faults<'d>,
    plan: &'d Plan,
    model: &'d Model,
    step: &[Edge],
    object: Value<'_, '_>,
) {
    let mut names: Vec<&str> = step.iter().map(|edge| &*model.positions.at(edge.position).local).collect();
    names.dedup();
    let Some(first) = step.first() else { return };
    let position = model.positions.at(first.position);
    let wanted = match plan.elements.at(position.element).of {
        TypeId::Simple(id) if names.len() == 1 => plan.simples.at(id).wanted(plan.simples.all()),
        _ => words::alternatives(names.iter().map(|n| (*n).to_owned())),
    };
    let words = match names.len() {
        1 => "missing".to_owned(),
        _ => format!("missing: one of {} needed", words::alternatives(names.iter().map(|n| (*n).to_owned()))),
    };
    faults.enter(Step::Child(&position.local));
    faults.raise(object, Rule::Missing, "", &wanted, words);
    faults.leave();
}
