//! From what was typed to what can be used.
//!
//! Every rule that needs no other room is kept here, so that whoever holds a [`Config`] asks no question twice:
//! addresses are parsed and reachable only as the rules allow, paths are resolved, deadlines are durations that fit
//! into each other. Certificates and secrets are next door, in `files`.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::model::{
    AdminListener, Certificates, Config, Directories, Egov, Identity, Journal, Listeners, Log, LogFormat,
    Node, Parts, Pdd, PddListener, Rate, RestListener, Sandbox,
};
use super::problem::Problem;
use super::raw::{Raw, RawPddListener, RawRestListener};
use super::source::{Mistake, Places};
use super::transport::{Backing, Clients, Shown};
use crate::xml::Limits;

const LEAST_DEPTH: u64 = 8;
/// Greatest bound that a size may be given: what would be more is an attack or a slip of the keyboard.
const MOST_BYTES: u64 = 1 << 30;
const MOST_MS: u64 = 3_600_000;
/// A year.
const MOST_MINUTES: u64 = 527_040;

/// Turns the typed configuration into a usable one, with everything that is wrong with it. Where the list is not
/// empty the configuration holds stand-ins and must not be used.
pub(super) fn check(raw: &Raw, places: &Places, file: &Path, base: &Path) -> (Config, Vec<Mistake<Problem>>) {
    let mut check = Check { raw, places, base, mistakes: Vec::new(), taken: Vec::new() };
    let config = check.config(file);
    (config, check.mistakes)
}

pub(super) struct Check<'a> {
    pub(super) raw: &'a Raw,
    pub(super) places: &'a Places,
    base: &'a Path,
    mistakes: Vec<Mistake<Problem>>,
    taken: Vec<(SocketAddr, &'static str)>,
}

impl<'a> Check<'a> {
    fn config(&mut self, file: &Path) -> Config {
        let raw = self.raw;
        self.dangers();
        Config {
            file: file.to_owned(),
            production: raw.production,
            identity: self.identity(),
            directories: self.directories(),
            journal: Journal { path: self.journal(), database: self.database() },
            listeners: self.listeners(),
            certificates: self.certificates(),
            egov: self.egov(),
            node: self.node(),
            pdd: self.pdd(),
            firma: self.firma(),
            limits: self.limits(),
            parts: self.parts(),
            rate: self.rate(),
            sandbox: self.sandbox(),
            log: self.log(),
        }
    }

