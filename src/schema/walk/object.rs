//! The JSON object that an element is: which of its members were met, and the arrays and nulls around them.

use super::{Frame, NONE, Walker};
use crate::schema::plan::{Complex, Member, MemberId};
use crate::schema::sink::Sink;

impl<'d, S: Sink> Walker<'d, '_, '_, S> {
    /// Marks a member of the innermost frame as met, opens and closes arrays around it, and gives it if its name is
    /// to be told.
    #[inline]
    pub(super) fn place(&mut self, member: MemberId) -> Option<&'d Member> {
        let telling = self.telling();
        let frame = self.frames.last_mut()?;
        let bit = usize::from(member);
        let word = self.seen.get_mut(frame.seen as usize + bit / 64)?;
        let first = *word & (1 << (bit % 64)) == 0;
        *word |= 1 << (bit % 64);
        if !telling {
            return None;
        }
        if frame.array != NONE && frame.array != member {
            self.sink.close_array();
            frame.array = NONE;
        }
        let declared = self.plan.complexes.at(frame.complex).members.get(bit)?;
        if !declared.repeated {
            return Some(declared);
        }
        if first {
            self.sink.open_array(declared);
            frame.array = member;
        }
        None
    }

    pub(super) fn was_seen(&self, member: MemberId) -> bool {
        let Some(frame) = self.frames.last() else { return false };
        let bit = usize::from(member);
        self.seen.get(frame.seen as usize + bit / 64).is_some_and(|word| word & (1 << (bit % 64)) != 0)
    }

    pub(super) fn mark(&mut self, frame: &Frame, member: MemberId) {
        let bit = usize::from(member);
        if let Some(word) = self.seen.get_mut(frame.seen as usize + bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }

    /// Tells the members that were not met, and the end of the object.
    pub(super) fn close_object(&mut self, complex: &'d Complex, frame: &Frame) {
        if !self.telling() {
            return;
        }
        if frame.array != NONE {
            self.sink.close_array();
        }
        let words = self.seen.get(frame.seen as usize..).unwrap_or_default();
        for (bit, member) in complex.members.iter().enumerate() {
            if words.get(bit / 64).is_some_and(|word| word & (1 << (bit % 64)) == 0) {
                self.sink.null(member);
            }
        }
        self.sink.close_object();
    }
}
