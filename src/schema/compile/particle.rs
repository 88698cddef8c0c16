//! Particles as a schema nests them, before they become an automaton.

use crate::schema::plan::{ElementId, Wildcard};

/// A particle.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Particle {
    Element(ElementId),
    Wildcard(Wildcard),
    Sequence(Vec<Particle>),
    Choice(Vec<Particle>),
    /// At least, at most.
    Repeat(Box<Particle>, u32, Option<u32>),
    /// Each element with whether it is required; whether the group as a whole may be absent.
    All(Vec<(ElementId, bool)>, bool),
}

impl Particle {
    /// Nothing.
    pub(super) const EMPTY: Self = Self::Sequence(Vec::new());

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Sequence(items) => items.iter().all(Self::is_empty),
            Self::Repeat(inner, _, max) => *max == Some(0) || inner.is_empty(),
            Self::All(items, _) => items.is_empty(),
            Self::Element(_) | Self::Wildcard(_) | Self::Choice(_) => false,
        }
    }

    /// Whether nothing at all is right (part 1 §3.9.6, Particle Emptiable).
    pub(super) fn may_be_empty(&self) -> bool {
        match self {
            Self::Element(_) | Self::Wildcard(_) => false,
            Self::Sequence(items) => items.iter().all(Self::may_be_empty),
            Self::Choice(items) => items.iter().any(Self::may_be_empty),
            Self::Repeat(inner, min, _) => *min == 0 || inner.may_be_empty(),
            Self::All(items, optional) => *optional || items.iter().all(|(_, required)| !required),
        }
    }

    /// The particle repeated; one repetition within another is one where that means the same.
    pub(super) fn repeated(self, min: u32, max: Option<u32>) -> Self {
        let inner = self.unwrapped();
        match (inner, min, max) {
            (_, _, Some(0)) => Self::EMPTY,
            (inner, 1, Some(1)) => inner,
            (Self::Repeat(inner, inner_min, inner_max), min, max) => {
                match merge((inner_min, inner_max), (min, max)) {
                    Some((min, max)) => Self::Repeat(inner, min, max),
                    None => Self::Repeat(Box::new(Self::Repeat(inner, inner_min, inner_max)), min, max),
                }
            }
            (inner, min, max) => Self::Repeat(Box::new(inner), min, max),
        }
    }

    /// A group of one is that one.
    fn unwrapped(self) -> Self {
        match self {
            Self::Sequence(mut items) | Self::Choice(mut items) if items.len() == 1 => {
                items.pop().map_or(Self::EMPTY, Self::unwrapped)
            }
            other => other,
        }
    }
}

/// The bounds of a repetition of a repetition, where they are one range without gaps.
fn merge(inner: (u32, Option<u32>), outer: (u32, Option<u32>)) -> Option<(u32, Option<u32>)> {
    let min = inner.0.checked_mul(outer.0)?;
    let max = match (inner.1, outer.1) {
        (Some(inner), Some(outer)) => Some(inner.checked_mul(outer)?),
        (Some(0), None) | (None, Some(0)) => Some(0),
        _ => None,
    };
    // k rounds give inner.min*k ..= inner.max*k; no gap to k+1 rounds if inner.max*k + 1 >= inner.min*(k+1), which
    // is hardest for the smallest k. Zero rounds give zero, and then one round must not begin above one.
    let rounds = outer.0;
    let reaches = |k: u32| match inner.1 {
        None => k > 0 || inner.0 <= 1,
        Some(most) => u64::from(most) * u64::from(k) + 1 >= u64::from(inner.0) * (u64::from(k) + 1),
    };
    let single = outer.1 == Some(outer.0);
    (single || reaches(rounds)).then_some((min, max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_repetitions_merge_only_without_gaps() {
        assert_eq!(merge((0, None), (2, Some(5))), Some((0, None)));
        assert_eq!(merge((1, None), (0, Some(1))), Some((0, None)));
        assert_eq!(merge((0, Some(1)), (1, None)), Some((0, None)));
        assert_eq!(merge((2, Some(3)), (2, Some(2))), Some((4, Some(6))));
        assert_eq!(merge((2, Some(3)), (1, None)), Some((2, None)));
        assert_eq!(merge((2, Some(2)), (1, None)), None);
        assert_eq!(merge((2, None), (0, Some(1))), None);
        let element = Particle::Element(7);
        let group = Particle::Sequence(vec![element.clone().repeated(0, None)]);
        assert_eq!(group.repeated(1, None), Particle::Repeat(Box::new(element), 0, None));
    }
}
