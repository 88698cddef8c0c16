//! A peer's document into JSON, by each shipped schema that its root may belong to. What is translated must come back:
//! the JSON of the XML written from it is the same JSON, but for the order of members.

use super::shipped;
use egov_bridge::json_native::{Refusal, to_json, to_xml};
use egov_bridge::schema;
use egov_bridge::xml::{Event, Limits, Reader};

pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let limits = Limits::default();
    let root = match Reader::document(text, &limits).next_event() {
        Ok(Event::Start(name)) => name.local,
        _ => "",
    };
    for document in shipped::documents(|name| name == root) {
        let mut json = Vec::new();
        let told = to_json(document, Reader::document(text, &limits), &mut json);
        let validated = schema::validate(document, Reader::document(text, &limits));
        match told {
            Ok(()) => {
                assert!(validated.is_ok(), "translated and not valid");
                let mut xml = String::new();
                to_xml(document, &json, &mut xml).expect("what was translated translates back");
                let mut again = Vec::new();
                to_json(document, Reader::document(&xml, &limits), &mut again)
                    .expect("what was written is valid");
                // Attributes have no order: they come back in that of the schema.
                let value =
                    |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).expect("it is JSON");
                assert_eq!(value(&json), value(&again));
            }
            Err(refusal) => {
                assert!(json.is_empty(), "something is left of a refused document");
                if let Refusal::Invalid(violations) = refusal {
                    assert!(!violations.is_empty(), "refused without a reason");
                }
            }
        }
    }
}
