//! A gateway in this process with all that is around it: its node, its journal, its log, its certificates.
//!
//! A world stands still at [`NOW`], one minute after every message of these tests was written. Each has folders and ports
//! of its own, so that scenarios run side by side. The gateway runs on the thread of its test, so that what this thread
//! logs is what this gateway logs.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use egov_bridge::clock::Clock;
use egov_bridge::config;
use egov_bridge::gateway::Gateway;
use egov_bridge::journal::{Filter, Life, Reference, StatoName, Summary};
use egov_bridge::sandbox::control::{Behaviour, Received};
use egov_bridge::sandbox::node::{SandboxNode, SandboxNodeConfig};
use egov_bridge::sandbox::pki::{self, Pair, Pki};
use egov_bridge::telemetry::metrics::{self, Metrics};

use crate::envelope::{Envelope, envelope, repository};
use crate::reply::Reply;
use crate::wire::{Connection, Request, until};

/// 9:31 in Rome.
pub(crate) const NOW: &str = "2026-01-15T08:31:00Z";

/// What is unlike the configuration that ships. Each text is keys of the section of its name.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) journal: String,
    /// Whom the gateway speaks as; NAZIONALE where empty.
    pub(crate) nome: &'static str,
    pub(crate) egov: &'static str,
    pub(crate) node: &'static str,
    pub(crate) pdd: &'static str,
    pub(crate) limits: &'static str,
    pub(crate) rate: &'static str,
    pub(crate) firma: String,
    pub(crate) services: Option<PathBuf>,
    pub(crate) xsd: Option<PathBuf>,
    /// Certificates of the listener with TLS and its clients, in the place of the sandbox's, and more of its keys.
    pub(crate) listener: Option<String>,
    /// The proxy in front of the listeners.
    pub(crate) proxy: &'static str,
    /// Certificates shown to the node and believed of it, in the place of the sandbox's, and more of its keys.
    pub(crate) node_tls: Option<String>,
    /// When certificates are looked at.
    pub(crate) certificates: &'static str,
    /// Where a node of the scenario's own listens; else the sandbox's is started.
    pub(crate) node_at: Option<SocketAddr>,
}

pub(crate) struct World {
    gateway: Option<Gateway>,
    node: Option<SandboxNode>,
    node_at: SocketAddr,
    pub(crate) clock: Clock,
    pki: Pki,
    config: String,
    home: Arc<TempDir>,
    log: Log,
    _logging: Option<DefaultGuard>,
}

impl Setup {
    pub(crate) async fn start(self) -> World {
        self.start_in(Home::new()).await
    }

    /// In a folder that the scenario has prepared.
    pub(crate) async fn start_in(self, Home { folder, pki }: Home) -> World {
        let log = Log::default();
        let logging = log.listen();
        let clock = Clock::frozen(NOW.parse().unwrap());
        let (node, node_at) = match self.node_at {
            Some(address) => (None, address),
            None => {
                let node = sandbox_node(&pki, &clock, "127.0.0.1:0".parse().unwrap()).await.unwrap();
                let address = node.address();
                (Some(node), address)
            }
        };
        let config = self.configuration(folder.path(), &pki, node_at);
        let mut world = World {
            gateway: None,
            node,
            node_at,
            clock,
            pki,
            config,
            home: Arc::new(folder),
            log,
            _logging: Some(logging),
        };
        world.start_gateway().await;
        world
    }

    fn configuration(&self, home: &Path, pki: &Pki, node: SocketAddr) -> String {
        let shipped = |name| repository(name);
        let data = home.join("data");
        let xsd = self.xsd.clone().unwrap_or_else(|| shipped("xsd"));
        let services = self.services.clone().unwrap_or_else(|| shipped("services"));
        let (wsdl, ca) = (shipped("wsdl"), &pki.authority);
        let shown =
            |pair: &Pair| format!("certificate_file = {:?}\nkey_file = {:?}", pair.certificate, pair.key);
        let ours = || format!("{}\nclient_ca_file = {ca:?}", shown(&pki.pdd_server));
        let listener = self.listener.clone().unwrap_or_else(ours);
        let ours = || format!("{}\nca_file = {ca:?}", shown(&pki.node_client));
        let node_tls = self.node_tls.clone().unwrap_or_else(ours);
        let Self { journal, egov, node: node_keys, pdd, limits, rate, firma, proxy, certificates, .. } = self;
        let nome = if self.nome.is_empty() { "NAZIONALE" } else { self.nome };
        format!(
            r#"
[identity]
nome = {nome:?}

[directories]
data = {data:?}
xsd = {xsd:?}
wsdl = {wsdl:?}
services = {services:?}

[journal]
{journal}

[listeners.pdd]
http = "127.0.0.1:0"
https = "127.0.0.1:0"
{listener}

[listeners.pdd.proxy]
{proxy}

[listeners.rest]
https = ""

[listeners.admin]
http = "127.0.0.1:0"

[egov]
{egov}

[node]
url = "https://{node}"
{node_tls}
{node_keys}

[certificates]
{certificates}

[pdd]
{pdd}

[limits]
{limits}

[rate]
{rate}

[firma]
{firma}
"#
        )
    }
}

