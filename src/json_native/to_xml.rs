//! JSON to XML in schema order, validated on the way.
//!
//! The members of an object are first sorted into the slots of its type, then written: attributes, then children in
//! the order that the content model has, each taking the step in the model that it would take when read. So what is
//! written is valid when nothing was found wrong, and nothing is written twice to find out.

mod faults;

use std::borrow::Cow;
use std::collections::HashSet;

use super::tape::{Kind, Tape, Value};
use crate::schema::member_name::{NIL, XML};
use crate::schema::model::{Blocked, Edge, Model, START};
use crate::schema::plan::{
    ANY_TYPE, Attribute, Complex, Constraint, Content, Element, ElementId, Member, MemberKind, Plan, TypeId,
};
use crate::schema::simple::{Role, SimpleId};
use crate::schema::sink::Discard;
use crate::schema::violation::{Rule, Violation};
use crate::schema::walk::leaf::{check, check_fixed};
use crate::schema::{Document, Refusal, walk, words};
use crate::xml::write::{push_attribute_value, push_text};
use crate::xml::{Event, Limits, Reader, XSI_NAMESPACE, characters};
use faults::{Faults, Step};

/// Writes the root element that the tape stands for, or says all that is wrong with it.
pub(super) fn write(document: &Document, tape: &Tape<'_>, out: &mut String) -> Result<(), Vec<Violation>> {
    let start = out.len();
    let mut builder = Builder {
        plan: document.plan(),
        out,
        slots: Vec::with_capacity(64),
        counters: Vec::new(),
        faults: Faults::new(document.root()),
        ids: HashSet::new(),
        references: Vec::new(),
    };
    builder.element(document.element(), tape.root(), Some(document.declarations()));
    builder.check_references();
    match builder.faults.into_violations(tape.text()) {
        violations if violations.is_empty() => Ok(()),
        violations => {
            out.truncate(start);
            Err(violations)
        }
    }
}

struct Builder<'d, 't, 'j, 'o> {
    plan: &'d Plan,
    out: &'o mut String,
    /// Values of the members of the open objects, innermost last.
    slots: Vec<Option<Value<'t, 'j>>>,
    counters: Vec<u32>,
    faults: Faults<'d>,
    ids: HashSet<Box<str>>,
    /// References to identifiers, with the place to report.
    references: Vec<(Box<str>, faults::Place)>,
}

/// Where the children of one object stand in their content model.
struct Cursor<'d> {
    model: &'d Model,
    state: u32,
    /// Base of the model's counters.
    counters: usize,
}

