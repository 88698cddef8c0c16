//! A request, and its bytes.

use super::Endpoint;
use crate::conformance::case::Transport;

/// A request, ready to be written.
#[derive(Debug)]
pub(in crate::conformance) struct Request<'r> {
    pub(in crate::conformance) method: &'r str,
    pub(in crate::conformance) headers: &'r [(String, String)],
    pub(in crate::conformance) transport: &'r [Transport],
    pub(in crate::conformance) body: &'r [u8],
}

impl Request<'_> {
    pub(super) fn has(&self, transport: Transport) -> bool {
        self.transport.contains(&transport)
    }

    pub(super) fn head(&self, endpoint: &Endpoint) -> String {
        let version = if self.has(Transport::Http10) { "1.0" } else { "1.1" };
        let Endpoint { authority, path, .. } = endpoint;
        let mut head = format!("{} {path} HTTP/{version}\r\nHost: {authority}\r\n", self.method);
        for (name, value) in self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.has(Transport::ExpectContinue) {
            head.push_str("Expect: 100-continue\r\n");
        }
        if self.has(Transport::Chunked) {
            head.push_str("Transfer-Encoding: chunked\r\n");
        } else if self.has(Transport::AnnounceTooMuch) {
            head.push_str("Content-Length: 104857600\r\n");
        } else if !(self.body.is_empty() && matches!(self.method, "GET" | "HEAD")) {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head + "\r\n"
    }

    pub(super) fn framed(&self) -> Vec<u8> {
        if !self.has(Transport::Chunked) {
            return self.body.to_vec();
        }
        let mut framed = Vec::with_capacity(self.body.len() + 64);
        for chunk in self.body.chunks(1009) {
            framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        }
        framed.extend_from_slice(b"0\r\n\r\n");
        framed
    }
}
