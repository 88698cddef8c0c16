//! A suite on disk, read whole: clauses, set-ups, base messages, cases. All mistakes are told at once.
//!
//! A suite of the user's own needs only its cases; clauses, base messages and set-ups that it has not are those of the
//! suite that stands behind it.

mod cases;
mod clauses;
mod disabled;
mod expect;
mod message;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::case::Case;
use super::clause::Clause;
use super::problem::{Problem, SuiteError};
use super::setup::Setup;
use crate::config::source::{Mistake, Place, Places, Source};
use disabled::Disabled;

/// A suite.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// The clauses, in the order of the table.
    pub clauses: Vec<Clause>,
    /// The cases, in the order of their files.
    pub cases: Vec<Case>,
}

impl Suite {
    /// Reads the suite in `folder`, with `behind` for what it has not itself.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(folder: &Path, behind: Option<&Path>) -> Result<Self, Vec<SuiteError>> {
        let mut loading = Loading {
            folders: std::iter::once(folder).chain(behind).map(Path::to_owned).collect(),
            errors: Vec::new(),
            setups: HashMap::new(),
            suite: Self::default(),
            disabled: Vec::new(),
        };
        loading.clauses();
        loading.disabled(folder);
        let files = toml_files(&folder.join("cases"));
        match files {
            Ok(files) => files.iter().for_each(|file| loading.file(file)),
            Err(error) => loading.wrong(unreadable(&folder.join("cases"), &error)),
        }
        loading.finish(folder)
    }

    /// The clause of that id.
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == id)
    }

    /// The parties of all set-ups in use, each once; first the mittente of the first.
    #[must_use]
    pub fn parti(&self) -> Vec<&str> {
        let mut parti: Vec<&str> = Vec::new();
        for nome in self.cases.iter().flat_map(|case| case.setup.parti()) {
            if !parti.contains(&nome) {
                parti.push(nome);
            }
        }
        parti
    }
}

struct Loading {
    folders: Vec<PathBuf>,
    errors: Vec<SuiteError>,
    setups: HashMap<String, Option<Arc<Setup>>>,
    suite: Suite,
    disabled: Vec<Disabled>,
}

impl Loading {
    fn wrong(&mut self, error: SuiteError) {
        self.errors.push(error);
    }

    fn read(&mut self, file: &Path) -> Option<Source> {
        match Source::read(file) {
            Ok(source) => Some(source),
            Err(mistake) => {
                self.wrong(mistake.map(Problem::from));
                None
            }
        }
    }

    fn parse<T>(&mut self, source: Source) -> (T, Places)
    where
        T: for<'de> serde::Deserialize<'de> + Default,
    {
        let (raw, places, faults) = source.parse::<T>(None);
        self.errors.extend(faults.into_iter().map(|fault| fault.map(Problem::from)));
        (raw, places)
    }

    /// A file of the suite, or of the one behind it.
    fn find(&self, name: &str) -> Option<PathBuf> {
        self.folders.iter().map(|folder| folder.join(name)).find(|path| path.exists())
    }

    fn finish(mut self, folder: &Path) -> Result<Suite, Vec<SuiteError>> {
        if self.errors.is_empty() && self.suite.cases.is_empty() {
            self.wrong(Mistake {
                place: Place { file: folder.to_owned(), line: None, key: String::new() },
                seen: String::new(),
                problem: Problem::NoCase,
            });
        }
        if self.errors.is_empty() {
            let unmet = self.disabled.iter().filter(|disabled| !disabled.met);
            let unmet = unmet.map(|disabled| Mistake {
                place: disabled.place.clone(),
                seen: format!("{}{}", disabled.case, disabled.group),
                problem: Problem::Unknown { what: "case or group" },
            });
            self.errors.extend(unmet);
        }
        if self.errors.is_empty() { Ok(self.suite) } else { Err(self.errors) }
    }
}

fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(folder: &Path, error: &std::io::Error) -> SuiteError {
    Mistake {
        place: Place { file: folder.to_owned(), line: None, key: String::new() },
        seen: String::new(),
        problem: Problem::Unreadable { file: folder.display().to_string(), kind: error.kind() },
    }
}

#[cfg(test)]
mod tests;
