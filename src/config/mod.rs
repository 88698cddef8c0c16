//! What the operator wrote, and what of it can be used.
//!
//! Two stages: [`raw`] is the file as typed, `checked` turns it into a [`Config`] in which every address is
//! parsed, every path resolved and every rule kept. All mistakes are found in one run, each with its file, line and
//! key, what was seen and what was wanted. Starting and checking share this path.

mod checked;
mod database;
mod files;
mod model;
mod problem;
pub mod raw;
pub mod source;
#[cfg(test)]
mod tests;
mod transport;
pub mod variables;

use std::path::{Path, PathBuf};

pub use crate::secret::Secret;
pub use model::{
    AdminListener, Certificates, Config, Database, Directories, Firma, Identity, Journal, Listeners, Log,
    LogFormat, Node, Parts, Pdd, PddListener, Proxy, ProxyHeader, Rate, RestListener, Sandbox,
};
pub use problem::Problem;
use source::{Mistake, Source};
use variables::Lookup;

/// The file read when none is named.
pub const DEFAULT_FILE: &str = "config.toml";
/// What is used when none is named and [`DEFAULT_FILE`] is not there.
pub const EMBEDDED: &str = include_str!("../../config.toml");

/// One mistake in the configuration.
pub type ConfigError = Mistake<Problem>;

/// Reads the configuration from a file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path) -> Result<Config, Vec<ConfigError>> {
    let source = Source::read(path).map_err(|fault| vec![fault.map(Problem::from)])?;
    let base = path.parent().map(Path::to_owned).unwrap_or_default();
    check(source, path, &base, &environment)
}

/// Reads the configuration that a command is to use: the file named by `--config`, else [`DEFAULT_FILE`] of the
/// working directory, else the one that the program carries.
///
/// # Errors
/// Everything that is wrong with it.
pub fn open(named: Option<&Path>) -> Result<Config, Vec<ConfigError>> {
    match named {
        Some(path) => load(path),
        None if Path::new(DEFAULT_FILE).exists() => load(Path::new(DEFAULT_FILE)),
        None => embedded(Path::new("")),
    }
}

/// The configuration that the program carries, with its relative paths starting at `base`.
///
/// # Errors
/// Everything that is wrong with it; nothing, as a test shows.
pub fn embedded(base: &Path) -> Result<Config, Vec<ConfigError>> {
    let file = PathBuf::from("(embedded config.toml)");
    check(Source::new(&file, EMBEDDED), &file, base, &environment)
}

/// A configuration given as text, for tests and tools: `base` is where relative paths start, `variables` answers
/// `${NAME}`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn from_text(text: &str, base: &Path, variables: Lookup<'_>) -> Result<Config, Vec<ConfigError>> {
    let file = Path::new(DEFAULT_FILE);
    check(Source::new(file, text), file, base, variables)
}

fn check(
    source: Source,
    file: &Path,
    base: &Path,
    variables: Lookup<'_>,
) -> Result<Config, Vec<ConfigError>> {
    let (mut raw, places, faults) = source.parse::<raw::Raw>(Some(variables));
    // Where it is not known whether the sandbox was meant, the certificates that it would make are not missed.
    raw.sandbox.enabled |= faults.iter().any(|fault| fault.place.key == "sandbox.enabled");
    let unreadable = faults.iter().any(|fault| matches!(fault.problem, source::Fault::Syntax(_)));
    let mut errors: Vec<ConfigError> = faults.into_iter().map(|fault| fault.map(Problem::from)).collect();
    // What a file that is not TOML would have said is not known: its rules are not tried.
    if !unreadable {
        let (config, mistakes) = checked::check(&raw, &places, file, base);
        // A key already complained of has its default by now, and says nothing new.
        let known: Vec<_> = errors.iter().map(|e| e.place.key.clone()).collect();
        errors.extend(mistakes.into_iter().filter(|m| !known.contains(&m.place.key)));
        if errors.is_empty() {
            return Ok(config);
        }
    }
    errors.sort_by(|a, b| a.place.line.cmp(&b.place.line).then_with(|| a.place.key.cmp(&b.place.key)));
    Err(errors)
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
