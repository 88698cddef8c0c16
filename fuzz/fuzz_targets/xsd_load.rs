//! A schema file of the operator's, compiled or refused.

#![no_main]

use std::fs;

use egov_bridge::schema::SchemaSet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let folder = std::env::temp_dir().join(format!("egov-bridge-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the schema");
    fs::write(folder.join("form.xsd"), text).expect("the schema is written");
    if let Err(errors) = SchemaSet::load(&folder) {
        assert!(!errors.is_empty(), "refused without a reason");
    }
});
