//! The attributes of a start tag: those of `xsi`, those of the type, and what is left over.

use super::faults::Place;
use super::leaf::check_fixed;
use super::{Frame, Walker, resolve};
use crate::schema::plan::{
    Attribute, Complex, Constraint, Derivations, Element, NamespaceId, Process, TypeId,
};
use crate::schema::simple::Fault;
use crate::schema::sink::Sink;
use crate::schema::violation::Rule;
use crate::schema::words;
use crate::xml::{Name, NamespaceIndex, XSI_NAMESPACE, characters};

impl<'d, 'x, S: Sink> Walker<'d, 'x, '_, S> {
    /// `xsi:type` and `xsi:nil` (XSD part 1 §2.6): the type that holds, and whether the element is nil.
    pub(super) fn instance_attributes(
        &mut self,
        declared: &Element,
        name: Name<'x>,
        start: usize,
    ) -> (TypeId, bool) {
        let mut of = declared.of;
        if let Some(wanted) = self.reader.attribute(XSI_NAMESPACE, "type").map(str::to_owned) {
            match self.instance_type(declared, &wanted) {
                Ok(found) if found != of && self.telling() => {
                    self.faults.context(&self.reader);
                    let words = format!("{}: xsi:type cannot be carried to JSON", name.local);
                    self.faults.raise(
                        Place::attribute(start, start, "xsi:type"),
                        Rule::Type,
                        &wanted,
                        "no xsi:type",
                        words,
                    );
                    of = found;
                }
                Ok(found) => of = found,
                Err(why) => {
                    self.faults.context(&self.reader);
                    let words = format!("{}: {why}", name.local);
                    self.faults.raise(
                        Place::attribute(start, start, "xsi:type"),
                        Rule::Type,
                        &wanted,
                        "a type of the schema",
                        words,
                    );
                }
            }
        }
        let mut nil = false;
        // Part 1 §3.3.4: whether nil is allowed is asked of a declaration. Without one the element is held against a
        // type only, the ur-type or that of xsi:type, and Element Locally Valid (Complex Type), 3, passes over xsi:nil.
        let value = self.reader.attribute(XSI_NAMESPACE, "nil").filter(|_| declared.is_declared());
        if let Some(value) = value.map(str::to_owned) {
            let place = Place::attribute(start, start, "xsi:nil");
            nil = matches!(characters::trim(&value), "true" | "1");
            if !declared.nillable {
                self.faults.context(&self.reader);
                let words = format!("{} may not be nil", name.local);
                self.faults.raise(place, Rule::Nil, &value, "no xsi:nil", words);
                nil = false;
            } else if !nil && !matches!(characters::trim(&value), "false" | "0") {
                self.faults.context(&self.reader);
                let words = format!("xsi:nil: {}", words::given(&value, "true or false"));
                self.faults.raise(place, Rule::Datatype, &value, "true or false", words);
            } else if nil && matches!(declared.constraint, Constraint::Fixed(_)) {
                self.faults.context(&self.reader);
                let words = format!("{} has a fixed value and may not be nil", name.local);
                self.faults.raise(place, Rule::Nil, &value, "no xsi:nil", words);
            }
        }
        (of, nil)
    }

    fn instance_type(&mut self, declared: &Element, wanted: &str) -> Result<TypeId, String> {
        let text = characters::trim(wanted);
        let parts = crate::schema::datatype::split_qname(text);
        let named = parts.and_then(|(prefix, local)| Some((resolve(&self.reader, prefix)?, local)));
        let found = named.and_then(|(namespace, local)| {
            let namespace = self.plan.namespace(&namespace);
            self.plan.global_types.get(&(namespace, local.into())).copied()
        });
        let Some(found) = found else { return Err(format!("type \"{text}\" is not known to the schema")) };
        let mut block = declared.block;
        if let TypeId::Complex(id) = declared.of {
            let of_type = self.plan.complexes.at(id).block;
            block = Derivations {
                extension: block.extension || of_type.extension,
                restriction: block.restriction || of_type.restriction,
                substitution: false,
            };
        }
        if self.plan.derives(found, declared.of, block) {
            Ok(found)
        } else {
            Err(format!("type \"{text}\" may not stand here"))
        }
    }

    pub(super) fn is_abstract(&mut self, name: Name<'x>, start: usize) {
        self.faults.context(&self.reader);
        let words = format!("{} is abstract: another element or type must stand for it", name.local);
        self.faults.raise(Place::element(start), Rule::Type, name.local, "what stands for it", words);
    }

    /// An element of a simple type has no attributes but those of `xsi`.
    pub(super) fn no_attributes(&mut self, name: Name<'x>, start: usize) {
        for number in 0..self.reader.attributes().len() {
            let Some(attribute) = self.reader.attributes().get(number) else { continue };
            if self.is_instance(attribute.name.namespace) {
                self.check_instance_name(number, start);
                continue;
            }
            let (local, value, offset) =
                (attribute.name.local, attribute.value.to_string(), attribute.offset);
            self.faults.context(&self.reader);
            let words = format!("{} may have no attribute {local}", name.local);
            self.faults.raise(
                Place::attribute(offset, start, local),
                Rule::Unexpected,
                &value,
                "no attributes",
                words,
            );
        }
    }

    /// Checks the attributes of an element of a complex type, and tells them.
    pub(super) fn attributes(&mut self, complex: &'d Complex, frame: &Frame, name: Name<'x>) {
        if complex.attributes.is_empty() && self.reader.attributes().is_empty() {
            return;
        }
        let mut strange: Vec<usize> = Vec::new();
        let mut next = 0;
        for number in 0..self.reader.attributes().len() {
            let Some(attribute) = self.reader.attributes().get(number) else { continue };
            let (local, index) = (attribute.name.local, attribute.name.namespace);
            let namespace = if index == NamespaceIndex::NONE { 0 } else { self.namespace(index) };
            let Some(found) = position(&complex.attributes, namespace, local, next) else {
                let of_instance = index != NamespaceIndex::NONE && self.is_instance(index);
                // Part 1 §3.4.4, Element Locally Valid (Complex Type), 3: four attributes of xsi are set apart, all
                // others are a wildcard's to admit.
                if (of_instance && is_instance_name(local))
                    || self.admitted_attribute(complex, number, namespace, frame.start)
                {
                    continue;
                }
                if of_instance {
                    self.check_instance_name(number, frame.start);
                } else {
                    strange.push(number);
                }
                continue;
            };
            next = found + 1;
            let Some(declared) = complex.attributes.get(found) else { continue };
            self.attribute(complex, declared, number, frame);
        }
        self.missing_attributes(complex, frame, name, &strange);
    }

    fn attribute(&mut self, complex: &'d Complex, declared: &'d Attribute, number: usize, frame: &Frame) {
        self.mark(frame, declared.member);
        let Some(attribute) = self.reader.attributes().get(number) else { return };
        let simple = self.plan.simples.at(declared.of);
        let types = self.plan.simples.all();
        let named = |prefix: &str| resolve(&self.reader, prefix);
        let checked = simple
            .check_known(types, &attribute.value, attribute.grain, &named)
            .and_then(|()| check_fixed(simple, types, &declared.constraint, &attribute.value, &named));
        if let Err(fault) = checked {
            self.bad_attribute(number, frame.start, &fault);
            return;
        }
        if simple.has_identities {
            let (value, offset) = (attribute.value.to_string(), attribute.offset);
            self.identities(simple, &value, Place::attribute(offset, frame.start, &declared.local));
        }
        if self.identities.is_some() {
            let Some(attribute) = self.reader.attributes().get(number) else { return };
            let (index, value) = (attribute.name.namespace, attribute.value.to_string());
            self.identity_attribute(index, attribute.name.local, declared.of, &value);
        }
        if self.telling() {
            let Some(attribute) = self.reader.attributes().get(number) else { return };
            let member = complex.members.get(usize::from(declared.member));
            self.sink.string(member, &attribute.value, attribute.grain);
        }
    }

    fn bad_attribute(&mut self, number: usize, start: usize, fault: &Fault) {
        self.faults.context(&self.reader);
        let Some(attribute) = self.reader.attributes().get(number) else { return };
        let words = format!("{}: {}", attribute.name.local, fault.words);
        let place = Place::attribute(attribute.offset, start, attribute.name.local);
        self.faults.raise(place, fault.rule, &attribute.value, &fault.expected, words);
    }

    /// Whether the type's wildcard admits an attribute that it does not name; if so, its value is checked as far as it
    /// is declared.
    fn admitted_attribute(
        &mut self,
        complex: &Complex,
        number: usize,
        namespace: NamespaceId,
        start: usize,
    ) -> bool {
        let Some(wildcard) = complex.any_attribute.as_ref().filter(|w| w.admits(namespace)) else {
            return false;
        };
        if wildcard.process == Process::Skip {
            return true;
        }
        let Some(attribute) = self.reader.attributes().get(number) else { return true };
        let global = self.plan.global_attributes.get(&(namespace, attribute.name.local.into()));
        let Some(global) = global else { return wildcard.process == Process::Lax };
        let simple = self.plan.simples.at(global.of);
        let types = self.plan.simples.all();
        let named = |prefix: &str| resolve(&self.reader, prefix);
        let checked = simple
            .check_known(types, &attribute.value, attribute.grain, &named)
            .and_then(|()| check_fixed(simple, types, &global.constraint, &attribute.value, &named));
        match checked {
            Err(fault) => self.bad_attribute(number, start, &fault),
            Ok(()) if simple.has_identities => {
                let (value, offset) = (attribute.value.to_string(), attribute.offset);
                self.identities(simple, &value, Place::attribute(offset, start, attribute.name.local));
            }
            Ok(()) => {}
        }
        true
    }

    /// Reports attributes that are not known and attributes that are missing. One that differs from a missing one
    /// only in the case of its letters is that one, misspelt: one mistake, one violation.
    fn missing_attributes(&mut self, complex: &'d Complex, frame: &Frame, name: Name<'x>, strange: &[usize]) {
        let words = self.seen.get(frame.seen as usize..).unwrap_or_default();
        let unseen = |a: &&Attribute| {
            let bit = usize::from(a.member);
            words.get(bit / 64).is_some_and(|word| word & (1 << (bit % 64)) == 0)
        };
        let mut missing: Vec<&Attribute> =
            complex.attributes.iter().filter(|a| a.required).filter(unseen).collect();
        if (strange.is_empty() && missing.is_empty()) || self.faults.is_full() {
            return;
        }
        let known: Vec<&'d Attribute> = complex.attributes.iter().filter(unseen).collect();
        self.faults.context(&self.reader);
        for number in strange {
            let Some(attribute) = self.reader.attributes().get(*number) else { continue };
            let local = attribute.name.local;
            let place = Place::attribute(attribute.offset, frame.start, local);
            let meant = known.iter().find(|a| a.local.eq_ignore_ascii_case(local));
            let (expected, words) = match meant {
                Some(meant) => {
                    missing.retain(|a| a.local != meant.local);
                    (
                        meant.local.to_string(),
                        format!("{} may have no attribute {local}: {} meant?", name.local, meant.local),
                    )
                }
                None => {
                    ("no such attribute".to_owned(), format!("{} may have no attribute {local}", name.local))
                }
            };
            self.faults.raise(place, Rule::Unexpected, &attribute.value, &expected, words);
        }
        for attribute in missing {
            let place = Place::attribute(frame.start, frame.start, &attribute.local);
            let wanted = self.plan.simples.at(attribute.of).wanted(self.plan.simples.all());
            let words = format!("attribute {} of {} is missing", attribute.local, name.local);
            self.faults.raise(place, Rule::Missing, "", &wanted, words);
        }
    }

    fn is_instance(&self, index: NamespaceIndex) -> bool {
        self.reader.namespace(index) == XSI_NAMESPACE
    }

    /// Only four attributes of `xsi` exist.
    fn check_instance_name(&mut self, number: usize, start: usize) {
        let Some(attribute) = self.reader.attributes().get(number) else { return };
        let local = attribute.name.local;
        if is_instance_name(local) {
            return;
        }
        let (value, offset) = (attribute.value.to_string(), attribute.offset);
        self.faults.context(&self.reader);
        let words = format!("xsi:{local} does not exist");
        self.faults.raise(
            Place::attribute(offset, start, local),
            Rule::Unexpected,
            &value,
            "no such attribute",
            words,
        );
    }
}

/// The attributes of `xsi` that have a meaning (part 1 §2.6).
fn is_instance_name(local: &str) -> bool {
    matches!(local, "type" | "nil" | "schemaLocation" | "noNamespaceSchemaLocation")
}

/// The declaration of a name, sought first after the one before: documents mostly keep the order of the schema.
fn position(declared: &[Attribute], namespace: NamespaceId, local: &str, hint: usize) -> Option<usize> {
    let is = |a: &Attribute| a.local.len() == local.len() && a.namespace == namespace && *a.local == *local;
    let ahead = declared.get(hint..).unwrap_or_default().iter().position(is).map(|i| i + hint);
    ahead.or_else(|| declared.get(..hint).unwrap_or_default().iter().position(is))
}