impl<'d, 't, 'j> Builder<'d, 't, 'j, '_> {
    /// Writes an element; `declarations` where it is the root.
    fn element(&mut self, id: ElementId, value: Value<'t, 'j>, declarations: Option<&str>) {
        let declared = self.plan.elements.at(id);
        if declared.is_abstract {
            self.faults.raise(value, Rule::Type, "", "another element", "the element is abstract".into());
        }
        match declared.of {
            TypeId::Simple(of) => self.text_element(declared, of, value, declarations),
            TypeId::Complex(ANY_TYPE) => self.any_element(id, declared, value, declarations),
            TypeId::Complex(of) => {
                let complex = self.plan.complexes.at(of);
                match complex.content {
                    Content::Simple(of) if complex.is_text() => {
                        self.text_element(declared, of, value, declarations);
                    }
                    _ => self.object(declared, complex, value, declarations),
                }
            }
        }
    }

    fn open(&mut self, declared: &Element, declarations: Option<&str>) {
        self.out.push('<');
        self.out.push_str(&declared.tag);
        self.out.push_str(declarations.unwrap_or_default());
    }

    fn close(&mut self, declared: &Element) {
        self.out.push_str("</");
        self.out.push_str(&declared.tag);
        self.out.push('>');
    }

    fn nil(&mut self, value: &str) {
        self.out.push_str(" xmlns:xsi=\"");
        self.out.push_str(XSI_NAMESPACE);
        self.out.push_str("\" xsi:nil=\"");
        push_attribute_value(self.out, value);
        self.out.push('"');
    }

    /// An element that holds text and has no attributes: a string, or an object that says that it is nil.
    fn text_element(
        &mut self,
        declared: &'d Element,
        of: SimpleId,
        value: Value<'t, 'j>,
        declarations: Option<&str>,
    ) {
        if let Some(text) = value.string() {
            self.text_value(of, &declared.constraint, value, &text);
            self.open(declared, declarations);
            self.out.push('>');
            push_text(self.out, &text);
            self.close(declared);
            return;
        }
        if declared.nillable && value.kind() == Kind::Object {
            let mut nil = None;
            for (key, member) in value.members() {
                match key.string().as_deref() {
                    Some(NIL) if nil.is_none() => nil = Some(member),
                    Some(NIL) => self.duplicate(key),
                    _ => self.unknown(key, &[]),
                }
            }
            self.open(declared, declarations);
            match nil.map(|nil| (nil, nil.string())) {
                Some((_, Some(text))) if is_true(&text) => self.nil(&text),
                Some((nil, _)) => {
                    self.faults.raise(nil, Rule::Nil, nil.raw(), "\"true\"", "nil: \"true\" needed".into())
                }
                None => self.faults.raise(value, Rule::Missing, "", "\"true\"", "nil is missing".into()),
            }
            self.out.push_str("/>");
            return;
        }
        self.wrong_kind(value, "a string");
    }

    /// Checks a value of a simple type.
    fn text_value(&mut self, of: SimpleId, constraint: &Constraint, value: Value<'t, 'j>, text: &str) {
        if !self.can_be_xml(value, text) {
            return;
        }
        let simple = self.plan.simples.at(of);
        let types = self.plan.simples.all();
        if let Err(fault) = check(simple, types, constraint, text, &no_prefix) {
            self.faults.raise(value, fault.rule, text, &fault.expected, fault.words);
        } else if simple.has_identities {
            self.identities(of, value, text);
        }
    }

    fn can_be_xml(&mut self, value: Value<'t, 'j>, text: &str) -> bool {
        let Some((_, c)) = characters::forbidden(text) else { return true };
        let words = format!("character U+{:04X} cannot be written in XML", u32::from(c));
        self.faults.raise(value, Rule::Character, text, "characters of XML", words);
        false
    }

    /// An element with attributes or children.
    fn object(
        &mut self,
        declared: &'d Element,
        complex: &'d Complex,
        value: Value<'t, 'j>,
        declarations: Option<&str>,
    ) {
        if value.kind() != Kind::Object {
            return self.wrong_kind(value, "an object");
        }
        let base = self.slots.len();
        self.slots.resize(base + complex.members.len(), None);
        let nil = self.sort_members(declared, complex, value, base);
        if complex.is_abstract {
            self.faults.raise(value, Rule::Type, "", "another type", "the type is abstract".into());
        }
        self.open(declared, declarations);
        for attribute in &complex.attributes {
            self.attribute(complex, attribute, value, base);
        }
        if let Some((at, text)) = &nil {
            if !is_true(text) {
                self.faults.raise(*at, Rule::Nil, text, "\"true\"", "nil: \"true\" needed".into());
            }
            self.nil(text);
        }
        self.out.push('>');
        let opened = self.out.len();
        match &complex.content {
            _ if nil.is_some() => self.nothing_below(complex, base),
            Content::Empty => {}
            Content::Simple(of) => self.value_member(declared, complex, *of, value, base),
            Content::Elements(model) => self.children(complex, model, value, base),
        }
        if self.out.len() == opened {
            self.out.pop();
            self.out.push_str("/>");
        } else {
            self.close(declared);
        }
        self.slots.truncate(base);
    }

    /// Puts the members of an object where its type has them; gives the member `nil` of a nillable element.
    fn sort_members(
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
    fn slot(&self, base: usize, member: usize) -> Option<Value<'t, 'j>> {
        let value = self.slots.get(base + member).copied().flatten()?;
        (value.kind() != Kind::Null).then_some(value)
    }

    fn attribute(
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
                self.out.push(' ');
                self.out.push_str(&attribute.tag);
                self.out.push_str("=\"");
                push_attribute_value(self.out, &text);
                self.out.push('"');
            }
        }
        self.faults.leave();
    }

    fn attribute_value(&mut self, attribute: &Attribute, value: Value<'t, 'j>, text: &str) {
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

    fn value_member(
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
    fn nothing_below(&mut self, complex: &'d Complex, base: usize) {
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

    fn children(&mut self, complex: &'d Complex, model: &'d Model, object: Value<'t, 'j>, base: usize) {
        let counters = self.counters.len();
        self.counters.resize(counters + model.counters.len(), 0);
        let mut cursor = Cursor { model, state: START, counters };
        if model.all {
            self.children_in_any_order(complex, model, object, base);
        }
        for (number, member) in complex.members.iter().enumerate() {
            if member.kind != MemberKind::Child || model.all {
                continue;
            }
            let Some(value) = self.slot(base, number) else { continue };
            self.faults.enter(Step::Member(member));
            if !member.repeated {
                self.child(&mut cursor, member, value, object);
            } else if value.kind() == Kind::Array {
                for (index, item) in value.items().enumerate() {
                    self.faults.enter(Step::Item(index));
                    self.child(&mut cursor, member, item, object);
                    self.faults.leave();
                }
            } else {
                self.wrong_kind(value, "an array");
            }
            self.faults.leave();
        }
        self.complete(complex, &cursor, object, base);
        self.counters.truncate(counters);
    }

    /// The children of an `xs:all`, in the order in which the object has them: any is right, and this one is that of
    /// the document the object came from.
    fn children_in_any_order(
        &mut self,
        complex: &'d Complex,
        model: &'d Model,
        object: Value<'t, 'j>,
        base: usize,
    ) {
        for (key, value) in object.members() {
            let Some(number) = position(&complex.members, &key.string().unwrap_or_default(), 0) else {
                continue;
            };
            let Some(member) = complex.members.get(number) else { continue };
            let taken = self.slot(base, number).is_some_and(|slot| slot.offset() == value.offset());
            let found = model.positions.all().iter().find(|p| p.is(member.namespace, &member.local));
            let Some(position) = found.filter(|_| taken && member.kind == MemberKind::Child) else {
                continue;
            };
            self.faults.enter(Step::Member(member));
            self.element(position.element, value, None);
            self.faults.leave();
        }
    }

    fn child(
        &mut self,
        cursor: &mut Cursor<'d>,
        member: &'d Member,
        value: Value<'t, 'j>,
        object: Value<'t, 'j>,
    ) {
        let model = cursor.model;
        let counters = self.counters.get_mut(cursor.counters..).unwrap_or_default();
        let position = match model.step(cursor.state, counters, member.namespace, &member.local) {
            Ok(position) => position,
            Err(blocked) => match self.misplaced(cursor, member, value, object, blocked) {
                Some(position) => position,
                None => return,
            },
        };
        cursor.state = position + 1;
        self.element(model.positions.at(position).element, value, None);
    }

    /// A child that the model does not take: reports why, and gives the particle to go on from.
    fn misplaced(
        &mut self,
        cursor: &Cursor<'d>,
        member: &'d Member,
        value: Value<'t, 'j>,
        object: Value<'t, 'j>,
        blocked: Blocked,
    ) -> Option<u32> {
        let model = cursor.model;
        match blocked {
            Blocked::TooMany { position, max } => {
                let expected = format!("at most {max}");
                self.faults.raise(value, Rule::Occurrence, "", &expected, format!("more than {max} given"));
                return Some(position);
            }
            Blocked::TooFew { position, min } => {
                let words = format!("what comes before must be there at least {min} times");
                self.faults.raise(value, Rule::Occurrence, "", &format!("at least {min}"), words);
                return Some(position);
            }
            Blocked::NotHere => {}
        }
        if let Some(way) = model.way(cursor.state, member.namespace, &member.local) {
            self.faults.outside(|faults| {
                for step in way.iter().take(way.len().saturating_sub(1)) {
                    missing_child(faults, self.plan, model, step, object);
                }
            });
            return way.last().and_then(|step| step.first()).map(|edge| edge.position);
        }
        let words = if model.excludes(cursor.state, member.namespace, &member.local) {
            let other = &model.positions.at(cursor.state.saturating_sub(1)).local;
            format!("may not stand together with {other}")
        } else {
            "is there more often than it may be".to_owned()
        };
        self.faults.raise(value, Rule::Unexpected, "", "null", words);
        None
    }

    /// The end of an object's children.
    fn complete(&mut self, complex: &'d Complex, cursor: &Cursor<'d>, object: Value<'t, 'j>, base: usize) {
        let model = cursor.model;
        if model.all {
            let met = |member: u16| self.slot(base, usize::from(member)).is_some();
            let positions = model.positions.all();
            if model.all_optional && !positions.iter().any(|p| met(p.member)) {
                return;
            }
            let absent: Vec<u32> = positions
                .iter()
                .enumerate()
                .filter(|(_, p)| p.required && !met(p.member))
                .filter_map(|(number, _)| u32::try_from(number).ok())
                .collect();
            for position in absent {
                let step = [Edge { position, ..Edge::default() }];
                missing_child(&mut self.faults, self.plan, model, &step, object);
            }
            return;
        }
        let counters = self.counters.get(cursor.counters..).unwrap_or_default();
        if model.accepts(cursor.state, counters) {
            return;
        }
        if let Some(min) = model.wanted_repetitions(cursor.state, counters).filter(|_| cursor.state > START) {
            let last = model.positions.at(cursor.state - 1).member;
            if let Some(member) = complex.members.get(usize::from(last)) {
                self.faults.enter(Step::Member(member));
                let at = self.slot(base, usize::from(last)).unwrap_or(object);
                let words = format!("fewer than {min} given");
                self.faults.raise(at, Rule::Occurrence, "", &format!("at least {min}"), words);
                self.faults.leave();
            }
            return;
        }
        for step in model.shortest(cursor.state, |state| model.may_end(state)).unwrap_or_default() {
            missing_child(&mut self.faults, self.plan, model, &step, object);
        }
    }

    /// An element without a type: a string is its text, an object holds it verbatim.
    fn any_element(
        &mut self,
        id: ElementId,
        declared: &'d Element,
        value: Value<'t, 'j>,
        declarations: Option<&str>,
    ) {
        if let Some(text) = value.string() {
            self.can_be_xml(value, &text);
            self.open(declared, declarations);
            self.out.push('>');
            push_text(self.out, &text);
            return self.close(declared);
        }
        if value.kind() != Kind::Object {
            return self.wrong_kind(value, "a string, or an object with the member xml");
        }
        let mut xml = None;
        for (key, member) in value.members() {
            match key.string().as_deref() {
                Some(XML) if xml.is_none() => xml = Some(member),
                Some(XML) => self.duplicate(key),
                _ => self.unknown(key, &[]),
            }
        }
        let Some(xml) = xml else {
            return self.faults.raise(
                value,
                Rule::Missing,
                "",
                "the element as XML",
                "xml is missing".into(),
            );
        };
        self.faults.enter(Step::Own(XML));
        match xml.string() {
            None => self.wrong_kind(xml, "a string"),
            Some(text) => self.verbatim(id, xml, &text),
        }
        self.faults.leave();
    }

    fn verbatim(&mut self, id: ElementId, value: Value<'t, 'j>, text: &str) {
        let limits = Limits::default();
        if let Err(error) = walk::element(self.plan, id, Reader::document(text, &limits), &mut Discard) {
            match error {
                Refusal::NotXml { error, position } => {
                    let words = format!("not XML at {position}: {error}");
                    self.faults.raise(value, Rule::Content, text, "one XML element", words);
                }
                Refusal::Invalid(violations) => {
                    for inner in violations {
                        let words = format!("{} at {}: {}", inner.path, inner.line, inner.message);
                        self.faults.raise(value, inner.rule, &inner.seen, &inner.expected, words);
                    }
                }
            }
            return;
        }
        if is_marked_up_element(text) {
            self.out.push_str(text);
        } else {
            let words = "one element with attributes or children needed, and nothing around it; text alone is a string";
            self.faults.raise(
                value,
                Rule::Kind,
                text,
                "one element with attributes or children",
                words.into(),
            );
        }
    }

    fn wrong_kind(&mut self, value: Value<'t, 'j>, wanted: &str) {
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

    fn duplicate(&mut self, key: Value<'t, 'j>) {
        let name = key.string().unwrap_or_default();
        self.faults.raise_below(key, &name, Rule::Duplicate, "one such member", "given twice".into());
    }

    fn unknown(&mut self, key: Value<'t, 'j>, known: &[Member]) {
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

    fn missing(&mut self, object: Value<'t, 'j>, member: &'d Member, of: SimpleId) {
        let wanted = self.plan.simples.at(of).wanted(self.plan.simples.all());
        self.faults.enter(Step::Member(member));
        self.faults.raise(object, Rule::Missing, "", &wanted, "missing".into());
        self.faults.leave();
    }

    fn identities(&mut self, of: SimpleId, value: Value<'t, 'j>, text: &str) {
        let mut found: Vec<(Role, Box<str>)> = Vec::new();
        let simple = self.plan.simples.at(of);
        simple.identities(self.plan.simples.all(), text, &mut |role, value| found.push((role, value.into())));
        for (role, id) in found {
            if role == Role::IdRef {
                self.references.push((id, self.faults.place(value)));
            } else if !self.ids.insert(id.clone()) {
                let words = format!("\"{id}\" identifies another element already");
                self.faults.raise(value, Rule::Identity, &id, "an identifier of its own", words);
            }
        }
    }

    fn check_references(&mut self) {
        for (reference, place) in std::mem::take(&mut self.references) {
            if !self.ids.contains(&reference) {
                let words = format!("no element is identified by \"{reference}\"");
                self.faults.raise_at(
                    place,
                    Rule::Identity,
                    &reference,
                    "the identifier of an element",
                    words,
                );
            }
        }
    }
}

/// Reports a child that is not there; `step` holds those of which one would do.
fn missing_child<'d>(
    faults: &mut Faults<'d>,
    plan: &'d Plan,
    model: &'d Model,
    step: &[Edge],
    object: Value<'_, '_>,
) {
    let mut names: Vec<&str> = step.iter().map(|edge| &*model.positions.at(edge.position).local).collect();
    names.dedup();
    let Some(first) = step.first() else { return };
    let position = model.positions.at(first.position);
    let wanted = match plan.elements.at(position.element).of {
        TypeId::Simple(id) if names.len() == 1 => plan.simples.at(id).wanted(plan.simples.all()),
        _ => words::alternatives(names.iter().map(|n| (*n).to_owned())),
    };
    let words = match names.len() {
        1 => "missing".to_owned(),
        _ => format!("missing: one of {} needed", words::alternatives(names.iter().map(|n| (*n).to_owned()))),
    };
    faults.enter(Step::Child(&position.local));
    faults.raise(object, Rule::Missing, "", &wanted, words);
    faults.leave();
}

/// The place of a name, sought first after the one before.
fn position(members: &[Member], name: &str, hint: usize) -> Option<usize> {
    let is = |m: &Member| m.name.len() == name.len() && *m.name == *name;
    let ahead = members.get(hint..).unwrap_or_default().iter().position(is).map(|i| i + hint);
    ahead.or_else(|| members.get(..hint).unwrap_or_default().iter().position(is))
}

fn is_true(text: &str) -> bool {
    matches!(text, "true" | "1")
}

/// JSON has no prefixes.
fn no_prefix(prefix: &str) -> Option<String> {
    prefix.is_empty().then(String::new)
}

/// Whether a well-formed text is one element and nothing around it, with attributes or child elements.
fn is_marked_up_element(text: &str) -> bool {
    let limits = Limits::default();
    let mut reader = Reader::document(text, &limits);
    let starts = matches!(reader.next_event(), Ok(Event::Start(_))) && reader.offset() == 0;
    let mut marked_up = !reader.attributes().is_empty();
    while reader.depth() > 0 {
        match reader.next_event() {
            Ok(Event::Start(_)) => marked_up = true,
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
    starts && marked_up && reader.end_offset() == text.len()
}
