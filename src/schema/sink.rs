//! What a valid document is told to while it is walked.
//!
//! The walker calls a sink only as long as it has found nothing wrong; after the first violation nothing more is
//! told, and what was told is to be thrown away.

use super::plan::Member;
use crate::xml::grain::Grain;

/// Receives the members of a document in document order. A value has the member it stands under, or none where it
/// stands for the root or in an array.
pub(crate) trait Sink {
    /// Whether anything told is kept; if not, the walker does not prepare it.
    const KEEPS: bool;

    fn open_object(&mut self, member: Option<&Member>);
    fn close_object(&mut self);
    fn open_array(&mut self, member: &Member);
    fn close_array(&mut self);
    fn string(&mut self, member: Option<&Member>, text: &str, grain: Grain);
    /// The value of `xsi:nil`, within the object of the nil element.
    fn nil(&mut self, text: &str);
    fn null(&mut self, member: &Member);
    /// An element that is carried as it stands.
    fn verbatim(&mut self, member: Option<&Member>, xml: &str);
}

/// Keeps nothing.
pub(crate) struct Discard;

impl Sink for Discard {
    const KEEPS: bool = false;

    fn open_object(&mut self, _: Option<&Member>) {}
    fn close_object(&mut self) {}
    fn open_array(&mut self, _: &Member) {}
    fn close_array(&mut self) {}
    fn string(&mut self, _: Option<&Member>, _: &str, _: Grain) {}
    fn nil(&mut self, _: &str) {}
    fn null(&mut self, _: &Member) {}
    fn verbatim(&mut self, _: Option<&Member>, _: &str) {}
}
