//! The configuration in the terms of each room.

use crate::bridge::Prefisso;
use crate::config::{ClientCertificate, Config, ServerTls};
use crate::egov::Finestre;
use crate::http::Bounds;
use crate::http::tls::{Authorities, ClientCertificates, TlsFiles};
use crate::node::{self, Credential, Deadlines, PoolBounds, SettingsError};

/// The client of the node.
pub(crate) fn node(config: &Config) -> Result<node::Settings, SettingsError> {
    let node = &config.node;
    let base_url = node.url.to_string().parse()?;
    let mut credential = Credential::new(&node.certificate_file, &node.key_file);
    credential.password = node.key_password.as_ref().map(|password| password.expose().into());
    let tls = node::TlsFiles { ca: node.ca_file.clone(), credential: Some(credential) };
    let mut settings = node::Settings::new(base_url, Some(tls));
    settings.deadlines = Deadlines { connect: node.connect, first_byte: node.first_byte, total: node.total };
    settings.pool = PoolBounds { concurrent: node.max_concurrent, ..PoolBounds::default() };
    Ok(settings)
}

/// How old a message may be, and how far its clocks may be ahead.
pub(super) fn finestre(config: &Config) -> Finestre {
    let span = |of: std::time::Duration| of.try_into().unwrap_or(jiff::SignedDuration::MAX);
    Finestre {
        eta_massima: span(config.egov.eta_massima),
        tolleranza_futuro: config.egov.tolleranza_futuro.map(span),
    }
}

/// The first digits of our identifiers' numbers. That they are digits was checked with the configuration.
pub(super) fn prefisso(config: &Config) -> Prefisso {
    config.egov.prefisso_progressivo.parse().unwrap_or_default()
}

/// What a listener of envelopes may cost.
pub(super) fn bounds(config: &Config) -> Bounds {
    Bounds {
        connections: config.listeners.max_connections,
        body_bytes: config.pdd.body_bytes,
        body_deadline: config.pdd.body,
        ..Bounds::default()
    }
}

/// The certificates of a listener.
pub(crate) fn tls_files(tls: &ServerTls) -> TlsFiles {
    let authorities = tls
        .client_ca_file
        .clone()
        .map(|certificates| Authorities { certificates, revoked: tls.client_crl_file.clone() });
    let clients = match (tls.client_certificate, authorities) {
        (ClientCertificate::Required, Some(authorities)) => ClientCertificates::Required(authorities),
        (ClientCertificate::Optional, Some(authorities)) => ClientCertificates::Asked(authorities),
        _ => ClientCertificates::NotAsked,
    };
    TlsFiles {
        certificate: tls.certificate_file.clone(),
        key: tls.key_file.clone(),
        key_password: tls.key_password.clone(),
        clients,
    }
}
