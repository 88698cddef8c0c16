//! `validate`.

use std::path::Path;

use super::Exit;
use super::arguments::ValidateArguments;

pub(super) fn run(_config: Option<&Path>, _arguments: &ValidateArguments) -> Exit {
    Exit::Usage
}
