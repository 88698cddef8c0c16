use std::fs;
use std::path::Path;

use super::super::sorted;
use super::*;
use crate::json_native::to_json;
use crate::schema::SchemaSet;
use crate::schema::generator::Rng;
use crate::xml::{Limits, Reader};

/// Each fixture that is valid by the schema of its root, with its JSON.
fn fixtures() -> Vec<(std::sync::Arc<Document>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let set = SchemaSet::load(&root.join("xsd")).unwrap();
    let mut found = Vec::new();
    for folder in ["co", "sap", "unipi"] {
        let Ok(files) = fs::read_dir(root.join("tests/fixtures").join(folder)) else { continue };
        for file in files.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "xml")) {
            let xml = fs::read_to_string(file.path()).unwrap();
            for document in set.documents() {
                let mut json = Vec::new();
                let reader = Reader::document(&xml, &Limits::default());
                if to_json(document, reader, &mut json).is_ok() {
                    found.push((document.clone(), String::from_utf8(json).unwrap()));
                }
            }
        }
    }
    assert!(found.len() > 50, "{}", found.len());
    found
}

fn straight(document: &Document, json: &str) -> Result<String, Aside> {
    let mut out = String::new();
    write(document, json, &mut out).map(|()| out)
}

fn other_road(document: &Document, json: &str) -> Option<String> {
    let mut out = String::new();
    sorted(document, json.as_bytes(), &mut out).is_ok().then_some(out)
}

#[test]
fn what_we_wrote_goes_the_straight_road() {
    for (document, json) in fixtures() {
        assert_eq!(straight(&document, &json).ok(), other_road(&document, &json), "{json}");
    }
}

#[test]
fn both_roads_write_the_same_of_json_that_was_tampered_with() {
    let mut rng = Rng::new(11);
    let mut taken = 0;
    for (document, json) in fixtures() {
        for _ in 0..60 {
            let tampered = tamper(&json, &mut rng);
            if let Ok(written) = straight(&document, &tampered) {
                taken += 1;
                assert_eq!(Some(written), other_road(&document, &tampered), "{tampered}");
            }
        }
    }
    assert!(taken > 200, "only {taken} were taken at all");
}

/// One or two small accidents: a piece cut out, doubled, moved, spaced, escaped or made `null`.
fn tamper(json: &str, rng: &mut Rng) -> String {
    let mut json = json.to_owned();
    for _ in 0..1 + rng.below(2) {
        let marks: Vec<usize> =
            json.match_indices(['"', ',', ':', '{', '}', '[', ']']).map(|m| m.0).collect();
        let mut mark = || marks.get(rng.below(marks.len())).copied().unwrap_or_default();
        let (a, b) = (mark(), mark());
        let (a, b) = (a.min(b), a.max(b).min(a.min(b) + 60));
        let b = (b..=json.len()).find(|at| json.is_char_boundary(*at)).unwrap_or(json.len());
        let piece = json[a..b].to_owned();
        match rng.below(9) {
            0 => json.replace_range(a..b, ""),
            1 => json.insert_str(a, &piece),
            2 => {
                json.replace_range(a..b, "");
                let to = (a / 2..=json.len()).find(|at| json.is_char_boundary(*at)).unwrap_or_default();
                json.insert_str(to, &piece);
            }
            3 => json.insert_str(a, " \n\t"),
            4 => json = json.replacen("\":\"", "\" : \"\\u0041", 1 + rng.below(3)),
            5 => json.replace_range(a..b, "null"),
            6 => json = json.replacen("null", "\"\"", 1),
            7 => json = json.replacen("\":\"", "\":\"&<\\n>", 1 + rng.below(3)),
            _ => json.insert(b, '\u{1}'),
        }
    }
    json
}
