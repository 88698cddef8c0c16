//! Writing of a SOAP 1.1 envelope.

/// A message: XML declaration, envelope, the header block if there is one, the Body.
///
/// `header` and `body` are elements already written, each declaring the prefixes it uses; the prefix `SOAP_ENV` is
/// declared here. The result is a function of the two texts alone.
#[must_use]
pub fn encode(header: Option<&str>, body: &str) -> String {
    let mut out = String::with_capacity(320 + header.map_or(0, str::len) + body.len());
    out.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    out.push('\n');
    out.push_str(r#"<SOAP_ENV:Envelope xmlns:SOAP_ENV="http://schemas.xmlsoap.org/soap/envelope/">"#);
    if let Some(header) = header {
        out.push_str("<SOAP_ENV:Header>");
        out.push_str(header);
        out.push_str("</SOAP_ENV:Header>");
    }
    out.push_str("<SOAP_ENV:Body>");
    out.push_str(body);
    out.push_str("</SOAP_ENV:Body></SOAP_ENV:Envelope>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{soap, xml::Limits};

    #[test]
    fn what_is_written_is_read_back() {
        let text = encode(Some("<h xmlns='urn:h'/>"), "<p:b xmlns:p='urn:b'>x</p:b>");
        let envelope = soap::decode(&text, &Limits::default()).unwrap();
        assert!(envelope.header[0].is("urn:h", "h"));
        assert!(envelope.payload().unwrap().is("urn:b", "b"));
        let bare = encode(None, "");
        let envelope = soap::decode(&bare, &Limits::default()).unwrap();
        assert!(!envelope.has_header && envelope.body.is_empty());
    }
}
