//! The straight road from JSON to XML: one pass over the text, no tape.
//!
//! A document that is right, and whose members stand as [`to_json`](crate::json_native::to_json) writes them, children in
//! the order of the schema and `null`s anywhere, needs neither a place for each member nor words for what is wrong. This
//! road carries such a document, and [`Aside`] is all it says of any other: whoever takes it then goes the other road,
//! which sorts, explains and refuses. It may take nothing that the other road refuses or writes otherwise; a property
//! test holds the two together.

use std::borrow::Cow;

use super::text::no_prefix;
use crate::json_native::tape::{self, DEPTH};
use crate::schema::Document;
use crate::schema::model::{Model, Position, START};
use crate::schema::plan::{
    ANY_TYPE, Complex, Constraint, Content, Element, Member, MemberKind, Plan, TypeId,
};
use crate::schema::simple::{Simple, SimpleId};
use crate::schema::walk::leaf::check;
use crate::xml::characters;
use crate::xml::grain::{ESCAPED_IN_JSON, Grain, class};
use crate::xml::write::{push_attribute_value, push_text};

/// The document is not one for this road. What was written of it is to be thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Aside;

/// Appends the root element that `text` stands for.
pub(super) fn write(document: &Document, text: &str, out: &mut String) -> Result<(), Aside> {
    let mut road = Road {
        plan: document.plan(),
        text,
        at: 0,
        out,
        counters: Vec::new(),
        seen: Vec::with_capacity(32),
        attributes: Vec::with_capacity(16),
        depth: 0,
    };
    road.space();
    road.element(road.plan.elements.at(document.element()), document.declarations())?;
    road.space();
    if road.at == text.len() { Ok(()) } else { Err(Aside) }
}

struct Road<'d, 'j, 'o> {
    plan: &'d Plan,
    text: &'j str,
    /// Bytes read.
    at: usize,
    out: &'o mut String,
    /// Counters of the open elements' models, innermost last.
    counters: Vec<u32>,
    /// One bit for each member of the open objects: whether it was met.
    seen: Vec<u64>,
    /// Values of the attributes of the element that is being opened.
    attributes: Vec<Option<(Cow<'j, str>, Grain)>>,
    depth: usize,
}

/// The members of an object while they are read.
struct Members<'d> {
    declared: &'d [Member],
    /// The first child that may still come.
    next: usize,
    /// Where the next member is probably found.
    hint: usize,
    /// Where its bits begin in `seen`.
    seen: usize,
    /// Nothing was read yet.
    fresh: bool,
}

