//! JSON into a document, by the shipped schemas whose root element the first line names (by all, where none has it). What is written must be valid.

use super::shipped;
use egov_bridge::json_native::{Refusal, to_xml};
use egov_bridge::schema::{self, Document};
use egov_bridge::xml::{Limits, Reader};

pub fn holds(data: &[u8]) {
    let Some(line) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (root, json) = (data.get(..line).unwrap_or_default(), data.get(line + 1..).unwrap_or_default());
    for document in shipped::documents(|name| name.as_bytes() == root) {
        translate(document, json);
    }
}

fn translate(document: &Document, json: &[u8]) {
    let mut xml = String::new();
    match to_xml(document, json, &mut xml) {
        Ok(()) => {
            let read = schema::validate(document, Reader::document(&xml, &Limits::default()));
            assert!(read.is_ok(), "{read:?} of {xml}");
        }
        Err(refusal) => {
            assert!(xml.is_empty(), "something is left of a refused document");
            if let Refusal::Invalid(violations) = refusal {
                assert!(!violations.is_empty(), "refused without a reason");
            }
        }
    }
}
