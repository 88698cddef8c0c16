//! What the gateway writes to, and the code tables.

use std::fs::{self, OpenOptions};
use std::path::Path;

use super::keys::Keys;
use super::{Checked, standing};
use crate::config::Config;

/// Looks at the journal's place and at the dictionaries.
pub(super) fn check(config: &Config, keys: &Keys, checked: &mut Checked) {
    let journal = &config.journal.path;
    if config.journal.database.is_none()
        && let Err(why) = writable(journal)
    {
        let problem = format!("{}: the journal cannot be written: {why}", journal.display());
        checked.errors.push(keys.mistake("journal.path", &problem));
    }
    dictionaries(&config.directories.dictionaries, keys, checked);
}

/// Whether a file can be written at `path`, or made there. Nothing stays behind.
fn writable(path: &Path) -> Result<(), String> {
    let why = |error: std::io::Error| error.to_string();
    if path.exists() {
        OpenOptions::new().append(true).open(path).map_err(why)?;
    }
    let folder = standing(path).ok_or("no folder above it exists")?;
    let probe = folder.join(format!(".egov-bridge-check-{}", std::process::id()));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    fs::remove_file(&probe).map_err(why)
}

/// Each table is UTF-8 and begins with the names of its columns.
fn dictionaries(folder: &Path, keys: &Keys, checked: &mut Checked) {
    if !folder.exists() {
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let problem = format!("{}: {error}", folder.display());
            checked.errors.push(keys.mistake("directories.dictionaries", &problem));
            return;
        }
    };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    for file in &files {
        match fs::read_to_string(file) {
            Ok(text) if text.lines().next().is_none_or(|header| header.trim().is_empty()) => {
                checked
                    .errors
                    .push(format!("{}:1: no header: wanted the names of the columns", file.display()));
            }
            Ok(_) => {}
            Err(error) => checked.errors.push(format!("{}: {error}", file.display())),
        }
    }
    if !files.is_empty() {
        checked.good(files.len(), "dictionary", "dictionaries");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_may_be_made_where_its_folder_is_not_there_yet() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(writable(&folder.path().join("data/deep/journal.sqlite")), Ok(()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_journal_below_a_file_cannot_be_made() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("data"), "").unwrap();
        assert!(writable(&folder.path().join("data/journal.sqlite")).is_err());
    }
}
