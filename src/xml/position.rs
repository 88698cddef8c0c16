//! Byte offset to line and column, computed only when something must be reported.

/// A place in a document as a person counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1. CR, LF and CRLF each end one line.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The position of the byte `offset` of `text`. An offset past the end is the end; one inside a character is that
/// character's start.
#[must_use]
pub fn locate(text: &str, offset: usize) -> Position {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let mut line = 1u32;
    let mut line_start = 0;
    let mut bytes = before.bytes().enumerate().peekable();
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'\n' => {}
            b'\r' if bytes.peek().is_none_or(|(_, next)| *next != b'\n') => {}
            _ => continue,
        }
        line = line.saturating_add(1);
        line_start = index + 1;
    }
    let column = before.get(line_start..).unwrap_or_default().chars().count();
    Position { line, column: u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_lf_cr_and_crlf_and_columns_count_characters() {
        let text = "a\nb\r\nc\rdé<";
        let at = |needle: &str| locate(text, text.find(needle).unwrap_or(usize::MAX));
        assert_eq!(at("a"), Position { line: 1, column: 1 });
        assert_eq!(at("b"), Position { line: 2, column: 1 });
        assert_eq!(at("c"), Position { line: 3, column: 1 });
        assert_eq!(at("<"), Position { line: 4, column: 3 });
        assert_eq!(locate(text, 10_000), Position { line: 4, column: 4 });
    }
}
