//! Certificates, keys and authorities: readable, in their time, belonging together.
//!
//! What the sandbox generates is not judged: it makes anew, at every start, what is missing, torn or about to end.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use openssl::x509::X509;

use super::Checked;
use super::keys::Keys;
use crate::cli::causes::chain;
use crate::clock;
use crate::config::{ClientCertificate, Config, ServerTls as Files};
use crate::gateway::roads;
use crate::http::tls::{self, ClientCertificates, ServerTls, instant};
use crate::node::Client;
use crate::telemetry::events::CertificateSeen;

/// Looks at every certificate that the configuration names.
pub(super) fn check(config: &Config, keys: &Keys, now: Timestamp, checked: &mut Checked) {
    let generated = config.sandbox.as_ref().map(|sandbox| sandbox.pki.clone());
    let mut look = Look { keys, now, generated, seen: 0, checked };
    let listeners =
        [("listeners.pdd", &config.listeners.pdd.https), ("listeners.rest", &config.listeners.rest.https)];
    for (section, listener) in listeners {
        if let Some((_, files)) = listener {
            look.listener(section, files);
        }
    }
    look.node(config);
    match look.seen {
        0 if config.sandbox.is_some() => checked.good.push("certificates of the sandbox".to_owned()),
        seen => checked.good(seen, "certificate", "certificates"),
    }
}

struct Look<'a> {
    keys: &'a Keys,
    now: Timestamp,
    /// Where the sandbox makes what is not given.
    generated: Option<PathBuf>,
    seen: usize,
    checked: &'a mut Checked,
}

