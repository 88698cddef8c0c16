//! See `holds/multipart.rs`.

#![no_main]

#[path = "../holds/multipart.rs"]
mod multipart;

libfuzzer_sys::fuzz_target!(|data: &[u8]| multipart::holds(data));
