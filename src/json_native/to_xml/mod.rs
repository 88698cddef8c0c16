//! JSON to XML in schema order, validated on the way.
//!
//! The members of an object are first sorted into the slots of its type, then written: attributes, then children in
//! the order that the content model has, each taking the step in the model that it would take when read. So what is
//! written is valid when nothing was found wrong, and nothing is written twice to find out.

mod children;
mod faults;
mod members;
mod straight;
mod text;

use std::collections::HashSet;

use super::Refusal;
use super::tape::{Kind, NotJson, Tape, Value};
use crate::schema::model::Model;
use crate::schema::plan::{ANY_TYPE, Complex, Content, Element, ElementId, Plan, TypeId};
use crate::schema::sink::Discard;
use crate::schema::violation::{Rule, Violation};
use crate::schema::{self, Document, walk};
use crate::xml::write::push_attribute_value;
use crate::xml::{self, Limits, Reader, XSI_NAMESPACE};
use faults::{Faults, Step};

/// Appends the root element that `json` stands for, or says all that is wrong with it. After an error `out` is as it was.
pub(super) fn write(document: &Document, json: &[u8], out: &mut String) -> Result<(), Refusal> {
    let start = out.len();
    let has_identities = !document.plan().identities.all().is_empty();
    if let Ok(text) = std::str::from_utf8(json)
        && !has_identities
        && straight::write(document, text, out).is_ok()
    {
        return Ok(());
    }
    out.truncate(start);
    sorted(document, json, out)
}

/// The road that can take its members in any order, and has words for what is wrong.
fn sorted(document: &Document, json: &[u8], out: &mut String) -> Result<(), Refusal> {
    let tape = Tape::parse(json).map_err(|NotJson { reason, offset }| {
        let position = xml::locate(&String::from_utf8_lossy(json), offset);
        Refusal::NotJson { reason, position }
    })?;
    let start = out.len();
    let mut builder = Builder {
        plan: document.plan(),
        out,
        slots: Vec::with_capacity(64),
        counters: Vec::new(),
        faults: Faults::new(document.root()),
        ids: HashSet::new(),
        references: Vec::new(),
        parts: false,
    };
    builder.element(document.element(), tape.root(), Some(document.declarations()));
    // References may lead into an element that came as XML, or out of one.
    if !builder.parts {
        builder.check_references();
    }
    let parts = builder.parts;
    let mut violations = builder.faults.into_violations(tape.text());
    if violations.is_empty() && (parts || !document.plan().identities.all().is_empty()) {
        violations = as_written(document, out.get(start..).unwrap_or_default());
    }
    if violations.is_empty() {
        return Ok(());
    }
    out.truncate(start);
    Err(Refusal::Invalid(violations))
}

/// Identity constraints compare values across the document, along paths of XML, and identifiers may stand inside an
/// element that came as XML: both are judged on the XML just written, and told with its paths.
fn as_written(document: &Document, xml: &str) -> Vec<Violation> {
    let unbounded = Limits {
        depth: usize::MAX,
        attributes: usize::MAX,
        name_bytes: usize::MAX,
        text_bytes: usize::MAX,
        document_bytes: usize::MAX,
        elements: usize::MAX,
    };
    let told = |v: Violation| {
        let message = format!("{}: {}", v.path, v.message);
        Violation { line: 1, column: 1, path: String::new(), message, ..v }
    };
    match walk::walk(document, Reader::document(xml, &unbounded), &mut Discard) {
        Err(schema::Refusal::Invalid(violations)) => violations.into_iter().map(told).collect(),
        Ok(()) | Err(schema::Refusal::NotXml { .. }) => Vec::new(),
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
    /// Whether an element came as XML.
    parts: bool,
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
    pub(super) fn element(&mut self, id: ElementId, value: Value<'t, 'j>, declarations: Option<&str>) {
        let declared = self.plan.elements.at(id);
        if declared.is_abstract {
            self.faults.raise(value, Rule::Type, "", "another element", "the element is abstract".into());
        }
        if declared.carried {
            return self.carried(id, value);
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

    pub(super) fn open(&mut self, declared: &Element, declarations: Option<&str>) {
        self.out.push_str(&declared.opening);
        self.out.push_str(declarations.unwrap_or_default());
    }

    pub(super) fn close(&mut self, declared: &Element) {
        self.out.push_str(&declared.closing);
    }

    pub(super) fn nil(&mut self, value: &str) {
        self.out.push_str(" xmlns:xsi=\"");
        self.out.push_str(XSI_NAMESPACE);
        self.out.push_str("\" xsi:nil=\"");
        push_attribute_value(self.out, value);
        self.out.push('"');
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
}

fn is_true(text: &str) -> bool {
    matches!(text, "true" | "1")
}
