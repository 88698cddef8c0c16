//! The shipped schemas and those of the differential run, compiled once, with what JSON has no place for carried as XML.

use std::path::Path;
use std::sync::LazyLock;

use egov_bridge::schema::{Document, SchemaSet};

static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(|| {
    // This file is part of the fuzz targets and of the gateway's tests.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if here.join("xsd").is_dir() { here.to_owned() } else { here.join("..") };
    let sets = ["xsd", "tests/differential/xsd"]
        .map(|folder| SchemaSet::load(&root.join(folder)).expect("the schemas load"));
    let carrying = |d: &Document| d.carrying(&d.remedy()).expect("the elements are there");
    sets.iter().flat_map(SchemaSet::documents).map(|d| carrying(d)).collect()
});

/// The documents whose root element has the local name that the text shows first; all of them where there is none.
pub fn documents(names: impl Fn(&str) -> bool) -> Vec<&'static Document> {
    let named: Vec<_> = DOCUMENTS.iter().filter(|d| names(d.root())).collect();
    if named.is_empty() { DOCUMENTS.iter().collect() } else { named }
}
