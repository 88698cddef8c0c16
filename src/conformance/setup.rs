//! What a case presupposes of the implementation under test: parties, services and their terms, as data.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::problem::{Problem, SuiteError};
use super::raw::RawSetup;
use crate::config::source::Source;
use crate::services::Parti;

/// A set-up: `setup/<name>/setup.toml` and what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The name of its folder.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// Who sends where a message does not say otherwise.
    pub mittente: String,
    /// Whom the implementation speaks as.
    pub destinatario: String,
    /// The folder of the services and of `parti.toml`.
    pub services: PathBuf,
    /// The folder of the schemas.
    pub xsd: PathBuf,
    /// The folder of the contracts, where the services publish any.
    pub wsdl: PathBuf,
    /// What stands behind the gateway.
    pub back_end: BackEnd,
    /// Who is under test where no target is given.
    pub played_by: Player,
    /// Whether it is called by mutual TLS.
    pub mutual_tls: bool,
    /// Code and porta of each party, by its name.
    codes: HashMap<String, (String, String)>,
}

/// What stands behind the gateway under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackEnd {
    /// Says yes to everything.
    #[default]
    Echo,
    /// The simulated national node.
    SandboxNode,
}

/// Who is under test where no target is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Player {
    /// The gateway.
    #[default]
    Gateway,
    /// The simulated porta of a region.
    SandboxPdd,
}

impl Setup {
    /// Reads the set-up in a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn load(name: &str, folder: &Path) -> Result<Self, Vec<SuiteError>> {
        let file = folder.join("setup.toml");
        let source = Source::read(&file).map_err(|mistake| vec![mistake.map(Problem::from)])?;
        let (raw, places, faults) = source.parse::<RawSetup>(None);
        let mut errors: Vec<SuiteError> = faults.into_iter().map(|fault| fault.map(Problem::from)).collect();
        let folder_of = |given: &str, usual: &str| folder.join(if given.is_empty() { usual } else { given });
        let services = folder_of(&raw.services, "services");
        let parti = match Parti::load(&services.join("parti.toml")) {
            Ok(parti) => parti,
            Err(found) => {
                errors.extend(
                    found.into_iter().map(|e| places.mistake("services", Problem::Parti(e.to_string()))),
                );
                return Err(errors);
            }
        };
        let codes: HashMap<_, _> = parti
            .iter()
            .map(|parte| (parte.nome.clone(), (parte.codice.clone(), parte.porta.clone())))
            .collect();
        for (key, nome) in [("mittente", &raw.mittente), ("destinatario", &raw.destinatario)] {
            if nome.is_empty() {
                errors.push(places.mistake(key, Problem::Missing { wanted: "the name of a party" }));
            } else if !codes.contains_key(nome) {
                errors.push(places.mistake(key, Problem::Unknown { what: "party" }));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            name: name.to_owned(),
            title: raw.title,
            mittente: raw.mittente,
            destinatario: raw.destinatario,
            services,
            xsd: folder_of(&raw.xsd, "xsd"),
            wsdl: folder_of(&raw.wsdl, "wsdl"),
            back_end: raw.back_end.unwrap_or_default(),
            played_by: raw.played_by.unwrap_or_default(),
            mutual_tls: raw.mutual_tls,
            codes,
        })
    }

    /// Code and porta of a party, as its identifiers bear them; those that it would usually have where it is not known.
    pub(super) fn codes(&self, parte: &str) -> (String, String) {
        self.codes.get(parte).cloned().unwrap_or_else(|| (parte.to_owned(), format!("{parte}SPCoopIT")))
    }

    /// The names of its parties, its mittente first.
    pub fn parti(&self) -> impl Iterator<Item = &str> {
        let others = self.codes.keys().map(String::as_str).filter(|nome| *nome != self.mittente);
        std::iter::once(self.mittente.as_str()).chain(others)
    }

    #[cfg(test)]
    pub(super) fn of_names(name: &str, parti: &[(&str, &str)]) -> Self {
        let codes =
            parti.iter().map(|(nome, porta)| ((*nome).to_owned(), ((*nome).to_owned(), (*porta).to_owned())));
        Self {
            name: name.to_owned(),
            title: String::new(),
            mittente: parti[0].0.to_owned(),
            destinatario: parti[1].0.to_owned(),
            services: PathBuf::new(),
            xsd: PathBuf::new(),
            wsdl: PathBuf::new(),
            back_end: BackEnd::default(),
            played_by: Player::default(),
            mutual_tls: false,
            codes: codes.collect(),
        }
    }
}
