//! The conformance suite against this gateway, and the suite against its own rules.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use egov_bridge::conformance::{Kind, Suite, Target, run};

use crate::envelope::repository;
use crate::world::metrics;

fn suite() -> Suite {
    let here = Path::new("conformance");
    let folder = if here.exists() { here.to_owned() } else { repository("conformance") };
    Suite::load(&folder, None).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_keeps_every_clause() {
    let report = run(&Arc::new(suite()), Target::Gateway(metrics()), "").await.unwrap();
    assert_eq!(report.failed(), 0, "\n{report}");
    assert_eq!(report.passed() + report.skipped(), report.cases.len());
    assert!(report.cases.iter().all(|case| !case.unobserved), "\n{report}");
}

#[test]
fn every_clause_is_shown_by_a_message_that_is_taken_and_by_one_that_is_refused() {
    let suite = suite();
    let mut unshown = BTreeSet::new();
    for clause in &suite.clauses {
        for kind in [Kind::Accept, Kind::Refuse] {
            let other = matches!(&clause.only, Some((only, _)) if *only != kind);
            let shown = suite.cases.iter().any(|case| case.clauses.contains(&clause.id) && case.shows(kind));
            if shown == other {
                unshown.insert(format!("{}: {kind:?}", clause.id));
            }
        }
    }
    assert!(unshown.is_empty(), "shown where it cannot be, or not shown: {unshown:#?}");
}

#[test]
fn the_suite_is_no_smaller_than_it_was() {
    assert!(suite().cases.len() >= 400, "{}", suite().cases.len());
}
