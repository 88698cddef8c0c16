//! `check`.

use std::path::Path;

use super::Exit;

pub(super) fn run(_config: Option<&Path>) -> Exit {
    Exit::Usage
}
