//! The configuration as the other rooms see it: nothing left to parse, resolve or doubt.
//!
//! With the sandbox on, a certificate that is not given is one that the sandbox generates, in `pki/` below
//! `directories.data`:
//!
//! | file | is |
//! | --- | --- |
//! | `ca.pem` | the authority of all the others |
//! | `pdd-server.pem`, `pdd-server.key` | certificate of `listeners.pdd` and of `listeners.rest` |
//! | `node-client.pem`, `node-client.key` | what the gateway shows the node |

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::secret::Secret;
use crate::xml::Limits;

/// The configuration, usable.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from.
    pub file: PathBuf,
    /// Real messages pass here.
    pub production: bool,
    /// Who this gateway speaks as.
    pub identity: Identity,
    /// Where the data is.
    pub directories: Directories,
    /// The durable record.
    pub journal: Journal,
    /// Where the gateway listens.
    pub listeners: Listeners,
    /// What is asked of the times of a busta, and how ours are numbered.
    pub egov: Egov,
    /// The road to the national node.
    pub node: Node,
    /// What one envelope of a PDD may cost.
    pub pdd: Pdd,
    /// What one XML document may cost.
    pub limits: Limits,
    /// What one package with attachments may cost, apart from its length.
    pub parts: Parts,
    /// How many messages a sender may bring.
    pub rate: Rate,
    /// The sandbox, where it runs.
    pub sandbox: Option<Sandbox>,
    /// The log.
    pub log: Log,
}

/// A party of `services/parti.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its type.
    pub tipo: String,
    /// Its name.
    pub nome: String,
}

/// Folders, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// What the gateway writes.
    pub data: PathBuf,
    /// Schemas.
    pub xsd: PathBuf,
    /// Published contracts.
    pub wsdl: PathBuf,
    /// Services and parties.
    pub services: PathBuf,
    /// Code tables.
    pub dictionaries: PathBuf,
}

/// The durable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Its file, where it is not in a database.
    pub path: PathBuf,
    /// Its database.
    pub database: Option<Database>,
}

/// The database of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Where it is, and who we are there.
    pub settings: tokio_postgres::Config,
    /// Authorities of its certificate; none where the connection is in the clear.
    pub ca_file: Option<PathBuf>,
    /// Name of this gateway among those on the database, where one is given.
    pub replica: Option<String>,
    /// How long a gateway that does not report is waited for.
    pub lease: Duration,
}

/// Where the gateway listens.
#[derive(Debug, Clone)]
pub struct Listeners {
    /// Open connections over all of them.
    pub max_connections: usize,
    /// How long messages in hand may take after the order to stop.
    pub drain: Duration,
    /// Envelopes from PDDs.
    pub pdd: PddListener,
    /// JSON from the node.
    pub rest: RestListener,
    /// Console, health, metrics.
    pub admin: AdminListener,
}

/// Listener of the PDDs.
#[derive(Debug, Clone)]
pub struct PddListener {
    /// Address in the clear.
    pub http: Option<SocketAddr>,
    /// Address with TLS.
    pub https: Option<(SocketAddr, ServerTls)>,
}

/// Listener of the node.
#[derive(Debug, Clone)]
pub struct RestListener {
    /// Address with TLS.
    pub https: Option<(SocketAddr, ServerTls)>,
}

/// Listener of the operator.
#[derive(Debug, Clone)]
pub struct AdminListener {
    /// Address in the clear; always of this machine, unless `danger_public_without_mutual_tls`.
    pub http: Option<SocketAddr>,
}

/// TLS of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTls {
    /// Certificate chain, PEM.
    pub certificate_file: PathBuf,
    /// Private key, PEM.
    pub key_file: PathBuf,
    /// Password of the key.
    pub key_password: Option<Secret>,
    /// Authorities of the clients; none where certificates are not asked for.
    pub client_ca_file: Option<PathBuf>,
    /// Lists of revoked certificates of those authorities, where they are observed.
    pub client_crl_file: Option<PathBuf>,
    /// What is asked of a client.
    pub client_certificate: ClientCertificate,
}

/// What a listener asks of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    /// No certificate, no connection.
    Required,
    /// One that is shown must be good.
    Optional,
    /// None is asked for.
    None,
}

/// What is asked of the times of a busta, and how ours are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Egov {
    /// First digits of the numbers in identifiers of ours: at most three.
    pub prefisso_progressivo: String,
    /// The greatest age of a message.
    pub eta_massima: Duration,
    /// How far ahead of ours the times of a busta may be, where that is bounded.
    pub tolleranza_futuro: Option<Duration>,
}

/// The road to the node.
#[derive(Debug, Clone)]
pub struct Node {
    /// Base address: https, with authority, its path without a final `/`.
    pub url: http::Uri,
    /// Authorities of the node's certificate.
    pub ca_file: PathBuf,
    /// Certificate chain shown to the node.
    pub certificate_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Password of the key.
    pub key_password: Option<Secret>,
    /// Until the connection stands.
    pub connect: Duration,
    /// From the last byte sent to the first received.
    pub first_byte: Duration,
    /// The whole call.
    pub total: Duration,
    /// Calls at one time.
    pub max_concurrent: usize,
}

/// What one envelope may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pdd {
    /// From headers to answer.
    pub request: Duration,
    /// From headers to the last byte of the body.
    pub body: Duration,
    /// Length of a body.
    pub body_bytes: usize,
}

/// What one package with attachments may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Parts, the root included.
    pub count: usize,
    /// Headers of one part, in bytes.
    pub header_bytes: usize,
}

/// How many messages a sender may bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Messages a second of one identity.
    pub identity_per_second: NonZeroU32,
    /// Messages at once of one identity.
    pub identity_burst: NonZeroU32,
    /// Messages a second of one Mittente.
    pub mittente_per_second: NonZeroU32,
    /// Messages at once of one Mittente.
    pub mittente_burst: NonZeroU32,
    /// Identities remembered.
    pub max_identities: usize,
}

/// The simulated neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    /// The node, with mutual TLS.
    pub node: SocketAddr,
    /// The regional PDD, in the clear.
    pub pdd: SocketAddr,
    /// The control of the node, in the clear.
    pub control: SocketAddr,
    /// Folder of the generated certificates.
    pub pki: PathBuf,
}

/// The log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// What is worth a line.
    pub level: LevelFilter,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}
