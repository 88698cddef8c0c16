//! `journal`: the operator's look into the record, beside the gateway that serves from it or without one.

mod list;
mod resolve;
mod show;
mod verify;

use std::path::Path;

use super::arguments::{JournalArguments, JournalCommand};
use super::causes::chain;
use super::{Exit, settings};
use crate::clock::{self, Clock};
use crate::gateway::record;
use crate::journal::JournalError;

pub(super) fn run(config: Option<&Path>, arguments: &JournalArguments) -> Exit {
    let config = match settings::open(config) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let runtime = match settings::runtime() {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    runtime.block_on(async {
        let journal = match record::inspect(&config, Clock::system()).await {
            Ok(journal) => journal,
            Err(error) => return failed(&error),
        };
        let done = match &arguments.command {
            JournalCommand::List(arguments) => list::run(&*journal, arguments).await,
            JournalCommand::Show(arguments) => show::run(&*journal, arguments).await,
            JournalCommand::Resolve(arguments) => resolve::run(&*journal, arguments).await,
            JournalCommand::Verify => verify::run(&*journal).await,
        };
        done.unwrap_or_else(|error| failed(&error))
    })
}

fn failed(error: &JournalError) -> Exit {
    eprintln!("egov-bridge: {}", chain(error));
    match error {
        JournalError::Missing { .. } => {
            eprintln!("The gateway makes it when it starts: cargo run --release");
            Exit::Unavailable
        }
        JournalError::NoSuchMessage { .. } | JournalError::NotUnknown { .. } => Exit::Refused,
        _ => Exit::Unavailable,
    }
}

/// A time as a clock on an Italian wall shows it.
fn rome(instant: jiff::Timestamp) -> String {
    clock::in_rome(instant).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
