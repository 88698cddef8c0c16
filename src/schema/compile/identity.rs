//! `unique`, `key` and `keyref`, and the XPath of their selectors and fields (part 1 §3.11.6).

use super::{Compiler, Site, children};
use crate::schema::identity::{Identity, IdentityKind, Path, Test};
use crate::schema::load_error::LoadErrorKind;
use crate::schema::plan::IdentityId;
use crate::schema::table::index;

impl<'s> Compiler<'s, '_> {
    /// The identity constraints that an `element` construct declares. What a `keyref` refers to is found at the end.
    pub(super) fn identities(&mut self, element: Site<'s>) -> Box<[IdentityId]> {
        let mut found = Vec::new();
        for site in children(element) {
            let kind = site.node.tag_name().name();
            if !matches!(kind, "unique" | "key" | "keyref") {
                continue;
            }
            let Some(identity) = self.identity(site, kind) else { continue };
            found.push(index(self.identities.len()));
            self.identities.push((identity, site));
        }
        found.into()
    }

    fn identity(&mut self, site: Site<'s>, kind: &str) -> Option<Identity> {
        let Some(name) = site.node.attribute("name") else {
            return self.refuse(site, LoadErrorKind::Incomplete("name"));
        };
        let mut selector = None;
        let mut fields = Vec::new();
        for child in children(site) {
            let Some(xpath) = child.node.attribute("xpath") else {
                return self.refuse(child, LoadErrorKind::Incomplete("xpath"));
            };
            let is_field = child.node.tag_name().name() == "field";
            let paths = self.paths(child, xpath, is_field)?;
            if is_field {
                fields.push(paths);
            } else if selector.replace(paths).is_some() {
                return self.refuse(child, LoadErrorKind::Misplaced);
            }
        }
        let Some(selector) = selector.filter(|_| !fields.is_empty()) else {
            return self.refuse(site, LoadErrorKind::Incomplete("one selector and at least one field"));
        };
        let kind = if kind == "key" { IdentityKind::Key } else { IdentityKind::Unique };
        Some(Identity { name: name.into(), kind, selector, fields: fields.into() })
    }

    /// Finds what each `keyref` refers to.
    pub(super) fn resolve_references(&mut self) {
        let mut names = Vec::new();
        for (identity, site) in self.identities.clone() {
            names.push(((self.unit_target(site), identity.name.to_string()), identity.fields.len(), site));
        }
        for number in 0..names.len() {
            let Some((name, fields, site)) = names.get(number).cloned() else { continue };
            if names.iter().take(number).any(|(other, ..)| *other == name) {
                self.error(site, LoadErrorKind::Redefined);
            }
            if site.node.tag_name().name() != "keyref" {
                continue;
            }
            let Some(refer) = site.node.attribute("refer") else {
                self.error(site, LoadErrorKind::Incomplete("refer"));
                continue;
            };
            let Some(wanted) = self.qname(site, refer) else { continue };
            let found = names.iter().position(|(name, _, of)| {
                *name == wanted && matches!(of.node.tag_name().name(), "key" | "unique")
            });
            match found {
                None => {
                    let name = format!("{{{}}}{}", wanted.0, wanted.1);
                    self.error(site, LoadErrorKind::Unresolved { what: "key", name });
                }
                Some(key) if names.get(key).is_none_or(|(_, other, _)| *other != fields) => {
                    self.bad_value(site, refer, "a key with as many fields");
                }
                Some(key) => {
                    if let Some((identity, _)) = self.identities.get_mut(number) {
                        identity.kind = IdentityKind::KeyRef(index(key));
                    }
                }
            }
        }
    }

    fn paths(&mut self, site: Site<'_>, xpath: &str, is_field: bool) -> Option<Box<[Path]>> {
        let paths: Option<Vec<Path>> =
            xpath.split('|').map(|path| self.path(site, path.trim(), is_field)).collect();
        if paths.is_none() {
            self.bad_value(site, xpath, "a path such as .//a/b or a/@b");
        }
        paths.map(Into::into)
    }

    fn path(&mut self, site: Site<'_>, text: &str, is_field: bool) -> Option<Path> {
        let (anywhere, rest) =
            match text.strip_prefix('.').map(str::trim_start).and_then(|t| t.strip_prefix("//")) {
                Some(rest) => (true, rest),
                None => (false, text),
            };
        let mut steps = Vec::new();
        let mut attribute = None;
        for step in rest.split('/').map(str::trim) {
            // Nothing comes after an attribute.
            if attribute.is_some() {
                return None;
            }
            let by_name = step.strip_prefix('@').or_else(|| step.strip_prefix("attribute::"));
            match (by_name, step.strip_prefix("child::").unwrap_or(step)) {
                (Some(name), _) if is_field => attribute = Some(self.test(site, name.trim())?),
                (Some(_), _) => return None,
                (None, ".") => {}
                (None, name) => steps.push(self.test(site, name)?),
            }
        }
        Some(Path { anywhere, steps: steps.into(), attribute })
    }

    fn test(&mut self, site: Site<'_>, text: &str) -> Option<Test> {
        let (prefix, local) =
            text.split_once(':').map_or((None, text), |(prefix, local)| (Some(prefix), local));
        let local = match local {
            "*" => None,
            name => Some(crate::xml::characters::is_ncname(name).then(|| name.into())?),
        };
        // A name without prefix is one without namespace: the default namespace does not reach into XPath.
        let namespace = match prefix {
            None if local.is_none() => None,
            None => Some(0),
            Some(prefix) => {
                let namespace = site.node.lookup_namespace_uri(Some(prefix))?.to_owned();
                Some(self.namespace(&namespace))
            }
        };
        Some(Test { namespace, local })
    }
}
