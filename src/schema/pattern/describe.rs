//! A pattern in the words of the office that filled in the form: "5 digits" instead of `\d{5}`.

use super::parse::{DIGITS, Item, Node, Set};

/// Longest run of parts that still reads as a description.
const PARTS: usize = 4;

/// All alternatives in words, where each has some.
pub(super) fn all(nodes: &[Node]) -> Option<String> {
    let words: Vec<String> = nodes.iter().map(one).collect::<Option<_>>()?;
    (words.len() <= PARTS).then(|| words.join(" or "))
}

fn one(node: &Node) -> Option<String> {
    match node {
        Node::Choice(nodes) => all(nodes),
        Node::Sequence(nodes) => sequence(nodes),
        node => sequence(std::slice::from_ref(node)),
    }
}

fn sequence(nodes: &[Node]) -> Option<String> {
    let mut parts: Vec<Part> = Vec::new();
    for node in nodes {
        let part = part(node)?;
        match parts.last_mut() {
            // `[A-Z][A-Z]` is two letters; neighbours of one literal text are one text.
            Some(last) if last.what == part.what && !matches!(part.what, What::Text(_)) => {
                last.min += part.min;
                last.max = last.max.zip(part.max).map(|(a, b)| a + b);
            }
            Some(Part { what: What::Text(text), .. }) if matches!(part.what, What::Text(_)) => {
                let What::Text(more) = part.what else { return None };
                text.push_str(&more);
            }
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Some("nothing".into());
    }
    (parts.len() <= PARTS).then(|| parts.iter().map(Part::words).collect::<Vec<_>>().join(", "))
}

#[derive(PartialEq)]
enum What {
    Class(&'static str, &'static str),
    Text(String),
}

struct Part {
    what: What,
    min: u32,
    max: Option<u32>,
}

impl Part {
    fn words(&self) -> String {
        let (one, many) = match &self.what {
            What::Text(text) => return format!("\"{text}\""),
            What::Class(one, many) => (one, many),
        };
        match (self.min, self.max) {
            (1, Some(1)) => format!("1 {one}"),
            (min, Some(max)) if min == max => format!("{min} {many}"),
            (0, Some(1)) => format!("at most 1 {one}"),
            (0, Some(max)) => format!("at most {max} {many}"),
            (min, Some(max)) => format!("{min} to {max} {many}"),
            (0, None) => format!("any number of {many}"),
            (1, None) => format!("1 {one} or more"),
            (min, None) => format!("{min} {many} or more"),
        }
    }
}

fn part(node: &Node) -> Option<Part> {
    match node {
        Node::Set(set) => Some(Part { what: what(set)?, min: 1, max: Some(1) }),
        Node::Repeat(inner, min, max) => match &**inner {
            Node::Set(set) => match what(set)? {
                What::Text(_) if (*min, *max) != (1, Some(1)) => literal_run(set, *min, *max),
                what => Some(Part { what, min: *min, max: *max }),
            },
            _ => None,
        },
        _ => None,
    }
}

/// `0{4}` is the text `0000`.
fn literal_run(set: &Set, min: u32, max: Option<u32>) -> Option<Part> {
    let What::Text(text) = what(set)? else { return None };
    let fixed = max == Some(min) && min <= 20;
    fixed.then(|| Part { what: What::Text(text.repeat(min as usize)), min: 1, max: Some(1) })
}

fn what(set: &Set) -> Option<What> {
    if set.negated || set.except.is_some() {
        return None;
    }
    let mut items = set.items.clone();
    items.sort_by_key(|item| match item {
        Item::Range(low, _) => u32::from(*low),
        Item::Class(_) => 0,
    });
    let class = |one, many| Some(What::Class(one, many));
    match items.as_slice() {
        [Item::Class(name)] if name == DIGITS => class("digit", "digits"),
        [Item::Range('0', '9')] => class("digit", "digits"),
        [Item::Range('A', 'Z')] => class("capital letter", "capital letters"),
        [Item::Range('a', 'z')] => class("small letter", "small letters"),
        [Item::Range('A', 'Z'), Item::Range('a', 'z')] => class("letter", "letters"),
        [Item::Range('0', '9'), Item::Range('A', 'Z')] => {
            class("digit or capital letter", "digits or capital letters")
        }
        [Item::Range('0', '9'), Item::Range('A', 'Z'), Item::Range('a', 'z')] => {
            class("digit or letter", "digits or letters")
        }
        [Item::Range(low, high)] if low == high && !low.is_control() => Some(What::Text(low.to_string())),
        _ => None,
    }
}
