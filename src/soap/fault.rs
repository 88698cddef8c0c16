//! The Fault of SOAP 1.1 (§4.4), written and read.

use super::{NAMESPACE, Part};
use crate::xml::{Event, Limits, XmlError, characters, write};

/// Whose fault it is: the two `faultcode`s that cross between porte di dominio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The message was wrong.
    Client,
    /// The message was not processed.
    Server,
}

/// A Fault that a peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Local name of the `faultcode`, such as `Client` or `Server.InvalidResponse`.
    pub code: String,
    /// Whether the `faultcode` is in the SOAP 1.1 namespace.
    pub code_is_soap: bool,
    /// The `faultstring`, white space around it removed: partners indent it.
    pub string: String,
    /// Whether a `detail` with content came along.
    pub has_detail: bool,
}

impl Side {
    /// The local name of the `faultcode`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "Client",
            Self::Server => "Server",
        }
    }
}

impl Fault {
    /// Reads a child of the Body; `None` where it is not a SOAP 1.1 Fault.
    ///
    /// # Errors
    /// The part is larger than `limits`.
    pub fn read(part: &Part<'_>, limits: &Limits) -> Result<Option<Self>, XmlError> {
        if !part.is(NAMESPACE, "Fault") {
            return Ok(None);
        }
        let mut fault =
            Self { code: String::new(), code_is_soap: false, string: String::new(), has_detail: false };
        let mut reader = part.reader(limits);
        reader.next_event()?;
        loop {
            match reader.next_event()? {
                Event::Start(name) if name.local == "faultcode" => {
                    let bindings = reader.bindings();
                    let text = reader.element_text()?.unwrap_or_default();
                    let value = characters::trim(&text);
                    let (prefix, local) = value.split_once(':').unwrap_or(("", value));
                    local.clone_into(&mut fault.code);
                    fault.code_is_soap =
                        bindings.iter().any(|b| b.prefix == prefix && b.namespace == NAMESPACE);
                }
                Event::Start(name) if name.local == "faultstring" => {
                    let text = reader.element_text()?.unwrap_or_default();
                    characters::trim(&text).clone_into(&mut fault.string);
                }
                Event::Start(name) => {
                    let detail = name.local == "detail";
                    let text = reader.element_text()?;
                    fault.has_detail |= detail && text.is_none_or(|t| !characters::is_blank(&t));
                }
                Event::Eof => return Ok(Some(fault)),
                _ => {}
            }
        }
    }
}

/// A Fault for the Body of an envelope written by [`encode`](super::encode).
///
/// The `faultcode` declares the prefix `soap` itself and uses it: porte of the first OpenSPCoop compare the text
/// `soap:Client` instead of resolving the name. `detail` is markup already written.
#[must_use]
pub fn fault(side: Side, string: &str, detail: Option<&str>) -> String {
    let mut out = String::with_capacity(256 + string.len() + detail.map_or(0, str::len));
    out.push_str(
        r#"<SOAP_ENV:Fault><faultcode xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">soap:"#,
    );
    out.push_str(side.as_str());
    out.push_str("</faultcode><faultstring>");
    write::push_text(&mut out, string);
    out.push_str("</faultstring>");
    if let Some(detail) = detail {
        out.push_str("<detail>");
        out.push_str(detail);
        out.push_str("</detail>");
    }
    out.push_str("</SOAP_ENV:Fault>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soap;

    fn read(body: &str) -> Option<Fault> {
        let text = soap::encode(None, body);
        let envelope = soap::decode(&text, &Limits::default()).unwrap();
        Fault::read(envelope.payload().unwrap(), &Limits::default()).unwrap()
    }

    #[test]
    fn a_fault_declares_its_own_prefix_and_reads_back() {
        let written = fault(Side::Client, "EGOV_IT_001 - Formato Busta non corretto", None);
        assert!(written.contains(
            r#"<faultcode xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">soap:Client</faultcode>"#
        ));
        let fault = read(&written).unwrap();
        assert_eq!((fault.code.as_str(), fault.code_is_soap, fault.has_detail), ("Client", true, false));
        assert_eq!(fault.string, "EGOV_IT_001 - Formato Busta non corretto");
    }

    #[test]
    fn texts_of_faults_are_trimmed_and_may_be_cdata() {
        let fault = read("<SOAP_ENV:Fault><faultcode> x:Server </faultcode><faultstring>\n <![CDATA[a & b]]>\n</faultstring><detail><d/></detail></SOAP_ENV:Fault>").unwrap();
        assert_eq!((fault.string.as_str(), fault.code.as_str()), ("a & b", "Server"));
        assert!(fault.has_detail && !fault.code_is_soap);
        assert_eq!(read("<Fault/>"), None);
    }

    #[test]
    fn what_is_said_in_a_fault_cannot_become_markup() {
        assert!(
            fault(Side::Server, "a<b", Some("<d/>")).contains("a&lt;b</faultstring><detail><d/></detail>")
        );
    }
}
