//! Particles to content model: the position automaton of Glushkov, with counters on the transitions.
//!
//! Two particles that compete for one element are refused (Unique Particle Attribution, XSD part 1 §3.8.6). Where it is
//! two countings that compete for one particle, which the standard allows (`(a{1,2}, b?){3}` leaves open whether a
//! second `a` begins the second round), `counting` follows all of them at once.

use std::collections::BTreeMap;

use super::counting;
use super::particle::Particle;
use crate::schema::load_error::LoadErrorKind;
use crate::schema::model::{Accept, Counter, Edge, Model, Op, Position, State};
use crate::schema::plan::Element;
use crate::schema::table::{Span, Table, index};

/// Positions, with the ways of counting that lead to or from each.
pub(super) type Ways = BTreeMap<u32, Vec<Vec<Op>>>;

type Steps = Vec<(u32, Vec<Op>)>;

/// What a particle looks like from outside.
struct Fragment {
    nullable: bool,
    /// Positions that can come first, with what is done on the way in.
    first: Steps,
    /// Positions that can come last, with what is asked on the way out.
    last: Steps,
}

struct Builder<'e> {
    elements: &'e [Element],
    positions: Vec<Position>,
    counters: Vec<Counter>,
    /// Edges by their two ends; the ways of counting along each.
    follow: BTreeMap<(u32, u32), Vec<Vec<Op>>>,
}

/// Builds the model of a particle.
pub(super) fn build(particle: &Particle, elements: &[Element]) -> Result<Model, LoadErrorKind> {
    let mut builder =
        Builder { elements, positions: Vec::new(), counters: Vec::new(), follow: BTreeMap::new() };
    if let Particle::All(items, optional) = particle {
        for (element, required) in items {
            let position = builder.element(*element);
            if let Some(position) = builder.positions.get_mut(position as usize) {
                position.required = *required;
            }
        }
        let positions = Table::new(builder.positions);
        for (i, one) in positions.all().iter().enumerate() {
            if positions.all().iter().skip(i + 1).any(|other| compete(one, other)) {
                return Err(LoadErrorKind::Ambiguous(one.local.to_string()));
            }
        }
        return Ok(Model { positions, all: true, all_optional: *optional, ..Model::default() });
    }
    let whole = builder.particle(particle)?;
    builder.finish(whole)
}

