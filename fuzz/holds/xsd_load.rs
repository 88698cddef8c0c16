//! A schema file of the operator's, compiled or refused. Of what is compiled, every document can be translated once the
//! elements that it names are carried as XML.

use std::fs;

use egov_bridge::schema::SchemaSet;

pub fn holds(data: &[u8]) {
    let folder = std::env::temp_dir().join(format!("egov-bridge-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the schema");
    fs::write(folder.join("form.xsd"), data).expect("the schema is written");
    match SchemaSet::load(&folder) {
        Ok(set) => {
            for document in set.documents().take(16) {
                let carrying = document.carrying(&document.remedy()).expect("the elements are there");
                assert!(carrying.obstacles().is_empty(), "{:?} remain", carrying.obstacles());
            }
        }
        Err(errors) => assert!(!errors.is_empty(), "refused without a reason"),
    }
}
