//! The `pattern` facet: regular expressions of XSD 1.0 (part 2, appendix F), matched in linear time.
//!
//! An expression is parsed by XSD's grammar, then run as a deterministic automaton over the bytes of the value; one
//! whose automaton would be too large runs in the bounded-memory engines of `regex-automata` instead, and one that is a
//! few rows of characters needs neither for values of ASCII (`forms`). Either way the whole value must match, `^` and `$`
//! are ordinary characters, and no value makes the time more than linear.

mod blocks;
mod describe;
mod forms;
mod parse;

use std::fmt;

use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{MatchKind, meta};

use forms::Forms;
pub(crate) use parse::Node;

/// Largest automaton, in bytes.
const AUTOMATON_LIMIT: usize = 1 << 20;
/// Largest program of the engines that need no automaton, in bytes.
const PROGRAM_LIMIT: usize = 16 << 20;

/// The patterns of one derivation step, compiled: a value must match one of them.
pub(crate) struct Pattern {
    forms: Option<Forms>,
    machine: Machine,
    /// The form in words, where it is simple enough to have some; else as written.
    wanted: Box<str>,
}

enum Machine {
    Automaton { dfa: Box<dense::DFA<Vec<u32>>>, start: StateID },
    Engines(meta::Regex),
}

impl Pattern {
    /// Compiles alternatives, each as written in one `pattern` facet.
    pub(crate) fn compile(sources: &[&str]) -> Result<Self, String> {
        let mut nodes = Vec::with_capacity(sources.len());
        for source in sources {
            nodes.push(parse::parse(source).map_err(|e| format!("in pattern \"{source}\": {e}"))?);
        }
        let wanted = describe::all(&nodes).unwrap_or_else(|| format!("the form {}", sources.join(" or ")));
        let mut expression = String::new();
        let whole = Node::Choice(nodes);
        whole.write(&mut expression);
        let machine = automaton(&expression).map_or_else(|| engines(&expression), Ok)?;
        Ok(Self { forms: Forms::of(&whole), machine, wanted: wanted.into() })
    }

    /// Whether the whole of `text` matches.
    #[inline]
    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.forms {
            Some(forms) if text.is_ascii() => forms.match_ascii(text.as_bytes()),
            _ => self.machine.matches(text),
        }
    }

    /// What is wanted, in words.
    pub(crate) fn wanted(&self) -> &str {
        &self.wanted
    }
}

impl Machine {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Automaton { dfa, start } => {
                // The dead state leads to itself only: values are short, and asking after each byte costs more.
                let end = text.bytes().fold(*start, |state, byte| dfa.next_state(state, byte));
                dfa.is_match_state(dfa.next_eoi_state(end))
            }
            Self::Engines(regex) => regex.is_match(text),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// `None` where it would be too large.
fn automaton(expression: &str) -> Option<Machine> {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .accelerate(false)
        .dfa_size_limit(Some(AUTOMATON_LIMIT))
        .determinize_size_limit(Some(AUTOMATON_LIMIT));
    let program = thompson::Config::new().nfa_size_limit(Some(AUTOMATON_LIMIT));
    let dfa = dense::Builder::new().configure(config).thompson(program).build(expression).ok()?;
    let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    Some(Machine::Automaton { dfa: Box::new(dfa), start })
}

fn engines(expression: &str) -> Result<Machine, String> {
    let config =
        meta::Config::new().nfa_size_limit(Some(PROGRAM_LIMIT)).hybrid_cache_capacity(AUTOMATON_LIMIT);
    let whole = format!("\\A(?:{expression})\\z");
    let regex = meta::Builder::new().configure(config).build(&whole);
    regex.map(Machine::Engines).map_err(|e| format!("the pattern cannot run in bounded memory: {e}"))
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
