//! An e-Gov envelope, built member by member. What a scenario does not say is as it should be.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The minute in which every message of these tests is written, and in which a world stands still.
pub(crate) const MINUTE: &str = "2026-01-15_09:30";
const ORA: &str = "2026-01-15T09:30:00.000";

/// How the document stands in the Body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dress {
    /// As text, its markup escaped.
    Escaped,
    /// As text in a CDATA section.
    Cdata,
    /// As an element in the member of the wrapper.
    Nested,
    /// As the Body's own child, without wrapper.
    InBody,
}

/// An envelope in the making.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    mittente: String,
    destinatario: String,
    servizio: String,
    azione: Option<String>,
    identificatore: String,
    ora: String,
    profilo: &'static str,
    inoltro: &'static str,
    conferma: bool,
    collaborazione: Option<String>,
    riferimento: Option<String>,
    sequenza: Option<u32>,
    body: Body,
    edits: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
enum Body {
    Document { of: String, text: String, dress: Dress },
    Written(String),
}

/// A message of ServiziSAP from LAZIO; unless told otherwise, the harmless question verificaEsistenzaSAP.
pub(crate) fn envelope() -> Envelope {
    let envelope = Envelope {
        mittente: String::new(),
        destinatario: "NAZIONALE".to_owned(),
        servizio: "ServiziSAP".to_owned(),
        azione: None,
        identificatore: String::new(),
        ora: ORA.to_owned(),
        profilo: "ServizioSincrono",
        inoltro: "ALPIUUNAVOLTA",
        conferma: false,
        collaborazione: None,
        riferimento: None,
        sequenza: None,
        body: Body::Written(String::new()),
        edits: Vec::new(),
    };
    envelope.mittente("LAZIO").azione("verificaEsistenzaSAP")
}

/// A comunicazione obbligatoria from PIEMONTE, which has no Azione.
pub(crate) fn comunicazione(document: &str) -> Envelope {
    let envelope = envelope().mittente("PIEMONTE").servizio("InviaComunicazioneObbligatoria");
    Envelope { azione: None, ..envelope }.wrapped("InviaComunicazioneObbligatoria").document(document)
}

/// An identifier that no other message of this process has.
pub(crate) fn fresh(mittente: &str) -> String {
    static LAST: AtomicU32 = AtomicU32::new(1_000_000);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    format!("{mittente}_{mittente}SPCoopIT_{number:07}_{MINUTE}")
}

impl Envelope {
    /// The sender, with an identifier of its porta.
    pub(crate) fn mittente(mut self, nome: &str) -> Self {
        nome.clone_into(&mut self.mittente);
        self.identificatore = fresh(nome);
        self
    }

    pub(crate) fn destinatario(mut self, nome: &str) -> Self {
        nome.clone_into(&mut self.destinatario);
        self
    }

    pub(crate) fn servizio(mut self, nome: &str) -> Self {
        nome.clone_into(&mut self.servizio);
        self
    }

    /// Azione, and a Body of that action with a document that suits it.
    pub(crate) fn azione(self, nome: &str) -> Self {
        let document = match nome {
            "invioSAP" => documento("scheda-anagrafico-professionale.xml"),
            "annullaSAP" | "richiestaSAP" => documento("identificativo-sap.xml"),
            "recuperaListaSAPNonAttive" => documento("lista-sap.xml"),
            "richiestaCodSAPRegTitolare" => documento("richiesta-cod-sap-reg-titolare.xml"),
            _ => documento("verifica-sap.xml"),
        };
        self.wrapped(nome).document(&document).header_azione(nome)
    }

    /// Azione in the header alone.
    pub(crate) fn header_azione(mut self, nome: &str) -> Self {
        self.azione = Some(nome.to_owned());
        self
    }

    /// A Body of another action than the header's.
    pub(crate) fn wrapped(mut self, nome: &str) -> Self {
        self.body = Body::Document { of: nome.to_owned(), text: String::new(), dress: Dress::Escaped };
        self
    }

    pub(crate) fn document(mut self, document: &str) -> Self {
        if let Body::Document { text, .. } = &mut self.body {
            document.clone_into(text);
        }
        self
    }

    pub(crate) fn dress(mut self, wanted: Dress) -> Self {
        if let Body::Document { dress, .. } = &mut self.body {
            *dress = wanted;
        }
        self
    }

    /// The content of the Body, as written.
    pub(crate) fn body(mut self, written: &str) -> Self {
        self.body = Body::Written(written.to_owned());
        self
    }

    pub(crate) fn identificatore(mut self, identificatore: &str) -> Self {
        identificatore.clone_into(&mut self.identificatore);
        self
    }

    pub(crate) fn ora(mut self, ora: &str) -> Self {
        ora.clone_into(&mut self.ora);
        self
    }

    /// ProfiloCollaborazione, without its prefix.
    pub(crate) fn profilo(mut self, nome: &'static str) -> Self {
        self.profilo = nome;
        self
    }

    /// May be delivered more than once.
    pub(crate) fn piu_di_una_volta(mut self) -> Self {
        self.inoltro = "PIUDIUNAVOLTA";
        self
    }

    /// Wants a riscontro.
    pub(crate) fn conferma(mut self) -> Self {
        self.conferma = true;
        self
    }

    pub(crate) fn collaborazione(mut self, identificatore: &str) -> Self {
        self.collaborazione = Some(identificatore.to_owned());
        self
    }

    pub(crate) fn riferimento(mut self, identificatore: &str) -> Self {
        self.riferimento = Some(identificatore.to_owned());
        self
    }

