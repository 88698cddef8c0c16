//! The files that a command is given; `-` is standard input.

use std::io::Read;
use std::path::Path;

use super::Exit;

/// The bytes of a file, or of standard input; why not is said on standard error.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Exit> {
    let read = if is_stdin(path) {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|error| {
        eprintln!("{}: cannot be read: {error}", name(path));
        Exit::Unavailable
    })
}

/// What the file is called in what is said of it.
pub(super) fn name(path: &Path) -> String {
    if is_stdin(path) { "(standard input)".to_owned() } else { path.display().to_string() }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}
