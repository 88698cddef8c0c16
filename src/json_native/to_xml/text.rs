//! Values that are text, and elements that hold nothing else or have no type.

use super::{Builder, Step, Value, is_true};
use crate::json_native::tape::Kind;
use crate::schema::member_name::{NIL, XML};
use crate::schema::plan::{Constraint, Element, ElementId, NO_NAMESPACE};
use crate::schema::simple::{Role, SimpleId};
use crate::schema::violation::Rule;
use crate::schema::walk::leaf::check;
use crate::schema::walk::verbatim::push_isolated;
use crate::schema::{Refusal, walk};
use crate::xml::grain::Grain;
use crate::xml::write::push_text;
use crate::xml::{Event, Limits, Reader, characters};

impl<'d, 't, 'j> Builder<'d, 't, 'j, '_> {
    /// An element that holds text and has no attributes: a string, or an object that says that it is nil.
    pub(super) fn text_element(
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
    pub(super) fn text_value(
        &mut self,
        of: SimpleId,
        constraint: &Constraint,
        value: Value<'t, 'j>,
        text: &str,
    ) {
        if !self.can_be_xml(value, text) {
            return;
        }
        let simple = self.plan.simples.at(of);
        let types = self.plan.simples.all();
        if let Err(fault) = check(simple, types, constraint, text, Grain::of(text), &no_prefix) {
            self.faults.raise(value, fault.rule, text, &fault.expected, fault.words);
        } else if simple.has_identities {
            self.identities(of, value, text);
        }
    }

    pub(super) fn can_be_xml(&mut self, value: Value<'t, 'j>, text: &str) -> bool {
        let Some((_, c)) = characters::forbidden(text) else { return true };
        let words = format!("character U+{:04X} cannot be written in XML", u32::from(c));
        self.faults.raise(value, Rule::Character, text, "characters of XML", words);
        false
    }

    pub(super) fn identities(&mut self, of: SimpleId, value: Value<'t, 'j>, text: &str) {
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

    pub(super) fn check_references(&mut self) {
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

    /// An element without a type: a string is its text, an object holds it verbatim.
    pub(super) fn any_element(
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

    /// An element that is carried as it stands: a string that holds its XML.
    pub(super) fn carried(&mut self, id: ElementId, value: Value<'t, 'j>) {
        let Some(text) = value.string() else {
            return self.wrong_kind(value, "a string with the element as XML");
        };
        if !self.is_part(id, value, &text) {
            return;
        }
        match alone(&text) {
            Some(_) => self.push_part(&text),
            None => {
                let words = "one element needed, and nothing around it";
                self.faults.raise(value, Rule::Kind, &text, "one element", words.into());
            }
        }
    }

    fn verbatim(&mut self, id: ElementId, value: Value<'t, 'j>, text: &str) {
        if !self.is_part(id, value, text) {
            return;
        }
        if alone(text) == Some(Holds::Markup) {
            return self.push_part(text);
        }
        let words =
            "one element with attributes or children needed, and nothing around it; text alone is a string";
        self.faults.raise(value, Rule::Kind, text, "one element with attributes or children", words.into());
    }

    fn push_part(&mut self, text: &str) {
        self.parts = true;
        if self.plan.default_namespace == NO_NAMESPACE {
            self.out.push_str(text);
        } else {
            push_isolated(self.out, text);
        }
    }

    /// Whether a text is a valid element of that declaration.
    fn is_part(&mut self, id: ElementId, value: Value<'t, 'j>, text: &str) -> bool {
        let limits = Limits::default();
        match walk::part(self.plan, id, Reader::document(text, &limits)) {
            Ok(()) => return true,
            Err(Refusal::NotXml { error, position }) => {
                let words = format!("not XML at {position}: {error}");
                self.faults.raise(value, Rule::Content, text, "one XML element", words);
            }
            Err(Refusal::Invalid(violations)) => {
                for inner in violations {
                    let words = format!("{} at {}: {}", inner.path, inner.line, inner.message);
                    self.faults.raise(value, inner.rule, &inner.seen, &inner.expected, words);
                }
            }
        }
        false
    }
}

/// What an element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Text at most.
    Text,
    /// Attributes or child elements.
    Markup,
}

/// JSON has no prefixes.
pub(super) fn no_prefix(prefix: &str) -> Option<String> {
    prefix.is_empty().then(String::new)
}

/// What a well-formed text holds that is one element and nothing around it.
fn alone(text: &str) -> Option<Holds> {
    let limits = Limits::default();
    let mut reader = Reader::document(text, &limits);
    let starts = matches!(reader.next_event(), Ok(Event::Start(_))) && reader.offset() == 0;
    let mut holds = if reader.attributes().is_empty() { Holds::Text } else { Holds::Markup };
    while reader.depth() > 0 {
        match reader.next_event() {
            Ok(Event::Start(_)) => holds = Holds::Markup,
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
    (starts && reader.end_offset() == text.len()).then_some(holds)
}
