//! The configuration in the terms of each room.

use crate::bridge::Prefisso;
use crate::config::Config;
use crate::egov::Finestre;
use crate::http::Bounds;
use crate::node::{self, Deadlines, PoolBounds, SettingsError};

/// The client of the node.
pub(crate) fn node(config: &Config) -> Result<node::Settings, SettingsError> {
    let node = &config.node;
    let base_url = node.url.to_string().parse()?;
    let mut settings = node::Settings::new(base_url, Some(node.tls.clone()));
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
