//! `journal`.

use std::path::Path;

use super::Exit;
use super::arguments::JournalArguments;

pub(super) fn run(_config: Option<&Path>, _arguments: &JournalArguments) -> Exit {
    Exit::Usage
}
