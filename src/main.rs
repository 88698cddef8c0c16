//! The program: reads the command line, runs it, exits with a code that a script can tell apart.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    egov_bridge::cli::run(std::env::args_os()).into()
}
