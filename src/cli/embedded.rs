//! A document that travels as text inside another: where its lines are in the file that a person opens.
//!
//! The schema engine counts lines and columns in the inner document, whose markup stands escaped or in CDATA in the
//! outer one. An editor knows only the outer one.

use crate::xml::{Position, locate};

/// The text of an element, as it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Embedded<'x> {
    /// The whole file.
    pub(super) text: &'x str,
    /// Byte offset at which the element's content begins.
    pub(super) content: usize,
    /// Characters of the content before the inner document.
    pub(super) blank: usize,
}

impl Embedded<'_> {
    /// The place in the file of a place in the inner document `inner`.
    pub(super) fn place(&self, inner: &str, position: Position) -> Position {
        locate(self.text, self.offset(self.blank + index(inner, position)))
    }

    /// Byte offset in the file of a character of the content.
    fn offset(&self, wanted: usize) -> usize {
        let mut at = self.content;
        let mut rest = self.text.get(at..).unwrap_or_default();
        let mut in_cdata = false;
        let mut passed = 0;
        loop {
            let step = match piece(rest, in_cdata) {
                Piece::Markup(length) => length,
                Piece::Opens(length) => {
                    in_cdata = true;
                    length
                }
                Piece::Closes(length) => {
                    in_cdata = false;
                    length
                }
                Piece::End => return at,
                Piece::Character(_) if passed == wanted => return at,
                Piece::Character(length) => {
                    passed += 1;
                    length
                }
            };
            at += step;
            rest = rest.get(step..).unwrap_or_default();
        }
    }
}

/// What the content goes on with; each with its length in bytes.
enum Piece {
    /// A comment or a processing instruction.
    Markup(usize),
    /// The beginning of a CDATA section.
    Opens(usize),
    /// Its end.
    Closes(usize),
    /// One character of text, however it is written.
    Character(usize),
    /// The element's end.
    End,
}

fn piece(rest: &str, in_cdata: bool) -> Piece {
    let until = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    let Some(first) = rest.chars().next() else { return Piece::End };
    match first {
        ']' if in_cdata && rest.starts_with("]]>") => Piece::Closes(3),
        '\r' if rest.starts_with("\r\n") => Piece::Character(2),
        _ if in_cdata => Piece::Character(first.len_utf8()),
        '<' if rest.starts_with("<![CDATA[") => Piece::Opens(9),
        '<' if rest.starts_with("<!--") => Piece::Markup(until("-->")),
        '<' if rest.starts_with("<?") => Piece::Markup(until("?>")),
        '<' => Piece::End,
        '&' => Piece::Character(until(";")),
        _ => Piece::Character(first.len_utf8()),
    }
}

/// How many characters of `text` stand before a line and column.
fn index(text: &str, position: Position) -> usize {
    let mut here = Position { line: 1, column: 1 };
    let mut characters = text.chars().peekable();
    let mut index = 0;
    while here < position {
        let Some(character) = characters.next() else { break };
        index += 1;
        let ends_line = match character {
            '\n' => true,
            '\r' => characters.peek() != Some(&'\n'),
            _ => false,
        };
        if ends_line {
            here = Position { line: here.line.saturating_add(1), column: 1 };
        } else {
            here.column = here.column.saturating_add(1);
        }
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: &str = "<a>\n <è b='1'/>\n</a>";

    fn at(content: &str, line: u32, column: u32) -> String {
        let text = format!("<w>\n<m>{content}</m></w>");
        let embedded = Embedded { text: &text, content: 7, blank: 0 };
        embedded.place(INNER, Position { line, column }).to_string()
    }

    #[test]
    fn escaped_markup_is_found_where_it_is_written() {
        let content = "&lt;a&gt;\r\n &lt;è b='1'/&gt;\n&#x3c;/a>";
        assert_eq!(at(content, 1, 1), "2:4");
        assert_eq!(at(content, 1, 2), "2:8");
        assert_eq!(at(content, 2, 2), "3:2");
        assert_eq!(at(content, 2, 3), "3:6");
        assert_eq!(at(content, 3, 2), "4:7");
    }

    #[test]
    fn cdata_and_comments_are_no_part_of_the_inner_text() {
        let content = format!("<!-- & --><![CDATA[{INNER}]]>");
        assert_eq!(at(&content, 1, 1), "2:23");
        assert_eq!(at(&content, 3, 1), "4:1");
    }

    #[test]
    fn a_place_past_the_inner_text_is_its_end() {
        assert_eq!(at("&lt;a/>", 9, 1), "2:11");
    }
}
