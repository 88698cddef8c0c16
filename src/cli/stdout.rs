//! Standard output, which may be closed before all is said: `egov-bridge journal list | head`.

use std::io::{ErrorKind, Write, stdout};

/// Prints a text as it is.
pub(super) fn print(text: &str) {
    bytes(text.as_bytes());
}

/// Prints bytes as they are.
pub(super) fn bytes(bytes: &[u8]) {
    let mut out = stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("egov-bridge: standard output: {error}");
        }
        // Whoever closed the pipe has read enough.
        _ => {}
    }
}
