//! The configuration as it is typed: every key, its type and its default, and nothing decided yet.
//!
//! An empty string means "not given". A key that is not here is refused. `config.toml` at the root of the repository
//! lists the same keys with the same defaults; a test holds the two together.

use serde::{Deserialize, Serialize};

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Raw {
    /// Real messages pass here: everything that weakens security, and the sandbox, is refused.
    pub production: bool,
    /// Who this gateway speaks as.
    pub identity: RawIdentity,
    /// Where the data that drives the gateway is.
    pub directories: RawDirectories,
    /// The durable record.
    pub journal: RawJournal,
    /// Where the gateway listens.
    pub listeners: RawListeners,
    /// When certificates and revocation lists are looked at.
    pub certificates: RawCertificates,
    /// What is asked of the times of a busta, and how ours are numbered.
    pub egov: RawEgov,
    /// The road to the national node.
    pub node: RawNode,
    /// What one envelope of a PDD may cost.
    pub pdd: RawPdd,
    /// Signatures of messages.
    pub firma: RawFirma,
    /// What one XML document, or one package with attachments, may cost.
    pub limits: RawLimits,
    /// How many messages a sender may bring.
    pub rate: RawRate,
    /// The simulated node and the simulated regional PDD.
    pub sandbox: RawSandbox,
    /// The log.
    pub log: RawLog,
}

/// `[identity]`: a party of `services/parti.toml`, whose porta and code are written there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawIdentity {
    /// Type of the party.
    pub tipo: String,
    /// Name of the party.
    pub nome: String,
}

/// `[directories]`: relative paths start at the folder of the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawDirectories {
    /// What the gateway writes: journal, generated certificates. Created if absent.
    pub data: String,
    /// Schemas of the documents.
    pub xsd: String,
    /// Contracts that the gateway publishes.
    pub wsdl: String,
    /// Services and parties.
    pub services: String,
    /// Code tables.
    pub dictionaries: String,
}

/// `[journal]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawJournal {
    /// File of the journal; empty: `journal.sqlite` in `directories.data`.
    pub path: String,
    /// PostgreSQL database of the journal, for several gateways; empty: the file.
    pub url: String,
    /// Password of the database: one variable of the environment, as `${NAME}`.
    pub password: String,
    /// File whose first line is the password of the database.
    pub password_file: String,
    /// Certificates of the authorities that the database's certificate must come from, PEM.
    pub ca_file: String,
    /// Name of this gateway among those on the database; empty: host and data folder.
    pub replica: String,
    /// How long a gateway that does not report is waited for, in milliseconds.
    pub lease_ms: u64,
}

/// `[listeners]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawListeners {
    /// Open connections over all listeners.
    pub max_connections: u32,
    /// How long messages in hand may take after the order to stop, in milliseconds.
    pub drain_ms: u64,
    /// Accepts public addresses without mutual TLS. For a demonstration in a container; refused in production.
    pub danger_public_without_mutual_tls: bool,
    /// Envelopes from the regions' PDDs.
    pub pdd: RawPddListener,
    /// JSON from the node.
    pub rest: RawRestListener,
    /// Console, health and metrics.
    pub admin: RawAdminListener,
}

/// `[listeners.pdd]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPddListener {
    /// Address without TLS; empty: none.
    pub http: String,
    /// Address with TLS; empty: none.
    pub https: String,
    /// Certificate chain of the listener, PEM.
    pub certificate_file: String,
    /// Private key of the certificate, PEM.
    pub key_file: String,
    /// Password of the key: one variable of the environment, as `${NAME}`.
    pub key_password: String,
    /// File whose first line is the password of the key.
    pub key_password_file: String,
    /// PKCS#12 keystore, in the place of `certificate_file` and `key_file`.
    pub keystore_file: String,
    /// Password of the keystore: one variable of the environment, as `${NAME}`.
    pub keystore_password: String,
    /// File whose first line is the password of the keystore.
    pub keystore_password_file: String,
    /// Certificates of the authorities that clients' certificates must come from, PEM.
    pub client_ca_file: String,
    /// Lists of revoked certificates of those authorities, PEM; empty: none are observed.
    pub client_crl_file: String,
    /// `required`, `optional` or `none`.
    pub client_certificate: String,
    /// `rustls` or `openssl`: who speaks TLS.
    pub tls: String,
    /// Cipher suites of TLS 1.2 for `openssl`, in its own notation; empty: a list that old porte can use.
    pub cipher_suites: String,
    /// With `openssl`: takes X.509 v1, RSA from 1024 bits on and SHA-1 in certificates; refused in production.
    pub danger_weak_certificates: bool,
    /// A proxy in front that terminates TLS.
    pub proxy: RawProxy,
}

