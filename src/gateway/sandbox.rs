//! The simulated neighbours, started beside the gateway.

use crate::bridge::Knowledge;
use crate::clock::Clock;
use crate::config;
use crate::sandbox::node::{SandboxNode, SandboxNodeConfig};
use crate::sandbox::pdd::{SandboxPdd, SandboxPddConfig};
use crate::sandbox::pki;

use super::StartError;

/// The region whose porta is simulated.
const REGIONE: &str = "LAZIO";

/// The simulated neighbours, with the certificates that all need.
pub struct Sandbox {
    node: SandboxNode,
    pdd: SandboxPdd,
}

impl Sandbox {
    /// Makes the certificates that are missing, one for each party that has a certificate to its name, and starts the
    /// neighbours.
    pub(super) async fn start(
        settings: &config::Sandbox,
        knowledge: &Knowledge,
        clock: &Clock,
    ) -> Result<Self, StartError> {
        let names: Vec<&str> =
            knowledge.parti.iter().flat_map(|parte| parte.certificati.first().map(String::as_str)).collect();
        let pki = pki::ensure(&settings.pki, &names, clock.now())?;
        let node = SandboxNode::start(SandboxNodeConfig {
            address: settings.node,
            certificate: pki.node_server.certificate.clone(),
            key: pki.node_server.key.clone(),
            client_ca: pki.authority.clone(),
            control: Some(settings.control),
            recognises_repetitions: true,
            clock: clock.clone(),
        })
        .await?;
        let pdd = SandboxPdd::start(SandboxPddConfig {
            address: settings.pdd,
            tls: None,
            regione: REGIONE.to_owned(),
            control: None,
            clock: clock.clone(),
        })
        .await?;
        Ok(Self { node, pdd })
    }

    /// The simulated node, to be told how to behave and asked what it received.
    #[must_use]
    pub fn node(&self) -> &SandboxNode {
        &self.node
    }

    /// The simulated regional Porta di Dominio.
    #[must_use]
    pub fn pdd(&self) -> &SandboxPdd {
        &self.pdd
    }

    pub(super) async fn stop(self) {
        self.node.stop().await;
        self.pdd.stop().await;
    }
}
