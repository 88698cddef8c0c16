use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::sandbox::pki;

#[test]
fn the_first_end_in_a_file_counts() {
    let home = tempfile::tempdir().unwrap();
    let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
    let pki = pki::ensure(home.path(), &[], now).unwrap();
    let leaf = std::fs::read(&pki.pdd_server.certificate).unwrap();
    let mut both = std::fs::read(&pki.authority).unwrap();
    both.extend_from_slice(&leaf);
    let path = Path::new("chain.pem");
    assert_eq!(expires_at(path, &both).unwrap(), now + SignedDuration::from_hours(397 * 24));
    assert_eq!(expires_at(path, &both).unwrap(), expires_at(path, &leaf).unwrap());
}

#[test]
fn what_is_not_a_certificate_is_refused_with_the_files_name() {
    let path = Path::new("data/pki/ca.pem");
    for pem in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error = expires_at(path, pem.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("data/pki/ca.pem: "), "{error}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let files = TlsFiles {
        certificate: "nowhere/server.pem".into(),
        key: "nowhere/server.key".into(),
        key_password: None,
        clients: ClientCertificates::NotAsked,
    };
    let error = ServerTls::load(files).unwrap_err().to_string();
    assert!(error.contains("nowhere/server.pem"), "{error}");
}
