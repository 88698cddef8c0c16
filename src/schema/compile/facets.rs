//! The facets of one derivation step, on top of those of the base.
//!
//! Where a step says less than its base did, the base still holds: facets only ever narrow.

use std::sync::Arc;

use super::{Compiler, Site, children};
use crate::schema::datatype::{Primitive, Value};
use crate::schema::load_error::LoadErrorKind;
use crate::schema::pattern::Pattern;
use crate::schema::simple::{Bound, Enumeration, Simple, SimpleId, Space, Variety};
use crate::xml::grain::Grain;

impl<'s> Compiler<'s, '_> {
    /// Applies the facets below `site`, a `restriction` of `base`, to `simple`.
    pub(super) fn facets(&mut self, site: Site<'s>, base: SimpleId, simple: &mut Simple) {
        let mut patterns: Vec<(Site<'s>, String)> = Vec::new();
        let mut listed: Vec<(Site<'s>, &'s str)> = Vec::new();
        for facet in children(site) {
            let kind = facet.node.tag_name().name();
            if !is_facet(kind) {
                continue;
            }
            let Some(value) = facet.node.attribute("value") else {
                self.error(facet, LoadErrorKind::Incomplete("value"));
                continue;
            };
            if !applies(kind, simple) {
                self.error(facet, LoadErrorKind::Misplaced);
                continue;
            }
            match kind {
                "pattern" => patterns.push((facet, value.to_owned())),
                "enumeration" => listed.push((facet, value)),
                "whiteSpace" => self.white_space(facet, value, simple),
                "minInclusive" | "minExclusive" | "maxInclusive" | "maxExclusive" => {
                    self.bound(facet, kind, value, simple);
                }
                _ => self.count(facet, kind, value, simple),
            }
        }
        if let Some((first, _)) = patterns.first() {
            let site = *first;
            let sources: Vec<String> = patterns.into_iter().map(|(_, source)| source).collect();
            self.pattern(site, sources, simple);
        }
        if !listed.is_empty() {
            self.enumeration(listed, base, simple);
        }
    }

    fn pattern(&mut self, site: Site<'_>, sources: Vec<String>, simple: &mut Simple) {
        let compiled = self.patterns.entry(sources).or_insert_with_key(|sources| {
            let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
            Pattern::compile(&sources).map(Arc::new)
        });
        match compiled.clone() {
            Ok(pattern) => {
                simple.facets.patterns = simple.facets.patterns.iter().cloned().chain([pattern]).collect();
            }
            Err(error) => self.error(site, LoadErrorKind::Pattern(error)),
        }
    }

    fn enumeration(&mut self, listed: Vec<(Site<'s>, &'s str)>, base: SimpleId, simple: &mut Simple) {
        let by_text = match &simple.variety {
            Variety::Any => true,
            Variety::Atomic { primitive, .. } => matches!(primitive, Primitive::String | Primitive::AnyUri),
            Variety::List(_) | Variety::Union(_) => false,
        };
        let mut values = Vec::new();
        let mut texts: Vec<Box<str>> = Vec::new();
        let mut written: Vec<Box<str>> = Vec::new();
        for (site, text) in listed {
            let Some(value) = self.value(site, base, text) else {
                self.bad_value(site, text, "a value of the base type");
                continue;
            };
            match value {
                Value::Text(text) if by_text => texts.push(text),
                value => values.push(value),
            }
            written.push(text.into());
        }
        texts.sort_unstable();
        let texts = by_text.then(|| texts.into());
        simple.facets.enumeration =
            Some(Enumeration { texts, values: values.into(), written: written.into() });
    }

    fn white_space(&mut self, site: Site<'_>, value: &str, simple: &mut Simple) {
        let space = match value {
            "preserve" => Space::Preserve,
            "replace" => Space::Replace,
            "collapse" => Space::Collapse,
            other => return self.bad_value(site, other, "preserve, replace or collapse"),
        };
        if space < simple.space {
            return self.bad_value(site, value, "no looser than the base type");
        }
        simple.space = space;
    }

    fn bound(&mut self, site: Site<'_>, kind: &str, text: &str, simple: &mut Simple) {
        // The bound is a value of the primitive; that of an exclusive bound need not be a value of the base.
        let Variety::Atomic { primitive, .. } = simple.variety else { return };
        let text = Space::Collapse.normalise(text, Grain::of(text));
        let Some(value) = primitive.value(&text, &|_| None) else {
            return self.bad_value(site, &text, "a value of the base type");
        };
        let bound = Bound { value, inclusive: kind.ends_with("Inclusive"), written: text.as_ref().into() };
        let (slot, tighter) = if kind.starts_with("min") {
            (&mut simple.facets.min, std::cmp::Ordering::Greater)
        } else {
            (&mut simple.facets.max, std::cmp::Ordering::Less)
        };
        let keeps_base = slot.as_ref().is_some_and(|old| match bound.value.order(&old.value) {
            Some(std::cmp::Ordering::Equal) => !old.inclusive,
            order => order != Some(tighter),
        });
        if !keeps_base {
            *slot = Some(bound);
        }
    }

    fn count(&mut self, site: Site<'_>, kind: &str, value: &str, simple: &mut Simple) {
        // Void since the errata: no two processors agreed on how long a qualified name is.
        if matches!(simple.variety, Variety::Atomic { primitive: Primitive::QName, .. }) {
            return;
        }
        let Ok(number) = value.trim().parse::<u32>() else {
            return self.bad_value(site, value, "a whole number");
        };
        let facets = &mut simple.facets;
        let at_least = |slot: &mut Option<u32>| *slot = Some(slot.map_or(number, |old| old.max(number)));
        let at_most = |slot: &mut Option<u32>| *slot = Some(slot.map_or(number, |old| old.min(number)));
        match kind {
            "length" => {
                at_least(&mut facets.min_length);
                at_most(&mut facets.max_length);
            }
            "minLength" => at_least(&mut facets.min_length),
            "maxLength" => at_most(&mut facets.max_length),
            "totalDigits" => at_most(&mut facets.total_digits),
            _ => at_most(&mut facets.fraction_digits),
        }
        let empty = facets.min_length.zip(facets.max_length).is_some_and(|(least, most)| least > most);
        if empty || (kind == "totalDigits" && number == 0) {
            self.bad_value(site, value, "a bound that some value meets");
        }
    }
}

pub(super) fn is_facet(kind: &str) -> bool {
    matches!(
        kind,
        "length"
            | "minLength"
            | "maxLength"
            | "pattern"
            | "enumeration"
            | "whiteSpace"
            | "minInclusive"
            | "minExclusive"
            | "maxInclusive"
            | "maxExclusive"
            | "totalDigits"
            | "fractionDigits"
    )
}

/// The table of part 2 §4.1.5: which facet a type may have.
fn applies(kind: &str, simple: &Simple) -> bool {
    match (&simple.variety, kind) {
        (_, "pattern") => true,
        (Variety::Any, _) => false,
        (Variety::Atomic { primitive, .. }, "enumeration") => *primitive != Primitive::Boolean,
        (_, "enumeration") => true,
        (Variety::Union(_), _) => false,
        (_, "whiteSpace") => true,
        (Variety::List(_), "length" | "minLength" | "maxLength") => true,
        (Variety::List(_), _) => false,
        (Variety::Atomic { primitive, .. }, kind) => match kind {
            "length" | "minLength" | "maxLength" => primitive.has_length() || *primitive == Primitive::QName,
            "totalDigits" | "fractionDigits" => *primitive == Primitive::Decimal,
            _ => primitive.is_ordered(),
        },
    }
}
