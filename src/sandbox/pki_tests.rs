use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use super::*;

const PARTI: [&str; 3] = ["LAZIO", "PIEMONTE", "VAL D'AOSTA"];

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// The files that differ between two states of the directory.
fn changed(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    after
        .iter()
        .filter(|(name, bytes)| before.get(*name) != Some(bytes))
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn everything_is_made_at_once_and_quickly() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("data/pki");
    let begun = Instant::now();
    ensure(&directory, &PARTI, now()).unwrap();
    let taken = begun.elapsed();
    let names: Vec<String> = contents(&directory).into_keys().collect();
    assert_eq!(
        names,
        [
            "ca.key",
            "ca.pem",
            "node-client.key",
            "node-client.pem",
            "node-server.key",
            "node-server.pem",
            "pdd-server.key",
            "pdd-server.pem",
            "regione-LAZIO.key",
            "regione-LAZIO.pem",
            "regione-PIEMONTE.key",
            "regione-PIEMONTE.pem",
            "regione-VAL-D-AOSTA.key",
            "regione-VAL-D-AOSTA.pem",
            "sandbox-pdd.key",
            "sandbox-pdd.pem",
        ]
    );
    assert!(taken.as_millis() < 1000, "{taken:?}");
}

#[test]
fn keys_are_for_their_owner_alone() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("pki");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("ca.key.new"), "left behind, and readable by all").unwrap();
    ensure(&directory, &PARTI, now()).unwrap();
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        let wanted = if path.extension().unwrap() == "key" { 0o600 } else { 0o644 };
        assert_eq!(mode, wanted, "{}", path.display());
    }
}

#[test]
fn what_is_good_is_not_touched() {
    let home = tempfile::tempdir().unwrap();
    ensure(home.path(), &PARTI, now()).unwrap();
    let before = contents(home.path());
    ensure(home.path(), &PARTI, now() + SignedDuration::from_hours(24 * 300)).unwrap();
    assert!(changed(&before, &contents(home.path())).is_empty());
}

#[test]
fn a_certificate_is_renewed_thirty_days_before_its_end_and_the_authority_stays() {
    let home = tempfile::tempdir().unwrap();
    let pki = ensure(home.path(), &PARTI, now()).unwrap();
    let before = contents(home.path());
    let later = now() + LEAF_LIFE - RENEW_BEFORE;
    ensure(home.path(), &PARTI, later).unwrap();
    let after = contents(home.path());
    assert_eq!(before["ca.pem"], after["ca.pem"]);
    assert_eq!(changed(&before, &after).len(), 14, "every leaf and its key");
    let pem = fs::read(&pki.pdd_server.certificate).unwrap();
    let renewed = X509::from_pem(&pem).unwrap();
    assert_eq!(instant(renewed.not_after()).unwrap(), later + LEAF_LIFE);
}

#[test]
fn torn_pairs_and_empty_files_are_made_anew_alone() {
    let home = tempfile::tempdir().unwrap();
    let pki = ensure(home.path(), &PARTI, now()).unwrap();
    fs::write(&pki.node_client.certificate, "").unwrap();
    fs::copy(&pki.node_server.key, &pki.sandbox_pdd.key).unwrap();
    let before = contents(home.path());
    ensure(home.path(), &PARTI, now()).unwrap();
    let remade = changed(&before, &contents(home.path()));
    assert_eq!(remade, ["node-client.key", "node-client.pem", "sandbox-pdd.key", "sandbox-pdd.pem"]);
}

#[test]
fn a_lost_authority_takes_what_it_issued_with_it() {
    let home = tempfile::tempdir().unwrap();
    let pki = ensure(home.path(), &PARTI, now()).unwrap();
    fs::remove_file(home.path().join("ca.key")).unwrap();
    let before = contents(home.path());
    ensure(home.path(), &PARTI, now()).unwrap();
    let after = contents(home.path());
    assert_eq!(changed(&before, &after).len(), after.len());
    let authority = X509::from_pem(&fs::read(&pki.authority).unwrap()).unwrap();
    let leaf = X509::from_pem(&fs::read(&pki.regione("LAZIO").certificate).unwrap()).unwrap();
    assert!(leaf.verify(&authority.public_key().unwrap()).unwrap());
}

#[test]
fn a_party_is_the_common_name_of_its_certificate() {
    let home = tempfile::tempdir().unwrap();
    let pki = ensure(home.path(), &PARTI, now()).unwrap();
    let pem = fs::read(&pki.regione("VAL D'AOSTA").certificate).unwrap();
    let leaf = X509::from_pem(&pem).unwrap();
    let name = leaf.subject_name().entries_by_nid(Nid::COMMONNAME).next().unwrap();
    assert_eq!(name.data().to_string().unwrap(), "VAL D'AOSTA");
}