    pub(super) fn wrong(&mut self, key: &str, problem: Problem) {
        let mistake = self.places.mistake(key, problem);
        // A key that several sections heed is complained of once.
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// The same for a value that is not to be quoted.
    pub(super) fn wrong_unquoted(&mut self, key: &str, problem: Problem) {
        self.mistakes.push(Mistake { seen: String::new(), ..self.places.mistake(key, problem) });
    }

    /// Every key named `danger_…` that is on, wherever it stands: a new one is caught without a new rule.
    fn dangers(&mut self) {
        if !self.raw.production {
            return;
        }
        let mut dangers: Vec<String> = self
            .places
            .keys()
            .filter(|key| key.rsplit('.').next().is_some_and(|name| name.starts_with("danger_")))
            .filter(|key| self.places.written(key) != Some("false"))
            .map(str::to_owned)
            .collect();
        dangers.sort();
        for key in dangers {
            self.wrong(&key, Problem::DangerInProduction);
        }
    }

    fn identity(&mut self) -> Identity {
        let (tipo, nome) = (&self.raw.identity.tipo, &self.raw.identity.nome);
        for (key, value) in [("identity.tipo", tipo), ("identity.nome", nome)] {
            if value.is_empty() || value.trim() != value {
                self.wrong(key, Problem::Name);
            }
        }
        Identity { tipo: tipo.clone(), nome: nome.clone() }
    }

    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    fn directories(&mut self) -> Directories {
        let raw = &self.raw.directories;
        for (key, value) in [
            ("directories.data", &raw.data),
            ("directories.xsd", &raw.xsd),
            ("directories.wsdl", &raw.wsdl),
            ("directories.services", &raw.services),
            ("directories.dictionaries", &raw.dictionaries),
        ] {
            if value.is_empty() {
                self.wrong(key, Problem::Missing { wanted: "a folder" });
            }
        }
        Directories {
            data: self.resolve(&raw.data),
            xsd: self.resolve(&raw.xsd),
            wsdl: self.resolve(&raw.wsdl),
            services: self.resolve(&raw.services),
            dictionaries: self.resolve(&raw.dictionaries),
        }
    }

    fn journal(&mut self) -> PathBuf {
        match self.raw.journal.path.as_str() {
            "" => self.resolve(&self.raw.directories.data).join("journal.sqlite"),
            path => self.resolve(path),
        }
    }

    fn listeners(&mut self) -> Listeners {
        let raw = &self.raw.listeners;
        Listeners {
            max_connections: self.count(
                "listeners.max_connections",
                u64::from(raw.max_connections),
                1,
                1_000_000,
            ),
            drain: self.millis("listeners.drain_ms", raw.drain_ms),
            pdd: self.pdd_listener(&raw.pdd),
            rest: self.rest_listener(&raw.rest),
            admin: AdminListener { http: self.plain("listeners.admin.http", &raw.admin.http) },
        }
    }

    fn pdd_listener(&mut self, raw: &'a RawPddListener) -> PddListener {
        let section = "listeners.pdd";
        if raw.http.is_empty() && raw.https.is_empty() {
            self.wrong("listeners.pdd.https", Problem::Missing { wanted: "an address in http or https" });
        }
        let shown = Shown {
            section,
            certificate_file: &raw.certificate_file,
            key_file: &raw.key_file,
            key_password: &raw.key_password,
            key_password_file: &raw.key_password_file,
            keystore_file: &raw.keystore_file,
            keystore_password: &raw.keystore_password,
            keystore_password_file: &raw.keystore_password_file,
            generated: "pdd-server",
        };
        let clients = Clients {
            section,
            ca_file: &raw.client_ca_file,
            crl_file: &raw.client_crl_file,
            certificate: &raw.client_certificate,
        };
        let backing = Backing {
            section,
            tls: &raw.tls,
            cipher_suites: &raw.cipher_suites,
            danger_weak_certificates: raw.danger_weak_certificates,
            accept_common_name: "",
        };
        let https = self.tls("listeners.pdd.https", &raw.https, &shown, &clients, &backing);
        let proxy = self.proxy(raw, &clients, &backing);
        let http = match proxy {
            // Nobody else is listened to there.
            Some(_) => self.address("listeners.pdd.http", &raw.http),
            None => self.plain("listeners.pdd.http", &raw.http),
        };
        PddListener { http, https, proxy }
    }

    fn rest_listener(&mut self, raw: &'a RawRestListener) -> RestListener {
        let section = "listeners.rest";
        let shown = Shown {
            section,
            certificate_file: &raw.certificate_file,
            key_file: &raw.key_file,
            key_password: &raw.key_password,
            key_password_file: &raw.key_password_file,
            keystore_file: &raw.keystore_file,
            keystore_password: &raw.keystore_password,
            keystore_password_file: &raw.keystore_password_file,
            generated: "pdd-server",
        };
        let clients = Clients {
            section,
            ca_file: &raw.client_ca_file,
            crl_file: &raw.client_crl_file,
            certificate: &raw.client_certificate,
        };
        let backing = Backing {
            section,
            tls: &raw.tls,
            cipher_suites: &raw.cipher_suites,
            danger_weak_certificates: raw.danger_weak_certificates,
            accept_common_name: "",
        };
        RestListener { https: self.tls("listeners.rest.https", &raw.https, &shown, &clients, &backing) }
    }

    fn plain(&mut self, key: &'static str, value: &str) -> Option<SocketAddr> {
        let address = self.address(key, value)?;
        self.public(key, address, false);
        Some(address)
    }

    pub(super) fn public(&mut self, key: &'static str, address: SocketAddr, tls: bool) {
        if !address.ip().to_canonical().is_loopback() && !self.raw.listeners.danger_public_without_mutual_tls
        {
            self.wrong(key, Problem::PublicWithoutMutualTls { tls });
        }
    }

    pub(super) fn address(&mut self, key: &'static str, value: &str) -> Option<SocketAddr> {
        if value.is_empty() {
            return None;
        }
        let Ok(address) = value.parse::<SocketAddr>() else {
            self.wrong(key, Problem::Address);
            return None;
        };
        // Port 0 is "any that is free": two of them do not meet.
        match self.taken.iter().find(|(taken, _)| *taken == address && address.port() != 0) {
            Some((_, other)) => self.wrong(key, Problem::AddressTaken { other }),
            None => self.taken.push((address, key)),
        }
        Some(address)
    }

    pub(super) fn pki(&self) -> PathBuf {
        self.resolve(&self.raw.directories.data).join("pki")
    }

    fn egov(&mut self) -> Egov {
        let raw = &self.raw.egov;
        let prefisso = &raw.prefisso_progressivo;
        // Four of the seven digits are left: ten thousand buste a minute.
        if prefisso.len() > 3 || !prefisso.bytes().all(|b| b.is_ascii_digit()) {
            self.wrong("egov.prefisso_progressivo", Problem::Digits { most: 3 });
        }
        let minutes = |count: u32| Duration::from_secs(60 * u64::from(count));
        let (age, ahead) = (raw.eta_massima_minuti, raw.tolleranza_futuro_minuti);
        self.count("egov.eta_massima_minuti", age.into(), 1, MOST_MINUTES);
        self.count("egov.tolleranza_futuro_minuti", ahead.into(), 0, MOST_MINUTES);
        Egov {
            prefisso_progressivo: prefisso.clone(),
            eta_massima: minutes(age),
            tolleranza_futuro: (ahead > 0).then(|| minutes(ahead)),
        }
    }

    fn node(&mut self) -> Node {
        let raw = &self.raw.node;
        let node = Node {
            url: self.url("node.url", &raw.url),
            tls: self.node_tls(raw),
            connect: self.millis("node.connect_ms", raw.connect_ms),
            first_byte: self.millis("node.first_byte_ms", raw.first_byte_ms),
            total: self.millis("node.total_ms", raw.total_ms),
            max_concurrent: self.count("node.max_concurrent", u64::from(raw.max_concurrent), 1, 1_000_000),
        };
        for (key, value) in [("node.connect_ms", raw.connect_ms), ("node.first_byte_ms", raw.first_byte_ms)] {
            if value > raw.total_ms {
                let other = "node.total_ms";
                self.wrong(key, Problem::Deadline { relation: "at most", other, value: raw.total_ms });
            }
        }
        node
    }

    fn url(&mut self, key: &str, value: &str) -> http::Uri {
        let parsed = value.trim_end_matches('/').parse::<http::Uri>().ok();
        let good = parsed.filter(|uri| {
            uri.scheme_str() == Some("https")
                && uri.authority().is_some_and(|a| !a.as_str().contains('@') && !a.host().is_empty())
                && uri.query().is_none()
                && !value.contains('#')
        });
        good.unwrap_or_else(|| {
            self.wrong(key, Problem::Url);
            http::Uri::default()
        })
    }

    fn certificates(&mut self) -> Certificates {
        let raw = &self.raw.certificates;
        let days = &raw.warn_days;
        if days.is_empty() || days.contains(&0) || !days.is_sorted_by(|a, b| a > b) {
            self.wrong("certificates.warn_days", Problem::Days);
        }
        let seconds = self.count("certificates.look_seconds", raw.look_seconds, 1, 86_400);
        Certificates { look: Duration::from_secs(seconds as u64), warn_days: days.clone() }
    }

    fn pdd(&mut self) -> Pdd {
        let raw = &self.raw.pdd;
        // The sender is answered by this deadline whatever the node does, so the node's must come first.
        let node = self.raw.node.total_ms;
        if node >= raw.request_ms {
            let (other, value) = ("pdd.request_ms", raw.request_ms);
            self.wrong("node.total_ms", Problem::Deadline { relation: "less than", other, value });
        }
        if raw.body_ms > raw.request_ms {
            let (other, value) = ("pdd.request_ms", raw.request_ms);
            self.wrong("pdd.body_ms", Problem::Deadline { relation: "at most", other, value });
        }
        Pdd {
            request: self.millis("pdd.request_ms", raw.request_ms),
            body: self.millis("pdd.body_ms", raw.body_ms),
            body_bytes: self.count("pdd.body_bytes", raw.body_bytes, 1024, MOST_BYTES),
        }
    }

    fn limits(&mut self) -> Limits {
        let raw = &self.raw.limits;
        Limits {
            // Envelope, header, busta and a form's own nesting need some.
            depth: self.count("limits.depth", raw.depth, LEAST_DEPTH, 1024),
            attributes: self.count("limits.attributes", raw.attributes, 8, 65_536),
            name_bytes: self.count("limits.name_bytes", raw.name_bytes, 64, 65_536),
            text_bytes: self.count("limits.text_bytes", raw.text_bytes, 1024, MOST_BYTES),
            document_bytes: self.count("limits.document_bytes", raw.document_bytes, 1024, MOST_BYTES),
            elements: self.count("limits.elements", raw.elements, 64, MOST_BYTES),
        }
    }

    fn parts(&mut self) -> Parts {
        let raw = &self.raw.limits;
        Parts {
            count: self.count("limits.parts", raw.parts, 1, 1024),
            header_bytes: self.count("limits.part_header_bytes", raw.part_header_bytes, 256, 65_536),
        }
    }

    fn rate(&mut self) -> Rate {
        let raw = &self.raw.rate;
        Rate {
            identity_per_second: self.positive("rate.identity_per_second", raw.identity_per_second),
            identity_burst: self.positive("rate.identity_burst", raw.identity_burst),
            mittente_per_second: self.positive("rate.mittente_per_second", raw.mittente_per_second),
            mittente_burst: self.positive("rate.mittente_burst", raw.mittente_burst),
            max_identities: self.count("rate.max_identities", u64::from(raw.max_identities), 1, 10_000_000),
        }
    }

    fn sandbox(&mut self) -> Option<Sandbox> {
        let raw = &self.raw.sandbox;
        if !raw.enabled {
            return None;
        }
        if self.raw.production {
            self.wrong("sandbox.enabled", Problem::SandboxInProduction);
        }
        Some(Sandbox {
            node: self.own("sandbox.node", &raw.node)?,
            pdd: self.own("sandbox.pdd", &raw.pdd)?,
            control: self.own("sandbox.control", &raw.control)?,
            pki: self.pki(),
        })
    }

    fn own(&mut self, key: &'static str, value: &str) -> Option<SocketAddr> {
        if value.is_empty() {
            self.wrong(key, Problem::Missing { wanted: "a loopback address and a port" });
        }
        let address = self.address(key, value)?;
        if !address.ip().is_loopback() {
            self.wrong(key, Problem::SandboxPublic);
        }
        Some(address)
    }

    fn log(&mut self) -> Log {
        let raw = &self.raw.log;
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        let levels = [
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
        ];
        Log {
            format: self.choice("log.format", &raw.format, &formats).unwrap_or(LogFormat::Text),
            level: self.choice("log.level", &raw.level, &levels).unwrap_or(LevelFilter::INFO),
        }
    }

    /// The value that has the name.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        value: &str,
        values: &[(&'static str, T)],
    ) -> Option<T> {
        let chosen = values.iter().find(|(name, _)| *name == value).map(|(_, chosen)| *chosen);
        if chosen.is_none() {
            let wanted = values.iter().map(|(name, _)| *name).collect();
            self.wrong(key, Problem::Choice { wanted });
        }
        chosen
    }

    fn count(&mut self, key: &str, value: u64, least: u64, most: u64) -> usize {
        if !(least..=most).contains(&value) {
            self.wrong(key, Problem::Range { least, most });
        }
        usize::try_from(value).unwrap_or(usize::MAX)
    }

    pub(super) fn millis(&mut self, key: &str, value: u64) -> Duration {
        if !(1..=MOST_MS).contains(&value) {
            self.wrong(key, Problem::Range { least: 1, most: MOST_MS });
        }
        Duration::from_millis(value)
    }

    fn positive(&mut self, key: &str, value: u32) -> NonZeroU32 {
        NonZeroU32::new(value).unwrap_or_else(|| {
            self.wrong(key, Problem::Range { least: 1, most: u64::from(u32::MAX) });
            NonZeroU32::MIN
        })
    }
}
