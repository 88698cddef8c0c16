//! A TOML file that a person wrote, read so that every mistake in it can be pointed at.
//!
//! `serde` stops at the first mistake. Here the entry that a mistake belongs to is taken out of the document, the
//! mistake is kept, and the rest is read again, until nothing is left to complain of: an operator repairs a file
//! once, not once a mistake. What is said of a value quotes the file, never what a variable expanded to.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::variables::{self, Lookup};

/// Mistakes after which reading a file is given up: nobody mends more in one sitting.
const MISTAKES: usize = 500;
/// Length to which a quoted value is cut, in characters.
const QUOTED: usize = 80;

/// Where in a file a mistake is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was named to the program.
    pub file: PathBuf,
    /// Line, from 1; none when the mistake is of the file as a whole.
    pub line: Option<usize>,
    /// Path of the key, such as `listeners.pdd.http` or `azione[2].nome`; members of a list count from 1.
    pub key: String,
}

/// One mistake in a file: where, what was seen, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake<P> {
    /// Where it is.
    pub place: Place,
    /// The value as the file writes it; empty when there is none. Secrets are not quoted.
    pub seen: String,
    /// What is wrong, and what was wanted.
    pub problem: P,
}

/// What may be wrong with a file before anything is known of its meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file could not be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// Not TOML.
    #[error("not TOML: {0}")]
    Syntax(String),
    /// A key that means nothing here.
    #[error("no such key; wanted {known}{}", suggest(.suggestion.as_deref()))]
    UnknownKey {
        /// The keys that mean something here.
        known: String,
        /// The one that was probably meant.
        suggestion: Option<String>,
    },
    /// A value of another type.
    #[error("wanted {wanted}")]
    Type {
        /// The type wanted.
        wanted: String,
    },
    /// A variable of the environment that cannot be used.
    #[error(transparent)]
    Variable(#[from] variables::VariableError),
}

/// The text of a file.
#[derive(Debug, Clone)]
pub struct Source {
    file: PathBuf,
    text: String,
}

/// Where each key of a file stands.
#[derive(Debug, Clone)]
pub struct Places {
    file: PathBuf,
    text: String,
    keys: HashMap<String, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    key: Range<usize>,
    value: Range<usize>,
}

/// A step from a table or a list towards an entry.
#[derive(Debug, Clone)]
enum Step {
    Key(String),
    Index(usize),
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, or is not UTF-8.
    pub fn read(file: &Path) -> Result<Self, Box<Mistake<Fault>>> {
        match std::fs::read_to_string(file) {
            Ok(text) => Ok(Self { file: file.to_owned(), text }),
            Err(error) => Err(Box::new(Mistake {
                place: Place { file: file.to_owned(), line: None, key: String::new() },
                seen: String::new(),
                problem: Fault::Unreadable(error.kind()),
            })),
        }
    }

    /// A text that came otherwise; `file` is what mistakes call it.
    #[must_use]
    pub fn new(file: &Path, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned() }
    }

    /// Reads the text as a `T`, which must not require any key. What could not be read has its default in the result.
    ///
    /// With `variables`, `${NAME}` within a string is replaced by what they say.
    pub fn parse<T>(self, variables: Option<Lookup<'_>>) -> (T, Places, Vec<Mistake<Fault>>)
    where
        T: for<'de> Deserialize<'de> + Default,
    {
        let Self { file, text } = self;
        let (mut document, errors) = DeTable::parse_recoverable(&text);
        let mut places = Places { file, text: text.clone(), keys: HashMap::new() };
        places.note_table(document.get_ref(), "");
        if !errors.is_empty() {
            let mut mistakes: Vec<_> = errors.iter().map(|e| places.syntax(e)).collect();
            mistakes.sort_by(|a, b| a.place.cmp(&b.place));
            return (T::default(), places, mistakes);
        }
        let mut mistakes = Vec::new();
        if let Some(lookup) = variables {
            expand_table(document.get_mut(), "", lookup, &places, &mut mistakes);
        }
        while mistakes.len() < MISTAKES {
            match T::deserialize(Deserializer::from(document.clone())) {
                Ok(value) => return (value, places, mistakes),
                Err(error) => {
                    let at = error.span().unwrap_or_default();
                    let mut path = Vec::new();
                    if !find_in_table(document.get_ref(), &at, &mut path) {
                        mistakes.push(places.syntax(&error));
                        break;
                    }
                    let key = written(&path);
                    mistakes.push(places.mistake(&key, fault(&error, &path)));
                    remove(document.get_mut(), &path);
                }
            }
        }
        (T::default(), places, mistakes)
    }
}

