//! Patterns that are a few rows of characters: a codice fiscale, a date, a number of so many digits.
//!
//! Most patterns of the ministry's schemas are of this kind. Their characters can be judged each by itself, without
//! waiting for what the one before has led to as an automaton must. Only texts of ASCII are judged here.

use super::parse::{DIGITS, Item, Node, Set};

/// Most rows, and the longest: what has more stays with the automaton.
const ROWS: usize = 16;
const LENGTH: usize = 32;

/// The rows that a pattern consists of.
pub(super) struct Forms(Box<[Row]>);

/// For each character those that may stand there, one bit for each of ASCII.
type Row = Box<[u128]>;

impl Forms {
    /// `None` where the pattern is of another kind.
    pub(super) fn of(node: &Node) -> Option<Self> {
        rows(node).map(|rows| Self(rows.into_iter().map(Vec::into_boxed_slice).collect()))
    }

    /// Whether `text`, which is ASCII, is one of the rows.
    #[inline]
    pub(super) fn match_ascii(&self, text: &[u8]) -> bool {
        let is = |row: &Row| {
            let characters = row.iter().zip(text);
            // No way out in between: the texts are short and mostly right.
            row.len() == text.len()
                && characters.fold(1, |all, (set, byte)| all & (set >> (byte & 127)) & 1) == 1
        };
        self.0.iter().any(is)
    }
}

fn rows(node: &Node) -> Option<Vec<Vec<u128>>> {
    match node {
        Node::Set(set) => Some(vec![vec![ascii(set)?]]),
        Node::Sequence(nodes) => {
            let mut whole = vec![Vec::new()];
            for node in nodes {
                whole = joined(&whole, &rows(node)?)?;
            }
            Some(whole)
        }
        Node::Choice(nodes) => {
            let mut all = Vec::new();
            for node in nodes {
                all.extend(rows(node)?);
            }
            bounded(all)
        }
        Node::Repeat(node, least, most) => {
            let most = most.filter(|most| *most as usize <= LENGTH)?;
            let once = rows(node)?;
            let mut all = Vec::new();
            let mut repeated = vec![Vec::new()];
            for times in 0..=most {
                if times >= *least {
                    all.extend(repeated.iter().cloned());
                }
                if times < most {
                    repeated = joined(&repeated, &once)?;
                }
            }
            bounded(all)
        }
    }
}

/// Each of `first` followed by each of `then`.
fn joined(first: &[Vec<u128>], then: &[Vec<u128>]) -> Option<Vec<Vec<u128>>> {
    if first.len().checked_mul(then.len())? > ROWS {
        return None;
    }
    let pairs = first.iter().flat_map(|first| then.iter().map(move |then| [&**first, then].concat()));
    bounded(pairs.collect())
}

fn bounded(rows: Vec<Vec<u128>>) -> Option<Vec<Vec<u128>>> {
    (rows.len() <= ROWS && rows.iter().all(|row| row.len() <= LENGTH)).then_some(rows)
}

/// The characters of ASCII in a set; `None` where they are not told one by one.
fn ascii(set: &Set) -> Option<u128> {
    if set.negated || set.except.is_some() {
        return None;
    }
    set.items.iter().try_fold(0, |bits, item| match item {
        Item::Range(first, last) => {
            let range = *first..=*last;
            Some((0..128u8).filter(|b| range.contains(&char::from(*b))).fold(bits, |bits, b| bits | (1 << b)))
        }
        Item::Class(name) if name == DIGITS => Some(bits | 0x3FF << b'0'),
        Item::Class(_) => None,
    })
}
