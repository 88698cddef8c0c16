//! The configuration of a command, or everything that is wrong with it on standard error.

use std::path::Path;

use super::Exit;
use crate::bridge::Knowledge;
use crate::config::{self, Config};

/// The configuration named by `--config`, or the one that stands in for it.
pub(super) fn open(named: Option<&Path>) -> Result<Config, Exit> {
    config::open(named).map_err(|errors| {
        for error in &errors {
            eprintln!("{error}");
        }
        Exit::Usage
    })
}

/// Schemas, services and parties of a configuration.
pub(super) fn knowledge(config: &Config) -> Result<Knowledge, Exit> {
    Knowledge::load(&config.directories).map_err(|errors| {
        for error in &errors {
            eprintln!("{error}");
        }
        Exit::Usage
    })
}

/// A runtime for a command that talks to somebody.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        eprintln!("egov-bridge: no runtime: {error}");
        Exit::Bug
    })
}