    /// Its place in an ordered series.
    pub(crate) fn sequenza(mut self, numero: u32) -> Self {
        self.sequenza = Some(numero);
        self
    }

    /// Writes `with` in the place of `what`, wherever it stands in the finished envelope.
    pub(crate) fn edit(mut self, what: &str, with: &str) -> Self {
        self.edits.push((what.to_owned(), with.to_owned()));
        self
    }

    /// The identifier that it has.
    pub(crate) fn id(&self) -> &str {
        &self.identificatore
    }

    pub(crate) fn to_xml(&self) -> String {
        let Self { mittente, destinatario, servizio, identificatore, ora, .. } = self;
        let Self { profilo, inoltro, conferma, .. } = self;
        let optional = |element: &str, value: &Option<String>| {
            let value =
                value.as_ref().map(|value| format!("<eGov_IT:{element}>{value}</eGov_IT:{element}>\n"));
            value.unwrap_or_default()
        };
        let collaborazione = optional("Collaborazione", &self.collaborazione);
        let riferimento = optional("RiferimentoMessaggio", &self.riferimento);
        let sequenza =
            self.sequenza.map(|numero| format!("<eGov_IT:Sequenza numeroProgressivo=\"{numero:07}\"/>\n"));
        let sequenza = sequenza.unwrap_or_default();
        let azione = self.azione.as_ref().map(|nome| format!("<eGov_IT:Azione>{nome}</eGov_IT:Azione>"));
        let azione = azione.unwrap_or_default();
        let parte = |nome: &str| {
            format!(r#"<eGov_IT:IdentificativoParte tipo="SPC">{nome}</eGov_IT:IdentificativoParte>"#)
        };
        let (mittente, destinatario) = (parte(mittente), parte(destinatario));
        let body = self.body.to_xml();
        let mut xml = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
<soapenv:Header>
<eGov_IT:Intestazione xmlns:eGov_IT="http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/" soapenv:actor="http://www.cnipa.it/eGov_it/portadominio" soapenv:mustUnderstand="1">
<eGov_IT:IntestazioneMessaggio>
<eGov_IT:Mittente>{mittente}</eGov_IT:Mittente>
<eGov_IT:Destinatario>{destinatario}</eGov_IT:Destinatario>
<eGov_IT:ProfiloCollaborazione>EGOV_IT_{profilo}</eGov_IT:ProfiloCollaborazione>
{collaborazione}<eGov_IT:Servizio tipo="SPC">{servizio}</eGov_IT:Servizio>
{azione}
<eGov_IT:Messaggio>
<eGov_IT:Identificatore>{identificatore}</eGov_IT:Identificatore>
<eGov_IT:OraRegistrazione tempo="EGOV_IT_SPC">{ora}</eGov_IT:OraRegistrazione>
{riferimento}</eGov_IT:Messaggio>
<eGov_IT:ProfiloTrasmissione inoltro="EGOV_IT_{inoltro}" confermaRicezione="{conferma}"/>
{sequenza}</eGov_IT:IntestazioneMessaggio>
<eGov_IT:ListaTrasmissioni>
<eGov_IT:Trasmissione>
<eGov_IT:Origine>{mittente}</eGov_IT:Origine>
<eGov_IT:Destinazione>{destinatario}</eGov_IT:Destinazione>
<eGov_IT:OraRegistrazione tempo="EGOV_IT_SPC">{ora}</eGov_IT:OraRegistrazione>
</eGov_IT:Trasmissione>
</eGov_IT:ListaTrasmissioni>
</eGov_IT:Intestazione>
</soapenv:Header>
<soapenv:Body>{body}</soapenv:Body>
</soapenv:Envelope>"#
        );
        for (what, with) in &self.edits {
            assert!(xml.contains(what), "{what:?} is not in\n{xml}");
            xml = xml.replace(what, with);
        }
        xml
    }
}

impl Body {
    fn to_xml(&self) -> String {
        let (of, text, dress) = match self {
            Self::Written(written) => return written.clone(),
            Self::Document { of, text, dress } => (of, text, *dress),
        };
        let content = match dress {
            Dress::Escaped => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            Dress::Cdata => format!("<![CDATA[{text}]]>"),
            Dress::Nested => without_declaration(text).to_owned(),
            Dress::InBody => return without_declaration(text).to_owned(),
        };
        let (namespace, member) = contract(of);
        format!(r#"<typ:{of} xmlns:typ="{namespace}"><typ:{member}>{content}</typ:{member}></typ:{of}>"#)
    }
}

/// Namespace of an action's wrapper, and the member that holds the document.
fn contract(azione: &str) -> (&'static str, &'static str) {
    const SAP: &str = "http://servizi.lavoro.gov.it/servizicoap/types";
    match azione {
        "invioSAP" => (SAP, "SAP"),
        "annullaSAP" | "richiestaSAP" => (SAP, "CodiceSAP"),
        "recuperaListaSAPNonAttive" => (SAP, "Parametri"),
        "InviaComunicazioneObbligatoria" => {
            ("http://servizi.lavoro.gov.it/comunicazioni/types", "Comunicazione")
        }
        _ => (SAP, "CodiceFiscale"),
    }
}

fn without_declaration(document: &str) -> &str {
    match document.split_once("?>") {
        Some((declaration, rest)) if declaration.starts_with("<?xml ") => rest.trim_start(),
        _ => document,
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A whole envelope of `samples/`. They are all written in [`MINUTE`], so that a world takes them as they are.
pub(crate) fn sample(name: &str) -> String {
    read(&format!("samples/{name}"))
}

/// A document of `samples/documenti/`.
pub(crate) fn documento(name: &str) -> String {
    read(&format!("samples/documenti/{name}"))
}
