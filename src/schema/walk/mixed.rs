//! Mixed content of an element whose declaration fixes its value: the text as a whole is held against it.
//!
//! XML Schema part 1 §3.3.4, Element Locally Valid (Element), 5: with neither characters nor children the fixed value
//! stands (5.1); otherwise there may be no children (5.2.2.1), and the initial value, white space and all, must be
//! that value (5.2.2.2.1). The text may come in any number of events.

use super::Walker;
use super::faults::Place;
use crate::schema::plan::{Complex, Constraint, Content, Element};
use crate::schema::sink::Sink;
use crate::schema::violation::Rule;
use crate::schema::words;
use crate::xml::Name;

/// An open element of mixed content with a fixed value.
pub(super) struct Mixed<'d> {
    /// Frames up to and with its own.
    depth: usize,
    fixed: &'d str,
    local: &'d str,
    text: String,
    /// Byte offset of the first text.
    offset: usize,
    /// Whether a child stood in it.
    marked_up: bool,
}

impl<'d, S: Sink> Walker<'d, '_, '_, S> {
    /// The innermost frame has just been opened.
    pub(super) fn mixed_start(&mut self, declared: &'d Element, complex: &Complex) {
        let Constraint::Fixed(fixed) = &declared.constraint else { return };
        let Some(frame) = self.frames.last().filter(|f| complex.mixed && !f.nil) else { return };
        self.mixed.push(Mixed {
            depth: self.frames.len(),
            fixed,
            local: &declared.local,
            text: String::new(),
            offset: frame.start,
            marked_up: false,
        });
    }

    /// Text directly inside the innermost frame.
    pub(super) fn mixed_text(&mut self, text: &str) {
        let Some(open) = self.mixed.last_mut().filter(|m| m.depth == self.frames.len()) else { return };
        if open.text.is_empty() {
            open.offset = self.reader.offset();
        }
        open.text.push_str(text);
    }

    /// A child of the innermost frame.
    pub(super) fn mixed_child(&mut self, name: Name<'_>) {
        let Some(frame) = self.frames.last() else { return };
        let complex = self.plan.complexes.at(frame.complex);
        let Some(open) = self.mixed.last_mut().filter(|m| m.depth == self.frames.len()) else { return };
        let first = !std::mem::replace(&mut open.marked_up, true);
        // Where there may be no children at all, that is said without regard to the value.
        if !first || matches!(complex.content, Content::Empty) {
            return;
        }
        let (wanted, local) = (format!("\"{}\"", open.fixed), open.local);
        self.faults.context(&self.reader);
        let words = format!("{} may not stand in {local}, whose value is fixed: {wanted}", name.local);
        self.faults.raise(Place::element(self.reader.offset()), Rule::Fixed, name.local, &wanted, words);
    }

    /// The innermost frame ends.
    pub(super) fn mixed_end(&mut self) {
        let depth = self.frames.len();
        let Some(open) = self.mixed.pop_if(|m| m.depth == depth) else { return };
        if open.marked_up || open.text.is_empty() || open.text == open.fixed {
            return;
        }
        let start = self.frames.last().map_or(open.offset, |f| f.start);
        let wanted = format!("\"{}\"", open.fixed);
        self.faults.context(&self.reader);
        let words = format!("{}: {}", open.local, words::given(&open.text, &wanted));
        self.faults.raise(Place::text(open.offset, start), Rule::Fixed, &open.text, &wanted, words);
    }
}
