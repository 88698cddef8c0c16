//! Where in the message the elements stand that a signature names.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::{SecurityError, WSU};
use crate::soap::NAMESPACE;
use crate::xml::c14n::{self, Canon, Inherited, Sink};
use crate::xml::{Binding, Event, Limits, Reader, XML_NAMESPACE, XmlError};

/// Ids of one document.
const MOST_IDS: usize = 4096;

/// A part of a message, by where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// The Body of the envelope.
    Body,
    /// A child of the Body, counted from 0.
    InBody(usize),
    /// A header block, counted from 0.
    Block(usize),
    /// A child of a header block.
    InBlock {
        /// The block, counted from 0.
        block: usize,
        /// The child's namespace.
        namespace: String,
        /// The child's local name.
        local: String,
    },
    /// An attachment, by its Content-ID.
    Attachment(String),
}

/// An element where it stands.
#[derive(Debug)]
pub(super) struct Subtree<'x> {
    text: &'x str,
    range: Range<usize>,
    bindings: Vec<Binding<'x>>,
    inherited: Vec<(String, String)>,
}

/// What was looked for.
#[derive(Debug, Default)]
pub(super) struct Located<'x> {
    /// By Id.
    pub(super) parts: HashMap<String, (Place, Subtree<'x>)>,
    /// The element that begins at the offset asked for.
    pub(super) at_offset: Option<Subtree<'x>>,
}

/// Where the reader is.
#[derive(Default)]
struct Position {
    in_header: bool,
    in_body: bool,
    blocks: usize,
    children: usize,
}

/// What an open element is wanted for.
enum Wanted {
    Id(String),
    Offset,
}

impl Subtree<'_> {
    /// Writes its canonical form.
    pub(super) fn canonical(
        &self,
        canon: &Canon,
        limits: &Limits,
        out: &mut impl Sink,
    ) -> Result<(), XmlError> {
        let canon = Canon { inherited: self.inherited.clone(), ..canon.clone() };
        let mut reader = Reader::fragment(self.text, self.range.clone(), &self.bindings, limits);
        c14n::canonical(&mut reader, &canon, out)
    }
}

/// Finds the elements with these `wsu:Id`, and the one that begins at `offset`, in one pass over the document.
///
/// An Id that is looked for may stand once only, as whatever attribute a reader could take for an Id; and no `wsu:Id` at all
/// may stand twice.
pub(super) fn locate<'x>(
    text: &'x str,
    limits: &Limits,
    ids: &[&str],
    offset: Option<usize>,
) -> Result<Located<'x>, SecurityError> {
    let mut reader = Reader::document(text, limits);
    let mut inherited = Inherited::default();
    let mut position = Position::default();
    let mut located = Located::default();
    let mut met: HashSet<String> = HashSet::new();
    let mut every: HashSet<String> = HashSet::new();
    let mut open: Vec<(usize, Wanted, Option<Place>, Subtree<'x>)> = Vec::new();
    loop {
        match reader.next_event()? {
            Event::Start(name) => {
                inherited.start(&reader);
                let namespace = reader.namespace(name.namespace);
                let place = position.enter(reader.depth(), namespace, name.local);
                let subtree = |reader: &Reader<'x>| Subtree {
                    text,
                    range: reader.offset()..reader.offset(),
                    bindings: reader.bindings(),
                    inherited: inherited.in_force(),
                };
                if offset == Some(reader.offset()) {
                    open.push((reader.depth(), Wanted::Offset, None, subtree(&reader)));
                }
                let mut here: Vec<&str> = Vec::new();
                for attribute in reader.attributes() {
                    if !attribute.name.local.eq_ignore_ascii_case("id") {
                        continue;
                    }
                    let value = attribute.value.as_ref();
                    let namespace = reader.namespace(attribute.name.namespace);
                    let is_wsu = namespace == WSU;
                    if is_wsu || namespace == XML_NAMESPACE {
                        if every.len() >= MOST_IDS {
                            return Err(SecurityError::TooMany { what: "Ids", limit: MOST_IDS });
                        }
                        if !here.contains(&value) && !every.insert(value.to_owned()) {
                            return Err(SecurityError::DuplicateId);
                        }
                    }
                    if !ids.contains(&value) {
                        continue;
                    }
                    if !here.contains(&value) {
                        here.push(value);
                        if !met.insert(value.to_owned()) {
                            return Err(SecurityError::DuplicateId);
                        }
                    }
                    if let (true, Some(place)) = (is_wsu && attribute.name.local == "Id", &place) {
                        let wanted = Wanted::Id(value.to_owned());
                        open.push((reader.depth(), wanted, Some(place.clone()), subtree(&reader)));
                    }
                }
            }
            Event::End => {
                let depth = reader.depth() + 1;
                while let Some((_, wanted, place, mut subtree)) = open.pop_if(|open| open.0 == depth) {
                    subtree.range.end = reader.end_offset();
                    match (wanted, place) {
                        (Wanted::Id(id), Some(place)) => {
                            located.parts.insert(id, (place, subtree));
                        }
                        _ => located.at_offset = Some(subtree),
                    }
                }
            }
            Event::Eof => return Ok(located),
            _ => {}
        }
    }
}

impl Position {
    /// The place of the element that has just begun; none where a signature of ours names nothing.
    fn enter(&mut self, depth: usize, namespace: &str, local: &str) -> Option<Place> {
        match depth {
            2 => {
                self.in_header = namespace == NAMESPACE && local == "Header";
                self.in_body = namespace == NAMESPACE && local == "Body";
                self.in_body.then_some(Place::Body)
            }
            3 if self.in_header => {
                self.blocks += 1;
                Some(Place::Block(self.blocks - 1))
            }
            3 if self.in_body => {
                self.children += 1;
                Some(Place::InBody(self.children - 1))
            }
            4 if self.in_header => Some(Place::InBlock {
                block: self.blocks.saturating_sub(1),
                namespace: namespace.to_owned(),
                local: local.to_owned(),
            }),
            _ => None,
        }
    }
}
