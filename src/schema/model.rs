//! Content models: which child may come next.
//!
//! A model is the position automaton of its particles: one state for each particle, and one for "nothing yet".
//! XSD's rule of unique particle attribution makes it deterministic, so the state is one number. Occurrence bounds
//! other than 0, 1 and unbounded are counters on the transitions: nothing is unrolled, `maxOccurs="9999"` costs one
//! number. `xs:all` is a set of names instead.

use super::plan::{ElementId, MemberId, NamespaceId, Wildcard};
use super::table::{Span, Table};
use crate::xml::grain::same_name;

/// The state before the first child.
pub(crate) const START: u32 = 0;

/// The content model of one complex type.
#[derive(Debug, Default, Clone)]
pub(crate) struct Model {
    /// Particles; state `n` is "the last child was particle `n - 1`".
    pub(crate) positions: Table<Position>,
    pub(crate) states: Table<State>,
    pub(crate) edges: Table<Edge>,
    pub(crate) ops: Table<Op>,
    pub(crate) counters: Box<[Counter]>,
    /// Whether the model is `xs:all`: each position at most once, in any order.
    pub(crate) all: bool,
    /// Whether an `xs:all` may be empty as a whole.
    pub(crate) all_optional: bool,
}

/// A particle.
#[derive(Debug, Clone, Default)]
pub(crate) struct Position {
    pub(crate) namespace: NamespaceId,
    pub(crate) local: Box<str>,
    pub(crate) element: ElementId,
    pub(crate) member: MemberId,
    /// In place of a name.
    pub(crate) wildcard: Option<Wildcard>,
    /// In an `xs:all`.
    pub(crate) required: bool,
}

/// What may follow, and whether nothing need.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct State {
    pub(crate) edges: Span,
    pub(crate) accept: Accept,
}

/// Whether the content may end.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Accept {
    #[default]
    Never,
    Always,
    /// If these guards hold.
    When(Span),
}

/// A step to a position.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Edge {
    pub(crate) position: u32,
    pub(crate) ops: Span,
}

/// What a step asks of the counters and does to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    /// The repetition begins: the counter is 1.
    Enter(u16),
    /// The repetition goes round: the counter must be below its greatest value, and grows.
    Again(u16),
    /// The repetition is left: the counter must have reached its least value.
    Leave(u16),
}

/// Bounds of a counted repetition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counter {
    pub(crate) min: u32,
    /// `None` for unbounded.
    pub(crate) max: Option<u32>,
}

/// Why no step was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// No particle of that name comes next.
    NotHere,
    /// One does, and has been there as often as it may.
    TooMany { position: u32, max: u32 },
    /// One does, and what repeats before it has not been there often enough.
    TooFew { position: u32, min: u32 },
}

impl Default for Op {
    fn default() -> Self {
        Self::Enter(0)
    }
}

impl Position {
    #[inline]
    pub(crate) fn is(&self, namespace: NamespaceId, local: &str) -> bool {
        match &self.wildcard {
            None => self.namespace == namespace && same_name(self.local.as_bytes(), local.as_bytes()),
            Some(wildcard) => wildcard.admits(namespace),
        }
    }
}

impl Model {
    /// Takes the step that a child of that name makes from `state`, and gives its position. The next state is the
    /// position plus one.
    #[inline]
    pub(crate) fn step(
        &self,
        state: u32,
        counters: &mut [u32],
        namespace: NamespaceId,
        local: &str,
    ) -> Result<u32, Blocked> {
        let mut blocked = Blocked::NotHere;
        for edge in self.edges.span(self.states.at(state).edges) {
            if self.positions.at(edge.position).is(namespace, local) {
                if edge.ops.is_empty() {
                    return Ok(edge.position);
                }
                // Another way of counting may lead to the same particle.
                match self.apply(*edge, counters) {
                    Ok(()) => return Ok(edge.position),
                    Err(why) if blocked == Blocked::NotHere => blocked = why,
                    Err(_) => {}
                }
            }
        }
        Err(blocked)
    }

    /// Whether the content may end in `state`.
    pub(crate) fn accepts(&self, state: u32, counters: &[u32]) -> bool {
        match self.states.at(state).accept {
            Accept::Never => false,
            Accept::Always => true,
            Accept::When(guards) => self.ops.span(guards).iter().all(|op| self.holds(*op, counters)),
        }
    }

    /// Whether nothing at all is right.
    pub(crate) fn may_be_empty(&self) -> bool {
        if self.all {
            return self.all_optional || self.positions.all().iter().all(|p| !p.required);
        }
        matches!(self.states.at(START).accept, Accept::Always)
    }

    /// The least number of repetitions that a state still waits for before the content may end, if that is all.
    pub(crate) fn wanted_repetitions(&self, state: u32, counters: &[u32]) -> Option<u32> {
        let Accept::When(guards) = self.states.at(state).accept else { return None };
        let failed = self.ops.span(guards).iter().find(|op| !self.holds(**op, counters))?;
        self.counter(*failed).map(|(_, bounds)| bounds.min)
    }

