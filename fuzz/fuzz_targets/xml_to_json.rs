//! See `holds/xml_to_json.rs`.

#![no_main]

#[path = "../holds/xml_to_json.rs"]
mod xml_to_json;
#[path = "../holds/shipped.rs"]
mod shipped;

libfuzzer_sys::fuzz_target!(|data: &[u8]| xml_to_json::holds(data));