/// `[listeners.pdd.proxy]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawProxy {
    /// Addresses and networks that the proxy speaks from; empty: there is no proxy.
    pub addresses: Vec<String>,
    /// Header with the client's certificate.
    pub client_certificate_header: String,
    /// `pem` (percent-encoded), `rfc9440` or `subject`.
    pub client_certificate_format: String,
    /// With `subject`: header in which the proxy says `SUCCESS`.
    pub client_verified_header: String,
}

/// `[listeners.rest]`: the keys of `[listeners.pdd]`, without an address in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRestListener {
    /// Address with TLS; empty: none.
    pub https: String,
    /// Certificate chain of the listener, PEM.
    pub certificate_file: String,
    /// Private key of the certificate, PEM.
    pub key_file: String,
    /// Password of the key: one variable of the environment, as `${NAME}`.
    pub key_password: String,
    /// File whose first line is the password of the key.
    pub key_password_file: String,
    /// PKCS#12 keystore, in the place of `certificate_file` and `key_file`.
    pub keystore_file: String,
    /// Password of the keystore: one variable of the environment, as `${NAME}`.
    pub keystore_password: String,
    /// File whose first line is the password of the keystore.
    pub keystore_password_file: String,
    /// Certificates of the authorities that clients' certificates must come from, PEM.
    pub client_ca_file: String,
    /// Lists of revoked certificates of those authorities, PEM; empty: none are observed.
    pub client_crl_file: String,
    /// `required`, `optional` or `none`.
    pub client_certificate: String,
    /// `rustls` or `openssl`: who speaks TLS.
    pub tls: String,
    /// Cipher suites of TLS 1.2 for `openssl`, in its own notation; empty: a list that old porte can use.
    pub cipher_suites: String,
    /// With `openssl`: takes X.509 v1, RSA from 1024 bits on and SHA-1 in certificates; refused in production.
    pub danger_weak_certificates: bool,
}

/// `[listeners.admin]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAdminListener {
    /// Address without TLS; empty: none.
    pub http: String,
}

/// `[certificates]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawCertificates {
    /// How often the files are looked at, in seconds.
    pub look_seconds: u64,
    /// Days before an end, descending: within the first a warning a day, within the last an error a day.
    pub warn_days: Vec<u32>,
    /// `warn` or `refuse`: what a revocation list means whose next issue is overdue.
    pub outdated_crl: String,
}

/// `[egov]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawEgov {
    /// First digits of the numbers in identifiers of ours; replicas without a common journal need one each.
    pub prefisso_progressivo: String,
    /// The greatest age of a message, in minutes.
    pub eta_massima_minuti: u32,
    /// How far ahead of ours the times of a busta may be, in minutes; 0: as far as they like.
    pub tolleranza_futuro_minuti: u32,
}

/// `[node]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawNode {
    /// Base address; the paths of the services are joined to it.
    pub url: String,
    /// Certificates of the authorities that the node's certificate must come from, PEM.
    pub ca_file: String,
    /// Believes the authorities that the machine believes, in the place of `ca_file`.
    pub system_roots: bool,
    /// Lists of revoked certificates of those authorities, PEM; empty: none are observed.
    pub crl_file: String,
    /// Certificate chain shown to the node, PEM.
    pub certificate_file: String,
    /// Private key of the certificate, PEM.
    pub key_file: String,
    /// Password of the key: one variable of the environment, as `${NAME}`.
    pub key_password: String,
    /// File whose first line is the password of the key.
    pub key_password_file: String,
    /// PKCS#12 keystore, in the place of `certificate_file` and `key_file`.
    pub keystore_file: String,
    /// Password of the keystore: one variable of the environment, as `${NAME}`.
    pub keystore_password: String,
    /// File whose first line is the password of the keystore.
    pub keystore_password_file: String,
    /// `rustls` or `openssl`: who speaks TLS.
    pub tls: String,
    /// Cipher suites of TLS 1.2 for `openssl`, in its own notation; empty: a list that old porte can use.
    pub cipher_suites: String,
    /// With `openssl`: takes X.509 v1, RSA from 1024 bits on and SHA-1 in certificates; refused in production.
    pub danger_weak_certificates: bool,
    /// With `openssl`: the common name that is taken of a certificate without subject alternative names.
    pub accept_common_name: String,
    /// Until the connection stands, TLS included, in milliseconds.
    pub connect_ms: u64,
    /// From the last byte of the request to the first of the answer, in milliseconds.
    pub first_byte_ms: u64,
    /// The whole call, in milliseconds.
    pub total_ms: u64,
    /// Calls at one time.
    pub max_concurrent: u32,
}

