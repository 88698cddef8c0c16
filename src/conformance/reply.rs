//! A reader of answers of the suite's own.
//!
//! It shares nothing with the reader of the gateway: a judge that read with the eyes of the judged would see as little.

use roxmltree::{Document, Node};

pub(super) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub(super) const EGOV: &str = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/";
pub(super) const ACTOR: &str = "http://www.cnipa.it/eGov_it/portadominio";

/// A SOAP message, with what a judge asks about it.
pub(super) struct Letta<'d> {
    envelope: Node<'d, 'd>,
}

/// An Eccezione, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Eccezione {
    pub(super) contesto: String,
    pub(super) codice: String,
    pub(super) rilevanza: String,
    pub(super) posizione: String,
}

/// A Fault, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: String,
    /// Whether the prefix of the code stands for SOAP 1.1.
    pub(super) code_is_soap: bool,
    pub(super) string: String,
    pub(super) has_detail: bool,
    pub(super) has_actor: bool,
}

impl<'d> Letta<'d> {
    /// The message in a document; nothing where it is none.
    pub(super) fn of(document: &'d Document<'d>) -> Option<Self> {
        let envelope = document.root_element();
        envelope.has_tag_name((SOAP, "Envelope")).then_some(Self { envelope })
    }

    /// The header blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Node<'d, 'd>> {
        child(self.envelope, SOAP, "Header").into_iter().flat_map(elements)
    }

    /// The busta.
    pub(super) fn intestazione(&self) -> Option<Node<'d, 'd>> {
        self.blocks().find(|block| block.has_tag_name((EGOV, "Intestazione")))
    }

    /// The elements of the Body.
    pub(super) fn body(&self) -> impl Iterator<Item = Node<'d, 'd>> {
        child(self.envelope, SOAP, "Body").into_iter().flat_map(elements)
    }

    /// A field of the busta: a path below IntestazioneMessaggio or, for the lists, below Intestazione.
    pub(super) fn field(&self, path: &str) -> Option<String> {
        let intestazione = self.intestazione()?;
        let messaggio = child(intestazione, EGOV, "IntestazioneMessaggio");
        messaggio
            .and_then(|from| value(from, Some(EGOV), path))
            .or_else(|| value(intestazione, Some(EGOV), path))
    }

    /// What stands in the Body at a path.
    pub(super) fn in_body(&self, path: &str) -> Option<String> {
        value(child(self.envelope, SOAP, "Body")?, None, path)
    }

    /// The exceptions, in their order.
    pub(super) fn eccezioni(&self) -> Vec<Eccezione> {
        let lista = self.intestazione().and_then(|at| child(at, EGOV, "ListaEccezioni"));
        let attribute = |at: Node<'_, '_>, name| at.attribute(name).unwrap_or_default().to_owned();
        let eccezioni = lista.into_iter().flat_map(elements).map(|at| Eccezione {
            contesto: attribute(at, "contestoCodifica"),
            codice: attribute(at, "codiceEccezione"),
            rilevanza: attribute(at, "rilevanza"),
            posizione: attribute(at, "posizione"),
        });
        eccezioni.collect()
    }

    /// The Fault in the Body.
    pub(super) fn fault(&self) -> Option<Fault> {
        let fault = self.body().next().filter(|at| at.has_tag_name((SOAP, "Fault")))?;
        let member = |name| child(fault, "", name);
        let code = member("faultcode");
        let text = code.map(whole_text).unwrap_or_default();
        let prefix = text.split_once(':').map(|(prefix, _)| prefix);
        Some(Fault {
            code_is_soap: code.is_some_and(|code| code.lookup_namespace_uri(prefix) == Some(SOAP)),
            code: text,
            string: member("faultstring").map(whole_text).unwrap_or_default(),
            has_detail: member("detail").is_some(),
            has_actor: member("faultactor").is_some(),
        })
    }
}

/// The child elements.
pub(super) fn elements<'a, 'd>(parent: Node<'a, 'd>) -> impl Iterator<Item = Node<'a, 'd>> {
    parent.children().filter(Node::is_element)
}

/// The first child element of that name.
pub(super) fn child<'a, 'd>(parent: Node<'a, 'd>, namespace: &str, local: &str) -> Option<Node<'a, 'd>> {
    elements(parent).find(|at| {
        at.tag_name().name() == local && at.tag_name().namespace().unwrap_or_default() == namespace
    })
}

/// The text of an element and of all that is in it.
pub(super) fn whole_text(at: Node<'_, '_>) -> String {
    at.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

fn value(from: Node<'_, '_>, namespace: Option<&str>, path: &str) -> Option<String> {
    let mut at = from;
    for step in path.split('/') {
        if let Some(attribute) = step.strip_prefix('@') {
            return at.attribute(attribute).map(str::to_owned);
        }
        at = match namespace {
            Some(namespace) => child(at, namespace, step)?,
            None => elements(at).find(|child| child.tag_name().name() == step)?,
        };
    }
    Some(whole_text(at))
}
