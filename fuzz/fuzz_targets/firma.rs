//! See `holds/firma.rs`.

#![no_main]

#[path = "../holds/firma.rs"]
mod firma;

libfuzzer_sys::fuzz_target!(|data: &[u8]| firma::holds(data));
