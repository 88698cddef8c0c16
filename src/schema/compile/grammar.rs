//! Which constructs a schema file may hold, and which of them the engine knows.
//!
//! Every node of every file passes here before anything is compiled: what XSD 1.0 does not allow is an error, and
//! what it allows and this engine does not know is an error too. Annotations, and attributes of foreign namespaces,
//! are the author's own and passed over. `final` and `finalDefault` are accepted: they bind authors of schemas, not
//! documents.

use roxmltree::Node;

use super::source::Parsed;
use super::{XSD, describe};
use crate::schema::load_error::{LoadError, LoadErrorKind};

struct Construct {
    tag: &'static str,
    attributes: &'static [&'static str],
    children: &'static [&'static str],
}

const FACETS: &[&str] = &[
    "annotation",
    "simpleType",
    "length",
    "minLength",
    "maxLength",
    "pattern",
    "enumeration",
    "whiteSpace",
    "minInclusive",
    "minExclusive",
    "maxInclusive",
    "maxExclusive",
    "totalDigits",
    "fractionDigits",
    "attribute",
    "attributeGroup",
    "anyAttribute",
    "group",
    "all",
    "choice",
    "sequence",
];
const FACET: &[&str] = &["value", "fixed", "id"];
const NOTE: &[&str] = &["annotation"];
const GROUP: &[&str] = &["annotation", "element", "group", "choice", "sequence", "any"];
const IDENTITY: &[&str] = &["annotation", "selector", "field"];
const TYPE: &[&str] = &[
    "annotation",
    "simpleContent",
    "complexContent",
    "group",
    "all",
    "choice",
    "sequence",
    "attribute",
    "attributeGroup",
    "anyAttribute",
];

/// XSD part 1 §3 and part 2 §4, as far as the engine goes.
const CONSTRUCTS: &[Construct] = &[
    Construct {
        tag: "schema",
        attributes: &[
            "targetNamespace",
            "version",
            "elementFormDefault",
            "attributeFormDefault",
            "blockDefault",
            "finalDefault",
            "id",
        ],
        children: &[
            "annotation",
            "include",
            "import",
            "redefine",
            "element",
            "attribute",
            "simpleType",
            "complexType",
            "group",
            "attributeGroup",
        ],
    },
    Construct { tag: "include", attributes: &["schemaLocation", "id"], children: NOTE },
    Construct {
        tag: "redefine",
        attributes: &["schemaLocation", "id"],
        children: &["annotation", "simpleType", "complexType", "group", "attributeGroup"],
    },
    Construct { tag: "import", attributes: &["namespace", "schemaLocation", "id"], children: NOTE },
    Construct {
        tag: "element",
        attributes: &[
            "name",
            "ref",
            "type",
            "minOccurs",
            "maxOccurs",
            "default",
            "fixed",
            "nillable",
            "abstract",
            "substitutionGroup",
            "final",
            "block",
            "form",
            "id",
        ],
        children: &["annotation", "simpleType", "complexType", "unique", "key", "keyref"],
    },
    Construct { tag: "unique", attributes: &["name", "id"], children: IDENTITY },
    Construct { tag: "key", attributes: &["name", "id"], children: IDENTITY },
    Construct { tag: "keyref", attributes: &["name", "refer", "id"], children: IDENTITY },
    Construct { tag: "selector", attributes: &["xpath", "id"], children: NOTE },
    Construct { tag: "field", attributes: &["xpath", "id"], children: NOTE },
    Construct {
        tag: "attribute",
        attributes: &["name", "ref", "type", "use", "default", "fixed", "form", "id"],
        children: &["annotation", "simpleType"],
    },
    Construct {
        tag: "simpleType",
        attributes: &["name", "final", "id"],
        children: &["annotation", "restriction", "list", "union"],
    },
    Construct {
        tag: "complexType",
        attributes: &["name", "mixed", "abstract", "final", "block", "id"],
        children: TYPE,
    },
    Construct {
        tag: "simpleContent",
        attributes: &["id"],
        children: &["annotation", "restriction", "extension"],
    },
    Construct {
        tag: "complexContent",
        attributes: &["mixed", "id"],
        children: &["annotation", "restriction", "extension"],
    },
    Construct { tag: "restriction", attributes: &["base", "id"], children: FACETS },
    Construct {
        tag: "extension",
        attributes: &["base", "id"],
        children: &[
            "annotation",
            "group",
            "all",
            "choice",
            "sequence",
            "attribute",
            "attributeGroup",
            "anyAttribute",
        ],
    },
    Construct { tag: "list", attributes: &["itemType", "id"], children: &["annotation", "simpleType"] },
    Construct { tag: "union", attributes: &["memberTypes", "id"], children: &["annotation", "simpleType"] },
    Construct {
        tag: "group",
        attributes: &["name", "ref", "minOccurs", "maxOccurs", "id"],
        children: &["annotation", "all", "choice", "sequence"],
    },
    Construct {
        tag: "attributeGroup",
        attributes: &["name", "ref", "id"],
        children: &["annotation", "attribute", "attributeGroup", "anyAttribute"],
    },
    Construct { tag: "sequence", attributes: &["minOccurs", "maxOccurs", "id"], children: GROUP },
    Construct { tag: "choice", attributes: &["minOccurs", "maxOccurs", "id"], children: GROUP },
    Construct {
        tag: "all",
        attributes: &["minOccurs", "maxOccurs", "id"],
        children: &["annotation", "element"],
    },
    Construct {
        tag: "any",
        attributes: &["namespace", "processContents", "minOccurs", "maxOccurs", "id"],
        children: NOTE,
    },
    Construct { tag: "anyAttribute", attributes: &["namespace", "processContents", "id"], children: NOTE },
    Construct { tag: "length", attributes: FACET, children: NOTE },
    Construct { tag: "minLength", attributes: FACET, children: NOTE },
    Construct { tag: "maxLength", attributes: FACET, children: NOTE },
    Construct { tag: "pattern", attributes: FACET, children: NOTE },
    Construct { tag: "enumeration", attributes: FACET, children: NOTE },
    Construct { tag: "whiteSpace", attributes: FACET, children: NOTE },
    Construct { tag: "minInclusive", attributes: FACET, children: NOTE },
    Construct { tag: "minExclusive", attributes: FACET, children: NOTE },
    Construct { tag: "maxInclusive", attributes: FACET, children: NOTE },
    Construct { tag: "maxExclusive", attributes: FACET, children: NOTE },
    Construct { tag: "totalDigits", attributes: FACET, children: NOTE },
    Construct { tag: "fractionDigits", attributes: FACET, children: NOTE },
];

