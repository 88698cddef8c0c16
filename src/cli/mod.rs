//! The command line: one file a subcommand.
//!
//! Each subcommand takes its parsed arguments, prints for people on standard output, explains failures on standard
//! error, and ends in an [`Exit`]: 0 done · 1 the input was refused · 64 usage or configuration · 69 something the
//! command depends on is down · 70 a bug.

mod arguments;
mod causes;
mod check;
mod conformance;
mod embedded;
mod exit;
mod finding;
mod form;
mod input;
mod journal;
mod pretty;
mod send;
mod serve;
mod settings;
mod stdout;
mod translate;
mod validate;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use crate::tls;
use arguments::{Arguments, Command};
pub use exit::Exit;

/// Runs the command that `arguments` (the program's name first) ask for.
pub fn run(arguments: impl Iterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors: they go to standard output and succeed.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
                _ => Exit::Usage,
            };
        }
    };
    // Before any TLS object exists: rustls asks for its provider by global state, and panics without one.
    tls::install_provider();
    let config = arguments.config.as_deref();
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(config),
        Command::Check => check::run(config),
        Command::Validate(arguments) => validate::run(config, &arguments),
        Command::Translate(arguments) => translate::run(config, &arguments),
        Command::Send(arguments) => send::run(config, &arguments),
        Command::Conformance(arguments) => conformance::run(config, &arguments),
        Command::Journal(arguments) => journal::run(config, &arguments),
    }
}
