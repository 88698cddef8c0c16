//! A SOAP message with attachments, written part by part: what a scenario does not say is as it should be.

use crate::envelope::Envelope;
use crate::wire::Request;

/// A package in the making.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    content_type: String,
    boundary: String,
    line_end: &'static str,
    parts: Vec<(String, Vec<u8>)>,
    closed: bool,
}

/// A package whose root is this message.
pub(crate) fn package(message: &Envelope) -> Package {
    let package = Package {
        content_type: r#"multipart/related; type="text/xml"; start="<busta@lazio>"; boundary="MIME_1""#
            .into(),
        boundary: "MIME_1".into(),
        line_end: "\r\n",
        parts: Vec::new(),
        closed: true,
    };
    package.part("Content-Type: text/xml; charset=UTF-8\nContent-ID: <busta@lazio>", message.to_xml())
}

impl Package {
    /// One more part: its headers, a line each, and its content.
    pub(crate) fn part(mut self, headers: &str, content: impl Into<Vec<u8>>) -> Self {
        self.parts.push((headers.to_owned(), content.into()));
        self
    }

    /// One more part that is XML, with this name.
    pub(crate) fn xml(self, id: &str, content: &str) -> Self {
        self.part(&format!("Content-Type: text/xml; charset=utf-8\nContent-ID: <{id}>"), content)
    }

    /// One more part that is not, with this name.
    pub(crate) fn pdf(self, id: &str, content: &[u8]) -> Self {
        let headers = "Content-Type: application/pdf\nContent-Transfer-Encoding: binary";
        self.part(&format!("{headers}\nContent-ID: <{id}>"), content)
    }

    pub(crate) fn content_type(mut self, content_type: &str) -> Self {
        content_type.clone_into(&mut self.content_type);
        self
    }

    pub(crate) fn boundary(mut self, boundary: &str) -> Self {
        self.content_type = self.content_type.replace(&self.boundary, boundary);
        boundary.clone_into(&mut self.boundary);
        self
    }

    pub(crate) fn bare_line_feeds(mut self) -> Self {
        self.line_end = "\n";
        self
    }

    /// The package breaks off before its last line.
    pub(crate) fn torn(mut self) -> Self {
        self.closed = false;
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { boundary, line_end, parts, closed, .. } = self;
        let mut bytes = Vec::new();
        for (headers, content) in parts {
            let headers = headers.replace('\n', line_end);
            bytes.extend(format!("--{boundary}{line_end}{headers}{line_end}{line_end}").into_bytes());
            bytes.extend(content);
            bytes.extend(line_end.bytes());
        }
        if *closed {
            bytes.extend(format!("--{boundary}--{line_end}").into_bytes());
        }
        bytes
    }

    pub(crate) fn to_request(&self) -> Request {
        Request::post(self.bytes()).header("Content-Type", &self.content_type)
    }
}
