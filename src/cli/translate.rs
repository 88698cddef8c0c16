//! `translate`.

use std::path::Path;

use super::Exit;
use super::arguments::TranslateArguments;

pub(super) fn run(_config: Option<&Path>, _arguments: &TranslateArguments) -> Exit {
    Exit::Usage
}
