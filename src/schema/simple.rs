//! Simple types, compiled: a value against its white space rule, its datatype and its facets.
//!
//! A value has at most one fault: the first in the order datatype, length, list of values, pattern, bounds, digits.
//! More would say one thing twice.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use super::datatype::{Decimal, Lexical, Primitive, Value};
use super::pattern::Pattern;
use super::plan::TypeId;
use super::violation::Rule;
use super::words;
use crate::xml::grain::Grain;

/// The number of a simple type in its plan.
pub(crate) type SimpleId = u32;

/// Gives the namespace of a prefix, for values that are qualified names.
pub(crate) type Resolve<'r> = &'r dyn Fn(&str) -> Option<String>;

/// A simple type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Simple {
    /// As the schema names it, for messages; empty where it is anonymous.
    pub(crate) name: Box<str>,
    pub(crate) variety: Variety,
    pub(crate) space: Space,
    pub(crate) facets: Facets,
    /// The type it restricts; none for `anySimpleType`.
    pub(crate) base: Option<TypeId>,
    /// Whether some value is a qualified name, whose meaning hangs on prefixes.
    pub(crate) has_names: bool,
    /// Whether some value identifies an element, or refers to one that is identified.
    pub(crate) has_identities: bool,
    /// Whether every text is a value.
    pub(crate) is_free: bool,
}

/// What kind of value.
#[derive(Debug, Clone, Default)]
pub(crate) enum Variety {
    /// `anySimpleType`: any text at all.
    #[default]
    Any,
    Atomic {
        primitive: Primitive,
        lexical: Lexical,
        role: Role,
    },
    List(SimpleId),
    Union(Box<[SimpleId]>),
}

/// What a value means for the document as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Role {
    #[default]
    None,
    Id,
    IdRef,
}

/// The `whiteSpace` facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Space {
    #[default]
    Preserve,
    Replace,
    Collapse,
}

/// The other facets, those of all derivation steps together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facets {
    pub(crate) min_length: Option<u32>,
    pub(crate) max_length: Option<u32>,
    pub(crate) patterns: Box<[Arc<Pattern>]>,
    pub(crate) enumeration: Option<Enumeration>,
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
    pub(crate) total_digits: Option<u32>,
    pub(crate) fraction_digits: Option<u32>,
}

/// The values that a type lists.
#[derive(Debug, Clone)]
pub(crate) struct Enumeration {
    /// Texts in order, where values are compared as text.
    pub(crate) texts: Option<Box<[Box<str>]>>,
    pub(crate) values: Box<[Value]>,
    /// As the schema writes them, for messages.
    pub(crate) written: Box<[Box<str>]>,
}

/// One end of a range.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) value: Value,
    pub(crate) inclusive: bool,
    pub(crate) written: Box<str>,
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) rule: Rule,
    /// What would do.
    pub(crate) expected: String,
    /// What is wrong, to stand after a name and a colon.
    pub(crate) words: String,
}

impl Variety {
    /// Whether any text is of it, facets aside.
    pub(crate) fn is_text(&self) -> bool {
        matches!(
            self,
            Self::Any
                | Self::Atomic { primitive: Primitive::String, lexical: Lexical::Any, role: Role::None }
        )
    }
}

impl Space {
    /// The value that a text stands for, as far as white space goes (part 2 §4.3.6).
    #[inline]
    pub(crate) fn normalise(self, text: &str, grain: Grain) -> Cow<'_, str> {
        if grain.has_space() { self.normalise_space(text) } else { Cow::Borrowed(text) }
    }

    fn normalise_space(self, text: &str) -> Cow<'_, str> {
        let is_space = |b: u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
        match self {
            Self::Preserve => Cow::Borrowed(text),
            Self::Replace if text.bytes().all(|b| b >= b' ' || !is_space(b)) => Cow::Borrowed(text),
            Self::Replace => Cow::Owned(text.replace(['\t', '\n', '\r'], " ")),
            Self::Collapse => {
                let trimmed = crate::xml::characters::trim(text);
                let mut before = 0;
                let collapsed = trimmed.bytes().all(|b| {
                    let good = !is_space(b) || (b == b' ' && before != b' ');
                    before = b;
                    good
                });
                if collapsed {
                    return Cow::Borrowed(trimmed);
                }
                let words = trimmed.split([' ', '\t', '\n', '\r']).filter(|w| !w.is_empty());
                Cow::Owned(words.collect::<Vec<_>>().join(" "))
            }
        }
    }
}

impl Facets {
    /// Whether nothing is asked of a value.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { min_length, max_length, patterns, enumeration, min, max, total_digits, fraction_digits } =
            self;
        let bounds = min_length.or(*max_length).or(*total_digits).or(*fraction_digits);
        bounds.is_none() && patterns.is_empty() && enumeration.is_none() && min.is_none() && max.is_none()
    }
}