/// `[pdd]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPdd {
    /// From the headers of a request to its answer, in milliseconds.
    pub request_ms: u64,
    /// From the headers of a request to the last byte of its body, in milliseconds.
    pub body_ms: u64,
    /// Length of a body, in bytes.
    pub body_bytes: u64,
}

/// `[firma]`: what is signed is said by services and parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawFirma {
    /// Certificates of the authorities that signing certificates must come from, PEM; empty: none is believed.
    pub ca_file: String,
    /// Lists of revoked certificates of those authorities, PEM; empty: none are observed.
    pub crl_file: String,
    /// Certificates that a signature may name by issuer and serial number instead of holding them, PEM.
    pub known_certificates_file: String,
    /// Certificate of the answers' signatures, PEM; empty: none can be signed.
    pub certificate_file: String,
    /// Private key of the certificate, PEM.
    pub key_file: String,
    /// Password of the key: one variable of the environment, as `${NAME}`.
    pub key_password: String,
    /// File whose first line is the password of the key.
    pub key_password_file: String,
    /// How much the clock of a sender may differ from this one, in milliseconds.
    pub skew_ms: u64,
    /// How long a Timestamp of ours lives, in milliseconds.
    pub timestamp_ms: u64,
    /// Accepts SHA-1 in signatures, digests and certificates, and short keys; refused in production.
    pub danger_sha1: bool,
}

/// `[limits]`: see [`crate::xml::Limits`], and for packages [`Parts`](super::Parts).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLimits {
    /// Nesting of elements.
    pub depth: u64,
    /// Attributes of one element, namespace declarations included.
    pub attributes: u64,
    /// Length of a name, in bytes.
    pub name_bytes: u64,
    /// Length of one text or attribute value, in bytes.
    pub text_bytes: u64,
    /// Length of a document, in bytes.
    pub document_bytes: u64,
    /// Elements of a document.
    pub elements: u64,
    /// Parts of a package with attachments, the envelope's included.
    pub parts: u64,
    /// Length of the headers of one part, in bytes.
    pub part_header_bytes: u64,
}

/// `[rate]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRate {
    /// Messages a second of one TLS identity (of one address, where there is no TLS), counted before parsing.
    pub identity_per_second: u32,
    /// Messages at once of one identity.
    pub identity_burst: u32,
    /// Messages a second of one Mittente, counted once the busta is read.
    pub mittente_per_second: u32,
    /// Messages at once of one Mittente.
    pub mittente_burst: u32,
    /// Identities remembered at one time.
    pub max_identities: u32,
}

/// `[sandbox]`: all addresses are of this machine only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawSandbox {
    /// Runs the simulated node and PDD, and generates the certificates that are not given.
    pub enabled: bool,
    /// Address of the simulated node, with mutual TLS.
    pub node: String,
    /// Address of the simulated regional PDD, without TLS.
    pub pdd: String,
    /// Address of the control of the simulated node: delays, failures, what it holds.
    pub control: String,
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawLog {
    /// `text` or `json`.
    pub format: String,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
}

impl Default for RawIdentity {
    fn default() -> Self {
        Self { tipo: "SPC".into(), nome: "NAZIONALE".into() }
    }
}

impl Default for RawDirectories {
    fn default() -> Self {
        Self {
            data: "data".into(),
            xsd: "xsd".into(),
            wsdl: "wsdl".into(),
            services: "services".into(),
            dictionaries: "dictionaries".into(),
        }
    }
}

impl Default for RawJournal {
    fn default() -> Self {
        Self {
            path: String::new(),
            url: String::new(),
            password: String::new(),
            password_file: String::new(),
            ca_file: String::new(),
            replica: String::new(),
            lease_ms: 15_000,
        }
    }
}

impl Default for RawListeners {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            drain_ms: 30_000,
            danger_public_without_mutual_tls: false,
            pdd: RawPddListener::default(),
            rest: RawRestListener::default(),
            admin: RawAdminListener::default(),
        }
    }
}

