//! See `holds/json_to_xml.rs`.

#![no_main]

#[path = "../holds/json_to_xml.rs"]
mod json_to_xml;
#[path = "../holds/shipped.rs"]
mod shipped;

libfuzzer_sys::fuzz_target!(|data: &[u8]| json_to_xml::holds(data));