impl Builder<'_> {
    fn element(&mut self, element: u32) -> u32 {
        let declared = self.elements.get(element as usize);
        self.positions.push(Position {
            namespace: declared.map_or(0, |e| e.namespace),
            local: declared.map(|e| e.local.clone()).unwrap_or_default(),
            element,
            ..Position::default()
        });
        index(self.positions.len() - 1)
    }

    fn leaf(position: u32) -> Fragment {
        Fragment { nullable: false, first: vec![(position, Vec::new())], last: vec![(position, Vec::new())] }
    }

    fn particle(&mut self, particle: &Particle) -> Result<Fragment, LoadErrorKind> {
        match particle {
            Particle::Element(element) => Ok(Self::leaf(self.element(*element))),
            Particle::Wildcard(wildcard) => {
                self.positions.push(Position { wildcard: Some(wildcard.clone()), ..Position::default() });
                Ok(Self::leaf(index(self.positions.len() - 1)))
            }
            Particle::Sequence(items) => {
                let mut whole = Fragment { nullable: true, first: Vec::new(), last: Vec::new() };
                for item in items {
                    let next = self.particle(item)?;
                    self.connect(&whole.last, &next.first, &[]);
                    if whole.nullable {
                        whole.first.extend(next.first);
                    }
                    if !next.nullable {
                        whole.last.clear();
                    }
                    whole.last.extend(next.last);
                    whole.nullable &= next.nullable;
                }
                Ok(whole)
            }
            Particle::Choice(items) => {
                // A choice of nothing accepts nothing (§3.8.6), unlike a sequence of nothing.
                let mut whole = Fragment { nullable: false, first: Vec::new(), last: Vec::new() };
                for item in items {
                    let branch = self.particle(item)?;
                    whole.nullable |= branch.nullable;
                    whole.first.extend(branch.first);
                    whole.last.extend(branch.last);
                }
                Ok(whole)
            }
            Particle::Repeat(inner, min, max) => self.repeat(inner, *min, *max),
            Particle::All(..) => Err(LoadErrorKind::Misplaced),
        }
    }

    fn repeat(&mut self, inner: &Particle, min: u32, max: Option<u32>) -> Result<Fragment, LoadErrorKind> {
        let mut whole = self.particle(inner)?;
        // Rounds that are empty count as well, so a nullable particle reaches any minimum.
        let min = if whole.nullable { 0 } else { min };
        match (min, max) {
            (0 | 1, Some(1)) => {}
            (0 | 1, None) => {
                let (last, first) = (whole.last.clone(), whole.first.clone());
                self.connect(&last, &first, &[]);
            }
            _ => {
                let counter =
                    u16::try_from(self.counters.len()).map_err(|_| LoadErrorKind::TooManyCounters)?;
                self.counters.push(Counter { min, max });
                let (last, first) = (whole.last.clone(), whole.first.clone());
                self.connect(&last, &first, &[Op::Again(counter)]);
                whole.first.iter_mut().for_each(|(_, ops)| ops.insert(0, Op::Enter(counter)));
                whole.last.iter_mut().for_each(|(_, ops)| ops.push(Op::Leave(counter)));
            }
        }
        whole.nullable |= min == 0;
        Ok(whole)
    }

    fn connect(&mut self, from: &Steps, to: &Steps, between: &[Op]) {
        for (source, leaving) in from {
            for (target, entering) in to {
                let ops = [leaving.as_slice(), between, entering.as_slice()].concat();
                let ways = self.follow.entry((*source, *target)).or_default();
                if !ways.contains(&ops) {
                    ways.push(ops);
                }
            }
        }
    }

    fn finish(self, whole: Fragment) -> Result<Model, LoadErrorKind> {
        let (firsts, lasts) = (merged(&whole.first), merged(&whole.last));
        let mut follow: Vec<Ways> = vec![firsts];
        follow.resize_with(self.positions.len() + 1, Ways::new);
        for ((from, to), ways) in &self.follow {
            if let Some(row) = follow.get_mut(*from as usize + 1) {
                row.insert(*to, ways.clone());
            }
        }
        for row in &follow {
            self.unique(row)?;
        }
        let one_way = follow.iter().flat_map(Ways::values).all(|ways| self.exclusive(ways))
            && lasts.values().all(|guards| guards.len() == 1);
        if one_way {
            Ok(self.counted(&whole, &follow, &lasts))
        } else {
            self.uncounted(&whole, &follow, &lasts)
        }
    }

    /// The model that counts as it goes: one way of counting along each edge at any time.
    fn counted(self, whole: &Fragment, follow: &[Ways], lasts: &Ways) -> Model {
        let mut ops: Vec<Op> = Vec::new();
        let mut store = |new: &[Op]| {
            let start = ops.len();
            ops.extend_from_slice(new);
            Span::new(start..ops.len())
        };
        let mut edges = Vec::new();
        let mut states = Vec::with_capacity(follow.len());
        for (state, row) in (0u32..).zip(follow) {
            let start = edges.len();
            for (position, ways) in row {
                edges.extend(ways.iter().map(|way| Edge { position: *position, ops: store(way) }));
            }
            let guards = state.checked_sub(1).and_then(|position| lasts.get(&position)?.first());
            let accept = match guards {
                None if state == 0 && whole.nullable => Accept::Always,
                None => Accept::Never,
                Some(guards) if guards.is_empty() => Accept::Always,
                Some(guards) => Accept::When(store(guards)),
            };
            states.push(State { edges: Span::new(start..edges.len()), accept });
        }
        Model {
            positions: Table::new(self.positions),
            states: Table::new(states),
            edges: Table::new(edges),
            ops: Table::new(ops),
            counters: self.counters.into(),
            ..Model::default()
        }
    }

    /// The model that has counted beforehand.
    fn uncounted(self, whole: &Fragment, follow: &[Ways], lasts: &Ways) -> Result<Model, LoadErrorKind> {
        let found = counting::expand(&self.counters, follow, lasts, whole.nullable)
            .map_err(|position| LoadErrorKind::Counting(self.name(position)))?;
        let mut positions = Vec::with_capacity(found.len());
        let mut states = Vec::with_capacity(found.len());
        let mut edges = Vec::new();
        for state in found {
            positions.extend(state.position.and_then(|p| self.positions.get(p as usize)).cloned());
            let start = edges.len();
            edges
                .extend(state.next.iter().map(|position| Edge { position: *position, ops: Span::default() }));
            let accept = if state.accepts { Accept::Always } else { Accept::Never };
            states.push(State { edges: Span::new(start..edges.len()), accept });
        }
        Ok(Model {
            positions: Table::new(positions),
            states: Table::new(states),
            edges: Table::new(edges),
            ..Model::default()
        })
    }

    /// Whether of several ways of counting along one edge at most one is open at any time: of two, one goes round a
    /// repetition of a fixed number that the other leaves.
    fn exclusive(&self, ways: &[Vec<Op>]) -> bool {
        let fixed = |counter: u16| {
            self.counters.get(usize::from(counter)).is_some_and(|bounds| bounds.max == Some(bounds.min))
        };
        let parts = |one: &[Op], other: &[Op]| {
            one.iter().any(|op| match op {
                Op::Again(counter) => fixed(*counter) && other.contains(&Op::Leave(*counter)),
                Op::Enter(_) | Op::Leave(_) => false,
            })
        };
        ways.iter()
            .enumerate()
            .all(|(i, one)| ways.iter().skip(i + 1).all(|other| parts(one, other) || parts(other, one)))
    }

    /// Whether no two of the particles that may come next compete.
    fn unique(&self, next: &Ways) -> Result<(), LoadErrorKind> {
        let at = |position: &u32| self.positions.get(*position as usize);
        for (number, one) in next.keys().enumerate() {
            for other in next.keys().skip(number + 1) {
                if at(one).zip(at(other)).is_some_and(|(a, b)| compete(a, b)) {
                    return Err(LoadErrorKind::Ambiguous(self.name(*one)));
                }
            }
        }
        Ok(())
    }

    fn name(&self, position: u32) -> String {
        let name = self.positions.get(position as usize).map(|p| match p.wildcard {
            Some(_) => "any".to_owned(),
            None => p.local.to_string(),
        });
        name.unwrap_or_default()
    }
}

fn merged(steps: &Steps) -> Ways {
    let mut out = Ways::new();
    for (position, ops) in steps {
        let ways = out.entry(*position).or_default();
        if !ways.contains(ops) {
            ways.push(ops.clone());
        }
    }
    out
}

fn compete(a: &Position, b: &Position) -> bool {
    match (&a.wildcard, &b.wildcard) {
        (None, None) => a.namespace == b.namespace && a.local == b.local,
        (Some(wildcard), None) => wildcard.admits(b.namespace),
        (None, Some(wildcard)) => wildcard.admits(a.namespace),
        (Some(a), Some(b)) => a.overlaps(b),
    }
}
