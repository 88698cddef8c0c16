//! Lines and columns of offsets that only grow, each counted from the one before: many violations of a large document
//! cost one reading of it, not one each.

use crate::xml::{Position, locate};

/// Gives positions.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    offset: usize,
    position: Position,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { text, offset: 0, position: Position { line: 1, column: 1 } }
    }

    pub(crate) fn at(&mut self, offset: usize) -> Position {
        let Some(between) = self.text.get(self.offset..offset) else { return locate(self.text, offset) };
        let further = locate(between, between.len());
        self.position = if further.line == 1 {
            Position { column: self.position.column.saturating_add(further.column - 1), ..self.position }
        } else {
            Position { line: self.position.line.saturating_add(further.line - 1), column: further.column }
        };
        self.offset = offset;
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_counted_from_the_start() {
        let text = "a\nbè\r\n\n<c>\rd";
        let mut lines = Lines::of(text);
        for (offset, _) in text.char_indices().filter(|(_, c)| *c != '\n') {
            assert_eq!(lines.at(offset), locate(text, offset), "{offset}");
        }
    }
}
