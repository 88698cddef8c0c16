//! The configuration of a command, or everything that is wrong with it on standard error.

use std::path::Path;

use super::Exit;
use crate::bridge::{Knowledge, KnowledgeError};
use crate::config::{self, Config, Directories};
use crate::schema::LoadError;

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
            eprintln!("{}", placed(error, &config.directories));
        }
        Exit::Usage
    })
}

/// A mistake in the data, with its file as it can be opened from here.
pub(super) fn placed(error: &KnowledgeError, directories: &Directories) -> String {
    match error {
        // A schema is known by its place below the folder of schemas, the folder by its own.
        KnowledgeError::Schema(LoadError { file, line, construct, kind }) => {
            let path = match Path::new(file) == directories.xsd {
                true => directories.xsd.clone(),
                false => directories.xsd.join(file),
            };
            let line = if *line > 0 { format!(":{line}") } else { String::new() };
            format!("{}{line}: {construct}: {kind}", path.display())
        }
        KnowledgeError::Catalogue(error) => error.to_string(),
        KnowledgeError::Chiavi(error) => error.to_string(),
    }
}

/// A runtime for a command that talks to somebody.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Exit> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        eprintln!("egov-bridge: no runtime: {error}");
        Exit::Bug
    })
}
