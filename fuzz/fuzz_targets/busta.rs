//! See `holds/busta.rs`.

#![no_main]

#[path = "../holds/busta.rs"]
mod busta;

libfuzzer_sys::fuzz_target!(|data: &[u8]| busta::holds(data));
