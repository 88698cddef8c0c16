//! Why a document is not XML, or is more than the gateway reads.

use std::fmt;

/// The document is not well formed, or exceeds a bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Byte offset in the text that was being read; [`locate`](super::locate) turns it into line and column.
    pub offset: usize,
}

/// What is wrong with the document. The clause is of XML 1.0 (fifth edition) unless "NS" (Namespaces in XML 1.0).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum XmlErrorKind {
    /// A document type declaration. XML allows it (§2.8); the busta e-Gov does not, and entities are an attack.
    DocumentType,
    /// `&name;` other than the five predefined entities (§4.1, no declaration can have been read).
    UndefinedEntity(String),
    /// `&#…;` that is not a number or not a character of XML (§4.1).
    BadCharacterReference(String),
    /// A character that no XML document may hold (§2.2).
    ForbiddenCharacter(char),
    /// `]]>` in character data (§2.4).
    CdataEndInText,
    /// `<` or a bare `&` in an attribute value, or a bare `&` in text (§2.3, §2.4).
    UnescapedMarkup(char),
    /// A name that is not a `QName` (NS §4).
    BadName(String),
    /// A prefix without a declaration in scope (NS §5).
    UnboundPrefix(String),
    /// A declaration of `xmlns`, a rebinding of `xml`, or an undeclared prefix (NS §3, §5).
    BadNamespaceDeclaration(String),
    /// Two attributes with the same qualified or expanded name (§3.1, NS §6.3).
    DuplicateAttribute(String),
    /// The attributes of a start tag cannot be read: no value, no quotes, no space between two (§3.1).
    BadAttribute(String),
    /// An end tag that does not match the open element (§3).
    MismatchedEndTag {
        /// The element that is open, as written; empty where none is.
        open: String,
        /// The end tag as written.
        found: String,
    },
    /// The document ended inside markup or with an element open (§2.1).
    UnexpectedEnd,
    /// No root element (§2.1).
    NoRoot,
    /// A second root, or text outside the root (§2.1).
    OutsideRoot,
    /// An XML declaration that is malformed or not at the very start (§2.8).
    BadDeclaration,
    /// Markup that is none of the above, with the tokeniser's words.
    Malformed(String),
    /// A bound of [`Limits`](super::Limits) was exceeded.
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
}

impl fmt::Display for XmlErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DocumentType => write!(f, "a document type declaration is not accepted"),
            Self::UndefinedEntity(name) => write!(f, "entity &{name}; is not defined"),
            Self::BadCharacterReference(text) => write!(f, "&{text}; is not a reference to an XML character"),
            Self::ForbiddenCharacter(c) => {
                write!(f, "character U+{:04X} is not allowed in XML", u32::from(*c))
            }
            Self::CdataEndInText => write!(f, "\"]]>\" is not allowed in text"),
            Self::UnescapedMarkup(c) => write!(f, "'{c}' must be escaped here"),
            Self::BadName(name) => write!(f, "\"{name}\" is not an XML name"),
            Self::UnboundPrefix(prefix) => write!(f, "prefix \"{prefix}\" is not declared"),
            Self::BadNamespaceDeclaration(name) => {
                write!(f, "namespace declaration \"{name}\" is not allowed")
            }
            Self::DuplicateAttribute(name) => write!(f, "attribute \"{name}\" is given twice"),
            Self::BadAttribute(name) => write!(f, "attribute \"{name}\" is malformed"),
            Self::MismatchedEndTag { open, found } if open.is_empty() => {
                write!(f, "</{found}> closes nothing")
            }
            Self::MismatchedEndTag { open, found } => write!(f, "</{found}> found where </{open}> is due"),
            Self::UnexpectedEnd => write!(f, "the document ends before it is complete"),
            Self::NoRoot => write!(f, "there is no root element"),
            Self::OutsideRoot => write!(f, "content outside the root element"),
            Self::BadDeclaration => write!(f, "the XML declaration is malformed or out of place"),
            Self::Malformed(text) => write!(f, "{text}"),
            Self::TooLarge { what, limit } => write!(f, "more than {limit} {what}"),
        }
    }
}
