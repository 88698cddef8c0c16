//! `check`: would the gateway start, and with what? Everything that is wrong is said at once, each thing with its file,
//! line and key. Nothing is changed, connected to, or listened on.

mod certificates;
mod folders;
mod keys;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Exit, settings};
use crate::bridge::{Chiavi, Knowledge};
use crate::cli::stdout::print;
use crate::config::{self, Config, Directories};
use keys::Keys;

/// What was looked at.
#[derive(Debug, Default)]
struct Checked {
    /// What is good, in words for the summary.
    good: Vec<String>,
    /// What keeps the gateway from starting.
    errors: Vec<String>,
    /// What does not, yet.
    warnings: Vec<String>,
}

impl Checked {
    fn good(&mut self, count: usize, one: &str, many: &str) {
        self.good.push(format!("{count} {}", if count == 1 { one } else { many }));
    }
}

pub(super) fn run(named: Option<&Path>) -> Exit {
    let mut checked = Checked::default();
    let keys = Keys::read(named);
    match config::open(named) {
        Ok(config) => {
            checked.good.push("configuration".to_owned());
            let knowledge = knowledge(&config.directories, &mut checked);
            if let Some(knowledge) = &knowledge {
                identity(&config, knowledge, &keys, &mut checked);
                firma(&config, knowledge, &keys, &mut checked);
            }
            folders::check(&config, &keys, &mut checked);
            certificates::check(&config, &keys, Timestamp::now(), &mut checked);
        }
        Err(errors) => {
            checked.errors.extend(errors.iter().map(ToString::to_string));
            // The folders may be right all the same, and what is in them wrong.
            if let Some(directories) = keys.directories() {
                knowledge(&directories, &mut checked);
            }
        }
    }
    for error in &checked.errors {
        eprintln!("{error}");
    }
    for warning in &checked.warnings {
        eprintln!("warning: {warning}");
    }
    if checked.errors.is_empty() {
        print(&format!("{}: good\n", checked.good.join(", ")));
        return Exit::Done;
    }
    let count = checked.errors.len();
    eprintln!("{count} {}", if count == 1 { "mistake" } else { "mistakes" });
    Exit::Usage
}

fn knowledge(directories: &Directories, checked: &mut Checked) -> Option<Knowledge> {
    let knowledge = match Knowledge::load(directories) {
        Ok(knowledge) => knowledge,
        Err(errors) => {
            checked.errors.extend(errors.iter().map(|error| settings::placed(error, directories)));
            return None;
        }
    };
    let mut files: Vec<&str> = knowledge.schemas.documents().map(|document| document.file()).collect();
    files.dedup();
    checked.good(files.len(), "schema", "schemas");
    checked.good(knowledge.catalogue.iter().count(), "action", "actions");
    checked.good(knowledge.parti.iter().count(), "party", "parties");
    Some(knowledge)
}

/// The party that the gateway speaks as must be one.
fn identity(config: &Config, knowledge: &Knowledge, keys: &Keys, checked: &mut Checked) {
    let identity = &config.identity;
    if knowledge.parti.parte(&identity.tipo, &identity.nome).is_none() {
        let known: Vec<&str> = knowledge.parti.iter().map(|parte| parte.nome.as_str()).collect();
        let wanted = format!("no such party of type {}; wanted one of {}", identity.tipo, known.join(", "));
        checked.errors.push(keys.mistake("identity.nome", &wanted));
    }
}

/// The keys of signatures must be good, and enough for what services and parties want.
fn firma(config: &Config, knowledge: &Knowledge, keys: &Keys, checked: &mut Checked) {
    for error in Chiavi::load(&config.firma, knowledge).err().into_iter().flatten() {
        let text = error.to_string();
        let (key, problem) = text.split_once(": ").unwrap_or(("firma", &text));
        checked.errors.push(keys.mistake(key, problem));
    }
}

/// The nearest folder above `path` that is there.
fn standing(path: &Path) -> Option<PathBuf> {
    let folders = path.ancestors().skip(1).map(|folder| match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    });
    folders.into_iter().find(|folder| folder.exists()).map(Path::to_owned)
}
