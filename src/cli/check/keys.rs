//! Where each key of the configuration stands, for what is only found wrong once the files behind it are opened.

use std::path::{Path, PathBuf};

use crate::config::raw::Raw;
use crate::config::source::{Fault, Places, Source};
use crate::config::{DEFAULT_FILE, Directories, EMBEDDED};

/// The configuration as typed.
pub(super) struct Keys {
    places: Option<Places>,
    /// The folders that it names, where the file could be read.
    directories: Option<Directories>,
}

impl Keys {
    /// Reads the file that the command is to use; what is wrong with it is the configuration's to say.
    pub(super) fn read(named: Option<&Path>) -> Self {
        let (source, base) = match named {
            None if !Path::new(DEFAULT_FILE).exists() => {
                (Some(Source::new(Path::new("(embedded config.toml)"), EMBEDDED)), PathBuf::new())
            }
            named => {
                let file = named.unwrap_or(Path::new(DEFAULT_FILE));
                (Source::read(file).ok(), file.parent().map(Path::to_owned).unwrap_or_default())
            }
        };
        let Some(source) = source else { return Self { places: None, directories: None } };
        let (raw, places, faults) = source.parse::<Raw>(Some(&|name| std::env::var(name).ok()));
        let unreadable = faults.iter().any(|fault| {
            matches!(fault.problem, Fault::Syntax(_)) || fault.place.key.starts_with("directories")
        });
        let raw = raw.directories;
        let directories = (!unreadable).then(|| Directories {
            data: base.join(raw.data),
            xsd: base.join(raw.xsd),
            wsdl: base.join(raw.wsdl),
            services: base.join(raw.services),
            dictionaries: base.join(raw.dictionaries),
        });
        Self { places: Some(places), directories }
    }

    /// The folders that the configuration names.
    pub(super) fn directories(&self) -> Option<Directories> {
        self.directories.clone()
    }

    /// A mistake at a key, in the form of every other.
    pub(super) fn mistake(&self, key: &str, problem: &str) -> String {
        match &self.places {
            Some(places) => places.mistake(key, problem).to_string(),
            None => format!("{key}: {problem}"),
        }
    }
}
