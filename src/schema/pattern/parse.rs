//! The grammar of XSD part 2 appendix F, and its transcription for `regex-automata`.
//!
//! Every character is transcribed by its number, so that nothing that the other syntax finds special can arise.

use std::fmt::Write as _;

use super::blocks;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Set(Set),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat(Box<Node>, u32, Option<u32>),
}

/// A set of characters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Set {
    pub(crate) negated: bool,
    pub(crate) items: Vec<Item>,
    /// What the class takes away again: `[a-z-[aeiou]]`.
    pub(crate) except: Option<Box<Set>>,
}

/// A part of a set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    Range(char, char),
    /// A class of Unicode, in the other syntax.
    Class(String),
}

/// The class that `\d` is.
pub(super) const DIGITS: &str = "\\p{Nd}";

/// Greatest number that a quantifier may name. The standard has no bound; memory has.
const REPEAT_LIMIT: u32 = 100_000;
/// Greatest nesting of groups and classes.
const DEPTH: usize = 50;

/// Initial name characters and name characters of XML 1.0, as `\i` and `\c` mean them.
const NAME_START: &str = ":A-Z_a-z\\x{C0}-\\x{D6}\\x{D8}-\\x{F6}\\x{F8}-\\x{2FF}\\x{370}-\\x{37D}\\x{37F}-\\x{1FFF}\\x{200C}-\\x{200D}\\x{2070}-\\x{218F}\\x{2C00}-\\x{2FEF}\\x{3001}-\\x{D7FF}\\x{F900}-\\x{FDCF}\\x{FDF0}-\\x{FFFD}\\x{10000}-\\x{EFFFF}";
const NAME_MORE: &str = "\\-.0-9\\x{B7}\\x{300}-\\x{36F}\\x{203F}-\\x{2040}";

struct Parser<'p> {
    rest: &'p str,
    depth: usize,
}

