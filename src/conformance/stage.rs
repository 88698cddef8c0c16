//! The stage on which the suite is played without a target: for each set-up a gateway in this process, with a back end
//! that sees what is delivered.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;

use super::firma::Keys;
use super::setup::{BackEnd, Player, Setup};
use super::wire::{ClientTlsError, Endpoint, EndpointError, Tls};
use crate::clock::Clock;
use crate::config::{self, ConfigError};
use crate::gateway::{Gateway, StartError};
use crate::sandbox::SandboxError;
use crate::sandbox::echo::SandboxEcho;
use crate::sandbox::node::{SandboxNode, SandboxNodeConfig};
use crate::sandbox::pdd::{SandboxPdd, SandboxPddConfig};
use crate::sandbox::pki::{Pki, PkiError};
use crate::telemetry::metrics::Metrics;

/// A free port of this machine.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Why the stage cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No folder to write in.
    #[error("{}: {error}", .path.display())]
    Home {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// No certificates.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// No back end.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A set-up that makes no configuration.
    #[error("set-up {setup}: {}", listed(.errors))]
    Config {
        /// The set-up.
        setup: String,
        /// What is wrong.
        errors: Vec<ConfigError>,
    },
    /// No gateway.
    #[error("set-up {setup}: {error}{}", knowledge(.error))]
    Gateway {
        /// The set-up.
        setup: String,
        /// Why not.
        error: Box<StartError>,
    },
    /// No address.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// No TLS to call by.
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
}

/// Everything that runs.
pub(super) struct Stage {
    gateways: Vec<Gateway>,
    pdd: Vec<SandboxPdd>,
    back_end: Option<Arc<Behind>>,
    endpoints: HashMap<String, Endpoint>,
    keys: Keys,
    home: Home,
}

/// What stands behind the gateways.
struct Behind {
    echo: SandboxEcho,
    node: SandboxNode,
}

struct Home(PathBuf);

impl Stage {
    /// Starts what the set-ups need.
    pub(super) async fn set(setups: &[Arc<Setup>], metrics: &Metrics) -> Result<Self, StageError> {
        let home = Home::new()?;
        let keys = Keys::in_folder(&home.0.join("pki"), &parti(setups), Timestamp::now())?;
        let pki = keys.pki();
        let clock = Clock::system();
        let pair = &pki.node_server;
        let echo = SandboxEcho::start(ANY, &pair.certificate, &pair.key, &pki.authority).await?;
        let node = SandboxNode::start(SandboxNodeConfig {
            address: ANY,
            certificate: pair.certificate.clone(),
            key: pair.key.clone(),
            client_ca: pki.authority.clone(),
            control: None,
            recognises_repetitions: true,
            clock: clock.clone(),
        })
        .await?;
        let behind = Behind { echo, node };
        let mut stage = Self {
            gateways: Vec::new(),
            pdd: Vec::new(),
            back_end: None,
            endpoints: HashMap::new(),
            keys,
            home,
        };
        for setup in setups {
            let endpoint = match setup.played_by {
                Player::Gateway => stage.gateway(setup, &behind, &clock, metrics).await?,
                Player::SandboxPdd => stage.sandbox_pdd(setup, &clock).await?,
            };
            stage.endpoints.insert(setup.name.clone(), endpoint);
        }
        stage.back_end = Some(Arc::new(behind));
        Ok(stage)
    }

    async fn gateway(
        &mut self,
        setup: &Setup,
        behind: &Behind,
        clock: &Clock,
        metrics: &Metrics,
    ) -> Result<Endpoint, StageError> {
        let node = match setup.back_end {
            BackEnd::Echo => behind.echo.address(),
            BackEnd::SandboxNode => behind.node.address(),
        };
        let data = self.home.0.join(&setup.name);
        let text = configuration(setup, &data, node, self.keys.pki());
        let config = config::from_text(&text, &self.home.0, &|_| None)
            .map_err(|errors| StageError::Config { setup: setup.name.clone(), errors })?;
        let gateway = Gateway::start(&config, clock.clone(), metrics.clone()).await;
        let gateway = gateway
            .map_err(|error| StageError::Gateway { setup: setup.name.clone(), error: Box::new(error) })?;
        let (listener, tls) = match setup.mutual_tls {
            true => {
                let pair = self.keys.pair(&setup.mittente);
                ("pdd-tls", Some(Tls::new(&self.keys.pki().authority, Some(&pair))?))
            }
            false => ("pdd", None),
        };
        let endpoint = Endpoint::parse(gateway.url(listener).unwrap_or_default(), tls)?;
        self.gateways.push(gateway);
        Ok(endpoint)
    }

