//! Content that is no simple value, of an element whose declaration has a default or fixed value.
//!
//! XML Schema part 1 §3.3.4, Element Locally Valid (Element), 5: with neither characters nor children the value of the
//! declaration stands, and the type in force, `xsi:type` regarded, must take it (5.1): mixed content that may be empty
//! does (§3.3.6, Element Default Valid (Immediate), 2.2.2). Otherwise, where the value is fixed, there may be no
//! children (5.2.2.1), and the initial value of mixed content, white space and all, must be that value (5.2.2.2.1). The
//! text may come in any number of events.

use super::Walker;
use super::faults::Place;
use crate::schema::plan::{Complex, Constraint, Content, Element};
use crate::schema::sink::Sink;
use crate::schema::violation::Rule;
use crate::schema::words;
use crate::xml::Name;

/// An open element of such content.
pub(super) struct Mixed<'d> {
    /// Frames up to and with its own.
    depth: usize,
    value: &'d str,
    /// Whether the value is fixed, and no mere default.
    fixed: bool,
    /// Whether the type in force takes the value.
    fits: bool,
    /// Whether text may stand in it.
    mixed: bool,
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
        let Some(value) = declared.constraint.value() else { return };
        let Some(frame) = self.frames.last().filter(|f| !f.nil) else { return };
        let may_be_empty = match &complex.content {
            Content::Elements(model) => model.may_be_empty(),
            Content::Empty | Content::Simple(_) => true,
        };
        self.mixed.push(Mixed {
            depth: self.frames.len(),
            value,
            fixed: matches!(declared.constraint, Constraint::Fixed(_)),
            // What may not be empty is reported as such.
            fits: complex.mixed || !may_be_empty,
            mixed: complex.mixed,
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
    #[inline]
    pub(super) fn mixed_child(&mut self, name: Name<'_>) {
        if !self.mixed.is_empty() {
            self.child_of_mixed(name);
        }
    }

    fn child_of_mixed(&mut self, name: Name<'_>) {
        let Some(frame) = self.frames.last() else { return };
        let complex = self.plan.complexes.at(frame.complex);
        let Some(open) = self.mixed.last_mut().filter(|m| m.depth == self.frames.len()) else { return };
        let first = !std::mem::replace(&mut open.marked_up, true);
        // Where there may be no children at all, that is said without regard to the value.
        if !first || !open.fixed || matches!(complex.content, Content::Empty) {
            return;
        }
        let (wanted, local) = (format!("\"{}\"", open.value), open.local);
        self.faults.context(&self.reader);
        let words = format!("{} may not stand in {local}, whose value is fixed: {wanted}", name.local);
        self.faults.raise(Place::element(self.reader.offset()), Rule::Fixed, name.local, &wanted, words);
    }

    /// The innermost frame ends.
    pub(super) fn mixed_end(&mut self) {
        let depth = self.frames.len();
        let Some(open) = self.mixed.pop_if(|m| m.depth == depth) else { return };
        let empty = open.text.is_empty() && !open.marked_up;
        let right = if empty {
            open.fits
        } else {
            !open.fixed || !open.mixed || open.marked_up || open.text == open.value
        };
        if right {
            return;
        }
        let start = self.frames.last().map_or(open.offset, |f| f.start);
        let wanted = format!("\"{}\"", open.value);
        self.faults.context(&self.reader);
        let words = if empty {
            format!("{}: empty, which stands for {wanted}, and its type does not take that", open.local)
        } else {
            format!("{}: {}", open.local, words::given(&open.text, &wanted))
        };
        self.faults.raise(Place::text(open.offset, start), Rule::Fixed, &open.text, &wanted, words);
    }
}