/// Reads an expression.
pub(super) fn parse(source: &str) -> Result<Node, String> {
    let mut parser = Parser { rest: source, depth: 0 };
    let node = parser.choice()?;
    match parser.rest.chars().next() {
        None => Ok(node),
        Some(c) => Err(format!("\"{c}\" closes nothing")),
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn take_if(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.take();
        }
        found
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH { Err("the nesting is too deep".into()) } else { Ok(()) }
    }

    fn choice(&mut self) -> Result<Node, String> {
        self.deeper()?;
        let mut branches = vec![self.sequence()?];
        while self.take_if('|') {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(match branches.len() {
            1 => branches.pop().unwrap_or(Node::Sequence(Vec::new())),
            _ => Node::Choice(branches),
        })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut pieces = Vec::new();
        while let Some(c) = self.peek() {
            if matches!(c, '|' | ')') {
                break;
            }
            let atom = self.atom()?;
            pieces.push(self.quantified(atom)?);
        }
        Ok(Node::Sequence(pieces))
    }

    fn quantified(&mut self, atom: Node) -> Result<Node, String> {
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.take();
                let min = self.number()?;
                let max = if self.take_if(',') {
                    if self.peek() == Some('}') { None } else { Some(self.number()?) }
                } else {
                    Some(min)
                };
                if self.peek() != Some('}') || max.is_some_and(|max| max < min) {
                    return Err("a quantifier is {n}, {n,} or {n,m}".into());
                }
                (min, max)
            }
            _ => return Ok(atom),
        };
        self.take();
        if matches!(self.peek(), Some('?' | '*' | '+' | '{')) {
            return Err("one quantifier follows another".into());
        }
        Ok(Node::Repeat(Box::new(atom), min, max))
    }

    fn number(&mut self) -> Result<u32, String> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        let number = digits.parse().map_err(|_| format!("\"{digits}\" is not a number of repetitions"))?;
        if number > REPEAT_LIMIT { Err(format!("more than {REPEAT_LIMIT} repetitions")) } else { Ok(number) }
    }

    fn atom(&mut self) -> Result<Node, String> {
        let Some(c) = self.take() else { return Err("it ends too early".into()) };
        match c {
            '(' => {
                let inner = self.choice()?;
                if self.take_if(')') { Ok(inner) } else { Err("\"(\" is not closed".into()) }
            }
            '[' => Ok(Node::Set(self.class()?)),
            '.' => Ok(Node::Set(Set {
                negated: true,
                items: vec![Item::Range('\n', '\n'), Item::Range('\r', '\r')],
                except: None,
            })),
            '\\' => Ok(Node::Set(Set { negated: false, items: vec![self.escape()?], except: None })),
            '?' | '*' | '+' | '{' | '}' | ')' | ']' => Err(format!("\"{c}\" must be escaped here")),
            c => Ok(Node::Set(Set::one(c))),
        }
    }

    /// What follows `[`.
    fn class(&mut self) -> Result<Set, String> {
        self.deeper()?;
        let negated = self.take_if('^');
        let mut items = Vec::new();
        let mut except = None;
        loop {
            let Some(c) = self.take() else { return Err("\"[\" is not closed".into()) };
            let first = match c {
                ']' if !items.is_empty() => break,
                '-' if self.peek() == Some('[') && !items.is_empty() => {
                    self.take();
                    except = Some(Box::new(self.class()?));
                    if !self.take_if(']') {
                        return Err("a subtraction ends its class".into());
                    }
                    break;
                }
                // A hyphen is itself at the start of a class and at its end; anywhere else it makes a range.
                '-' if items.is_empty() || self.peek() == Some(']') => '-',
                '-' => return Err("\"-\" must be escaped in the middle of a class".into()),
                '\\' => match self.escape()? {
                    Item::Range(low, high) if low == high => low,
                    item => {
                        items.push(item);
                        continue;
                    }
                },
                '[' | ']' => return Err(format!("\"{c}\" must be escaped in a class")),
                c => c,
            };
            let last = if self.range_follows() { self.range_end()? } else { first };
            if last < first {
                return Err(format!("the range {first}-{last} is empty"));
            }
            items.push(Item::Range(first, last));
        }
        self.depth -= 1;
        Ok(Set { negated, items, except })
    }

    /// Whether a hyphen that makes a range comes next, and not one that ends the class or begins a subtraction.
    fn range_follows(&self) -> bool {
        let mut ahead = self.rest.chars();
        ahead.next() == Some('-') && !matches!(ahead.next(), Some(']' | '[') | None)
    }

    fn range_end(&mut self) -> Result<char, String> {
        self.take();
        match self.take() {
            Some('\\') => match self.escape()? {
                Item::Range(c, _) => Ok(c),
                Item::Class(_) => Err("a class cannot end a range".into()),
            },
            Some(c) => Ok(c),
            None => Err("\"[\" is not closed".into()),
        }
    }

    /// What follows `\`.
    fn escape(&mut self) -> Result<Item, String> {
        let one = |c| Ok(Item::Range(c, c));
        let class = |text: &str| Ok(Item::Class(text.to_owned()));
        match self.take() {
            Some('n') => one('\n'),
            Some('r') => one('\r'),
            Some('t') => one('\t'),
            Some(
                c @ ('\\' | '|' | '.' | '-' | '^' | '?' | '*' | '+' | '{' | '}' | '(' | ')' | '[' | ']'),
            ) => one(c),
            Some('s') => class("[ \\t\\n\\r]"),
            Some('S') => class("[^ \\t\\n\\r]"),
            Some('d') => class(DIGITS),
            Some('D') => class("\\P{Nd}"),
            Some('w') => class("[^\\p{P}\\p{Z}\\p{C}]"),
            Some('W') => class("[\\p{P}\\p{Z}\\p{C}]"),
            Some('i') => Ok(Item::Class(format!("[{NAME_START}]"))),
            Some('I') => Ok(Item::Class(format!("[^{NAME_START}]"))),
            Some('c') => Ok(Item::Class(format!("[{NAME_START}{NAME_MORE}]"))),
            Some('C') => Ok(Item::Class(format!("[^{NAME_START}{NAME_MORE}]"))),
            Some(p @ ('p' | 'P')) => self.property(p == 'P'),
            // Not escapes of the standard, but harmless, and common in schemas written for other engines.
            Some(
                c @ ('/' | '\'' | '"' | '@' | '#' | '$' | '%' | '&' | ',' | ':' | ';' | '<' | '=' | '>' | '!'
                | '_' | '`' | '~' | ' '),
            ) => one(c),
            Some(c) => Err(format!("\"\\{c}\" is not an escape")),
            None => Err("it ends in \"\\\"".into()),
        }
    }

    /// `\p{Lu}`, `\P{IsLatin-1Supplement}`.
    fn property(&mut self, negated: bool) -> Result<Item, String> {
        let name = self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let Some((name, rest)) = name else { return Err("\\p needs {a property}".into()) };
        self.rest = rest;
        let caret = if negated { "^" } else { "" };
        if let Some(block) = name.strip_prefix("Is") {
            let (low, high) = blocks::range(block).ok_or_else(|| format!("no Unicode block \"{block}\""))?;
            return Ok(Item::Class(format!("[{caret}\\x{{{low:X}}}-\\x{{{high:X}}}]")));
        }
        if !blocks::CATEGORIES.contains(&name) {
            return Err(format!("no Unicode category \"{name}\""));
        }
        Ok(Item::Class(format!("[{caret}\\p{{{name}}}]")))
    }
}

impl Set {
    fn one(c: char) -> Self {
        Self { negated: false, items: vec![Item::Range(c, c)], except: None }
    }

    fn write(&self, out: &mut String) {
        if let Some(except) = &self.except {
            out.push('[');
            Self { except: None, ..self.clone() }.write(out);
            out.push_str("--");
            except.write(out);
            out.push(']');
            return;
        }
        out.push_str(if self.negated { "[^" } else { "[" });
        for item in &self.items {
            match item {
                Item::Range(low, high) => {
                    let (low, high) = (u32::from(*low), u32::from(*high));
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\x{{{low:X}}}-\\x{{{high:X}}}");
                }
                Item::Class(class) => out.push_str(class),
            }
        }
        out.push(']');
    }
}

impl Node {
    /// Transcribes the expression.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Set(set) => set.write(out),
            Self::Sequence(nodes) => nodes.iter().for_each(|node| node.write(out)),
            Self::Choice(nodes) => {
                out.push_str("(?:");
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        out.push('|');
                    }
                    node.write(out);
                }
                out.push(')');
            }
            Self::Repeat(node, min, max) => {
                out.push_str("(?:");
                node.write(out);
                let _ = match max {
                    Some(max) => write!(out, "){{{min},{max}}}"),
                    None => write!(out, "){{{min},}}"),
                };
            }
        }
    }
}
