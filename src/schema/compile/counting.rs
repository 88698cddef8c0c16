//! Repetitions whose counts have more than one reading, counted beforehand.
//!
//! In `(a{1,2}, b?){3}` a second `a` may be the second of the first round or the first of the second. Which particle an
//! element belongs to is never in doubt (part 1 §3.8.6), only what the counters stand at. So all readings are followed
//! at once: a state is a particle with the set of what the counters may stand at, and where a model may be is settled
//! here, when the schema is loaded. A document then takes one step a child, and counts nothing.
//!
//! The number of such states grows with the product of the bounds, so it has one: a model of more than [`STATES`] states,
//! or whose states have more than [`READINGS`] readings together, is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::automaton::Ways;
use crate::schema::model::{Counter, Op};
use crate::schema::table::index;

/// Most states of a model that is counted beforehand.
pub(crate) const STATES: usize = 1_000;

/// Most readings that all states of a model have together.
const READINGS: usize = 100_000;

/// What the counters of a model may stand at.
type Reading = Box<[u32]>;
type Readings = BTreeSet<Reading>;

/// A particle at some counts, as the last child.
pub(super) struct Expanded {
    /// None before the first child.
    pub(super) position: Option<u32>,
    /// The states that may follow, by their number less one.
    pub(super) next: Vec<u32>,
    pub(super) accepts: bool,
}

struct Found {
    position: Option<u32>,
    readings: Readings,
    next: Vec<usize>,
}

/// The states that can be reached, the start first, then in order of position. `follow` has for each state what may
/// follow it, `lasts` the ways to end after a position. As an error the position at which there were too many.
pub(super) fn expand(
    counters: &[Counter],
    follow: &[Ways],
    lasts: &Ways,
    nullable: bool,
) -> Result<Vec<Expanded>, u32> {
    let start: Readings = [vec![0; counters.len()].into()].into();
    let mut found = vec![Found { position: None, readings: start, next: Vec::new() }];
    let mut known: BTreeMap<(u32, Readings), usize> = BTreeMap::new();
    let mut readings = 0;
    let mut at = 0;
    while let Some((from, here)) = found.get(at).map(|f| (f.position, f.readings.clone())) {
        let row = follow.get(from.map_or(0, |p| p as usize + 1));
        let mut next = Vec::new();
        for (position, ways) in row.into_iter().flatten() {
            let reached: Readings =
                ways.iter().flat_map(|way| here.iter().filter_map(|r| after(counters, way, r))).collect();
            if reached.is_empty() {
                continue;
            }
            let number = match known.get(&(*position, reached.clone())) {
                Some(number) => *number,
                None => {
                    readings += reached.len();
                    if found.len() > STATES || readings > READINGS {
                        return Err(*position);
                    }
                    known.insert((*position, reached.clone()), found.len());
                    found.push(Found { position: Some(*position), readings: reached, next: Vec::new() });
                    found.len() - 1
                }
            };
            next.push(number);
        }
        if let Some(state) = found.get_mut(at) {
            state.next = next;
        }
        at += 1;
    }
    Ok(ordered(counters, &found, lasts, nullable))
}

/// In order of position: members of an object stand in the order in which the schema first names them.
fn ordered(counters: &[Counter], found: &[Found], lasts: &Ways, nullable: bool) -> Vec<Expanded> {
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by_key(|number| found.get(*number).and_then(|f| f.position));
    let mut place = vec![0; found.len()];
    for (new, old) in order.iter().enumerate() {
        if let Some(slot) = place.get_mut(*old) {
            *slot = new;
        }
    }
    let expanded = |state: &Found| {
        let ends = |way: &Vec<Op>| state.readings.iter().any(|r| after(counters, way, r).is_some());
        let ways = state.position.and_then(|position| lasts.get(&position));
        let mut next: Vec<u32> =
            state.next.iter().filter_map(|old| place.get(*old)?.checked_sub(1)).map(index).collect();
        next.sort_unstable();
        Expanded {
            position: state.position,
            next,
            accepts: match state.position {
                None => nullable,
                Some(_) => ways.is_some_and(|ways| ways.iter().any(ends)),
            },
        }
    };
    order.iter().filter_map(|old| found.get(*old)).map(expanded).collect()
}

/// What the counters stand at after a step, if it may be taken. What is never asked again is forgotten: counts beyond the
/// least of a repetition without bound, and those of a repetition that was left.
fn after(counters: &[Counter], way: &[Op], reading: &Reading) -> Option<Reading> {
    let mut reading = reading.clone();
    for op in way {
        let (Op::Enter(number) | Op::Again(number) | Op::Leave(number)) = *op;
        let bounds = counters.get(usize::from(number))?;
        let count = reading.get_mut(usize::from(number))?;
        match op {
            Op::Enter(_) => *count = 1,
            Op::Again(_) if bounds.max.is_some_and(|max| *count >= max) => return None,
            Op::Again(_) => *count += 1,
            Op::Leave(_) if *count < bounds.min => return None,
            Op::Leave(_) => *count = 0,
        }
        if bounds.max.is_none() {
            *count = (*count).min(bounds.min.max(1));
        }
    }
    Some(reading)
}
