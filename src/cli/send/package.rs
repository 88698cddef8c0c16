//! Messages with attachments, to be sent: made here, or found as they are.

use std::path::{Path, PathBuf};

use super::input;
use crate::cli::Exit;
use crate::soap::multipart::{self, Outgoing, Written};

/// An envelope and files beside it, as a package.
pub(super) fn around(envelope: &str, files: &[PathBuf]) -> Result<Written, (Exit, String)> {
    let mut read = Vec::new();
    for (number, path) in (1..).zip(files) {
        let content =
            input::read(path).map_err(|exit| (exit, format!("{} cannot be attached", path.display())))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        read.push((format!("allegato-{number}@egov-bridge"), media(path), name, content));
    }
    let outgoing: Vec<Outgoing<'_>> = read
        .iter()
        .map(|(content_id, content_type, filename, content)| Outgoing {
            content_id,
            content_type,
            filename: filename.as_deref(),
            content,
        })
        .collect();
    multipart::write(envelope, &outgoing).map_err(|error| (Exit::Usage, error.to_string()))
}

/// The Content-Type of bytes that begin as a package does; what the header had besides the boundary is lost, and
/// the first part is taken as the root.
pub(super) fn content_type(bytes: &[u8]) -> Option<String> {
    let line = bytes.strip_prefix(b"--")?.split(|b| matches!(b, b'\r' | b'\n')).next()?;
    let boundary = std::str::from_utf8(line).ok()?.trim_end();
    let is_plain = (1..=70).contains(&boundary.len())
        && boundary.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    is_plain.then(|| format!("multipart/related; type=\"text/xml\"; boundary=\"{boundary}\""))
}

fn media(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("pdf") => "application/pdf",
        Some("xml") => "text/xml",
        Some("p7m") => "application/pkcs7-mime",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_begin_as_a_package_are_sent_as_one() {
        let written = multipart::write("<a/>", &[]).unwrap();
        let boundary = written.content_type.split_once("boundary=").unwrap().1;
        let found = content_type(&written.body).unwrap();
        assert!(found.ends_with(boundary), "{found}");
        assert_eq!(content_type(b"<!-- -->"), None);
        assert_eq!(content_type(b"--\"\n"), None);
    }
}
