//! The members of an object: which slot each has, the attributes, and members that should not be there.

use std::borrow::Cow;

use super::text::no_prefix;
use super::{Builder, Step, Value};
use crate::json_native::tape::Kind;
use crate::schema::member_name::NIL;
use crate::schema::plan::{Attribute, Complex, Element, Member, MemberKind};
use crate::schema::simple::SimpleId;
use crate::schema::violation::Rule;
use crate::schema::walk::leaf::check_fixed;
use crate::schema::words;
use crate::xml::write::{push_attribute_value, push_text};

impl<'d, 't, 'j> Builder<'d, 't, 'j, '_> {
    /// Puts the members of an object where its type has them; gives the member `nil` of a nillable element.
    pub(super) fn sort_members(
        &mut self,
        declared: &Element,
        complex: &'d Complex,
        value: Value<'t, 'j>,
        base: usize,
    ) -> Option<(Value<'t, 'j>, Cow<'j, str>)> {
        let mut nil = None;
        let mut next = 0;
        for (key, member) in value.members() {
            let name = key.string().unwrap_or_default();
            match position(&complex.members, &name, next) {
                Some(found) => {
                    next = found + 1;
                    let Some(slot) = self.slots.get_mut(base + found) else { continue };
                    if slot.is_some() {
                        self.duplicate(key);
                    } else {
                        *slot = Some(member);
                    }
                }
                None if declared.nillable && name == NIL => match (&nil, member.kind(), member.string()) {
                    (Some(_), _, _) => self.duplicate(key),
                    (None, Kind::Null, _) => {}
                    (None, _, Some(text)) => nil = Some((member, text)),
                    (None, _, None) => self.wrong_kind(member, "a string"),
                },
                None => self.unknown(key, &complex.members),
            }
        }
        nil
    }

    /// The value of a member, unless it is absent or `null`.
    pub(super) fn slot(&self, base: usize, member: usize) -> Option<Value<'t, 'j>> {
        let value = self.slots.get(base + member).copied().flatten()?;
        (value.kind() != Kind::Null).then_some(value)
    }

    pub(super) fn attribute(
        &mut self,
        complex: &'d Complex,
        attribute: &'d Attribute,
        object: Value<'t, 'j>,
        base: usize,
    ) {
        let number = usize::from(attribute.member);
        let Some(member) = complex.members.get(number) else { return };
        let Some(value) = self.slot(base, number) else {
            if attribute.required {
                self.missing(object, member, attribute.of);
            }
            return;
        };
        self.faults.enter(Step::Member(member));
        match value.string() {
            None => self.wrong_kind(value, "a string"),
            Some(text) => {
                self.attribute_value(attribute, value, &text);
                self.out.push_str(&attribute.opening);
                push_attribute_value(self.out, &text);
                self.out.push('"');
            }
        }
        self.faults.leave();
    }

    pub(super) fn attribute_value(&mut self, attribute: &Attribute, value: Value<'t, 'j>, text: &str) {
        if !self.can_be_xml(value, text) {
            return;
        }
        let simple = self.plan.simples.at(attribute.of);
        let types = self.plan.simples.all();
        let checked = simple
            .check(types, text, &no_prefix)
            .and_then(|()| check_fixed(simple, types, &attribute.constraint, text, &no_prefix));
        if let Err(fault) = checked {
            self.faults.raise(value, fault.rule, text, &fault.expected, fault.words);
        } else if simple.has_identities {
            self.identities(attribute.of, value, text);
        }
    }

    pub(super) fn value_member(
        &mut self,
        declared: &Element,
        complex: &'d Complex,
        of: SimpleId,
        object: Value<'t, 'j>,
        base: usize,
    ) {
        let number = usize::from(complex.value_member);
        let Some(member) = complex.members.get(number) else { return };
        let Some(value) = self.slot(base, number) else { return self.missing(object, member, of) };
        self.faults.enter(Step::Member(member));
        match value.string() {
            None => self.wrong_kind(value, "a string"),
            Some(text) => {
                self.text_value(of, &declared.constraint, value, &text);
                push_text(self.out, &text);
            }
        }
        self.faults.leave();
    }

    /// A nil element has attributes only.
    pub(super) fn nothing_below(&mut self, complex: &'d Complex, base: usize) {
        for (number, member) in complex.members.iter().enumerate() {
            if matches!(member.kind, MemberKind::Attribute(_)) {
                continue;
            }
            if let Some(value) = self.slot(base, number) {
                self.faults.enter(Step::Member(member));
                self.faults.raise(
                    value,
                    Rule::Nil,
                    value.raw(),
                    "null",
                    "must be null where nil is \"true\"".into(),
                );
                self.faults.leave();
            }
        }
    }

    pub(super) fn missing(&mut self, object: Value<'t, 'j>, member: &'d Member, of: SimpleId) {
        let wanted = self.plan.simples.at(of).wanted(self.plan.simples.all());
        self.faults.enter(Step::Member(member));
        self.faults.raise(object, Rule::Missing, "", &wanted, "missing".into());
        self.faults.leave();
    }

    pub(super) fn wrong_kind(&mut self, value: Value<'t, 'j>, wanted: &str) {
        let seen = match value.kind() {
            Kind::Null => "null",
            Kind::Boolean => "true or false without quotes",
            Kind::Number => "a number without quotes",
            Kind::String | Kind::Escaped => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        };
        self.faults.raise(value, Rule::Kind, value.raw(), wanted, format!("{seen} given, {wanted} needed"));
    }

    pub(super) fn duplicate(&mut self, key: Value<'t, 'j>) {
        let name = key.string().unwrap_or_default();
        self.faults.raise_below(key, &name, Rule::Duplicate, "one such member", "given twice".into());
    }

    pub(super) fn unknown(&mut self, key: Value<'t, 'j>, known: &[Member]) {
        if self.faults.is_full() {
            return;
        }
        let name = key.string().unwrap_or_default();
        let near = known.iter().find(|m| m.name.eq_ignore_ascii_case(&name));
        let words = match near {
            Some(near) => format!("not known here: {} meant?", near.name),
            None => "not known here".to_owned(),
        };
        let expected = near.map_or_else(
            || words::alternatives(known.iter().map(|m| m.name.to_string())),
            |near| near.name.to_string(),
        );
        self.faults.raise_below(key, &name, Rule::Unexpected, &expected, words);
    }
}

/// The place of a name, sought first after the one before.
pub(super) fn position(members: &[Member], name: &str, hint: usize) -> Option<usize> {
    let is = |m: &Member| m.name.len() == name.len() && *m.name == *name;
    let ahead = members.get(hint..).unwrap_or_default().iter().position(is).map(|i| i + hint);
    ahead.or_else(|| members.get(..hint).unwrap_or_default().iter().position(is))
}
