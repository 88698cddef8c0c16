//! The configuration in the terms of each room.

use crate::config::Config;
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

/// What a listener of envelopes may cost.
pub(super) fn bounds(config: &Config) -> Bounds {
    Bounds {
        connections: config.listeners.max_connections,
        body_bytes: config.pdd.body_bytes,
        body_deadline: config.pdd.body,
        ..Bounds::default()
    }
}
