//! The JSON that a walk over a valid document writes, byte by byte as it goes.

use super::tape::push_string;
use crate::schema::member_name;
use crate::schema::plan::Member;
use crate::schema::sink::Sink;
use crate::xml::grain::Grain;

/// Appends to a buffer. Whether a comma is due shows in the last byte written.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Length of the buffer before the first byte of this document.
    start: usize,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start }
    }

    /// Takes back everything written.
    pub(super) fn undo(self) {
        self.out.truncate(self.start);
    }

    #[inline]
    fn lead(&mut self, member: Option<&Member>) {
        if self.out.len() > self.start && !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
        if let Some(member) = member {
            self.out.extend_from_slice(&member.key);
        }
    }

    fn named(&mut self, name: &str, text: &str) {
        self.lead(None);
        push_string(self.out, name);
        self.out.push(b':');
        push_string(self.out, text);
    }
}

impl Sink for Writer<'_> {
    const KEEPS: bool = true;

    fn open_object(&mut self, member: Option<&Member>) {
        self.lead(member);
        self.out.push(b'{');
    }

    fn close_object(&mut self) {
        self.out.push(b'}');
    }

    fn open_array(&mut self, member: &Member) {
        self.lead(Some(member));
        self.out.push(b'[');
    }

    fn close_array(&mut self) {
        self.out.push(b']');
    }

    #[inline]
    fn string(&mut self, member: Option<&Member>, text: &str, grain: Grain) {
        self.lead(member);
        if grain.stands_in_json() {
            self.out.reserve(text.len() + 2);
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        } else {
            push_string(self.out, text);
        }
    }

    fn nil(&mut self, text: &str) {
        self.named(member_name::NIL, text);
    }

    #[inline]
    fn null(&mut self, member: &Member) {
        self.lead(Some(member));
        self.out.extend_from_slice(b"null");
    }

    fn verbatim(&mut self, member: Option<&Member>, xml: &str) {
        self.open_object(member);
        self.named(member_name::XML, xml);
        self.close_object();
    }
}
