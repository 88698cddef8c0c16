//! The shipped schemas, compiled once.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use egov_bridge::schema::{Document, SchemaSet};

static SET: LazyLock<SchemaSet> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xsd");
    SchemaSet::load(&folder).expect("the shipped schemas load")
});

/// The documents whose root element has the local name that the text shows first; all of them where there is none.
pub fn documents(names: impl Fn(&str) -> bool) -> Vec<&'static Arc<Document>> {
    let named: Vec<_> = SET.documents().filter(|d| names(d.root())).collect();
    if named.is_empty() { SET.documents().collect() } else { named }
}
