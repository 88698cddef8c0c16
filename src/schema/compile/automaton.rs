//! Particles to content model: the position automaton of Glushkov, with counters on the transitions.
//!
//! What must be deterministic is checked here: two particles that compete for one element (Unique Particle
//! Attribution, XSD part 1 §3.8.6), and two countings that compete for one particle, which the standard allows and
//! this engine does not (`(a{2}, b?){3}` leaves open whose repetition a third `a` is).

use std::collections::BTreeMap;

use super::particle::Particle;
use crate::schema::load_error::LoadErrorKind;
use crate::schema::model::{Accept, Counter, Edge, Model, Op, Position, State};
use crate::schema::plan::Element;
use crate::schema::table::{Span, Table, index};

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
        let mut ops: Vec<Op> = Vec::new();
        let mut store = |new: &[Op]| {
            let start = ops.len();
            ops.extend_from_slice(new);
            Span::new(start..ops.len())
        };
        let mut edges = Vec::new();
        let mut states = Vec::with_capacity(self.positions.len() + 1);
        let (firsts, lasts) = (merged(&whole.first), merged(&whole.last));
        for state in 0..=index(self.positions.len()) {
            let start = edges.len();
            let mut ways: Vec<(u32, &[Vec<Op>])> = Vec::new();
            if state == 0 {
                ways.extend(firsts.iter().map(|(p, w)| (*p, w.as_slice())));
            } else {
                let from_here = self.follow.range((state - 1, 0)..=(state - 1, u32::MAX));
                ways.extend(from_here.map(|((_, to), w)| (*to, w.as_slice())));
            }
            for (position, ways) in ways {
                if !self.exclusive(ways) {
                    return Err(LoadErrorKind::Counting(self.name(position)));
                }
                edges.extend(ways.iter().map(|way| Edge { position, ops: store(way) }));
            }
            self.unique(edges.get(start..).unwrap_or_default())?;
            let accept = if state == 0 {
                if whole.nullable { Accept::Always } else { Accept::Never }
            } else {
                match lasts.get(&(state - 1)).map(Vec::as_slice) {
                    None => Accept::Never,
                    Some([guards]) if guards.is_empty() => Accept::Always,
                    Some([guards]) => Accept::When(store(guards)),
                    Some(_) => return Err(LoadErrorKind::Counting(self.name(state - 1))),
                }
            };
            states.push(State { edges: Span::new(start..edges.len()), accept });
        }
        Ok(Model {
            positions: Table::new(self.positions),
            states: Table::new(states),
            edges: Table::new(edges),
            ops: Table::new(ops),
            counters: self.counters.into(),
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

    fn unique(&self, edges: &[Edge]) -> Result<(), LoadErrorKind> {
        let at = |edge: &Edge| self.positions.get(edge.position as usize);
        for (i, one) in edges.iter().enumerate() {
            for other in edges.iter().skip(i + 1).filter(|other| other.position != one.position) {
                if at(one).zip(at(other)).is_some_and(|(a, b)| compete(a, b)) {
                    return Err(LoadErrorKind::Ambiguous(self.name(one.position)));
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

fn merged(steps: &Steps) -> BTreeMap<u32, Vec<Vec<Op>>> {
    let mut out: BTreeMap<u32, Vec<Vec<Op>>> = BTreeMap::new();
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