/// What XSD 1.0 has and the engine has not: notations are for documents with a DTD.
const UNSUPPORTED: &[&str] = &["notation"];

/// Appends everything in the file that is not a construct the engine knows.
pub(super) fn check(parsed: &Parsed<'_>, errors: &mut Vec<LoadError>) {
    let root = parsed.tree.root_element();
    if root.tag_name().namespace() != Some(XSD) || root.tag_name().name() != "schema" {
        errors.push(error(parsed, root, LoadErrorKind::NotASchema));
        return;
    }
    node(parsed, root, errors);
}

fn node(parsed: &Parsed<'_>, at: Node<'_, '_>, errors: &mut Vec<LoadError>) {
    let Some(construct) = CONSTRUCTS.iter().find(|c| c.tag == at.tag_name().name()) else { return };
    for attribute in at.attributes().filter(|a| a.namespace().is_none()) {
        if !construct.attributes.contains(&attribute.name()) {
            let mut error = error(parsed, at, LoadErrorKind::Misplaced);
            error.construct = format!("{} @{}", error.construct, attribute.name());
            errors.push(error);
        }
    }
    for child in at.children() {
        if child.is_text() && !child.text().unwrap_or_default().trim().is_empty() {
            errors.push(error(parsed, at, LoadErrorKind::Misplaced));
        }
        if !child.is_element() {
            continue;
        }
        let name = child.tag_name().name();
        if child.tag_name().namespace() != Some(XSD) {
            errors.push(error(parsed, child, LoadErrorKind::Misplaced));
        } else if UNSUPPORTED.contains(&name) {
            errors.push(error(parsed, child, LoadErrorKind::NeedsDtd));
        } else if !construct.children.contains(&name) {
            errors.push(error(parsed, child, LoadErrorKind::Misplaced));
        } else if name != "annotation" {
            node(parsed, child, errors);
        }
    }
}

fn error(parsed: &Parsed<'_>, at: Node<'_, '_>, kind: LoadErrorKind) -> LoadError {
    LoadError { file: parsed.file.clone(), line: parsed.line(at), construct: describe(at), kind }
}
