//! A reply as a region's porta reads it: with its own XML reader, and by the letter where partners compare letters.

use roxmltree::{Document, Node};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const EGOV: &str = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/";
/// The faultstring of kinds A and B.
const FORMATO: &str = "EGOV_IT_001 - Formato Busta non corretto";
/// The faultstring of kinds C and D.
const PROCESSAMENTO: &str = "EGOV_IT_300 - Errore nel processamento del messaggio SPCoop";

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A Fault of the Body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// `faultcode`, as written.
    pub(crate) code: String,
    pub(crate) string: String,
    /// The text of `detail` and of all that is in it.
    pub(crate) detail: Option<String>,
}

/// One entry of the ListaAnomalie that a KO carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Anomalia {
    pub(crate) codice: String,
    pub(crate) descrizione: String,
    pub(crate) campi: String,
}

impl Reply {
    /// A reply whose body is still to come.
    pub(crate) fn of_head(head: &str) -> Self {
        let mut lines = head.trim_end().lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(':').unwrap());
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        Self { status, headers, body: Vec::new() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Seconds after which to come again.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.header("retry-after").map(|seconds| seconds.parse().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// A field of the busta, such as `Mittente/IdentificativoParte/@tipo`: below IntestazioneMessaggio or, for the
    /// lists, below Intestazione.
    pub(crate) fn busta(&self, path: &str) -> Option<String> {
        self.reading(|envelope| {
            let intestazione = intestazione(envelope)?;
            let messaggio = child(intestazione, EGOV, "IntestazioneMessaggio");
            messaggio.and_then(|at| at_path(at, path)).or_else(|| at_path(intestazione, path))
        })
    }

    /// Code and posizione of each Eccezione.
    pub(crate) fn eccezioni(&self) -> Vec<(String, String)> {
        self.reading(|envelope| {
            let lista = intestazione(envelope).and_then(|at| child(at, EGOV, "ListaEccezioni"));
            let eccezioni = lista.into_iter().flat_map(|lista| lista.children().filter(Node::is_element));
            let attribute = |at: Node<'_, '_>, name| at.attribute(name).unwrap().to_owned();
            eccezioni.map(|at| (attribute(at, "codiceEccezione"), attribute(at, "posizione"))).collect()
        })
    }

    pub(crate) fn fault(&self) -> Option<Fault> {
        self.reading(|envelope| {
            let fault = payload(envelope).filter(|at| at.has_tag_name((SOAP, "Fault")))?;
            let code = child(fault, "", "faultcode").unwrap();
            let prefix = code.text().unwrap().split(':').next();
            assert_eq!(code.lookup_namespace_uri(prefix), Some(SOAP), "the faultcode must be SOAP's");
            Some(Fault {
                code: code.text().unwrap().to_owned(),
                string: child(fault, "", "faultstring").unwrap().text().unwrap().to_owned(),
                detail: child(fault, "", "detail").map(whole_text),
            })
        })
    }

    /// Local name of the element in the Body.
    pub(crate) fn wrapper(&self) -> Option<String> {
        self.reading(|envelope| payload(envelope).map(|at| at.tag_name().name().to_owned()))
    }

    /// The text of a member of the element in the Body.
    #[track_caller]
    pub(crate) fn member(&self, name: &str) -> String {
        let member = self.reading(|envelope| {
            payload(envelope)?.children().find(|at| at.tag_name().name() == name).map(whole_text)
        });
        member.unwrap_or_else(|| panic!("no {name} in\n{self}"))
    }

    /// The ListaAnomalie that travels as text in MessaggioErrore.
    #[track_caller]
    pub(crate) fn anomalie(&self) -> Vec<Anomalia> {
        let text = self.member("MessaggioErrore");
        let lista = Document::parse(&text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
        let member = |at, name| child(at, "", name).map(whole_text).unwrap_or_default();
        let anomalie = lista.root_element().children().filter(Node::is_element);
        anomalie
            .map(|at| Anomalia {
                codice: member(at, "CodiceAnomalia"),
                descrizione: member(at, "DescrizioneAnomalia"),
                campi: member(at, "CampiInErrore"),
            })
            .collect()
    }

    /// An ordinary reply: 200, a busta without exceptions, no Fault.
    #[track_caller]
    pub(crate) fn is_ordinary(&self) -> &Self {
        self.is_an_envelope();
        assert_eq!((self.status, self.fault(), self.eccezioni()), (200, None, Vec::new()), "{self}");
        assert!(self.has_busta(), "{self}");
        self
    }

    /// A one-way message was taken: 200, and nothing else.
    #[track_caller]
    pub(crate) fn is_empty(&self) -> &Self {
        assert_eq!((self.status, self.body.len(), self.header("content-type")), (200, 0, None), "{self}");
        self
    }

    /// The busta of a riscontro over an empty Body; it acknowledges the message `identificatore`.
    #[track_caller]
    pub(crate) fn is_riscontro_of(&self, identificatore: &str) -> &Self {
        self.is_ordinary();
        let field = |path: &str| self.busta(path);
        assert_eq!(
            field("ListaRiscontri/Riscontro/Identificatore").as_deref(),
            Some(identificatore),
            "{self}"
        );
        assert!(field("ListaRiscontri/Riscontro/OraRegistrazione").is_some(), "{self}");
        for absent in [
            "ProfiloCollaborazione",
            "Servizio",
            "Azione",
            "Collaborazione",
            "Messaggio/RiferimentoMessaggio",
        ] {
            assert_eq!(field(absent), None, "{absent} in {self}");
        }
        assert_eq!(self.wrapper(), None, "{self}");
        self
    }

    /// Code, posizione and rilevanza of each Eccezione.
    pub(crate) fn avvisi(&self) -> Vec<(String, String, String)> {
        self.reading(|envelope| {
            let lista = intestazione(envelope).and_then(|at| child(at, EGOV, "ListaEccezioni"));
            let eccezioni = lista.into_iter().flat_map(|lista| lista.children().filter(Node::is_element));
            let attribute = |at: Node<'_, '_>, name| at.attribute(name).unwrap().to_owned();
            eccezioni
                .map(|at| {
                    (attribute(at, "codiceEccezione"), attribute(at, "posizione"), attribute(at, "rilevanza"))
                })
                .collect()
        })
    }

    /// Kind A: a bare fault 001.
    #[track_caller]
    pub(crate) fn is_format_fault(&self) -> &Self {
        assert!(!self.has_busta(), "{self}");
        self.is_fault("soap:Client", FORMATO)
    }

    /// Kind B: a fault 001 under a busta that lists exactly these exceptions.
    #[track_caller]
    pub(crate) fn is_refused_with(&self, eccezioni: &[(&str, &str)]) -> &Self {
        let found = self.eccezioni();
        let found: Vec<_> = found.iter().map(|(code, at)| (code.as_str(), at.as_str())).collect();
        assert_eq!(found, eccezioni, "{self}");
        self.is_fault("soap:Client", FORMATO)
    }

    /// Kind C: a fault 300 under the busta of a reply, without exceptions.
    #[track_caller]
    pub(crate) fn is_processing_fault(&self) -> &Self {
        assert!(self.has_busta() && self.eccezioni().is_empty(), "{self}");
        assert!(!self.text().contains("ListaEccezioni"), "{self}");
        self.is_fault("soap:Server", PROCESSAMENTO)
    }

    /// Kind D: a bare fault 300.
    #[track_caller]
    pub(crate) fn is_bare_processing_fault(&self) -> &Self {
        assert!(!self.has_busta(), "{self}");
        self.is_fault("soap:Server", PROCESSAMENTO)
    }

    /// A Fault of the service: in an ordinary busta, and neither of the protocol's texts.
    #[track_caller]
    pub(crate) fn is_service_fault(&self) -> Fault {
        self.is_an_envelope();
        let fault = self.fault().unwrap_or_else(|| panic!("no Fault in\n{self}"));
        assert!(self.has_busta() && self.eccezioni().is_empty() && self.status == 500, "{self}");
        assert!(fault.string != FORMATO && fault.string != PROCESSAMENTO, "{self}");
        fault
    }

    pub(crate) fn has_busta(&self) -> bool {
        self.reading(|envelope| intestazione(envelope).is_some())
    }

    /// A fault of the protocol tells nothing of the inside: no detail.
    #[track_caller]
    fn is_fault(&self, code: &str, string: &str) -> &Self {
        self.is_an_envelope();
        assert_eq!(self.status, 500, "{self}");
        let expected = Fault { code: code.to_owned(), string: string.to_owned(), detail: None };
        assert_eq!(self.fault(), Some(expected), "{self}");
        self
    }

    #[track_caller]
    fn is_an_envelope(&self) {
        assert_eq!(self.header("content-type"), Some("text/xml; charset=utf-8"), "{self}");
        assert!(self.text().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), "{self}");
    }

    fn reading<T>(&self, read: impl FnOnce(Node<'_, '_>) -> T) -> T {
        let document = Document::parse(self.text()).unwrap_or_else(|error| panic!("{error} in\n{self}"));
        let envelope = document.root_element();
        assert!(envelope.has_tag_name((SOAP, "Envelope")), "{self}");
        read(envelope)
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}\n{}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

fn intestazione<'a, 'd>(envelope: Node<'a, 'd>) -> Option<Node<'a, 'd>> {
    child(child(envelope, SOAP, "Header")?, EGOV, "Intestazione")
}

fn payload<'a, 'd>(envelope: Node<'a, 'd>) -> Option<Node<'a, 'd>> {
    child(envelope, SOAP, "Body")?.first_element_child()
}

fn child<'a, 'd>(parent: Node<'a, 'd>, namespace: &str, local: &str) -> Option<Node<'a, 'd>> {
    parent.children().find(|at| {
        at.tag_name().name() == local && at.tag_name().namespace().unwrap_or_default() == namespace
    })
}

fn at_path(from: Node<'_, '_>, path: &str) -> Option<String> {
    let mut at = from;
    for step in path.split('/') {
        if let Some(attribute) = step.strip_prefix('@') {
            return at.attribute(attribute).map(str::to_owned);
        }
        at = child(at, EGOV, step)?;
    }
    Some(whole_text(at))
}

fn whole_text(at: Node<'_, '_>) -> String {
    at.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}