impl Places {
    /// Where the key stands; where a key is absent, the nearest table above it that is present.
    #[must_use]
    pub fn place(&self, key: &str) -> Place {
        let mut nearest = key;
        let line = loop {
            if let Some(entry) = self.keys.get(nearest) {
                break Some(self.line(entry.key.start));
            }
            match nearest.rfind(['.', '[']) {
                Some(at) => nearest = nearest.get(..at).unwrap_or_default(),
                None => break None,
            }
        };
        Place { file: self.file.clone(), line, key: key.to_owned() }
    }

    /// The value of the key as the file writes it, on one line, cut where long.
    #[must_use]
    pub fn seen(&self, key: &str) -> String {
        let Some(entry) = self.keys.get(key) else { return String::new() };
        if is_secret(key) {
            return "(not shown)".to_owned();
        }
        let raw = self.text.get(entry.value.clone()).unwrap_or_default();
        let mut text: String =
            raw.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if text.len() < raw.len() {
            text.push('…');
        }
        hide_userinfo(text)
    }

    /// Whether the file has the key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// The keys of the file, tables included, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// The value of the key exactly as written, for the rules that are about how a value is written.
    #[must_use]
    pub(super) fn written(&self, key: &str) -> Option<&str> {
        self.keys.get(key).and_then(|entry| self.text.get(entry.value.clone()))
    }

    /// A mistake at the key.
    pub fn mistake<P>(&self, key: &str, problem: P) -> Mistake<P> {
        Mistake { place: self.place(key), seen: self.seen(key), problem }
    }

    fn syntax(&self, error: &toml::de::Error) -> Mistake<Fault> {
        let line = error.span().map(|span| self.line(span.start));
        Mistake {
            place: Place { file: self.file.clone(), line, key: String::new() },
            seen: String::new(),
            problem: Fault::Syntax(error.message().to_owned()),
        }
    }

    fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
    }

    fn note_table(&mut self, table: &DeTable<'_>, above: &str) {
        for (key, value) in table {
            let path = joined(above, key.get_ref());
            self.note(path, key.span(), value);
        }
    }

    fn note(&mut self, path: String, key: Range<usize>, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(table, &path),
            DeValue::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    self.note(format!("{path}[{}]", index + 1), item.span(), item);
                }
            }
            _ => {}
        }
        self.keys.insert(path, Entry { key, value: value.span() });
    }
}

impl<P> Mistake<P> {
    /// The same mistake in the words of a room that knows more.
    pub fn map<Q>(self, into: impl FnOnce(P) -> Q) -> Mistake<Q> {
        Mistake { place: self.place, seen: self.seen, problem: into(self.problem) }
    }
}

impl<P: fmt::Display> fmt::Display for Mistake<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        if !self.seen.is_empty() {
            write!(f, "; seen {}", self.seen)?;
        }
        Ok(())
    }
}

impl<P: fmt::Display + fmt::Debug> std::error::Error for Mistake<P> {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        Ok(())
    }
}

fn suggest(suggestion: Option<&str>) -> String {
    suggestion.map(|key| format!(" (did you mean `{key}`?)")).unwrap_or_default()
}

fn joined(above: &str, key: &str) -> String {
    if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") }
}

fn written(path: &[Step]) -> String {
    path.iter().fold(String::new(), |above, step| match step {
        Step::Key(key) => joined(&above, key),
        Step::Index(index) => format!("{above}[{}]", index + 1),
    })
}

/// The last part of a key tells whether its value may be shown.
fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key);
    name.ends_with("password") || name.ends_with("secret") || name.ends_with("token")
}

/// `scheme://user:password@host` without what stands before the `@`.
fn hide_userinfo(text: String) -> String {
    let Some(scheme) = text.find("://") else { return text };
    let (head, tail) = text.split_at(scheme + 3);
    match tail.find('@') {
        Some(at) => format!("{head}…{}", tail.get(at..).unwrap_or_default()),
        None => text,
    }
}