impl Default for RawPddListener {
    fn default() -> Self {
        Self {
            http: "127.0.0.1:8080".into(),
            https: "127.0.0.1:8443".into(),
            certificate_file: String::new(),
            key_file: String::new(),
            key_password: String::new(),
            key_password_file: String::new(),
            keystore_file: String::new(),
            keystore_password: String::new(),
            keystore_password_file: String::new(),
            client_ca_file: String::new(),
            client_crl_file: String::new(),
            client_certificate: "required".into(),
            tls: "rustls".into(),
            cipher_suites: String::new(),
            danger_weak_certificates: false,
            proxy: RawProxy::default(),
        }
    }
}

impl Default for RawProxy {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            client_certificate_header: "X-SSL-Client-Cert".into(),
            client_certificate_format: "pem".into(),
            client_verified_header: "X-SSL-Client-Verify".into(),
        }
    }
}

impl Default for RawCertificates {
    fn default() -> Self {
        Self { look_seconds: 60, warn_days: vec![30, 7, 1], outdated_crl: "warn".into() }
    }
}

impl Default for RawRestListener {
    fn default() -> Self {
        Self {
            https: "127.0.0.1:8444".into(),
            certificate_file: String::new(),
            key_file: String::new(),
            key_password: String::new(),
            key_password_file: String::new(),
            keystore_file: String::new(),
            keystore_password: String::new(),
            keystore_password_file: String::new(),
            client_ca_file: String::new(),
            client_crl_file: String::new(),
            client_certificate: "optional".into(),
            tls: "rustls".into(),
            cipher_suites: String::new(),
            danger_weak_certificates: false,
        }
    }
}

impl Default for RawAdminListener {
    fn default() -> Self {
        Self { http: "127.0.0.1:9090".into() }
    }
}

impl Default for RawEgov {
    fn default() -> Self {
        Self { prefisso_progressivo: String::new(), eta_massima_minuti: 7_200, tolleranza_futuro_minuti: 0 }
    }
}

impl Default for RawNode {
    fn default() -> Self {
        Self {
            url: "https://127.0.0.1:9443".into(),
            ca_file: String::new(),
            system_roots: false,
            crl_file: String::new(),
            certificate_file: String::new(),
            key_file: String::new(),
            key_password: String::new(),
            key_password_file: String::new(),
            keystore_file: String::new(),
            keystore_password: String::new(),
            keystore_password_file: String::new(),
            tls: "rustls".into(),
            cipher_suites: String::new(),
            danger_weak_certificates: false,
            accept_common_name: String::new(),
            connect_ms: 3_000,
            first_byte_ms: 20_000,
            total_ms: 30_000,
            max_concurrent: 256,
        }
    }
}

impl Default for RawPdd {
    fn default() -> Self {
        Self { request_ms: 45_000, body_ms: 10_000, body_bytes: 16 << 20 }
    }
}

impl Default for RawFirma {
    fn default() -> Self {
        Self {
            ca_file: String::new(),
            crl_file: String::new(),
            known_certificates_file: String::new(),
            certificate_file: String::new(),
            key_file: String::new(),
            key_password: String::new(),
            key_password_file: String::new(),
            skew_ms: 300_000,
            timestamp_ms: 300_000,
            danger_sha1: false,
        }
    }
}

impl Default for RawLimits {
    fn default() -> Self {
        let limits = crate::xml::Limits::default();
        Self {
            depth: limits.depth as u64,
            attributes: limits.attributes as u64,
            name_bytes: limits.name_bytes as u64,
            text_bytes: limits.text_bytes as u64,
            document_bytes: limits.document_bytes as u64,
            elements: limits.elements as u64,
            parts: 64,
            part_header_bytes: 8192,
        }
    }
}

impl Default for RawRate {
    fn default() -> Self {
        Self {
            identity_per_second: 200,
            identity_burst: 400,
            mittente_per_second: 100,
            mittente_burst: 200,
            max_identities: 10_000,
        }
    }
}

impl Default for RawSandbox {
    /// Off: the sandbox runs only where the file says so.
    fn default() -> Self {
        Self {
            enabled: false,
            node: "127.0.0.1:9443".into(),
            pdd: "127.0.0.1:9080".into(),
            control: "127.0.0.1:9091".into(),
        }
    }
}

impl Default for RawLog {
    fn default() -> Self {
        Self { format: "text".into(), level: "info".into() }
    }
}
