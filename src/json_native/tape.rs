//! JSON as a flat tape: one small node a value, borrowed from the text, strict as RFC 8259 and no stricter.
//!
//! Invariants: strings are valid when the tape exists (escapes well formed, surrogates paired, no bare control
//! characters), nesting is bounded, and `next` of a node is the index just past everything inside it. Duplicate
//! members are kept: whoever reads an object says what a second one means.

use std::borrow::Cow;

/// Greatest nesting of arrays and objects.
pub(super) const DEPTH: usize = 64;

/// A parsed text.
#[derive(Debug)]
pub(crate) struct Tape<'j> {
    text: &'j str,
    nodes: Vec<Node>,
}

/// One value of a tape.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'t, 'j> {
    tape: &'t Tape<'j>,
    index: usize,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    /// A string with at least one escape.
    Escaped,
    Array,
    Object,
}

/// Why a text is not JSON, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson {
    pub(crate) reason: &'static str,
    pub(crate) offset: usize,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    start: u32,
    end: u32,
    next: u32,
}

impl<'j> Tape<'j> {
    /// Reads the whole of `json` as one value.
    pub(crate) fn parse(json: &'j [u8]) -> Result<Self, NotJson> {
        let text = std::str::from_utf8(json)
            .map_err(|e| NotJson { reason: "a byte is not UTF-8", offset: e.valid_up_to() })?;
        if u32::try_from(json.len()).is_err() {
            return Err(NotJson { reason: "the text is too long", offset: 0 });
        }
        let nodes = Vec::with_capacity(json.len() / 16 + 8);
        let mut parser = Parser { text, bytes: json, at: 0, nodes, open: Vec::with_capacity(16) };
        parser.document()?;
        Ok(Self { text, nodes: parser.nodes })
    }

    /// The whole value.
    pub(crate) fn root(&self) -> Value<'_, 'j> {
        Value { tape: self, index: 0 }
    }

    /// The text that was parsed.
    pub(crate) fn text(&self) -> &'j str {
        self.text
    }
}

impl<'t, 'j> Value<'t, 'j> {
    fn node(self) -> Node {
        let nothing = Node { kind: Kind::Null, start: 0, end: 0, next: 0 };
        self.tape.nodes.get(self.index).copied().unwrap_or(nothing)
    }

    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// Byte offset at which the value begins.
    pub(crate) fn offset(self) -> usize {
        self.node().start as usize
    }

    /// The value as written.
    pub(crate) fn raw(self) -> &'j str {
        let node = self.node();
        self.tape.text.get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    /// The string it is, unescaped; `None` where it is another kind.
    pub(crate) fn string(self) -> Option<Cow<'j, str>> {
        let raw = self.raw();
        let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        match self.kind() {
            Kind::String => Some(Cow::Borrowed(inner)),
            Kind::Escaped => Some(Cow::Owned(unescape(inner))),
            _ => None,
        }
    }

    /// The members of an object, in order of writing; nothing where it is another kind.
    pub(crate) fn members(self) -> impl Iterator<Item = (Value<'t, 'j>, Value<'t, 'j>)> {
        let node = self.node();
        let end = if node.kind == Kind::Object { node.next as usize } else { 0 };
        let mut at = self.index + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let key = Value { tape: self.tape, index: at };
            let value = Value { tape: self.tape, index: at + 1 };
            at = value.node().next as usize;
            Some((key, value))
        })
    }

    /// The items of an array; nothing where it is another kind.
    pub(crate) fn items(self) -> impl Iterator<Item = Value<'t, 'j>> {
        let node = self.node();
        let end = if node.kind == Kind::Array { node.next as usize } else { 0 };
        let mut at = self.index + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let value = Value { tape: self.tape, index: at };
            at = value.node().next as usize;
            Some(value)
        })
    }

    /// The first member of that name.
    pub(crate) fn member(self, name: &str) -> Option<Value<'t, 'j>> {
        self.members().find(|(key, _)| key.string().as_deref() == Some(name)).map(|(_, value)| value)
    }

    /// What an RFC 6901 pointer leads to.
    pub(crate) fn pointer(self, pointer: &str) -> Option<Value<'t, 'j>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value.kind() {
            Kind::Array => value.items().nth(token.parse().ok()?),
            _ => value.member(&token.replace("~1", "/").replace("~0", "~")),
        })
    }
}

struct Parser<'j> {
    text: &'j str,
    bytes: &'j [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Indexes of the open arrays and objects.
    open: Vec<usize>,
}

