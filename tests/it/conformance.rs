//! The conformance suite against this gateway, and the suite against its own rules.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use egov_bridge::clock::Clock;
use egov_bridge::conformance::{Kind, Suite, Target, run};
use egov_bridge::sandbox::echo::SandboxEcho;
use egov_bridge::sandbox::pdd::{SandboxPdd, SandboxPddConfig};
use egov_bridge::sandbox::pki;

use crate::envelope::repository;
use crate::world::{Home, Setup, metrics};

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
    assert!(suite().cases.len() >= 800, "{}", suite().cases.len());
}

/// What the program prints, run against a target.
async fn printed(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egov-bridge"));
    command.current_dir(repository(".")).arg("conformance").args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// The count in the last line: passed, failed, skipped.
fn counted(printed: &str) -> [usize; 3] {
    let numbers = printed.lines().last().unwrap_or_default().split(' ').filter_map(|word| word.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    numbers.try_into().unwrap_or_else(|_| panic!("{printed}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_porta_behind_mutual_tls_is_judged_by_its_url() {
    let home = Home::new();
    let pair = &home.pki.node_server;
    let here = "127.0.0.1:0".parse().unwrap();
    let echo = SandboxEcho::start(here, &pair.certificate, &pair.key, &home.pki.authority).await.unwrap();
    let neutro = |folder| Some(repository("conformance/setup/neutro").join(folder));
    let setup = Setup {
        nome: "RegioneLuna",
        services: neutro("services"),
        xsd: neutro("xsd"),
        node_at: Some(echo.address()),
        ..Setup::default()
    };
    let world = setup.start_in(home).await;
    let pki = pki::ensure(&world.pki().directory, &["ComuneSole"], jiff::Timestamp::now()).unwrap();
    let (ca, sole) = (&pki.authority, pki.regione("ComuneSole"));
    let files = [ca, &sole.certificate, &sole.key, &pki.directory].map(|path| path.display().to_string());
    let url = world.gateway().url("pdd-tls").unwrap();
    let [ca, certificate, key, keys] = files.each_ref().map(String::as_str);
    let tls = ["--target", url, "--ca", ca, "--certificate", certificate, "--key", key, "--keys", keys];
    let certificates = printed(&[&tls[..], &["--setup", "tls", "--only", "certificati"]].concat()).await;
    let [passed, failed, skipped] = counted(&certificates);
    assert!(passed > 5 && failed == 0 && skipped == 0, "{certificates}");
    let xml = printed(&[&tls[..], &["--only", "xml"]].concat()).await;
    let [passed, failed, _] = counted(&xml);
    assert!(passed > 10 && failed == 0, "{xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_porta_of_a_region_is_judged_by_its_url() {
    let pdd = SandboxPdd::start(SandboxPddConfig {
        address: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        regione: "LAZIO".to_owned(),
        control: None,
        clock: Clock::system(),
    });
    let pdd = pdd.await.unwrap();
    let url = format!("http://{}/pdd", pdd.address());
    let report = printed(&["--target", &url, "--setup", "regione", "--only", "regione"]).await;
    let [passed, failed, skipped] = counted(&report);
    assert!(passed > 5 && failed == 0 && skipped == 0, "{report}");
    let whole = printed(&["--target", &url, "--setup", "regione"]).await;
    println!("{}", whole.lines().last().unwrap_or_default());
    let [passed, failed, skipped] = counted(&whole);
    assert!(passed > 100 && failed == 0 && skipped > 0, "{whole}");
    pdd.stop().await;
}
