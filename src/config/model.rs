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

use crate::network::Network;
use crate::secret::Secret;
use crate::tls::{Authorities, Backend, ClientFiles, TlsFiles};
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
    /// When certificates are looked at.
    pub certificates: Certificates,
    /// What is asked of the times of a busta, and how ours are numbered.
    pub egov: Egov,
    /// The road to the national node.
    pub node: Node,
    /// What one envelope of a PDD may cost.
    pub pdd: Pdd,
    /// Signatures of messages.
    pub firma: Firma,
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
    pub https: Option<(SocketAddr, TlsFiles)>,
    /// A proxy in front of both.
    pub proxy: Option<Proxy>,
}

/// Listener of the node.
#[derive(Debug, Clone)]
pub struct RestListener {
    /// Address with TLS.
    pub https: Option<(SocketAddr, TlsFiles)>,
}

/// Listener of the operator.
#[derive(Debug, Clone)]
pub struct AdminListener {
    /// Address in the clear; always of this machine, unless `danger_public_without_mutual_tls`.
    pub http: Option<SocketAddr>,
}

/// A proxy that terminates TLS in front of a listener, and hands the client's certificate on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it speaks from.
    pub addresses: Vec<Network>,
    /// In which header the certificate comes.
    pub header: http::HeaderName,
    /// How the header writes it.
    pub kind: ProxyHeader,
    /// Whether a request without a certificate is refused.
    pub required: bool,
    /// Who may have issued the certificate, and who judges it; none where the header holds only a subject.
    pub trust: Option<(Authorities, Backend)>,
}

/// How a proxy writes a certificate into a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProxyHeader {
    /// PEM, percent-encoded.
    Pem,
    /// A structured field with the DER (RFC 9440).
    Rfc9440,
    /// The subject alone (RFC 4514): the proxy has verified the certificate, and says `SUCCESS` in another header.
    Subject {
        /// The other header.
        verified: http::HeaderName,
    },
}

/// When certificates are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// How often the files are read.
    pub look: Duration,
    /// Days before an end: within the first a warning a day, within the last an error a day.
    pub warn_days: Vec<u32>,
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
    /// Whom we believe and what we show.
    pub tls: ClientFiles,
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

/// Files and bounds for the signatures of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firma {
    /// Authorities of signing certificates; none: none is believed.
    pub ca_file: Option<PathBuf>,
    /// Lists of revoked certificates of those authorities, where they are observed.
    pub crl_file: Option<PathBuf>,
    /// Certificates known beforehand.
    pub known_certificates_file: Option<PathBuf>,
    /// Certificate and private key of the answers' signatures; none: none can be signed.
    pub key_pair: Option<(PathBuf, PathBuf)>,
    /// Password of the key.
    pub key_password: Option<Secret>,
    /// How much the clock of a sender may differ.
    pub skew: Duration,
    /// How long a Timestamp of ours lives.
    pub timestamp: Duration,
    /// Whether SHA-1 is accepted.
    pub danger_sha1: bool,
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
