//! Tables of a plan, addressed by small numbers.
//!
//! Indexes into a plan are made by the compiler of that plan and never by a document, so a wrong one is a bug, and
//! not one worth a crash under a peer's message: it leads to the table's default entry.

use std::ops::Range;

/// An immutable table.
#[derive(Debug, Default, Clone)]
pub(crate) struct Table<T> {
    items: Box<[T]>,
    nowhere: T,
}

/// A stretch of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl<T: Default> Table<T> {
    pub(crate) fn new(items: Vec<T>) -> Self {
        Self { items: items.into(), nowhere: T::default() }
    }
}

impl<T> Table<T> {
    #[inline]
    pub(crate) fn at(&self, index: u32) -> &T {
        self.items.get(index as usize).unwrap_or(&self.nowhere)
    }

    #[inline]
    pub(crate) fn span(&self, span: Span) -> &[T] {
        self.items.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(crate) fn all_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    pub(crate) fn all(&self) -> &[T] {
        &self.items
    }
}

impl Span {
    /// The stretch that `range` is, of a table being built.
    pub(crate) fn new(range: Range<usize>) -> Self {
        Self { start: index(range.start), end: index(range.end) }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// A position in a table as it is stored. Plans are bounded by what fits memory, far below the bound.
pub(crate) fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