impl<'d, 'j> Road<'d, 'j, '_> {
    fn element(&mut self, declared: &'d Element, declarations: &str) -> Result<(), Aside> {
        if declared.is_abstract || declared.carried {
            return Err(Aside);
        }
        match declared.of {
            TypeId::Simple(of) => self.text_element(declared, of, declarations),
            // Without a type: text, here at least.
            TypeId::Complex(ANY_TYPE) => {
                let (text, grain) = self.string()?;
                self.leaf(declared, &text, grain, declarations)
            }
            TypeId::Complex(of) => {
                let complex = self.plan.complexes.at(of);
                match complex.content {
                    Content::Simple(of) if complex.is_text() => self.text_element(declared, of, declarations),
                    _ => self.object(declared, complex, declarations),
                }
            }
        }
    }

    fn text_element(&mut self, declared: &Element, of: SimpleId, declarations: &str) -> Result<(), Aside> {
        let (text, grain) = self.string()?;
        self.check(self.plan.simples.at(of), &declared.constraint, &text, grain)?;
        self.leaf(declared, &text, grain, declarations)
    }

    fn leaf(
        &mut self,
        declared: &Element,
        text: &str,
        grain: Grain,
        declarations: &str,
    ) -> Result<(), Aside> {
        self.out.push_str(&declared.opening);
        self.out.push_str(declarations);
        self.out.push('>');
        self.push(text, grain, push_text)?;
        self.out.push_str(&declared.closing);
        Ok(())
    }

    fn object(
        &mut self,
        declared: &'d Element,
        complex: &'d Complex,
        declarations: &str,
    ) -> Result<(), Aside> {
        if complex.is_abstract {
            return Err(Aside);
        }
        self.deeper()?;
        self.byte(b'{')?;
        self.out.push_str(&declared.opening);
        self.out.push_str(declarations);
        let seen = self.seen.len();
        self.seen.resize(seen + complex.members.len().div_ceil(64), 0);
        let mut members = Members { declared: &complex.members, next: 0, hint: 0, seen, fresh: true };
        let first = self.attributes(complex, &mut members)?;
        self.out.push('>');
        let opened = self.out.len();
        match &complex.content {
            Content::Empty if first.is_none() => {}
            Content::Simple(of) => self.value_member(declared, complex, *of, first, &mut members)?,
            Content::Elements(model) if model.all => {
                self.children_in_any_order(complex, model, first, &mut members)?;
            }
            Content::Elements(model) => self.children(complex, model, first, &mut members)?,
            Content::Empty => return Err(Aside),
        }
        if self.out.len() == opened {
            self.out.pop();
            self.out.push_str("/>");
        } else {
            self.out.push_str(&declared.closing);
        }
        self.seen.truncate(seen);
        self.depth -= 1;
        Ok(())
    }

    /// The members that are attributes; gives the first that is not.
    fn attributes(
        &mut self,
        complex: &'d Complex,
        members: &mut Members<'d>,
    ) -> Result<Option<usize>, Aside> {
        self.attributes.clear();
        self.attributes.resize_with(complex.attributes.len(), || None);
        let first = loop {
            let found = self.member(members)?;
            let kind = found.and_then(|number| members.declared.get(number)).map(|member| member.kind);
            let Some(MemberKind::Attribute(number)) = kind else { break found };
            let value = self.string()?;
            *self.attributes.get_mut(usize::from(number)).ok_or(Aside)? = Some(value);
        };
        for (number, attribute) in complex.attributes.iter().enumerate() {
            let Some((text, grain)) = self.attributes.get_mut(number).and_then(Option::take) else {
                if attribute.required {
                    return Err(Aside);
                }
                continue;
            };
            // Only the content of an element may be empty for a value to fall back on.
            if text.is_empty() && attribute.constraint != Constraint::None {
                return Err(Aside);
            }
            self.check(self.plan.simples.at(attribute.of), &attribute.constraint, &text, grain)?;
            self.out.push_str(&attribute.opening);
            self.push(&text, grain, push_attribute_value)?;
            self.out.push('"');
        }
        Ok(first)
    }

    /// The value of simple content, the last member of its object.
    fn value_member(
        &mut self,
        declared: &Element,
        complex: &Complex,
        of: SimpleId,
        first: Option<usize>,
        members: &mut Members<'d>,
    ) -> Result<(), Aside> {
        if first != Some(usize::from(complex.value_member)) {
            return Err(Aside);
        }
        let (text, grain) = self.string()?;
        self.check(self.plan.simples.at(of), &declared.constraint, &text, grain)?;
        self.push(&text, grain, push_text)?;
        if self.member(members)?.is_none() { Ok(()) } else { Err(Aside) }
    }

    fn children(
        &mut self,
        complex: &'d Complex,
        model: &'d Model,
        first: Option<usize>,
        members: &mut Members<'d>,
    ) -> Result<(), Aside> {
        let counters = self.counters.len();
        self.counters.resize(counters + model.counters.len(), 0);
        let mut state = START;
        let mut found = first;
        while let Some(member) = found.and_then(|number| complex.members.get(number)) {
            if member.repeated {
                self.items(|road| road.child(model, &mut state, counters, member))?;
            } else {
                self.child(model, &mut state, counters, member)?;
            }
            found = self.member(members)?;
        }
        if !model.accepts(state, self.counters.get(counters..).unwrap_or_default()) {
            return Err(Aside);
        }
        self.counters.truncate(counters);
        Ok(())
    }

    /// The children of an `xs:all`, in the order in which the object has them.
    fn children_in_any_order(
        &mut self,
        complex: &'d Complex,
        model: &'d Model,
        first: Option<usize>,
        members: &mut Members<'d>,
    ) -> Result<(), Aside> {
        let positions = model.positions.all();
        if positions.len() > 64 {
            return Err(Aside);
        }
        let mut met = 0u64;
        let mut found = first;
        while let Some(member) = found.and_then(|number| complex.members.get(number)) {
            let at = positions.iter().position(|p| p.is(member.namespace, &member.local)).ok_or(Aside)?;
            let position = positions.get(at).ok_or(Aside)?;
            self.element(self.plan.elements.at(position.element), "")?;
            met |= 1 << at;
            // Whatever was not met may come next.
            members.next = 0;
            found = self.member(members)?;
        }
        let missing = |(at, position): (usize, &Position)| position.required && met & (1 << at) == 0;
        let may_be_empty = met == 0 && model.all_optional;
        if !may_be_empty && positions.iter().enumerate().any(missing) { Err(Aside) } else { Ok(()) }
    }

    /// The items of an array.
    fn items(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Aside>) -> Result<(), Aside> {
        self.deeper()?;
        self.byte(b'[')?;
        self.space();
        if !self.takes(b']') {
            loop {
                item(self)?;
                self.space();
                if self.takes(b']') {
                    break;
                }
                self.byte(b',')?;
                self.space();
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn deeper(&mut self) -> Result<(), Aside> {
        self.depth += 1;
        if self.depth > DEPTH { Err(Aside) } else { Ok(()) }
    }

    fn child(
        &mut self,
        model: &'d Model,
        state: &mut u32,
        counters: usize,
        member: &Member,
    ) -> Result<(), Aside> {
        let counters = self.counters.get_mut(counters..).unwrap_or_default();
        let step = model.step(*state, counters, member.namespace, &member.local);
        let position = step.map_err(|_| Aside)?;
        *state = position + 1;
        self.element(self.plan.elements.at(model.positions.at(position).element), "")
    }

    fn check(&self, simple: &Simple, constraint: &Constraint, text: &str, grain: Grain) -> Result<(), Aside> {
        if simple.has_identities {
            return Err(Aside);
        }
        check(simple, self.plan.simples.all(), constraint, text, grain, &no_prefix).map_err(|_| Aside)
    }

    fn push(&mut self, text: &str, grain: Grain, escaped: fn(&mut String, &str)) -> Result<(), Aside> {
        if grain.stands_in_xml() {
            self.out.push_str(text);
        } else if characters::forbidden(text).is_some() {
            return Err(Aside);
        } else {
            escaped(self.out, text);
        }
        Ok(())
    }

    /// Reads up to the value of the next member that is not `null`; `None` at the end of the object.
    fn member(&mut self, members: &mut Members<'d>) -> Result<Option<usize>, Aside> {
        loop {
            self.space();
            if self.takes(b'}') {
                return Ok(None);
            }
            if !members.fresh {
                self.byte(b',')?;
                self.space();
            }
            members.fresh = false;
            let number = self.name(members)?;
            self.space();
            let bits = self.seen.get_mut(members.seen + number / 64).ok_or(Aside)?;
            let bit = 1 << (number % 64);
            if *bits & bit != 0 {
                return Err(Aside);
            }
            *bits |= bit;
            members.hint = number + 1;
            if self.null() {
                continue;
            }
            // Attributes are sorted by whoever asked; a child must not come after one that it precedes.
            if !matches!(members.declared.get(number).ok_or(Aside)?.kind, MemberKind::Attribute(_)) {
                if number < members.next {
                    return Err(Aside);
                }
                members.next = number + 1;
            } else if members.next > 0 {
                return Err(Aside);
            }
            return Ok(Some(number));
        }
    }

    /// Reads the name of a member and the colon.
    fn name(&mut self, members: &Members<'d>) -> Result<usize, Aside> {
        let rest = self.rest();
        let ahead = members.declared.get(members.hint..).unwrap_or_default();
        // Nearly always one of the next few, written as we write it.
        if let Some(found) = ahead.iter().position(|member| rest.starts_with(&member.key)) {
            self.at += ahead.get(found).map_or(0, |member| member.key.len());
            return Ok(members.hint + found);
        }
        let (name, _) = self.string()?;
        self.space();
        self.byte(b':')?;
        members.declared.iter().position(|member| *member.name == *name).ok_or(Aside)
    }

    #[inline]
    fn rest(&self) -> &'j [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn space(&mut self) {
        while matches!(self.rest(), [b' ' | b'\n' | b'\r' | b'\t', ..]) {
            self.at += 1;
        }
    }

    #[inline]
    fn takes(&mut self, byte: u8) -> bool {
        let here = self.rest().first() == Some(&byte);
        self.at += usize::from(here);
        here
    }

    #[inline]
    fn byte(&mut self, byte: u8) -> Result<(), Aside> {
        if self.takes(byte) { Ok(()) } else { Err(Aside) }
    }

    #[inline]
    fn null(&mut self) -> bool {
        let here = self.rest().starts_with(b"null");
        self.at += if here { 4 } else { 0 };
        here
    }

    /// A string, unescaped, and what its characters are.
    #[inline]
    fn string(&mut self) -> Result<(Cow<'j, str>, Grain), Aside> {
        self.byte(b'"')?;
        let mut seen = 0;
        let mut length = 0;
        for byte in self.rest() {
            let class = class(*byte);
            if class & ESCAPED_IN_JSON != 0 {
                break;
            }
            seen |= class;
            length += 1;
        }
        let start = self.at;
        let text = self.text.get(start..start + length).ok_or(Aside)?;
        self.at += length;
        if self.takes(b'"') {
            return Ok((Cow::Borrowed(text), Grain::gathered(seen)));
        }
        let length = tape::string_length(self.text.get(start..).unwrap_or_default()).ok_or(Aside)?;
        let text = tape::unescape(self.text.get(start..start + length).ok_or(Aside)?);
        self.at = start + length + 1;
        let grain = Grain::of(&text);
        Ok((Cow::Owned(text), grain))
    }
}

#[cfg(test)]
#[path = "straight_tests.rs"]
mod tests;
