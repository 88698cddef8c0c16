//! Elements that hold text: collected to the end tag, checked, told.

use std::borrow::Cow;

use super::faults::Place;
use super::{Walker, resolve};
use crate::schema::plan::{Constraint, Element, Member, TypeId};
use crate::schema::simple::{Fault, Role, Simple, SimpleId};
use crate::schema::sink::Sink;
use crate::schema::violation::Rule;
use crate::schema::words;
use crate::xml::grain::Grain;
use crate::xml::{Binding, Event, Name, XSI_NAMESPACE, XmlError};

/// An element that holds text.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'d, 'x> {
    pub(super) declared: &'d Element,
    pub(super) of: SimpleId,
    pub(super) name: Name<'x>,
    /// Byte offset of the start tag.
    pub(super) start: usize,
    /// What its text is told under.
    pub(super) member: Option<&'d Member>,
}

/// Text, and where it begins.
struct Collected<'x> {
    text: Cow<'x, str>,
    grain: Grain,
    offset: usize,
    /// Whether an element stood in it.
    marked_up: bool,
}

impl<'d, 'x, S: Sink> Walker<'d, 'x, '_, S> {
    /// The rest of an element whose content is the text of a simple type.
    pub(super) fn leaf(&mut self, leaf: Leaf<'d, 'x>, nil: bool) -> Result<(), XmlError> {
        let simple = self.plan.simples.at(leaf.of);
        if !nil
            && !simple.has_names
            && let Some((text, grain)) = self.reader.plain_content()
        {
            let offset = if text.is_empty() { leaf.start } else { self.reader.offset() };
            self.leaf_value(&leaf, simple, text, grain, offset, None);
            self.identity_end();
            return Ok(());
        }
        let nil = if nil { self.reader.attribute(XSI_NAMESPACE, "nil").map(str::to_owned) } else { None };
        // Prefixes that the element itself declares are gone after its end tag.
        let bindings = simple.has_names.then(|| self.reader.bindings());
        let collected = self.collect(leaf.name, leaf.start)?;
        if let Some(nil) = nil {
            self.nil_leaf(&leaf, &collected.text, &nil);
        } else if !collected.marked_up {
            let Collected { text, grain, offset, .. } = &collected;
            self.leaf_value(&leaf, simple, text, *grain, *offset, bindings.as_deref());
        }
        if let Cow::Owned(joined) = collected.text {
            self.joined = joined;
        }
        self.identity_end();
        Ok(())
    }

    fn leaf_value(
        &mut self,
        leaf: &Leaf<'d, 'x>,
        simple: &'d Simple,
        text: &str,
        grain: Grain,
        offset: usize,
        bindings: Option<&[Binding<'x>]>,
    ) {
        let constraint = &leaf.declared.constraint;
        let named = |prefix: &str| {
            let found = bindings?.iter().find(|b| b.prefix == prefix);
            found.map(|b| b.namespace.to_string()).or_else(|| resolve(&self.reader, prefix))
        };
        let checked = check(simple, self.plan.simples.all(), constraint, text, grain, &named)
            .and_then(|()| self.implied(leaf, simple, text, &named));
        if let Err(fault) = checked {
            self.faults.context(&self.reader);
            let words = format!("{}: {}", leaf.name.local, fault.words);
            self.faults.raise(Place::text(offset, leaf.start), fault.rule, text, &fault.expected, words);
            return;
        }
        if simple.has_identities {
            self.identities(simple, text, Place::text(offset, leaf.start));
        }
        if self.identities.is_some() {
            let implied = match constraint {
                Constraint::Default(value) | Constraint::Fixed(value) if text.is_empty() => value,
                _ => text,
            };
            self.identity_text(leaf.of, implied);
        }
        if self.telling() {
            self.sink.string(leaf.member, text, grain);
        }
    }

    /// An element without content has the value of its declaration, which must be one of the type that `xsi:type` names
    /// in place of the declared one (part 1 §3.3.4, Element Locally Valid (Element), 5.1.1).
    fn implied(
        &self,
        leaf: &Leaf<'d, 'x>,
        simple: &Simple,
        text: &str,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), Fault> {
        let Some(value) = leaf.declared.constraint.value().filter(|_| text.is_empty()) else { return Ok(()) };
        if self.plan.text_of(leaf.declared.of) == Some(leaf.of) {
            return Ok(());
        }
        simple.check(self.plan.simples.all(), value, resolve).map_err(|fault| Fault {
            words: format!("empty, which stands for \"{value}\": {}", fault.words),
            ..fault
        })
    }

    fn collect(&mut self, name: Name<'x>, start: usize) -> Result<Collected<'x>, XmlError> {
        let mut collected =
            Collected { text: Cow::Borrowed(""), grain: Grain::default(), offset: start, marked_up: false };
        loop {
            match self.reader.next_event()? {
                Event::End | Event::Eof => {
                    collected.grain = Grain::of(&collected.text);
                    return Ok(collected);
                }
                Event::Text(piece) | Event::Cdata(piece) => {
                    if collected.text.is_empty() {
                        collected.offset = self.reader.offset();
                        collected.text = piece;
                    } else {
                        if let Cow::Borrowed(first) = collected.text {
                            let mut joined = std::mem::take(&mut self.joined);
                            joined.clear();
                            joined.push_str(first);
                            collected.text = Cow::Owned(joined);
                        }
                        collected.text.to_mut().push_str(&piece);
                    }
                }
                Event::Start(child) => {
                    if !collected.marked_up {
                        self.faults.context(&self.reader);
                        let place = Place::element(self.reader.offset());
                        let words =
                            format!("{} may not stand in {}, which holds only text", child.local, name.local);
                        self.faults.raise(place, Rule::Content, child.local, "text", words);
                    }
                    collected.marked_up = true;
                    self.reader.skip_element()?;
                }
                Event::Instruction(_) => {}
            }
        }
    }

    fn nil_leaf(&mut self, leaf: &Leaf<'d, 'x>, text: &str, nil: &str) {
        if !text.is_empty() {
            self.faults.context(&self.reader);
            let words = format!("{} is nil and must be empty", leaf.name.local);
            self.faults.raise(Place::element(leaf.start), Rule::Nil, text, "nothing", words);
        }
        // The object of a complex type is opened and closed by its own.
        if self.telling() && matches!(leaf.declared.of, TypeId::Simple(_)) {
            self.sink.open_object(leaf.member);
            self.sink.nil(nil);
            self.sink.close_object();
        }
    }

    /// Remembers identifiers, and references to look up at the end.
    pub(super) fn identities(&mut self, simple: &Simple, text: &str, place: Place) {
        let mut found: Vec<(Role, Box<str>)> = Vec::new();
        simple.identities(self.plan.simples.all(), text, &mut |role, value| found.push((role, value.into())));
        for (role, value) in found {
            match role {
                Role::IdRef => self.references.push((value, place.clone())),
                _ if self.ids.contains(&value) => {
                    self.faults.context(&self.reader);
                    let words = format!("\"{value}\" identifies another element already");
                    self.faults.raise(
                        place.clone(),
                        Rule::Identity,
                        &value,
                        "an identifier of its own",
                        words,
                    );
                }
                _ => {
                    self.ids.insert(value);
                }
            }
        }
    }
}

/// A value against its type and its `fixed`; an empty element with a `default` or `fixed` has that value.
pub(crate) fn check(
    simple: &Simple,
    types: &[Simple],
    constraint: &Constraint,
    text: &str,
    grain: Grain,
    resolve: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Fault> {
    if text.is_empty() && *constraint != Constraint::None {
        return Ok(());
    }
    simple.check_known(types, text, grain, resolve)?;
    check_fixed(simple, types, constraint, text, resolve)
}

/// A value against its `fixed`, in the value space.
pub(crate) fn check_fixed(
    simple: &Simple,
    types: &[Simple],
    constraint: &Constraint,
    text: &str,
    resolve: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Fault> {
    let Constraint::Fixed(fixed) = constraint else { return Ok(()) };
    if **fixed == *text {
        return Ok(());
    }
    let values = simple.value(types, text, resolve).zip(simple.value(types, fixed, resolve));
    if values.is_some_and(|(a, b)| a.same(&b)) {
        return Ok(());
    }
    let wanted = format!("\"{fixed}\"");
    Err(Fault { rule: Rule::Fixed, words: words::given(text, &wanted), expected: wanted })
}
