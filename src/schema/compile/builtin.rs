//! The built-in simple types of XSD part 2 §3, as data.

use crate::schema::datatype::{Lexical, MomentKind, Primitive};
use crate::schema::simple::{Role, Space};

/// A built-in type.
pub(super) struct Builtin {
    pub(super) name: &'static str,
    pub(super) base: &'static str,
    pub(super) kind: Kind,
    pub(super) space: Space,
    /// Least and greatest value.
    pub(super) min: Option<&'static str>,
    pub(super) max: Option<&'static str>,
}

/// What a built-in type is made of.
pub(super) enum Kind {
    Atomic(Primitive, Lexical, Role),
    /// One or more of another built-in type.
    List(&'static str),
}

pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|b| b.name == name)
}

/// All of them, for `xsi:type`.
pub(super) fn all() -> impl Iterator<Item = &'static Builtin> {
    BUILTINS.iter()
}

const fn string(
    name: &'static str,
    base: &'static str,
    lexical: Lexical,
    role: Role,
    space: Space,
) -> Builtin {
    Builtin { name, base, kind: Kind::Atomic(Primitive::String, lexical, role), space, min: None, max: None }
}

const fn primitive(name: &'static str, primitive: Primitive) -> Builtin {
    let kind = Kind::Atomic(primitive, Lexical::Any, Role::None);
    Builtin { name, base: "anySimpleType", kind, space: Space::Collapse, min: None, max: None }
}

const fn moment(name: &'static str, kind: MomentKind) -> Builtin {
    primitive(name, Primitive::Moment(kind))
}

const fn integer(
    name: &'static str,
    base: &'static str,
    min: Option<&'static str>,
    max: Option<&'static str>,
) -> Builtin {
    let kind = Kind::Atomic(Primitive::Decimal, Lexical::Integer, Role::None);
    Builtin { name, base, kind, space: Space::Collapse, min, max }
}

const fn list(name: &'static str, item: &'static str) -> Builtin {
    Builtin {
        name,
        base: "anySimpleType",
        kind: Kind::List(item),
        space: Space::Collapse,
        min: None,
        max: None,
    }
}

/// Without `NOTATION`, `ENTITY` and `ENTITIES`: they have values only under a document type declaration, and this
/// gateway reads no document that has one.
const BUILTINS: &[Builtin] = &[
    string("string", "anySimpleType", Lexical::Any, Role::None, Space::Preserve),
    string("normalizedString", "string", Lexical::Any, Role::None, Space::Replace),
    string("token", "normalizedString", Lexical::Any, Role::None, Space::Collapse),
    string("language", "token", Lexical::Language, Role::None, Space::Collapse),
    string("NMTOKEN", "token", Lexical::NmToken, Role::None, Space::Collapse),
    string("Name", "token", Lexical::Name, Role::None, Space::Collapse),
    string("NCName", "Name", Lexical::NcName, Role::None, Space::Collapse),
    string("ID", "NCName", Lexical::NcName, Role::Id, Space::Collapse),
    string("IDREF", "NCName", Lexical::NcName, Role::IdRef, Space::Collapse),
    list("NMTOKENS", "NMTOKEN"),
    list("IDREFS", "IDREF"),
    primitive("boolean", Primitive::Boolean),
    primitive("decimal", Primitive::Decimal),
    primitive("float", Primitive::Float),
    primitive("double", Primitive::Double),
    primitive("duration", Primitive::Duration),
    primitive("hexBinary", Primitive::HexBinary),
    primitive("base64Binary", Primitive::Base64Binary),
    primitive("anyURI", Primitive::AnyUri),
    primitive("QName", Primitive::QName),
    moment("dateTime", MomentKind::DateTime),
    moment("time", MomentKind::Time),
    moment("date", MomentKind::Date),
    moment("gYearMonth", MomentKind::YearMonth),
    moment("gYear", MomentKind::Year),
    moment("gMonthDay", MomentKind::MonthDay),
    moment("gDay", MomentKind::Day),
    moment("gMonth", MomentKind::Month),
    integer("integer", "decimal", None, None),
    integer("nonPositiveInteger", "integer", None, Some("0")),
    integer("negativeInteger", "nonPositiveInteger", None, Some("-1")),
    integer("long", "integer", Some("-9223372036854775808"), Some("9223372036854775807")),
    integer("int", "long", Some("-2147483648"), Some("2147483647")),
    integer("short", "int", Some("-32768"), Some("32767")),
    integer("byte", "short", Some("-128"), Some("127")),
    integer("nonNegativeInteger", "integer", Some("0"), None),
    integer("unsignedLong", "nonNegativeInteger", Some("0"), Some("18446744073709551615")),
    integer("unsignedInt", "unsignedLong", Some("0"), Some("4294967295")),
    integer("unsignedShort", "unsignedInt", Some("0"), Some("65535")),
    integer("unsignedByte", "unsignedShort", Some("0"), Some("255")),
    integer("positiveInteger", "nonNegativeInteger", Some("1"), None),
];