impl Simple {
    /// Whether `text` is a value of this type.
    pub(crate) fn check(&self, types: &[Simple], text: &str, resolve: Resolve<'_>) -> Result<(), Fault> {
        self.check_known(types, text, Grain::of(text), resolve)
    }

    /// As [`Simple::check`], of a text whose grain is known.
    pub(crate) fn check_known(
        &self,
        types: &[Simple],
        text: &str,
        grain: Grain,
        resolve: Resolve<'_>,
    ) -> Result<(), Fault> {
        if self.is_free {
            return Ok(());
        }
        let value = self.space.normalise(text, grain);
        match &self.variety {
            Variety::Any => {}
            Variety::Atomic { primitive, lexical, .. } => {
                if *primitive != Primitive::String || *lexical != Lexical::Any {
                    self.check_datatype(*primitive, *lexical, &value, resolve)?;
                }
            }
            Variety::List(item) => {
                let item = at(types, *item);
                value.split(' ').filter(|i| !i.is_empty()).try_for_each(|i| item.check(types, i, resolve))?;
            }
            Variety::Union(members) => {
                if !members.iter().any(|m| at(types, *m).check(types, &value, resolve).is_ok()) {
                    let wanted: Vec<String> = members.iter().map(|m| at(types, *m).wanted(types)).collect();
                    return Err(words::not_a_member(&value, &wanted));
                }
            }
        }
        self.check_facets(types, &value, grain, resolve)
    }

    /// The value of a text that [`Simple::check`] accepts.
    pub(crate) fn value(&self, types: &[Simple], text: &str, resolve: Resolve<'_>) -> Option<Value> {
        let text = self.space.normalise(text, Grain::of(text));
        match &self.variety {
            Variety::Any => Some(Value::Text(text.into())),
            Variety::Atomic { primitive, .. } => primitive.value(&text, resolve),
            Variety::List(item) => {
                let item = at(types, *item);
                let items = text.split(' ').filter(|i| !i.is_empty());
                let items: Option<Vec<Value>> = items.map(|i| item.value(types, i, resolve)).collect();
                items.map(|items| Value::List(items.into()))
            }
            Variety::Union(members) => {
                let mut members = members.iter().map(|m| at(types, *m));
                members.find(|m| m.check(types, &text, resolve).is_ok())?.value(types, &text, resolve)
            }
        }
    }

    /// What a value of this type is, in words.
    pub(crate) fn wanted(&self, types: &[Simple]) -> String {
        if let Some(enumeration) = &self.facets.enumeration {
            return words::one_of(&enumeration.written);
        }
        if let Some(pattern) = self.facets.patterns.last() {
            return pattern.wanted().to_owned();
        }
        match &self.variety {
            Variety::Any => "text".into(),
            Variety::Atomic { primitive, lexical, .. } => words::datatype(*primitive, *lexical).into(),
            Variety::List(item) => format!("a list: {}", at(types, *item).wanted(types)),
            Variety::Union(members) => {
                let all: Vec<String> = members.iter().map(|m| at(types, *m).wanted(types)).collect();
                all.join(" or ")
            }
        }
    }

    /// Calls `visit` with each identifier and reference in a valid value.
    pub(crate) fn identities(&self, types: &[Simple], text: &str, visit: &mut dyn FnMut(Role, &str)) {
        match &self.variety {
            Variety::Any | Variety::Atomic { role: Role::None, .. } => {}
            Variety::Atomic { role, .. } => visit(*role, &self.space.normalise(text, Grain::of(text))),
            Variety::List(item) => {
                for word in self.space.normalise(text, Grain::of(text)).split(' ').filter(|w| !w.is_empty()) {
                    at(types, *item).identities(types, word, visit);
                }
            }
            Variety::Union(members) => {
                let mut members = members.iter().map(|m| at(types, *m));
                if let Some(member) = members.find(|m| m.check(types, text, &|_| None).is_ok()) {
                    member.identities(types, text, visit);
                }
            }
        }
    }

    /// What the length facets count in `value`, and what they count it in.
    fn length(&self, value: &str, grain: Grain) -> (usize, words::Unit) {
        match &self.variety {
            Variety::List(_) => (value.split(' ').filter(|i| !i.is_empty()).count(), words::Unit::Items),
            Variety::Atomic { primitive, .. } => {
                let binary = matches!(primitive, Primitive::HexBinary | Primitive::Base64Binary);
                let length = if grain.is_ascii() && !binary { value.len() } else { primitive.length(value) };
                (length, if binary { words::Unit::Octets } else { words::Unit::Characters })
            }
            Variety::Any | Variety::Union(_) => (value.chars().count(), words::Unit::Characters),
        }
    }

    #[cold]
    fn not_of_datatype(primitive: Primitive, lexical: Lexical, value: &str) -> Fault {
        words::not_of_datatype(value, words::datatype(primitive, lexical))
    }

