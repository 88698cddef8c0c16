//! A place in a message.

use std::fmt;

use crate::schema::Violation;
use crate::xml::Position;

/// Which part of a message a place is in: lines and columns count from the start of that part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The busta: the path is a `posizione`.
    Busta,
    /// The document that the Body carries.
    Document,
}

/// Where something is wrong, without what was seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Of which part.
    pub part: Part,
    /// Line and column, where they are known.
    pub position: Option<Position>,
    /// The path in the part.
    pub path: String,
}

impl Place {
    /// A place in the busta, by its `posizione`.
    #[must_use]
    pub fn of_busta(posizione: &str) -> Self {
        Self { part: Part::Busta, position: None, path: posizione.to_owned() }
    }

    /// The place of a violation.
    #[must_use]
    pub fn of_violation(violation: &Violation) -> Self {
        let position = Position { line: violation.line, column: violation.column };
        Self { part: Part::Document, position: Some(position), path: violation.path.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.part {
            Part::Busta => "busta",
            Part::Document => "document",
        };
        match self.position {
            Some(position) => write!(f, "{part}:{position} {}", self.path),
            None => write!(f, "{part} {}", self.path),
        }
    }
}
