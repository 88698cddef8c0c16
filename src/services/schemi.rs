//! The compiled schemas, as the catalogue asks about them.

use super::resolve::Schemas;
use crate::schema::{self, Refusal, Rule, SchemaSet};
use crate::xml::{Limits, Reader, write};

impl Schemas for SchemaSet {
    fn has_root(&self, file: &str, root: &str) -> bool {
        self.document(file, root).is_some()
    }

    /// Asks with a specimen: the element with these children, all of them empty. What the schema then says of values
    /// is of no interest; what it says of the children's names, order and number is the answer.
    fn refuses_children(&self, file: &str, root: &str, children: &[&str]) -> Option<String> {
        let document = self.document(file, root)?;
        let mut specimen = format!("<{root} xmlns=\"");
        write::push_attribute_value(&mut specimen, document.namespace());
        specimen.push_str("\">");
        for child in children {
            specimen.push_str(&format!("<{child}></{child}>"));
        }
        specimen.push_str(&format!("</{root}>"));
        match schema::validate(&document, Reader::document(&specimen, &Limits::default())) {
            Ok(()) => None,
            Err(Refusal::NotXml { error, .. }) => Some(error.to_string()),
            Err(Refusal::Invalid(violations)) => {
                violations.into_iter().find(|v| is_structural(v.rule)).map(|v| v.message)
            }
        }
    }

    fn untranslatable(&self, file: &str, root: &str) -> Option<String> {
        let document = self.document(file, root)?;
        document.obstacles().first().map(ToString::to_string)
    }
}

fn is_structural(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Root
            | Rule::Unexpected
            | Rule::Missing
            | Rule::Order
            | Rule::Occurrence
            | Rule::Namespace
            | Rule::Content
    )
}
