//! The datatypes of XSD 1.0 part 2: what a lexical form may be, and what value it stands for.
//!
//! Values are compared in the value space (`1.0` is `1`, `12:00Z` is `13:00+01:00`) where a facet asks for it;
//! otherwise only the lexical form is looked at. Nothing is computed with: numbers keep all their digits.

mod binary;
mod decimal;
mod duration;
mod moment;
mod names;

use std::cmp::Ordering;

pub(crate) use decimal::Decimal;
pub(crate) use duration::Duration;
pub(crate) use moment::{Moment, MomentKind};

/// The primitive datatypes, `NOTATION` excepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Primitive {
    #[default]
    String,
    Boolean,
    Decimal,
    Float,
    Double,
    Duration,
    Moment(MomentKind),
    HexBinary,
    Base64Binary,
    AnyUri,
    QName,
}

/// What the built-in types derived from a primitive ask of the lexical form beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lexical {
    #[default]
    Any,
    /// No decimal point.
    Integer,
    Language,
    NmToken,
    Name,
    NcName,
}

/// A value, where it must be compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(Box<str>),
    Boolean(bool),
    Decimal(Decimal),
    Float(f32),
    Double(f64),
    Duration(Duration),
    Moment(Moment),
    Binary(Box<[u8]>),
    QName(Box<str>, Box<str>),
    List(Box<[Value]>),
}

impl Value {
    /// Equality of the value space: `NaN` is equal to itself there, and two moments are equal as instants.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Double(a), Self::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Duration(_), Self::Duration(_)) | (Self::Moment(_), Self::Moment(_)) => {
                self.order(other) == Some(Ordering::Equal)
            }
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            _ => self == other,
        }
    }

    /// The order of the value space; `None` where the two are not comparable.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Decimal(a), Self::Decimal(b)) => Some(a.order(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Duration(a), Self::Duration(b)) => a.order(b),
            (Self::Moment(a), Self::Moment(b)) => a.order(b),
            _ => None,
        }
    }
}

impl Primitive {
    /// Whether `text`, already normalised, is a lexical form. Names with prefixes are judged by the caller, who knows
    /// the prefixes.
    pub(crate) fn accepts(self, text: &str) -> bool {
        match self {
            Self::String => true,
            Self::Boolean => matches!(text, "true" | "false" | "1" | "0"),
            Self::Decimal => decimal::is_decimal(text),
            Self::Float | Self::Double => is_float(text),
            Self::Duration => Duration::parse(text).is_some(),
            Self::Moment(kind) => Moment::parse(kind, text).is_some(),
            Self::HexBinary => binary::hex_octets(text).is_some(),
            Self::Base64Binary => binary::base64_octets(text).is_some(),
            Self::AnyUri => names::is_any_uri(text),
            Self::QName => names::split_qname(text).is_some(),
        }
    }

    /// The value that `text` stands for; `resolve` gives the namespace of a prefix.
    pub(crate) fn value(self, text: &str, resolve: &dyn Fn(&str) -> Option<String>) -> Option<Value> {
        match self {
            Self::String => Some(Value::Text(text.into())),
            Self::AnyUri => names::is_any_uri(text).then(|| Value::Text(text.into())),
            Self::Boolean => self.accepts(text).then_some(Value::Boolean(matches!(text, "true" | "1"))),
            Self::Decimal => Decimal::parse(text).map(|number| Value::Decimal(number.keep())),
            Self::Float => parse_float(text).map(Value::Float),
            Self::Double => parse_float(text).map(Value::Double),
            Self::Duration => Duration::parse(text).map(Value::Duration),
            Self::Moment(kind) => Moment::parse(kind, text).map(Value::Moment),
            Self::HexBinary => binary::decode_hex(text).map(|b| Value::Binary(b.into())),
            Self::Base64Binary => binary::decode_base64(text).map(|b| Value::Binary(b.into())),
            Self::QName => {
                let (prefix, local) = names::split_qname(text)?;
                Some(Value::QName(resolve(prefix)?.into(), local.into()))
            }
        }
    }

    /// What the length facets count: characters, or octets of a binary value.
    pub(crate) fn length(self, text: &str) -> usize {
        match self {
            Self::HexBinary => binary::hex_octets(text).unwrap_or_default(),
            Self::Base64Binary => binary::base64_octets(text).unwrap_or_default(),
            _ => text.chars().count(),
        }
    }

    /// Whether values have an order, so that bounds mean something.
    pub(crate) fn is_ordered(self) -> bool {
        matches!(self, Self::Decimal | Self::Float | Self::Double | Self::Duration | Self::Moment(_))
    }

    /// Whether values have a length. `QName` has one in the letter of §4.3.1 only; its facets are void (erratum).
    pub(crate) fn has_length(self) -> bool {
        matches!(self, Self::String | Self::HexBinary | Self::Base64Binary | Self::AnyUri)
    }
}

impl Lexical {
    pub(crate) fn accepts(self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Integer => !text.contains('.'),
            Self::Language => names::is_language(text),
            Self::NmToken => names::is_nmtoken(text),
            Self::Name => names::is_name(text),
            Self::NcName => crate::xml::characters::is_ncname(text),
        }
    }
}

pub(crate) use names::split_qname;

/// `float` and `double` (§3.2.4.1): a decimal mantissa, an optional exponent, or one of three words. The parser of the
/// standard library takes more.
fn is_float(text: &str) -> bool {
    if matches!(text, "INF" | "-INF" | "NaN") {
        return true;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_integer = |t: &str| {
        let digits = t.strip_prefix(['+', '-']).unwrap_or(t);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    decimal::is_decimal(mantissa) && exponent.is_none_or(is_integer)
}

fn parse_float<F: std::str::FromStr>(text: &str) -> Option<F> {
    if !is_float(text) {
        return None;
    }
    match text {
        "INF" => "inf".parse().ok(),
        "-INF" => "-inf".parse().ok(),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
#[path = "datatype_tests.rs"]
mod tests;