    async fn sandbox_pdd(&mut self, setup: &Setup, clock: &Clock) -> Result<Endpoint, StageError> {
        let pdd = SandboxPdd::start(SandboxPddConfig {
            address: ANY,
            tls: None,
            regione: setup.destinatario.clone(),
            control: None,
            clock: clock.clone(),
        })
        .await?;
        let endpoint = Endpoint::parse(&format!("http://{}/pdd", pdd.address()), None)?;
        self.pdd.push(pdd);
        Ok(endpoint)
    }

    /// Where the gateway of a set-up listens.
    pub(super) fn endpoint(&self, setup: &Setup) -> Option<&Endpoint> {
        self.endpoints.get(&setup.name)
    }

    /// The certificates of the parties.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// How often a message was delivered; nothing where nobody looks.
    pub(super) fn delivered(&self, setup: &Setup, identificatore: &str) -> Option<usize> {
        let behind = self.back_end.as_ref()?;
        match (setup.played_by, setup.back_end) {
            (Player::SandboxPdd, _) => {
                let received = self.pdd.iter().flat_map(SandboxPdd::received);
                let ours = |body: &serde_json::Value| {
                    body.as_str().is_some_and(|message| message.contains(identificatore))
                };
                Some(received.filter(|received| received.executed && ours(&received.body)).count())
            }
            (_, BackEnd::Echo) => Some(behind.echo.executed(identificatore)),
            (_, BackEnd::SandboxNode) => {
                let received = behind.node.received().into_iter();
                let ours = |body: &serde_json::Value| {
                    body.get("identificatore").and_then(serde_json::Value::as_str) == Some(identificatore)
                };
                Some(received.filter(|received| received.executed && ours(&received.body)).count())
            }
        }
    }

    /// Stops everything.
    pub(super) async fn strike(self) {
        for gateway in self.gateways {
            gateway.stop().await;
        }
        for pdd in self.pdd {
            pdd.stop().await;
        }
        if let Some(behind) = self.back_end.and_then(Arc::into_inner) {
            behind.echo.stop().await;
            behind.node.stop().await;
        }
    }
}

impl Home {
    fn new() -> Result<Self, StageError> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("egov-bridge-conformance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).map_err(|error| StageError::Home { path: path.clone(), error })?;
        Ok(Self(path))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // What is left over is in the folder for what may be left over.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The parties that may have to sign or to call, each once.
fn parti(setups: &[Arc<Setup>]) -> Vec<&str> {
    let mut parti: Vec<&str> = Vec::new();
    for nome in setups.iter().flat_map(|setup| setup.parti()) {
        if !parti.contains(&nome) {
            parti.push(nome);
        }
    }
    parti
}

/// The shipped configuration, but for the places, the party, and rates that a suite would exceed.
fn configuration(setup: &Setup, data: &Path, node: SocketAddr, pki: &Pki) -> String {
    let Setup { services, xsd, wsdl, destinatario, .. } = setup;
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (services, xsd, wsdl) = (absolute(services), absolute(xsd), absolute(wsdl));
    let (ca, client) = (&pki.authority, &pki.node_client);
    let (certificate, key) = (&client.certificate, &client.key);
    let (own_certificate, own_key) = (&pki.pdd_server.certificate, &pki.pdd_server.key);
    let (http, https) = if setup.mutual_tls { ("", "127.0.0.1:0") } else { ("127.0.0.1:0", "") };
    format!(
        r#"
[identity]
nome = "{destinatario}"

[directories]
data = {data:?}
services = {services:?}
xsd = {xsd:?}
wsdl = {wsdl:?}

[listeners.pdd]
http = {http:?}
https = {https:?}
certificate_file = {own_certificate:?}
key_file = {own_key:?}
client_ca_file = {ca:?}

[listeners.rest]
https = ""

[listeners.admin]
http = ""

[node]
url = "https://localhost:{port}"
ca_file = {ca:?}
certificate_file = {certificate:?}
key_file = {key:?}

[firma]
ca_file = {ca:?}
certificate_file = {own_certificate:?}
key_file = {own_key:?}

[rate]
identity_per_second = 100000
identity_burst = 100000
mittente_per_second = 100000
mittente_burst = 100000
"#,
        port = node.port(),
    )
}

fn listed(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What is wrong with the data of a set-up, each on a line.
fn knowledge(error: &StartError) -> String {
    match error {
        StartError::Knowledge(errors) => errors.iter().map(|error| format!("\n  {error}")).collect(),
        _ => String::new(),
    }
}