/// The folder of a world, with its certificates.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) pki: Pki,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        // The certificates live in the time of the machine, which is what TLS looks at.
        let parti = ["LAZIO", "PIEMONTE"];
        let pki = pki::ensure(&folder.path().join("pki"), &parti, jiff::Timestamp::now()).unwrap();
        Self { folder, pki }
    }
}

impl World {
    /// The gateway as it ships, with its node.
    pub(crate) async fn start() -> Self {
        Setup::default().start().await
    }

    async fn start_gateway(&mut self) {
        let config = config::from_text(&self.config, self.home.path(), &|_| None);
        let config = config.unwrap_or_else(|errors| panic!("{errors:#?}"));
        let gateway = Gateway::start(&config, self.clock.clone(), metrics()).await;
        self.gateway = Some(gateway.unwrap_or_else(|error| panic!("{error:?}")));
    }

    /// Stops the gateway as SIGTERM does.
    pub(crate) async fn stop(&mut self) {
        self.gateway.take().unwrap().stop().await;
    }

    /// Stops the gateway and starts it again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.start_gateway().await;
    }

    /// A second gateway with the configuration of this one and a data folder of its own. Both share the node.
    pub(crate) async fn another(&self) -> World {
        let home = TempDir::new().unwrap();
        let (old, new) = (self.home.path().join("data"), home.path().join("data"));
        let mut world = World {
            gateway: None,
            node: None,
            node_at: self.node_at,
            clock: self.clock.clone(),
            pki: self.pki.clone(),
            config: self.config.replace(&format!("{old:?}"), &format!("{new:?}")),
            home: Arc::new(home),
            log: self.log.clone(),
            _logging: None,
        };
        world.start_gateway().await;
        world
    }

    /// A second world on a copy of this one's data as they are on disk this very moment: what is left to the next start
    /// of a process that is killed. Both share the node.
    pub(crate) async fn killed_here_and_started_again(&self) -> World {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data");
        fs::create_dir(&data).unwrap();
        for entry in fs::read_dir(self.home.path().join("data")).unwrap().flatten() {
            let name = entry.file_name();
            // What SQLite shares between processes of one machine does not survive them.
            if name.to_string_lossy().starts_with("journal.sqlite")
                && !name.to_string_lossy().ends_with("-shm")
            {
                fs::copy(entry.path(), data.join(name)).unwrap();
            }
        }
        let old = self.home.path().join("data");
        let config = self.config.replace(&format!("{old:?}"), &format!("{data:?}"));
        let mut world = World {
            gateway: None,
            node: None,
            node_at: self.node_at,
            clock: self.clock.clone(),
            pki: self.pki.clone(),
            config,
            home: Arc::new(home),
            log: self.log.clone(),
            _logging: None,
        };
        world.start_gateway().await;
        world
    }

    /// The same world towards its node by another way, and with other certificates on it.
    pub(crate) async fn again_towards(mut self, address: SocketAddr, node_tls: String) -> World {
        self.stop().await;
        let setup = Setup { node_tls: Some(node_tls), ..Setup::default() };
        self.config = setup.configuration(self.home.path(), &self.pki, address);
        self.start_gateway().await;
        self
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().unwrap()
    }

    /// Where a listener is.
    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        let url = self.gateway().url(listener).unwrap();
        url.split('/').nth(2).unwrap().parse().unwrap()
    }

    /// Posts an envelope on a connection of its own.
    pub(crate) async fn send(&self, envelope: &Envelope) -> Reply {
        self.post(envelope.to_xml()).await
    }

    /// Posts bytes on a connection of their own, as a porta does.
    pub(crate) async fn post(&self, body: impl Into<Vec<u8>>) -> Reply {
        self.ask(&Request::post(body)).await
    }

    /// Sends a request to the listener of envelopes on a connection of its own.
    pub(crate) async fn ask(&self, request: &Request) -> Reply {
        self.connect().await.ask(request).await
    }

    pub(crate) async fn connect(&self) -> Connection<TcpStream> {
        Connection::open(self.address("pdd")).await
    }

    /// A connection to the listener with mutual TLS, with the certificate of a party.
    pub(crate) async fn connect_as(&self, parte: &str) -> io::Result<Connection<TlsStream<TcpStream>>> {
        self.connect_with(Some(&self.pki.regione(parte))).await
    }

    /// The same with any certificate, or none.
    pub(crate) async fn connect_with(
        &self,
        pair: Option<&Pair>,
    ) -> io::Result<Connection<TlsStream<TcpStream>>> {
        let stream = TcpStream::connect(self.address("pdd-tls")).await?;
        let connector = TlsConnector::from(Arc::new(tls_client(&self.pki, pair)));
        let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await?;
        Ok(Connection::over(stream))
    }

    /// Asks the listener of health and metrics.
    pub(crate) async fn admin(&self, path: &str) -> Reply {
        Connection::open(self.address("admin")).await.ask(&Request::get(path)).await
    }

    /// The simulated node.
    pub(crate) fn node(&self) -> &SandboxNode {
        self.node.as_ref().unwrap()
    }

    /// The next request of the node is met like this.
    pub(crate) fn node_once(&self, behaviour: Behaviour) {
        self.node().behave(behaviour, Some(1));
    }

    /// The JSON of what reached the node about a message, in the order of arrival.
    pub(crate) fn at_node(&self, identificatore: &str) -> Vec<Received> {
        let received = self.node().received().into_iter();
        received.filter(|r| r.body["identificatore"] == identificatore).collect()
    }

    /// Waits until the node has a request about a message in hand.
    pub(crate) async fn reached_node(&self, identificatore: &str) {
        until("the node has the message", async || !self.at_node(identificatore).is_empty()).await;
    }

    /// Nobody listens any more where the node was.
    pub(crate) async fn node_goes_down(&mut self) {
        self.node.take().unwrap().stop().await;
    }

    /// The node is back, and has forgotten everything.
    pub(crate) async fn node_comes_back(&mut self) {
        let mut back = None;
        until("the node has its address again", async || {
            back = sandbox_node(&self.pki, &self.clock, self.node_at).await.ok();
            back.is_some()
        })
        .await;
        self.node = back;
    }

    /// The one record of a message.
    #[track_caller]
    pub(crate) fn record_of(&self, identificatore: &str) -> impl Future<Output = Life> {
        let place = std::panic::Location::caller();
        async move {
            let mut lives = self.records_of(identificatore).await;
            assert_eq!(lives.len(), 1, "records of {identificatore} at {place}: {lives:#?}");
            lives.remove(0)
        }
    }

    /// All records under an identifier, oldest first.
    pub(crate) async fn records_of(&self, identificatore: &str) -> Vec<Life> {
        let reference = Reference::Identificatore(identificatore.to_owned());
        self.gateway().journal().show(&reference).await.unwrap()
    }

    /// Where the one record of a message stands: `delivered OK`, `refused`, ...
    pub(crate) async fn stato_of(&self, identificatore: &str) -> String {
        self.record_of(identificatore).await.summary.stato.to_string()
    }

    /// Every record, the newest first.
    pub(crate) async fn journal(&self) -> Vec<Summary> {
        self.gateway().journal().list(Filter { limit: 1000, ..Filter::default() }).await.unwrap()
    }

    /// A harmless message passes, and no record is left open: whatever happened before did no harm.
    pub(crate) async fn is_well(&self) {
        self.send(&envelope()).await.is_ordinary();
        let open = self.gateway().journal().counts().await.unwrap().get(StatoName::Intended);
        assert_eq!(open, 0, "records left open");
    }

    /// The lines that were logged so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.text().lines().map(str::to_owned).collect()
    }

    /// The one line about a message.
    #[track_caller]
    pub(crate) fn line_about(&self, identificatore: &str) -> String {
        let mut lines = self.log();
        lines.retain(|line| line.contains("event=\"message\"") && line.contains(identificatore));
        assert_eq!(lines.len(), 1, "{lines:#?}");
        lines.remove(0)
    }

    pub(crate) fn pki(&self) -> &Pki {
        &self.pki
    }
}