/// What `serde` said, in this room's words. Its messages are `unknown field `x`, expected one of `a`, `b`` and
/// `invalid type: string "x", expected u16`.
fn fault(error: &toml::de::Error, path: &[Step]) -> Fault {
    let message = error.message();
    let (what, wanted) = message.split_once(", expected ").unwrap_or((message, ""));
    if what.starts_with("unknown field") {
        let known: Vec<&str> = wanted.split('`').skip(1).step_by(2).collect();
        let suggestion = match path.last() {
            Some(Step::Key(key)) => nearest(key, &known),
            _ => None,
        };
        return Fault::UnknownKey { known: known.join(", "), suggestion };
    }
    Fault::Type { wanted: if wanted.is_empty() { message.to_owned() } else { wanted.to_owned() } }
}

/// The known key that differs least, when it differs little.
fn nearest(key: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (distance(key, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 2.max(candidate.len() / 4))
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, up), diagonal) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            next.push((left + 1).min(up + 1).min(diagonal + usize::from(x != *y)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn holds(span: &Range<usize>, at: &Range<usize>) -> bool {
    span.start <= at.start && at.end <= span.end && !span.is_empty()
}

/// The innermost entry that the bytes `at` belong to. The span of a `[table]` is its header, so depth decides and
/// not enclosure.
fn find_in_table(table: &DeTable<'_>, at: &Range<usize>, path: &mut Vec<Step>) -> bool {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().clone().into_owned()));
        if find(value, at, path) || holds(&key.span(), at) {
            return true;
        }
        path.pop();
    }
    false
}

fn find(value: &Spanned<DeValue<'_>>, at: &Range<usize>, path: &mut Vec<Step>) -> bool {
    let inside = match value.get_ref() {
        DeValue::Table(table) => find_in_table(table, at, path),
        DeValue::Array(array) => array.iter().enumerate().any(|(index, item)| {
            path.push(Step::Index(index));
            let found = find(item, at, path);
            if !found {
                path.pop();
            }
            found
        }),
        _ => false,
    };
    inside || holds(&value.span(), at)
}

fn remove(table: &mut DeTable<'_>, path: &[Step]) {
    let Some((Step::Key(first), rest)) = path.split_first() else { return };
    if rest.is_empty() {
        table.remove(first.as_str());
        return;
    }
    for (key, value) in table.iter_mut() {
        if key.get_ref() == first {
            remove_within(value, rest);
        }
    }
}

fn remove_within(value: &mut Spanned<DeValue<'_>>, path: &[Step]) {
    match (value.get_mut(), path.split_first()) {
        (DeValue::Table(table), Some((Step::Key(_), _))) => remove(table, path),
        (DeValue::Array(array), Some((Step::Index(index), rest))) => {
            if !rest.is_empty() {
                if let Some(item) = array.get_mut(*index) {
                    remove_within(item, rest);
                }
            } else {
                // An item cannot be taken out without renumbering those after it, whose places are known by
                // number; the whole list goes instead.
                *array = toml::de::DeArray::new();
            }
        }
        _ => {}
    }
}

fn expand_table(
    table: &mut DeTable<'_>,
    above: &str,
    lookup: Lookup<'_>,
    places: &Places,
    mistakes: &mut Vec<Mistake<Fault>>,
) {
    for (key, value) in table.iter_mut() {
        expand(value, &joined(above, key.get_ref()), lookup, places, mistakes);
    }
}

fn expand(
    value: &mut Spanned<DeValue<'_>>,
    path: &str,
    lookup: Lookup<'_>,
    places: &Places,
    mistakes: &mut Vec<Mistake<Fault>>,
) {
    match value.get_mut() {
        DeValue::Table(table) => expand_table(table, path, lookup, places, mistakes),
        DeValue::Array(array) => {
            for (index, item) in array.iter_mut().enumerate() {
                expand(item, &format!("{path}[{}]", index + 1), lookup, places, mistakes);
            }
        }
        DeValue::String(text) => match variables::expand(text, lookup) {
            Ok(expanded) => *text = expanded.into_owned().into(),
            Err(error) => mistakes.push(places.mistake(path, error.into())),
        },
        _ => {}
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
