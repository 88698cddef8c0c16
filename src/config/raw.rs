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
    /// What is asked of the times of a busta, and how ours are numbered.
    pub egov: RawEgov,
    /// The road to the national node.
    pub node: RawNode,
    /// What one envelope of a PDD may cost.
    pub pdd: RawPdd,
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
    /// Certificates of the authorities that clients' certificates must come from, PEM.
    pub client_ca_file: String,
    /// Lists of revoked certificates of those authorities, PEM; empty: none are observed.
    pub client_crl_file: String,
    /// `required`, `optional` or `none`.
    pub client_certificate: String,
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
    /// Certificates of the authorities that clients' certificates must come from, PEM.
    pub client_ca_file: String,
    /// Lists of revoked certificates of those authorities, PEM; empty: none are observed.
    pub client_crl_file: String,
    /// `required`, `optional` or `none`.
    pub client_certificate: String,
}

/// `[listeners.admin]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAdminListener {
    /// Address without TLS; empty: none.
    pub http: String,
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
    /// Certificate chain shown to the node, PEM.
    pub certificate_file: String,
    /// Private key of the certificate, PEM.
    pub key_file: String,
    /// Password of the key: one variable of the environment, as `${NAME}`.
    pub key_password: String,
    /// File whose first line is the password of the key.
    pub key_password_file: String,
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
            client_ca_file: String::new(),
            client_crl_file: String::new(),
            client_certificate: "required".into(),
        }
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
            client_ca_file: String::new(),
            client_crl_file: String::new(),
            client_certificate: "optional".into(),
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
            certificate_file: String::new(),
            key_file: String::new(),
            key_password: String::new(),
            key_password_file: String::new(),
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
