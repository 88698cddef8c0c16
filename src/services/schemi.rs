//! The compiled schemas, as the catalogue asks about them.

use super::documento::SchemaRef;
use super::problem::Problem;
use super::resolve::Schemas;
use crate::schema::{self, Refusal, Rule, SchemaSet, Verbatim};
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

    fn untranslatable(&self, schema: &SchemaRef) -> Option<Problem> {
        let document = self.document(&schema.file, &schema.root)?;
        let document = match document.carrying(&schema.verbatim) {
            Ok(document) => document,
            Err(unknown) => return Some(unknown.into()),
        };
        let why = document.obstacles().first()?.to_string();
        let (file, root) = (schema.file.clone(), schema.root.clone());
        Some(Problem::Untranslatable {
            file,
            root,
            why,
            remedy: remedy(&schema.verbatim, &document.remedy()),
        })
    }
}

/// The line of the service file that takes the obstacles away, what it says already included.
fn remedy(said: &Verbatim, more: &Verbatim) -> String {
    let names = |verbatim: &Verbatim| match verbatim {
        Verbatim::Elements(names) => names.clone(),
        Verbatim::Nothing | Verbatim::Whole => Vec::new(),
    };
    if *more == Verbatim::Whole {
        return "verbatim = true".to_owned();
    }
    let all = [names(said), names(more)].concat();
    let quoted: Vec<String> = all.iter().map(|name| format!("\"{name}\"")).collect();
    format!("verbatim = [{}]", quoted.join(", "))
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
