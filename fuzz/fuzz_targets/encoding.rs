//! See `holds/encoding.rs`.

#![no_main]

#[path = "../holds/encoding.rs"]
mod encoding;

libfuzzer_sys::fuzz_target!(|data: &[u8]| encoding::holds(data));