impl Look<'_> {
    fn listener(&mut self, section: &str, files: &Files) {
        let mut sound = self.certificate(section, "certificate_file", &files.certificate_file);
        let asked = files.client_certificate != ClientCertificate::None;
        let ca = files.client_ca_file.as_ref().filter(|_| asked);
        if let Some(ca) = ca {
            sound &= self.authorities(section, "client_ca_file", ca);
        }
        if sound && !self.is_generated(&files.certificate_file) {
            let mut files = roads::tls_files(files);
            if ca.is_some_and(|ca| self.is_missing(ca)) {
                files.clients = ClientCertificates::NotAsked;
            }
            // What the gateway does when it starts. Chain and authorities are sound: what is wrong is the key.
            if let Err(error) = ServerTls::load(files) {
                self.wrong(section, "key_file", &chain(&error));
            }
        }
    }

    fn node(&mut self, config: &Config) {
        let node = &config.node;
        let mut sound = self.certificate("node", "certificate_file", &node.certificate_file);
        sound &= self.authorities("node", "ca_file", &node.ca_file);
        let made_later = self.is_generated(&node.certificate_file) || self.is_missing(&node.ca_file);
        let wrong = match roads::node(config) {
            Err(error) => Some(("url", error.to_string())),
            Ok(settings) if sound && !made_later => {
                Client::new(settings).err().map(|error| ("key_file", chain(&error)))
            }
            Ok(_) => None,
        };
        if let Some((key, problem)) = wrong {
            self.wrong("node", key, &problem);
        }
    }

    /// Whether a chain is readable and in its time.
    fn certificate(&mut self, section: &str, key: &str, path: &Path) -> bool {
        if self.is_generated(path) {
            return true;
        }
        let read = std::fs::read(path).map_err(|error| error.to_string());
        let chain = read.and_then(|pem| X509::stack_from_pem(&pem).map_err(|error| error.to_string()));
        let chain = match chain {
            Ok(chain) if !chain.is_empty() => chain,
            Ok(_) => return self.wrong(section, key, &format!("{}: no certificate in it", path.display())),
            Err(why) => {
                return self.wrong(section, key, &format!("{}: not a certificate: {why}", path.display()));
            }
        };
        let time = |asn1: &openssl::asn1::Asn1TimeRef| instant(asn1).ok();
        let begins = chain.iter().filter_map(|one| time(one.not_before())).max();
        let ends = chain.iter().filter_map(|one| time(one.not_after())).min();
        let day = |at: Timestamp| clock::in_rome(at).date().to_string();
        if let Some(begins) = begins.filter(|begins| *begins > self.now) {
            return self.wrong(section, key, &format!("{}: valid only from {}", path.display(), day(begins)));
        }
        let Some(ends) = ends else { return true };
        if ends <= self.now {
            return self.wrong(section, key, &format!("{}: expired on {}", path.display(), day(ends)));
        }
        if ends.duration_since(self.now).unsigned_abs() < CertificateSeen::ALARM {
            let warning = format!("{}: expires on {}", path.display(), day(ends));
            self.checked.warnings.push(self.keys.mistake(&format!("{section}.{key}"), &warning));
        }
        self.seen += 1;
        true
    }

    fn authorities(&mut self, section: &str, key: &str, path: &Path) -> bool {
        if self.is_generated(path) {
            return true;
        }
        match tls::authorities(path) {
            Ok(_) => true,
            Err(error) => self.wrong(section, key, &chain(&error)),
        }
    }

    /// Says what is wrong; false, for the convenience of who asks whether something is right.
    fn wrong(&mut self, section: &str, key: &str, problem: &str) -> bool {
        self.checked.errors.push(self.keys.mistake(&format!("{section}.{key}"), problem));
        false
    }

    fn is_generated(&self, path: &Path) -> bool {
        self.generated.as_ref().is_some_and(|folder| path.starts_with(folder))
    }

    /// Whether the sandbox has still to make the file.
    fn is_missing(&self, path: &Path) -> bool {
        self.is_generated(path) && !path.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::pki;

    const NOW: &str = "2026-11-21T10:00:00Z";

    /// What is said of a listener of this pair, at a time so many days after the pair was made.
    fn said(certificate: &str, key: &str, days: i64) -> Checked {
        let folder = tempfile::tempdir().unwrap();
        let made: Timestamp = NOW.parse().unwrap();
        pki::ensure(folder.path(), &[], made).unwrap();
        let config = crate::config::embedded(Path::new("")).unwrap();
        let (_, mut files) = config.listeners.pdd.https.unwrap();
        files.certificate_file = folder.path().join(certificate);
        files.key_file = folder.path().join(key);
        files.client_ca_file = Some(folder.path().join("ca.pem"));
        let mut checked = Checked::default();
        let now = made + jiff::SignedDuration::from_hours(24 * days);
        let keys = Keys::read(None);
        let mut look = Look { keys: &keys, now, generated: None, seen: 0, checked: &mut checked };
        look.listener("listeners.pdd", &files);
        checked
    }

    #[test]
    fn a_pair_that_belongs_together_is_good() {
        let checked = said("pdd-server.pem", "pdd-server.key", 0);
        assert_eq!((checked.errors, checked.warnings), (Vec::<String>::new(), Vec::new()));
    }

    #[test]
    fn a_key_of_another_certificate_is_named_with_its_place_in_the_configuration() {
        let checked = said("pdd-server.pem", "node-client.key", 0);
        let [error] = checked.errors.as_slice() else { panic!("{:?}", checked.errors) };
        assert!(error.contains("config.toml:") && error.contains(": listeners.pdd.key_file: "), "{error}");
    }

    #[test]
    fn a_pair_is_tried_although_the_sandbox_has_still_to_make_the_authority() {
        let folder = tempfile::tempdir().unwrap();
        let pki = pki::ensure(folder.path(), &[], NOW.parse().unwrap()).unwrap();
        let config = crate::config::embedded(Path::new("")).unwrap();
        let (_, mut files) = config.listeners.pdd.https.unwrap();
        let later = folder.path().join("later");
        files.certificate_file = pki.pdd_server.certificate;
        files.key_file = pki.node_client.key;
        files.client_ca_file = Some(later.join("ca.pem"));
        let mut checked = Checked::default();
        let (keys, now) = (Keys::read(None), NOW.parse().unwrap());
        let mut look = Look { keys: &keys, now, generated: Some(later), seen: 0, checked: &mut checked };
        look.listener("listeners.pdd", &files);
        assert!(checked.errors[0].contains("listeners.pdd.key_file"), "{:?}", checked.errors);
    }

    #[test]
    fn the_end_of_a_certificate_is_a_warning_before_it_comes_and_an_error_after() {
        assert!(said("pdd-server.pem", "pdd-server.key", 380).warnings[0].contains("expires on 2027-12-2"));
        assert!(said("pdd-server.pem", "pdd-server.key", 400).errors[0].contains("expired on 2027-12-2"));
        assert!(said("pdd-server.pem", "pdd-server.key", -2).errors[0].contains("valid only from"));
    }

    #[test]
    fn a_file_that_is_no_certificate_is_named() {
        let checked = said("pdd-server.key", "pdd-server.key", 0);
        assert!(checked.errors[0].contains("pdd-server.key: no certificate in it"), "{:?}", checked.errors);
        assert!(said("nothing.pem", "pdd-server.key", 0).errors[0].contains("nothing.pem"));
    }
}
