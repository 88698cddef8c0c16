//! The database of the journal, from its address.
//!
//! The address is the one that PostgreSQL's own programs take, with two of its values of `sslmode`: in between them there is
//! encryption without proof of who answers, which stops nobody.

use std::net::IpAddr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::checked::Check;
use super::model::Database;
use super::problem::Problem;

const URL: &str = "journal.url";

impl Check<'_> {
    /// The database of the journal, where it is in one.
    pub(super) fn database(&mut self) -> Option<Database> {
        let raw = &self.raw.journal;
        let lease = self.millis("journal.lease_ms", raw.lease_ms);
        let password = self.password("journal", "password", &raw.password, &raw.password_file);
        if raw.url.is_empty() {
            return None;
        }
        if raw.lease_ms < 1000 {
            self.wrong("journal.lease_ms", Problem::Range { least: 1000, most: 3_600_000 });
        }
        let (url, sslmode) = split(&raw.url);
        let mut settings: Config = match url.parse() {
            Ok(settings) => settings,
            Err(error) => {
                // The parser's own words, which quote no value.
                let why =
                    std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
                self.wrong_url(Problem::Database { why });
                return None;
            }
        };
        if settings.get_password().is_some() {
            self.wrong_url(Problem::PasswordInUrl);
        }
        let why = match () {
            () if settings.get_hosts().is_empty() => Some("no host"),
            () if settings.get_user().is_none() => Some("no user"),
            () if settings.get_dbname().is_none() => Some("no database"),
            () => None,
        };
        if let Some(why) = why {
            self.wrong_url(Problem::Database { why: why.to_owned() });
        }
        let local = settings.get_hosts().iter().all(is_local);
        let tls = match sslmode.as_deref() {
            None => !local,
            Some("disable") => false,
            Some("verify-full") => true,
            Some(_) => {
                self.wrong_url(Problem::Database { why: "another sslmode".to_owned() });
                true
            }
        };
        if !tls && !local && self.raw.production {
            self.wrong_url(Problem::DatabaseInTheClear);
        }
        if let Some(password) = password {
            settings.password(password.expose());
        }
        Some(Database {
            settings,
            ca_file: tls.then(|| self.authority("journal.ca_file", &raw.ca_file)),
            replica: Some(raw.replica.clone()).filter(|replica| !replica.is_empty()),
            lease,
        })
    }

    /// A mistake in the address. It is not quoted: it may hold a password in more places than one.
    fn wrong_url(&mut self, problem: Problem) {
        self.wrong_unquoted(URL, problem);
    }
}

/// The address without its sslmode, and that. PostgreSQL's own names for it are more than the client knows.
fn split(url: &str) -> (String, Option<String>) {
    let Some((address, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut sslmode = None;
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| match pair.strip_prefix("sslmode=") {
            Some(mode) => {
                sslmode = Some(mode.to_owned());
                false
            }
            None => true,
        })
        .collect();
    if rest.is_empty() {
        (address.to_owned(), sslmode)
    } else {
        (format!("{address}?{}", rest.join("&")), sslmode)
    }
}

/// Whether what is sent there stays on this machine.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::from_text;

    /// The mistakes that the keys of `[journal]` make.
    fn said(keys: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), "").unwrap();
        match read(keys, folder.path()) {
            Ok(_) => String::new(),
            Err(errors) => errors,
        }
    }

    fn read(keys: &str, folder: &Path) -> Result<Option<Database>, String> {
        let text = format!("[sandbox]\nenabled = true\n[journal]\n{keys}");
        let lookup = |name: &str| (name == "WORD").then(|| "geheim".to_owned());
        from_text(&text, folder, &lookup)
            .map(|config| config.journal.database)
            .map_err(|errors| errors.iter().map(|error| format!("{error}\n")).collect())
    }

    #[test]
    fn an_address_of_another_machine_asks_for_proof_and_one_of_this_machine_does_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), "").unwrap();
        let ca = |url: &str| {
            let keys = format!("url = '{url}'\nca_file = 'ca.pem'\npassword = '${{WORD}}'");
            read(&keys, folder.path()).unwrap().unwrap().ca_file.is_some()
        };
        assert!(ca("postgres://bridge@db.example/journal"));
        assert!(ca("postgres://bridge@db1.example,db2.example:6432/journal?sslmode=verify-full"));
        assert!(!ca("postgres://bridge@db.example/journal?sslmode=disable"));
        assert!(!ca("postgres://bridge@127.0.0.1/journal"));
        assert!(!ca("postgres://bridge@/journal?host=/run/postgresql"));
        assert!(ca("postgres://bridge@localhost/journal?connect_timeout=3&sslmode=verify-full"));
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_quoting_it() {
        for (url, words) in [
            ("postgres://bridge:geheim@db.example/journal", "journal.password"),
            ("postgres://bridge@db.example/journal?password=geheim", "journal.password"),
            ("postgres://bridge@db.example/journal?sslmode=require", "sslmode"),
            ("postgres://bridge@db.example", "no database"),
            ("postgres:///journal?user=bridge", "no host"),
            ("mysql://geheim@db.example/journal", "wanted postgres://"),
            ("postgres://bridge@db.example/journal?geheim=1", "wanted postgres://"),
        ] {
            let said = said(&format!("url = '{url}'\nca_file = 'ca.pem'"));
            assert!(said.contains("journal.url") && said.contains(words), "{url}: {said}");
            assert!(!said.contains("=geheim") && !said.contains(":geheim"), "{said}");
        }
        assert!(
            said("url = 'postgres://b@127.0.0.1/j'\npassword = 'geheim'").contains("a secret is not written")
        );
        assert!(said("url = 'postgres://b@127.0.0.1/j'\nlease_ms = 10").contains("journal.lease_ms"));
        assert!(
            said("url = 'postgres://b@db.example/j'\nca_file = 'nowhere.pem'").contains("journal.ca_file")
        );
    }

    #[test]
    fn the_password_is_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let keys = "url = 'postgres://bridge@127.0.0.1/journal'\npassword = '${WORD}'";
        let database = read(keys, folder.path()).unwrap().unwrap();
        assert_eq!(database.settings.get_password(), Some(b"geheim".as_slice()));
        assert!(!format!("{database:?}").contains("geheim"));
    }
}
