//! See `holds/xsd_load.rs`.

#![no_main]

#[path = "../holds/xsd_load.rs"]
mod xsd_load;

libfuzzer_sys::fuzz_target!(|data: &[u8]| xsd_load::holds(data));
