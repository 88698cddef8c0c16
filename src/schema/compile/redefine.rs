//! `redefine`: components of another file, under their own names and otherwise (part 1 §4.2.2).
//!
//! Whoever refers to a redefined component, in whatever file, gets the new one; only the new one itself refers to the
//! old, by its own name. So the new one takes the name, and the old one is kept for what stands inside the new.

use super::{Compiler, Name, Site, Space, XSD, children};
use crate::schema::load_error::LoadErrorKind;

impl<'s> Compiler<'s, '_> {
    /// Registers what every `redefine` defines anew, the files that are pulled in last first: where a redefined file
    /// redefines in its turn, its own comes before that of whoever pulls it in.
    pub(super) fn redefine(&mut self) {
        let mut found = Vec::new();
        for (number, unit) in self.units.iter().enumerate().rev() {
            let constructs = unit.parsed.tree.root_element().children();
            for node in constructs.filter(|c| c.has_tag_name((XSD, "redefine"))) {
                let origin =
                    unit.redefined.iter().find(|(id, _)| *id == node.id()).map(|(_, origin)| *origin);
                found.push((Site { unit: number, node }, origin));
            }
        }
        for (site, origin) in found {
            // A file that is not there was reported when it was looked for.
            let Some(origin) = origin else { continue };
            for component in children(site) {
                self.redefine_one(component, origin);
            }
        }
    }

    fn redefine_one(&mut self, site: Site<'s>, origin: usize) {
        let Some(space) = space_of(site.node.tag_name().name()) else { return };
        let Some(local) = site.node.attribute("name") else {
            return self.error(site, LoadErrorKind::Incomplete("name"));
        };
        let name = (self.unit_target(site), local.to_owned());
        let Some(old) = self.global(site, space, &name) else { return };
        if !self.pulled_in_by(origin).contains(&old.unit) {
            return self.error(site, LoadErrorKind::Redefined);
        }
        if !self.builds_on_itself(site, space, &name) {
            return self.error(site, LoadErrorKind::NotOnItself);
        }
        self.redefined.insert((site.unit, site.node.id()), old);
        self.globals.insert((space, name.0, name.1), site);
    }

    /// The files that a file pulls in under one name of namespace or another, itself among them.
    fn pulled_in_by(&self, unit: usize) -> Vec<usize> {
        let mut reached = vec![unit];
        let mut next = 0;
        while let Some(at) = reached.get(next).copied() {
            for other in self.units.get(at).map(|u| u.pulls.as_slice()).unwrap_or_default() {
                if !reached.contains(other) {
                    reached.push(*other);
                }
            }
            next += 1;
        }
        reached
    }

    /// Part 1 §4.2.2, Redefinition Constraints and Semantics, 5 to 7: a type derives from itself; a group has itself in
    /// it once, or is a restriction of itself.
    fn builds_on_itself(&mut self, site: Site<'s>, space: Space, name: &Name) -> bool {
        let reference = |node: roxmltree::Node<'s, 's>, attribute| Some((node, node.attribute(attribute)?));
        let within: Vec<_> = match space {
            Space::Type => {
                let derivation = ["restriction", "extension"];
                let mut below = site.node.descendants();
                below
                    .find(|n| derivation.contains(&n.tag_name().name()))
                    .and_then(|n| reference(n, "base"))
                    .into_iter()
                    .collect()
            }
            _ => {
                let tag = site.node.tag_name().name();
                let below = site.node.descendants().skip(1).filter(|n| n.tag_name().name() == tag);
                below.filter_map(|n| reference(n, "ref")).collect()
            }
        };
        let mut own = 0;
        for (node, text) in within {
            let here = Site { unit: site.unit, node };
            if self.qname(here, text).is_some_and(|found| found == *name) {
                own += 1;
                let once = |bound| node.attribute(bound).is_none_or(|text| text.trim() == "1");
                if !once("minOccurs") || !once("maxOccurs") {
                    return false;
                }
            }
        }
        if space == Space::Type { own == 1 } else { own <= 1 }
    }

    /// The old component, where a construct inside the new one refers to it by the name that both have.
    pub(super) fn old(&self, site: Site<'_>, space: Space, name: &Name) -> Option<Site<'s>> {
        if self.redefined.is_empty() {
            return None;
        }
        let new =
            site.node.ancestors().find(|n| n.parent().is_some_and(|p| p.has_tag_name((XSD, "redefine"))))?;
        let same = new.attribute("name") == Some(name.1.as_str())
            && space_of(new.tag_name().name()) == Some(space)
            && self.unit_target(site) == name.0;
        let old = self.redefined.get(&(site.unit, new.id()))?;
        same.then_some(*old)
    }
}

fn space_of(tag: &str) -> Option<Space> {
    match tag {
        "simpleType" | "complexType" => Some(Space::Type),
        "group" => Some(Space::Group),
        "attributeGroup" => Some(Space::AttributeGroup),
        _ => None,
    }
}