/// Metrics are the process's: all worlds count together.
pub(crate) fn metrics() -> Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(|| metrics::install().unwrap()).clone()
}

async fn sandbox_node(
    pki: &Pki,
    clock: &Clock,
    address: SocketAddr,
) -> Result<SandboxNode, egov_bridge::sandbox::SandboxError> {
    SandboxNode::start(SandboxNodeConfig {
        address,
        certificate: pki.node_server.certificate.clone(),
        key: pki.node_server.key.clone(),
        client_ca: pki.authority.clone(),
        control: None,
        recognises_repetitions: true,
        clock: clock.clone(),
    })
    .await
}

pub(crate) fn tls_client(pki: &Pki, pair: Option<&Pair>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&pki.authority).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match pair {
        None => builder.with_no_client_auth(),
        Some(pair) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&pair.certificate).unwrap()],
                PrivateKeyDer::from_pem_file(&pair.key).unwrap(),
            )
            .unwrap(),
    }
}

/// What the thread of a scenario logs.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// As `serve` logs at its most talkative, until the guard is dropped.
    fn listen(&self) -> DefaultGuard {
        let lines = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("info,egov_bridge=debug"))
            .with_ansi(false)
            .with_writer(self.clone());
        tracing::subscriber::set_default(lines.finish())
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