    /// Puts the counters as they are after the step along `edge`, whether it may be taken or not.
    pub(crate) fn force(&self, edge: Edge, counters: &mut [u32]) {
        for op in self.ops.span(edge.ops) {
            let Some((index, _)) = self.counter(*op) else { continue };
            let Some(count) = counters.get_mut(index) else { continue };
            match op {
                Op::Enter(_) => *count = 1,
                Op::Again(_) => *count = count.saturating_add(1),
                Op::Leave(_) => {}
            }
        }
    }

    fn apply(&self, edge: Edge, counters: &mut [u32]) -> Result<(), Blocked> {
        let position = edge.position;
        for op in self.ops.span(edge.ops) {
            if self.holds(*op, counters) {
                continue;
            }
            let Some((_, bounds)) = self.counter(*op) else { continue };
            return Err(match (op, bounds.max) {
                (Op::Again(_), Some(max)) => Blocked::TooMany { position, max },
                _ => Blocked::TooFew { position, min: bounds.min },
            });
        }
        self.force(edge, counters);
        Ok(())
    }

    fn holds(&self, op: Op, counters: &[u32]) -> bool {
        let Some((index, bounds)) = self.counter(op) else { return true };
        let count = counters.get(index).copied().unwrap_or_default();
        match op {
            Op::Enter(_) => true,
            Op::Again(_) => bounds.max.is_none_or(|max| count < max),
            Op::Leave(_) => count >= bounds.min,
        }
    }

    fn counter(&self, op: Op) -> Option<(usize, Counter)> {
        let (Op::Enter(index) | Op::Again(index) | Op::Leave(index)) = op;
        let index = usize::from(index);
        self.counters.get(index).map(|bounds| (index, *bounds))
    }
}

/// Paths through a model, for saying what is missing. Counters are passed over: they say how often, not what.
impl Model {
    /// The shortest way from `state` to a state that satisfies `goal`: for each step the edges that would do, the
    /// one taken first. `None` where there is no way.
    pub(crate) fn shortest(&self, state: u32, goal: impl Fn(u32) -> bool) -> Option<Vec<Vec<Edge>>> {
        self.descend(state, &self.distances(goal))
    }

    /// For each state how many steps it is from one that satisfies `goal`.
    fn distances(&self, goal: impl Fn(u32) -> bool) -> Vec<Option<u32>> {
        let states = self.states.all();
        let mut distances: Vec<Option<u32>> =
            (0..states.len()).map(|state| goal(super::table::index(state)).then_some(0)).collect();
        // Most edges lead onwards, so that one round from the last state to the first settles nearly all.
        loop {
            let mut changed = false;
            for (index, state) in states.iter().enumerate().rev() {
                let through = self.edges.span(state.edges).iter();
                let best =
                    through.filter_map(|e| distances.get(e.position as usize + 1).copied().flatten()).min();
                let Some((best, known)) = best.map(|d| d + 1).zip(distances.get_mut(index)) else { continue };
                if known.is_none_or(|known| best < known) {
                    *known = Some(best);
                    changed = true;
                }
            }
            if !changed {
                return distances;
            }
        }
    }

    fn descend(&self, state: u32, distances: &[Option<u32>]) -> Option<Vec<Vec<Edge>>> {
        let at = |state: u32| distances.get(state as usize).copied().flatten();
        let mut left = at(state)?;
        let mut here = state;
        let mut path = Vec::new();
        while left > 0 {
            let edges = self.edges.span(self.states.at(here).edges).iter();
            let step: Vec<Edge> = edges.filter(|e| at(e.position + 1) == Some(left - 1)).copied().collect();
            here = step.first()?.position + 1;
            left -= 1;
            path.push(step);
        }
        Some(path)
    }

    /// Whether the state is one in which the content may end, counters aside.
    pub(crate) fn may_end(&self, state: u32) -> bool {
        !matches!(self.states.at(state).accept, Accept::Never)
    }

    /// The shortest way from `state` over a child of that name, that child included: at least one step. The edges of
    /// each step would do equally well.
    pub(crate) fn way(&self, state: u32, namespace: NamespaceId, local: &str) -> Option<Vec<Vec<Edge>>> {
        let goal = |state: u32| state > 0 && self.positions.at(state - 1).is(namespace, local);
        let distances = self.distances(goal);
        let at = |edge: &Edge| distances.get(edge.position as usize + 1).copied().flatten();
        let first = self.edges.span(self.states.at(state).edges);
        let length = first.iter().filter_map(at).min()?;
        let alike: Vec<Edge> = first.iter().filter(|edge| at(edge) == Some(length)).copied().collect();
        let rest = self.descend(alike.first()?.position + 1, &distances)?;
        Some(std::iter::once(alike).chain(rest).collect())
    }

    /// Whether a child of that name belongs to a branch of a choice other than the one that `state` is in: it cannot
    /// come later, and what was taken cannot come after it.
    pub(crate) fn excludes(&self, state: u32, namespace: NamespaceId, local: &str) -> bool {
        if state == START || self.all {
            return false;
        }
        let here = self.positions.at(state - 1);
        let position = self.positions.all().iter().position(|p| p.is(namespace, local));
        let Some(position) = position.map(super::table::index) else { return false };
        let is_here = |state: u32| state > 0 && self.positions.at(state - 1).is(here.namespace, &here.local);
        self.shortest(position + 1, is_here).is_none()
    }
}
