//! A service and its actions.

use std::fmt;
use std::sync::Arc;

use super::documento::{Documento, NessunDocumento, SchemaRef};
use super::firma::Regole;
use super::membro::Membro;
use crate::config::source::Place;
use crate::egov::Profilo;
use crate::egov::profili::{Asincrono, Passo};

/// What all the actions of one service have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servizio {
    /// Value of `Servizio` in the busta.
    pub nome: String,
    /// Its `tipo`.
    pub tipo: String,
    /// Profile of collaboration of all its actions.
    pub profilo: Profilo,
    /// Whether a message with attachments must describe them.
    pub manifesto: Manifesto,
    /// The published contract, a file of `wsdl/`.
    pub wsdl: Option<String>,
    /// The party at the centre: who offers the inbound actions and calls the outbound ones.
    pub erogatore: NomeParte,
    /// The parties at the other end.
    pub fruitori: Fruitori,
    /// What it says about signatures.
    pub firma: Regole,
    /// Where the file says so.
    pub place: Place,
}

/// What is asked of the manifest of a message with attachments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manifesto {
    /// Nothing: it is used to find the document, and not judged.
    Libero,
    /// A manifest in the Body must be right; a message may do without.
    Verificato,
    /// It must be there, and right.
    Richiesto,
}

/// Name and type of a party.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NomeParte {
    /// Its type.
    pub tipo: String,
    /// Its name.
    pub nome: String,
}

/// Who uses a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fruitori {
    /// Every party of a group of `parti.toml`.
    Gruppo(String),
    /// These, of the type of the service's erogatore.
    Elenco(Vec<String>),
}

/// One action of a service, with all that is needed to carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Azione {
    /// Its service.
    pub servizio: Arc<Servizio>,
    /// Value of `Azione` in the busta.
    pub nome: String,
    /// The busta may lack `Azione`, and then means this one.
    pub facoltativa: bool,
    /// Which way it goes.
    pub direction: Direction,
    /// What a message gets whose identifier has been seen.
    pub duplicate: Duplicate,
    /// What becomes of a message that may have reached its receiver.
    pub on_unknown: OnUnknown,
    /// How a refusal of the application is said.
    pub refusal: Refusal,
    /// What every request must ask for.
    pub accordo: Opzioni,
    /// The action of the second call of an asynchronous exchange that this one begins.
    pub correlato: Option<NomeAzione>,
    /// The action that begins the asynchronous exchange of which this one is the second call.
    pub seguito_di: Option<NomeAzione>,
    /// What becomes of attachments other than the document.
    pub allegati: Allegati,
    /// The REST call: on the node when inbound, on this gateway when outbound.
    pub rest: Rest,
    /// The element in the Body of the request.
    pub richiesta: Richiesta,
    /// The element in the Body of the reply; a one-way message has none, and a receipt may have an empty Body.
    pub risposta: Option<Risposta>,
    /// Where the file says so.
    pub place: Place,
}

/// Which way an action goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a region's PDD to the node.
    Inbound,
    /// From the node to a region's PDD.
    Outbound,
}

/// What an accordo wants of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Opzioni {
    /// It asks for confirmation of receipt.
    pub conferma: bool,
    /// It has an identifier of conversation.
    pub collaborazione: bool,
    /// It has its place in a sequence.
    pub ordine: bool,
}

/// An action by its names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NomeAzione {
    /// The type of its service.
    pub tipo: String,
    /// Its service.
    pub servizio: String,
    /// Its own name.
    pub azione: String,
}

/// What a message gets whose identifier has been seen, with the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duplicate {
    /// The recorded verdict, once more.
    Recorded,
    /// What the profile has for a repetition, whatever the sender's `inoltro`: the accordo asks for the filter.
    Refuse,
    /// Delivery, once more, unless the sender's `inoltro` or the Linee Guida forbid it.
    Deliver,
}

/// What becomes of a message that may have reached its receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OnUnknown {
    /// It waits for the operator's word.
    Hold,
    /// It is sent again, which is safe for the reason given.
    Resend {
        /// Why doing it twice is as good as once.
        reason: String,
    },
}

/// How a refusal of the application is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// In the reply's own members: the contract has an Esito.
    Esito,
    /// As a SOAP fault: the contract has no word for it.
    Fault,
    /// There is no reply: as a processing error (EGOV_IT_300), upon which the sender tries again.
    Error,
    /// There is no reply: not at all. The record keeps what the node said.
    Accept,
}

/// What becomes of attachments other than the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Allegati {
    /// A message with any is refused.
    Rifiutati,
    /// They go on in the JSON.
    Inoltrati,
}