impl Parser<'_> {
    fn fail<T>(&self, reason: &'static str) -> Result<T, NotJson> {
        Err(NotJson { reason, offset: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn document(&mut self) -> Result<(), NotJson> {
        self.value()?;
        while let Some(&container) = self.open.last() {
            let object = self.nodes.get(container).is_some_and(|n| n.kind == Kind::Object);
            let fresh = self.nodes.len() == container + 1;
            self.space();
            match self.peek() {
                Some(b'}') if object => self.close(container),
                Some(b']') if !object => self.close(container),
                Some(b',') if !fresh => {
                    self.at += 1;
                    self.space();
                    self.element(object)?;
                }
                Some(_) if fresh => self.element(object)?,
                Some(_) => return self.fail("a comma or the end of the object or array is due"),
                None => return self.fail("the text ends inside an object or array"),
            }
        }
        self.space();
        if self.at < self.bytes.len() { self.fail("something follows the value") } else { Ok(()) }
    }

    fn element(&mut self, object: bool) -> Result<(), NotJson> {
        if object {
            if self.peek() != Some(b'"') {
                return self.fail("a member name in quotes is due");
            }
            self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.fail("a colon is due");
            }
            self.at += 1;
        }
        self.value()
    }

    fn close(&mut self, container: usize) {
        self.at += 1;
        let next = index(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(container) {
            node.end = index(self.at);
            node.next = next;
        }
        self.open.pop();
    }

    fn value(&mut self) -> Result<(), NotJson> {
        self.space();
        match self.peek() {
            Some(b'"') => self.string(),
            Some(open @ (b'{' | b'[')) => {
                if self.open.len() >= DEPTH {
                    return self.fail("the nesting is too deep");
                }
                let start = self.at;
                self.at += 1;
                self.open.push(self.nodes.len());
                self.push(if open == b'{' { Kind::Object } else { Kind::Array }, start);
                Ok(())
            }
            Some(b'n') => self.word("null", Kind::Null),
            Some(b't') => self.word("true", Kind::Boolean),
            Some(b'f') => self.word("false", Kind::Boolean),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => self.fail("no JSON value begins like this"),
            None => self.fail("the text ends where a value is due"),
        }
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let next = index(self.nodes.len() + 1);
        self.nodes.push(Node { kind, start: index(start), end: index(self.at), next });
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), NotJson> {
        let start = self.at;
        if !self.text.get(start..).is_some_and(|rest| rest.starts_with(word)) {
            return self.fail("no JSON value begins like this");
        }
        self.at += word.len();
        self.push(kind, start);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { self.fail("a digit is due") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(Kind::Number, start);
        Ok(())
    }

    fn string(&mut self) -> Result<(), NotJson> {
        let start = self.at;
        self.at += 1;
        let mut kind = Kind::String;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(run) = plain_run(rest) else {
                self.at = self.bytes.len();
                return self.fail("the text ends inside a string");
            };
            self.at += run;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                _ => return self.fail("a control character in a string must be escaped"),
            }
        }
        self.at += 1;
        self.push(kind, start);
        Ok(())
    }

    fn escape(&mut self) -> Result<(), NotJson> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        match unescape_one(rest) {
            Some((_, len)) => {
                self.at += len;
                Ok(())
            }
            None => self.fail("not an escape of JSON"),
        }
    }
}

/// How many bytes stand for themselves before the first quote, backslash or control character; `None` where all do.
/// Eight bytes at a time: of the flags of a word the lowest is always right, and only that one is looked at.
#[inline]
fn plain_run(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGH;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let flags = quote | backslash | below(word, 0x20);
        if flags != 0 {
            return Some(bytes.len() - rest.len() + flags.trailing_zeros() as usize / 8);
        }
        rest = after;
    }
    let run = rest.iter().position(|b| matches!(b, b'"' | b'\\' | ..0x20))?;
    Some(bytes.len() - rest.len() + run)
}

fn index(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The character that the escape at the start of `text` stands for, and the length of the escape.
fn unescape_one(text: &str) -> Option<(char, usize)> {
    let simple = |c| Some((c, 2));
    match text.as_bytes().get(1)? {
        b'"' => simple('"'),
        b'\\' => simple('\\'),
        b'/' => simple('/'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{C}'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'u' => {
            let high = hexadecimal(text.get(2..6)?)?;
            if !(0xD800..0xDC00).contains(&high) {
                // A lone low surrogate is no character and falls out here.
                return char::from_u32(high).map(|c| (c, 6));
            }
            let low = hexadecimal(text.get(6..12)?.strip_prefix("\\u")?)?;
            if !(0xDC00..0xE000).contains(&low) {
                return None;
            }
            char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00)).map(|c| (c, 12))
        }
        _ => None,
    }
}

fn hexadecimal(digits: &str) -> Option<u32> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// How many bytes of `text` stand before the quote that ends the string; `None` where it is no string.
pub(super) fn string_length(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        at += plain_run(rest.as_bytes())?;
        match text.as_bytes().get(at)? {
            b'"' => return Some(at),
            b'\\' => at += unescape_one(text.get(at..)?)?.1,
            _ => return None,
        }
    }
}

/// The text that a valid string stands for.
pub(super) fn unescape(mut text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    while let Some(at) = memchr::memchr(b'\\', text.as_bytes()) {
        let (before, escape) = text.split_at_checked(at).unwrap_or((text, ""));
        out.push_str(before);
        let (c, len) = unescape_one(escape).unwrap_or((char::REPLACEMENT_CHARACTER, escape.len()));
        out.push(c);
        text = escape.get(len..).unwrap_or_default();
    }
    out.push_str(text);
    out
}

/// Appends `text` as a JSON string, in quotes. Only what RFC 8259 §7 demands is escaped.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    // Every byte is looked at, so that the loop is one of vector instructions; few texts have anything to escape.
    if !bytes.iter().fold(false, |found, b| found | (*b < 0x20) | (*b == b'"') | (*b == b'\\')) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    let mut done = 0;
    while let Some(run) = bytes.get(done..).and_then(plain_run) {
        let at = done + run;
        out.extend_from_slice(bytes.get(done..at).unwrap_or_default());
        match bytes.get(at).copied().unwrap_or_default() {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => {
                let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&[digit(other >> 4), digit(other & 15)]);
            }
        }
        done = at + 1;
    }
    out.extend_from_slice(bytes.get(done..).unwrap_or_default());
    out.push(b'"');
}

#[cfg(test)]
#[path = "tape_tests.rs"]
mod tests;
