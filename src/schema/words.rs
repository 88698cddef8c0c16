//! What is wrong, in words for the office that filled in the form. Nothing here decides anything.

use super::datatype::{Lexical, MomentKind, Primitive};
use super::simple::{Bound, Fault};
use super::violation::{Rule, excerpt};

/// Longest list of values or names that a message repeats.
const LISTED: usize = 12;

/// What a length counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Characters,
    Octets,
    Items,
}

/// A datatype by its common name.
pub(crate) fn datatype(primitive: Primitive, lexical: Lexical) -> &'static str {
    match (primitive, lexical) {
        (_, Lexical::Integer) => "a whole number",
        (_, Lexical::Language) => "a language code",
        (_, Lexical::NmToken) => "a name token",
        (_, Lexical::Name | Lexical::NcName) => "a name",
        (Primitive::String, Lexical::Any) => "text",
        (Primitive::Boolean, Lexical::Any) => "true or false",
        (Primitive::Decimal, Lexical::Any) => "a number",
        (Primitive::Float | Primitive::Double, Lexical::Any) => "a floating-point number",
        (Primitive::Duration, Lexical::Any) => "a duration such as P1Y6M",
        (Primitive::Moment(kind), Lexical::Any) => match kind {
            MomentKind::DateTime => "a date and time such as 2026-01-31T09:30:00",
            MomentKind::Time => "a time such as 09:30:00",
            MomentKind::Date => "a date such as 2026-01-31",
            MomentKind::YearMonth => "a year and month such as 2026-01",
            MomentKind::Year => "a year such as 2026",
            MomentKind::MonthDay => "a month and day such as --01-31",
            MomentKind::Day => "a day such as ---31",
            MomentKind::Month => "a month such as --01",
        },
        (Primitive::HexBinary, Lexical::Any) => "hexadecimal digits",
        (Primitive::Base64Binary, Lexical::Any) => "Base64",
        (Primitive::AnyUri, Lexical::Any) => "a URI",
        (Primitive::QName, Lexical::Any) => "a qualified name with a declared prefix",
    }
}

/// `"a", "b" or "c"`, cut where it would be long.
pub(crate) fn one_of(values: &[Box<str>]) -> String {
    alternatives(values.iter().map(|v| format!("\"{}\"", excerpt(v))))
}

/// `a, b or c`, cut where it would be long.
pub(crate) fn alternatives(names: impl ExactSizeIterator<Item = String>) -> String {
    let count = names.len();
    let mut out = String::new();
    for (index, name) in names.take(LISTED).enumerate() {
        if index > 0 {
            out.push_str(if index + 1 == count { " or " } else { ", " });
        }
        out.push_str(&name);
    }
    if count > LISTED {
        out.push_str(&format!(" or {} others", count - LISTED));
    }
    out
}

pub(crate) fn not_of_datatype(value: &str, wanted: &str) -> Fault {
    fault(Rule::Datatype, wanted.to_owned(), given(value, wanted))
}

pub(crate) fn not_a_member(value: &str, wanted: &[String]) -> Fault {
    let wanted = alternatives(wanted.iter().cloned());
    fault(Rule::Datatype, wanted.clone(), given(value, &wanted))
}

pub(crate) fn not_listed(value: &str, written: &[Box<str>]) -> Fault {
    let wanted = one_of(written);
    fault(Rule::Enumeration, wanted.clone(), given(value, &wanted))
}

pub(crate) fn no_match(value: &str, wanted: &str) -> Fault {
    fault(Rule::Pattern, wanted.to_owned(), given(value, wanted))
}

pub(crate) fn bad_length(length: usize, least: Option<u32>, most: Option<u32>, unit: Unit) -> Fault {
    let count = |n: u32| format!("{n} {}", unit.of(n as usize));
    let expected = match (least, most) {
        (Some(least), Some(most)) if least == most => count(least),
        (Some(least), Some(most)) => format!("{least} to {}", count(most)),
        (Some(least), None) => format!("at least {}", count(least)),
        (None, Some(most)) => format!("at most {}", count(most)),
        (None, None) => String::new(),
    };
    let bounds = match (least, most) {
        (Some(least), Some(most)) if least == most => format!("{least} needed"),
        (_, Some(most)) if length > most as usize => format!("at most {most} allowed"),
        (Some(least), _) => format!("at least {least} needed"),
        _ => expected.clone(),
    };
    let seen = match length {
        0 => "empty".to_owned(),
        length => format!("{length} {}", unit.of(length)),
    };
    fault(Rule::Length, expected, format!("{seen}, {bounds}"))
}

pub(crate) fn out_of_range(value: &str, bound: &Bound, inclusive: &str, exclusive: &str) -> Fault {
    let wanted = format!("{} {}", if bound.inclusive { inclusive } else { exclusive }, bound.written);
    fault(Rule::Range, wanted.clone(), given(value, &wanted))
}

pub(crate) fn too_many_digits(value: &str, most: u32, what: &str) -> Fault {
    let wanted = format!("at most {most} {what}");
    fault(Rule::Digits, wanted.clone(), given(value, &wanted))
}

/// `"x" given, y needed`.
pub(crate) fn given(value: &str, wanted: &str) -> String {
    match value {
        "" => format!("empty, {wanted} needed"),
        value => format!("\"{}\" given, {wanted} needed", excerpt(value)),
    }
}

fn fault(rule: Rule, expected: String, words: String) -> Fault {
    Fault { rule, expected, words }
}

impl Unit {
    fn of(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Characters, 1) => "character",
            (Self::Characters, _) => "characters",
            (Self::Octets, 1) => "byte",
            (Self::Octets, _) => "bytes",
            (Self::Items, 1) => "item",
            (Self::Items, _) => "items",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_as_an_office_counts() {
        let words = |length, least, most| bad_length(length, least, most, Unit::Characters).words;
        assert_eq!(words(4, Some(5), Some(5)), "4 characters, 5 needed");
        assert_eq!(words(0, Some(1), None), "empty, at least 1 needed");
        assert_eq!(words(61, Some(1), Some(60)), "61 characters, at most 60 allowed");
        assert_eq!(words(1, Some(2), Some(60)), "1 character, at least 2 needed");
        assert_eq!(bad_length(61, Some(1), Some(60), Unit::Items).expected, "1 to 60 items");
    }

    #[test]
    fn long_lists_are_cut() {
        let values: Vec<Box<str>> = (0..20).map(|n| n.to_string().into()).collect();
        let all = one_of(&values);
        assert!(all.starts_with("\"0\", \"1\"") && all.ends_with("\"11\" or 8 others"), "{all}");
        assert_eq!(one_of(&["SI".into(), "NO".into()]), "\"SI\" or \"NO\"");
    }
}