/// A REST call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rest {
    /// Its method.
    pub method: http::Method,
    /// Its path, from the base address.
    pub path: String,
}

/// The element in the Body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Richiesta {
    /// The wrapper element.
    pub wrapper: SchemaRef,
    /// What it holds.
    pub contenuto: Contenuto,
}

/// What a request's wrapper holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contenuto {
    /// One child with a whole document in it, which becomes `modello.payload`.
    Documento {
        /// The child.
        membro: String,
        /// Content of the child that is not XML stands for the document with this single child element.
        testo: Option<String>,
        /// The documents that the child may hold.
        documenti: Vec<Documento>,
    },
    /// Plain children, each a member of the JSON. Outbound actions only.
    Membri(Vec<Membro>),
}

/// The element in the Body of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risposta {
    /// The wrapper element.
    pub wrapper: SchemaRef,
    /// Its children, in the order of the contract.
    pub membri: Vec<Membro>,
}

impl Azione {
    /// Member `azione` of the JSON: absent for an action that the busta may leave out.
    #[must_use]
    pub fn in_json(&self) -> Option<&str> {
        (!self.facoltativa).then_some(self.nome.as_str())
    }

    /// Which call of its profile's exchange a message of this action is.
    #[must_use]
    pub fn passo(&self) -> Passo {
        let profilo = self.servizio.profilo;
        match (profilo, &self.seguito_di) {
            (Profilo::OneWay, _) => Passo::OneWay,
            (Profilo::Sincrono, _) => Passo::Sincrono,
            (Profilo::AsincronoSimmetrico, None) => Passo::Richiesta(Asincrono::Simmetrico),
            (Profilo::AsincronoSimmetrico, Some(_)) => Passo::Seguito(Asincrono::Simmetrico),
            (Profilo::AsincronoAsimmetrico, None) => Passo::Richiesta(Asincrono::Asimmetrico),
            (Profilo::AsincronoAsimmetrico, Some(_)) => Passo::Seguito(Asincrono::Asimmetrico),
        }
    }

    /// `ServiziSAP/invioSAP`: the action in logs and metrics.
    #[must_use]
    pub fn etichetta(&self) -> String {
        format!("{}/{}", self.servizio.nome, self.nome)
    }
}

impl NomeAzione {
    /// Whether that is the action.
    #[must_use]
    pub fn is(&self, azione: &Azione) -> bool {
        self.tipo == azione.servizio.tipo
            && self.servizio == azione.servizio.nome
            && self.azione == azione.nome
    }
}

impl From<&Azione> for NomeAzione {
    fn from(azione: &Azione) -> Self {
        let Servizio { tipo, nome, .. } = azione.servizio.as_ref();
        Self { tipo: tipo.clone(), servizio: nome.clone(), azione: azione.nome.clone() }
    }
}

impl fmt::Display for NomeAzione {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tipo, self.servizio, self.azione)
    }
}

impl Contenuto {
    /// The documents that a request may hold; none where its members are plain.
    #[must_use]
    pub fn documenti(&self) -> &[Documento] {
        match self {
            Self::Documento { documenti, .. } => documenti,
            Self::Membri(_) => &[],
        }
    }
}

impl Richiesta {
    /// The attribute of the root by which a document tells its revision, where documents with this root do.
    #[must_use]
    pub fn attributo_versione(&self, root: &str) -> Option<&str> {
        self.contenuto.documenti().iter().find(|d| d.schema.root == root)?.versione.as_deref()
    }

    /// The document that an XML with this root, of this revision, is on this day.
    ///
    /// # Errors
    /// None is; the error says at which question the last candidate fell.
    pub fn per_radice(
        &self,
        root: &str,
        versione: Option<&str>,
        giorno: jiff::civil::Date,
    ) -> Result<&Documento, NessunDocumento> {
        let candidates = self.contenuto.documenti().iter().filter(|d| d.schema.root == root);
        Documento::scegli(candidates, versione, giorno)
    }

    /// The document that a JSON of this `tipoModello`, of this revision, is on this day.
    ///
    /// # Errors
    /// None is; the error says at which question the last candidate fell.
    pub fn per_modello(
        &self,
        tipo_modello: &str,
        versione: Option<&str>,
        giorno: jiff::civil::Date,
    ) -> Result<&Documento, NessunDocumento> {
        let candidates = self.contenuto.documenti().iter().filter(|d| d.tipo_modello == tipo_modello);
        Documento::scegli(candidates, versione, giorno)
    }
}

impl fmt::Display for NomeParte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tipo, self.nome)
    }
}
