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
use crate::config::Config;
use crate::gateway::roads;
use crate::node::Client;
use crate::pem::instant;
use crate::tls::{
    self, Authorities, ClientCertificates, ClientVerifier, Expiry, ExpiryKind, KeyFiles, Renewable,
    ServerTls, TlsError, TlsFiles,
};

/// Looks at every certificate that the configuration names.
pub(super) fn check(config: &Config, keys: &Keys, now: Timestamp, checked: &mut Checked) {
    let generated = config.sandbox.as_ref().map(|sandbox| sandbox.pki.clone());
    let warn_days = config.certificates.warn_days.first().copied().unwrap_or_default();
    let mut look = Look { keys, now, generated, warn_days, seen: 0, checked };
    let listeners =
        [("listeners.pdd", &config.listeners.pdd.https), ("listeners.rest", &config.listeners.rest.https)];
    for (section, listener) in listeners {
        if let Some((_, files)) = listener {
            look.listener(section, files);
        }
    }
    look.proxy(config);
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
    /// Days before an end that are worth a warning.
    warn_days: u32,
    seen: usize,
    checked: &'a mut Checked,
}

impl Look<'_> {
    fn listener(&mut self, section: &str, files: &TlsFiles) {
        let mut sound = self.shown(section, &files.keys);
        let authorities = files.clients.authorities();
        if let Some(authorities) = authorities {
            sound &= self.authorities(section, "client_ca_file", authorities);
        }
        if sound && !self.is_generated(files.keys.certificate()) {
            let mut files = files.clone();
            if authorities.is_some_and(|authorities| self.is_missing(&authorities.certificates)) {
                files.clients = ClientCertificates::NotAsked;
            }
            // What the gateway does when it starts.
            match ServerTls::load(files.clone()) {
                Ok(tls) => {
                    self.loaded(section, &files.keys, ["client_ca_file", "client_crl_file"], &tls.expiries())
                }
                Err(error) => self.unusable(section, "client_crl_file", &files.keys, &error),
            }
        }
    }

    /// Where the listener with TLS is not there to be looked at, the proxy's authorities are.
    fn proxy(&mut self, config: &Config) {
        let Some((authorities, backend)) =
            config.listeners.pdd.proxy.as_ref().and_then(|proxy| proxy.trust.as_ref())
        else {
            return;
        };
        if config.listeners.pdd.https.is_some() || self.is_missing(&authorities.certificates) {
            return;
        }
        if let Err(error) = ClientVerifier::load(authorities.clone(), backend.clone()) {
            self.wrong("listeners.pdd", "client_ca_file", &chain(&error));
        }
    }

    fn node(&mut self, config: &Config) {
        let files = &config.node.tls;
        let mut sound = true;
        if let Some(keys) = &files.keys {
            sound &= self.shown("node", keys);
        }
        let ca = if files.authorities.of_the_machine { "system_roots" } else { "ca_file" };
        sound &= self.authorities("node", ca, &files.authorities);
        let made_later = files.keys.as_ref().is_some_and(|keys| self.is_generated(keys.certificate()))
            || self.is_missing(&files.authorities.certificates);
        match roads::node(config) {
            Err(error) => {
                self.wrong("node", "url", &error.to_string());
            }
            Ok(settings) if sound && !made_later => {
                let nothing = KeyFiles::pem("", "");
                let keys = files.keys.as_ref().unwrap_or(&nothing);
                match Client::new(settings) {
                    Ok(client) => self.loaded("node", keys, ["ca_file", "crl_file"], &client.expiries()),
                    Err(error) => self.unusable("node", "crl_file", keys, &error),
                }
            }
            Ok(_) => {}
        }
    }

    /// A keystore is only read as a whole.
    fn shown(&mut self, section: &str, keys: &KeyFiles) -> bool {
        match keys {
            KeyFiles::Pem { certificate, .. } => self.certificate(section, "certificate_file", certificate),
            KeyFiles::Pkcs12 { .. } => true,
        }
    }

    /// Chain and authorities are sound: what is wrong is the keystore, the list, or else the key.
    fn unusable(&mut self, section: &str, crl: &str, keys: &KeyFiles, error: &TlsError) {
        let key = match (error, keys) {
            (TlsError::RevocationList { .. } | TlsError::Pem { wanted: "revocation list", .. }, _) => crl,
            (_, KeyFiles::Pkcs12 { .. }) => "keystore_file",
            (_, KeyFiles::Pem { .. }) => "key_file",
        };
        self.wrong(section, key, &chain(error));
    }

    /// What is known only once everything was read together.
    fn loaded(&mut self, section: &str, keys: &KeyFiles, [ca, crl]: [&str; 2], expiries: &[Expiry]) {
        for expiry in expiries {
            let (file, day) = (expiry.file.display(), clock::in_rome(expiry.ends).date());
            match expiry.kind {
                ExpiryKind::Own if matches!(keys, KeyFiles::Pkcs12 { .. }) => {
                    let sound =
                        self.times(section, "keystore_file", &expiry.file, expiry.begins, expiry.ends);
                    self.seen += usize::from(sound);
                }
                ExpiryKind::Authority if expiry.ends <= self.now && !self.is_generated(&expiry.file) => {
                    self.warn(section, ca, &format!("{file}: an authority expired on {day}"));
                }
                ExpiryKind::RevocationList if expiry.ends <= self.now => {
                    self.warn(section, crl, &format!("{file}: the next list was due on {day}"));
                }
                _ => {}
            }
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
        let Some((begins, ends)) = begins.zip(ends) else { return true };
        let sound = self.times(section, key, path, begins, ends);
        self.seen += usize::from(sound);
        sound
    }

    /// Whether what is in a file is in its time.
    fn times(&mut self, section: &str, key: &str, path: &Path, begins: Timestamp, ends: Timestamp) -> bool {
        let day = |at: Timestamp| clock::in_rome(at).date().to_string();
        let path = path.display();
        if begins > self.now {
            return self.wrong(section, key, &format!("{path}: valid only from {}", day(begins)));
        }
        if ends <= self.now {
            return self.wrong(section, key, &format!("{path}: expired on {}", day(ends)));
        }
        if ends.duration_since(self.now).as_hours() < i64::from(self.warn_days) * 24 {
            self.warn(section, key, &format!("{path}: expires on {}", day(ends)));
        }
        true
    }

    fn warn(&mut self, section: &str, key: &str, warning: &str) {
        self.checked.warnings.push(self.keys.mistake(&format!("{section}.{key}"), warning));
    }

    fn authorities(&mut self, section: &str, key: &str, authorities: &Authorities) -> bool {
        let path = &authorities.certificates;
        if self.is_generated(path) || authorities.of_the_machine {
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
        files.keys = KeyFiles::pem(folder.path().join(certificate), folder.path().join(key));
        files.clients = ClientCertificates::Required(Authorities::of(folder.path().join("ca.pem")));
        let mut checked = Checked::default();
        let now = made + jiff::SignedDuration::from_hours(24 * days);
        let keys = Keys::read(None);
        let mut look =
            Look { keys: &keys, now, generated: None, warn_days: 30, seen: 0, checked: &mut checked };
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
        files.keys = KeyFiles::pem(pki.pdd_server.certificate, pki.node_client.key);
        files.clients = ClientCertificates::Required(Authorities::of(later.join("ca.pem")));
        let mut checked = Checked::default();
        let (keys, now) = (Keys::read(None), NOW.parse().unwrap());
        let mut look =
            Look { keys: &keys, now, generated: Some(later), warn_days: 30, seen: 0, checked: &mut checked };
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