    fn check_datatype(
        &self,
        primitive: Primitive,
        lexical: Lexical,
        value: &str,
        resolve: Resolve<'_>,
    ) -> Result<(), Fault> {
        let good = primitive.accepts(value)
            && lexical.accepts(value)
            && (primitive != Primitive::QName || primitive.value(value, resolve).is_some());
        if good { Ok(()) } else { Err(Self::not_of_datatype(primitive, lexical, value)) }
    }

    fn check_facets(
        &self,
        types: &[Simple],
        value: &str,
        grain: Grain,
        resolve: Resolve<'_>,
    ) -> Result<(), Fault> {
        let facets = &self.facets;
        if facets.min_length.is_some() || facets.max_length.is_some() {
            let (length, unit) = self.length(value, grain);
            let least = facets.min_length.map_or(0, |n| n as usize);
            let most = facets.max_length.map_or(usize::MAX, |n| n as usize);
            if !(least..=most).contains(&length) {
                return Err(words::bad_length(length, facets.min_length, facets.max_length, unit));
            }
        }
        if let Some(enumeration) = &facets.enumeration {
            let listed = match &enumeration.texts {
                Some(texts) => contains(texts, value),
                None => self
                    .value(types, value, resolve)
                    .is_some_and(|value| enumeration.values.iter().any(|listed| listed.same(&value))),
            };
            if !listed {
                return Err(words::not_listed(value, &enumeration.written));
            }
        }
        if !facets.patterns.is_empty() {
            let value = self.normalised(types, value, grain, resolve);
            if let Some(pattern) = facets.patterns.iter().find(|p| !p.matches(&value)) {
                return Err(words::no_match(&value, pattern.wanted()));
            }
        }
        if facets.min.is_some() || facets.max.is_some() {
            self.check_range(types, value, resolve)?;
        }
        if facets.total_digits.is_some() || facets.fraction_digits.is_some() {
            self.check_digits(value)?;
        }
        Ok(())
    }

    /// The text that a pattern sees. A union has no white space rule of its own: that of the member which takes the
    /// value holds (part 2 §4.3.6).
    fn normalised<'t>(
        &self,
        types: &[Simple],
        text: &'t str,
        grain: Grain,
        resolve: Resolve<'_>,
    ) -> Cow<'t, str> {
        let Variety::Union(members) = &self.variety else { return self.space.normalise(text, grain) };
        let mut members = members.iter().map(|m| at(types, *m));
        match members.find(|m| m.check(types, text, resolve).is_ok()) {
            Some(member) => member.normalised(types, text, grain, resolve),
            None => Cow::Borrowed(text),
        }
    }

    fn check_range(&self, types: &[Simple], text: &str, resolve: Resolve<'_>) -> Result<(), Fault> {
        let order = |bound: &Bound| match &bound.value {
            // By far the most common, and decided on the text.
            Value::Decimal(bound) => Decimal::parse(text).map(|number| number.order(bound)),
            bound => self.value(types, text, resolve).and_then(|value| value.order(bound)),
        };
        if let Some(bound) = &self.facets.min {
            let good = match order(bound) {
                Some(Ordering::Greater) => true,
                Some(Ordering::Equal) => bound.inclusive,
                _ => false,
            };
            if !good {
                return Err(words::out_of_range(text, bound, "at least", "more than"));
            }
        }
        if let Some(bound) = &self.facets.max {
            let good = match order(bound) {
                Some(Ordering::Less) => true,
                Some(Ordering::Equal) => bound.inclusive,
                _ => false,
            };
            if !good {
                return Err(words::out_of_range(text, bound, "at most", "less than"));
            }
        }
        Ok(())
    }

    fn check_digits(&self, text: &str) -> Result<(), Fault> {
        let Some(number) = Decimal::parse(text) else { return Ok(()) };
        if let Some(most) = self.facets.total_digits.filter(|most| number.total_digits() > *most as usize) {
            return Err(words::too_many_digits(text, most, "digits"));
        }
        if let Some(most) =
            self.facets.fraction_digits.filter(|most| number.fraction_digits() > *most as usize)
        {
            return Err(words::too_many_digits(text, most, "decimal digits"));
        }
        Ok(())
    }
}

/// A type by its number. A number that leads nowhere is a bug of the compiler, and then any text will do.
fn at(types: &[Simple], id: SimpleId) -> &Simple {
    static ANY: LazyLock<Simple> = LazyLock::new(Simple::default);
    types.get(id as usize).unwrap_or(&ANY)
}

fn contains(texts: &[Box<str>], value: &str) -> bool {
    if texts.len() <= 8 {
        return texts.iter().any(|text| **text == *value);
    }
    texts.binary_search_by(|text| (**text).cmp(value)).is_ok()
}
