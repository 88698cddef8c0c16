//! Why a set of schemas was refused at load.

use std::fmt;

/// One thing in one schema file that keeps the whole set from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The file, relative to the directory that was loaded.
    pub file: String,
    /// Line, from 1; 0 where the error is of the file as a whole.
    pub line: u32,
    /// The construct it is about, as written: `xs:key`, `xs:element name="cap"`, `@blockDefault`.
    pub construct: String,
    /// What is wrong with it.
    pub kind: LoadErrorKind,
}

/// What is wrong with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The file or the directory cannot be read.
    Unreadable(std::io::ErrorKind),
    /// The bytes are not text in their declared encoding, or not XML.
    NotXml(String),
    /// The root is not `xs:schema`.
    NotASchema,
    /// XSD 1.0 has the construct; this engine does not.
    Unsupported,
    /// As `Unsupported`, of what means something only with a DTD: notations and unparsed entities.
    NeedsDtd,
    /// Attribute wildcards that together admit what no wildcard can say (XSD part 1 §3.10.6).
    NoSuchWildcard,
    /// XSD 1.0 does not have the construct here.
    Misplaced,
    /// An attribute that the construct must have is absent.
    Incomplete(&'static str),
    /// A value that the construct cannot have.
    BadValue {
        /// The value as written.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A reference to a component that no loaded file defines.
    Unresolved {
        /// What was looked for: type, element, group ...
        what: &'static str,
        /// Its name, `{namespace}local`.
        name: String,
    },
    /// `schemaLocation` leads to no file below the directory.
    NoSuchFile(String),
    /// A component is defined twice.
    Redefined,
    /// A `redefine` that does not make the component from itself (XSD part 1 §4.2.2).
    NotOnItself,
    /// A component is defined by itself.
    Circular,
    /// A pattern that is not a regular expression of XSD, or one too large to run in bounded memory.
    Pattern(String),
    /// Two particles compete for one element (XSD 1.0 part 1 §3.8.6, Unique Particle Attribution).
    Ambiguous(String),
    /// One particle, whose repetitions within repetitions can be counted in more than one way. XSD allows it (part 1
    /// §3.8.6 speaks of two particles); the engine follows all ways at once, up to a bound.
    Counting(String),
    /// More counted repetitions in one content model than the engine has counters.
    TooManyCounters,
    /// One name has two types in one content model (XSD part 1 §3.8.6, Element Declarations Consistent).
    TwoTypes(String),
    /// One type would have two JSON members of one name.
    SameMember {
        /// The member's name.
        member: String,
        /// What else bears it.
        other: String,
    },
    /// The construct validates but cannot be carried to JSON and back.
    NotInvertible(&'static str),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.construct, self.kind)
    }
}

impl std::error::Error for LoadError {}

impl fmt::Display for LoadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::NotXml(error) => write!(f, "{error}"),
            Self::NotASchema => write!(f, "the root element is not an XSD schema"),
            Self::Unsupported => write!(f, "this construct of XSD is not supported"),
            Self::NeedsDtd => {
                write!(
                    f,
                    "not supported: its values are declared in a document type definition, and documents may have none"
                )
            }
            Self::NoSuchWildcard => {
                write!(f, "no wildcard can say what this one and the other together admit")
            }
            Self::Misplaced => write!(f, "XSD does not allow this here"),
            Self::Incomplete(attribute) => write!(f, "{attribute} is needed"),
            Self::BadValue { value, wanted } => write!(f, "\"{value}\" given, {wanted} needed"),
            Self::Unresolved { what, name } => write!(f, "no {what} {name} is defined"),
            Self::NoSuchFile(location) => write!(f, "no file \"{location}\" below the schema directory"),
            Self::Redefined => write!(f, "defined twice"),
            Self::NotOnItself => write!(
                f,
                "a redefinition is an extension or restriction of what it redefines, or a group that holds that at most once"
            ),
            Self::Circular => write!(f, "defined by itself"),
            Self::Pattern(error) => write!(f, "{error}"),
            Self::Ambiguous(name) => write!(f, "two particles compete for element {name}"),
            Self::Counting(name) => write!(
                f,
                "repetitions of element {name} can be counted in more than one way, and in this content model in too many: \
                 {} states are the most that are followed; smaller maxOccurs, or unbounded, needs fewer",
                super::compile::STATES
            ),
            Self::TooManyCounters => write!(f, "too many counted repetitions in one content model"),
            Self::TwoTypes(name) => write!(f, "element {name} has two types in one content model"),
            Self::SameMember { member, other } => {
                write!(f, "its JSON member \"{member}\" is also that of {other}")
            }
            Self::NotInvertible(why) => write!(f, "cannot be carried to JSON and back: {why}"),
        }
    }
}
