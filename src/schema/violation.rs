//! One thing wrong with one document, in words that the office that sent it can act upon.
//!
//! The same type carries what the schema forbids and what the business controls forbid, so that an answer lists
//! both alike. It always has a place; it never has more of the value than fits a line.

use std::fmt;

/// Longest part of a value that a violation repeats, in characters.
const SEEN_LIMIT: usize = 80;

/// Most violations that one document is told of; what has more is not that form at all.
pub(crate) const MOST: usize = 10_000;

/// One thing wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Line in the document, from 1.
    pub line: u32,
    /// Column in the document, from 1, in characters.
    pub column: u32,
    /// Where: an XPath for an XML document (`/UniLav/DatoreLavoro[1]/@codiceFiscale`), a JSON Pointer for JSON.
    pub path: String,
    /// Which rule is broken.
    pub rule: Rule,
    /// What the document says there, cut to 80 characters.
    pub seen: String,
    /// What it should say.
    pub expected: String,
    /// Both, in words.
    pub message: String,
}

/// The rules a document can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The root element is another one.
    Root,
    /// An element, an attribute or a member that is not known where it stands.
    Unexpected,
    /// A required element, attribute or member is absent.
    Missing,
    /// A known element stands after one that must follow it.
    Order,
    /// An element is there more often than it may be.
    Occurrence,
    /// The right name in the wrong namespace.
    Namespace,
    /// Text where only elements may stand, or elements where only text may.
    Content,
    /// The value is not one of its datatype: not a date, not a number.
    Datatype,
    /// The number of characters, bytes or items.
    Length,
    /// The shape of the value.
    Pattern,
    /// The value is none of those listed.
    Enumeration,
    /// The value is too small or too large.
    Range,
    /// The number of digits.
    Digits,
    /// The value must be one given value.
    Fixed,
    /// `xsi:nil` where it may not be, or content in an element that is nil.
    Nil,
    /// `xsi:type` names a type that is not known or not fit, or the element is abstract.
    Type,
    /// An identifier given twice, or a reference to none.
    Identity,
    /// A JSON value of the wrong kind: a number where a string is due.
    Kind,
    /// A JSON member given twice.
    Duplicate,
    /// A character that XML cannot carry.
    Character,
    /// A business control over a document that its schema accepts.
    Control,
    /// There are as many violations as are told, and maybe more.
    Unfinished,
}

impl Rule {
    /// The rule's stable name, for logs and machine readers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Unexpected => "unexpected",
            Self::Missing => "missing",
            Self::Order => "order",
            Self::Occurrence => "occurrence",
            Self::Namespace => "namespace",
            Self::Content => "content",
            Self::Datatype => "datatype",
            Self::Length => "length",
            Self::Pattern => "pattern",
            Self::Enumeration => "enumeration",
            Self::Range => "range",
            Self::Digits => "digits",
            Self::Fixed => "fixed",
            Self::Nil => "nil",
            Self::Type => "type",
            Self::Identity => "identity",
            Self::Kind => "kind",
            Self::Duplicate => "duplicate",
            Self::Character => "character",
            Self::Control => "control",
            Self::Unfinished => "unfinished",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Violation {
    /// `LINE:COLUMN: PATH: rule: message`, the line that `egov-bridge validate` prints after the file's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}: {}", self.line, self.column, self.path, self.rule, self.message)
    }
}

/// Says, where as many violations were found as are told, that there may be more.
pub(crate) fn say_if_unfinished(violations: &mut Vec<Violation>, path: &str) {
    if violations.len() < MOST {
        return;
    }
    let (line, column) = violations.last().map_or((1, 1), |last| (last.line, last.column));
    violations.push(Violation {
        line,
        column,
        path: path.to_owned(),
        rule: Rule::Unfinished,
        seen: format!("{MOST} violations"),
        expected: "a document of this form".into(),
        message: format!("{MOST} violations are told, and what follows is not looked at as closely"),
    });
}

/// As much of a value as a violation repeats; control characters are shown, not sent to a terminal.
pub(crate) fn excerpt(value: &str) -> String {
    let mut out: String =
        value.chars().take(SEEN_LIMIT).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if value.chars().nth(SEEN_LIMIT).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_reads_as_one_line() {
        let violation = Violation {
            line: 3,
            column: 7,
            path: "/UniLav/DatoreLavoro[1]/@codiceFiscale".into(),
            rule: Rule::Pattern,
            seen: "x".into(),
            expected: "11 digits".into(),
            message: "codiceFiscale: \"x\" given, 11 digits needed".into(),
        };
        assert_eq!(
            violation.to_string(),
            "3:7: /UniLav/DatoreLavoro[1]/@codiceFiscale: pattern: codiceFiscale: \"x\" given, 11 digits needed"
        );
    }

    #[test]
    fn what_is_repeated_of_a_value_fits_eighty_characters() {
        assert_eq!(excerpt(&"è".repeat(80)).chars().count(), 80);
        let cut = excerpt(&"è".repeat(81));
        assert_eq!(cut.chars().count(), 80);
        assert!(cut.ends_with('…'));
        assert_eq!(excerpt("a\nb"), "a\u{FFFD}b");
    }
}
