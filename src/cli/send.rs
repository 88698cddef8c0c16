//! `send`.

use std::path::Path;

use super::Exit;
use super::arguments::SendArguments;

pub(super) fn run(_config: Option<&Path>, _arguments: &SendArguments) -> Exit {
    Exit::Usage
}
