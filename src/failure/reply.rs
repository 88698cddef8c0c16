//! The only place where a failure becomes a wire reply.
//!
//! Towards a Porta di Dominio there are six answers, and [`Kind::of`] chooses. Four are the protocol's own:
//!
//! | kind | header | Body | when |
//! | --- | --- | --- | --- |
//! | [`Kind::Format`] | none | Fault Client 001 | no busta can be read |
//! | [`Kind::Exceptions`] | busta with ListaEccezioni | the same Fault | the busta is wrong, or asks for what it may not |
//! | [`Kind::Processing`] | busta of a reply, without ListaEccezioni | Fault Server 300 | the message is well, we or the node are not |
//! | [`Kind::BareProcessing`] | none | Fault Server 300 | refused before a header was read |
//!
//! Two are the application's, in the busta of an ordinary reply: [`Kind::Esito`] where the action's contract has a word
//! for a refusal, [`Kind::ServiceFault`] where it has none. All but `Esito` go with HTTP status 500 (SOAP 1.1 §6.2).
//!
//! Nothing internal is told: the two texts of the protocol are exact to the letter, because partners compare them, and
//! what an application refusal says is about the sender's own document.

use std::time::Duration;

use jiff::Timestamp;

use super::{Anomaly, Cause, DocumentError, Failure, TransportError};
use crate::egov::profili::{self, Dovuto, Penna};
use crate::egov::{self, Busta, EncodeError, Gestione, Identificatore, Parte, Registro, Servizio};
use crate::node::NodeError;
use crate::schema::SchemaSet;
use crate::services::corpo::CorpoError;
use crate::services::{Azione, Refusal, corpo};
use crate::soap::{self, Side};
use crate::xml::{Limits, write};

/// Which answer a failure gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Bare fault 001.
    Format,
    /// Fault 001 under a busta that lists what is wrong.
    Exceptions,
    /// Fault 300 under a busta.
    Processing,
    /// Bare fault 300.
    BareProcessing,
    /// A negative esito in an ordinary reply.
    Esito,
    /// A Fault of the service in an ordinary reply.
    ServiceFault,
}

/// What was understood of the request before it failed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heard<'a> {
    /// The busta, where one was read.
    pub busta: Option<&'a Busta>,
    /// The action, where one was recognised.
    pub azione: Option<&'a Azione>,
}

/// Who answers, and with what.
#[derive(Clone, Copy)]
pub struct Speaker<'a> {
    /// The party that this gateway speaks as.
    pub parte: &'a Parte,
    /// Who is known.
    pub registro: &'a dyn Registro,
    /// The schemas, for the reply's contract.
    pub schemas: &'a SchemaSet,
    /// Bounds of what is written.
    pub limits: &'a Limits,
    /// The identifier of the answer's own busta.
    pub identificatore: &'a Identificatore,
    /// The present instant.
    pub now: Timestamp,
}

/// A reply to a Porta di Dominio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PddReply {
    /// HTTP status: 200 or 500, nothing else.
    pub status: u16,
    /// When to come again, where that is known.
    pub retry_after: Option<Duration>,
    /// The identifier of the reply's busta, where it has one.
    pub identificatore: Option<String>,
    /// The envelope; empty where a one-way message is only answered 200.
    pub body: String,
}

impl Kind {
    /// The answer that a failure gets, given what was understood of the request.
    #[must_use]
    pub fn of(failure: &Failure, heard: Heard<'_>) -> Self {
        let with_busta = |kind| if heard.busta.is_some() { kind } else { Self::BareProcessing };
        match &failure.cause {
            Cause::Transport(TransportError::TooLarge { .. } | TransportError::TooSlow)
            | Cause::Encoding(_)
            | Cause::Busta(_) => Self::Format,
            Cause::Soap(error) => Self::bare(error.answer()),
            Cause::Package(error) => Self::bare(error.answer()),
            Cause::Transport(_) => Self::BareProcessing,
            Cause::Eccezioni(_) => Self::Exceptions,
            Cause::Document(_) | Cause::RefusedByNode { .. } => match heard.azione.map(|a| a.refusal) {
                Some(Refusal::Esito) => Self::Esito,
                Some(Refusal::Fault) => Self::ServiceFault,
                // A one-way message has no reply that could carry what the application says.
                Some(Refusal::Error | Refusal::Accept) | None => with_busta(Self::Processing),
            },
            _ => with_busta(Self::Processing),
        }
    }

    fn bare(answer: soap::Answer) -> Self {
        match answer {
            soap::Answer::Format => Self::Format,
            soap::Answer::Processing => Self::BareProcessing,
        }
    }
}

impl Speaker<'_> {
    /// By which text the sender of a busta speaks e-Gov.
    #[must_use]
    pub fn gestione(&self, busta: &Busta) -> Gestione {
        let parte = self.registro.parte(&busta.mittente.tipo, &busta.mittente.nome);
        parte.map(|parte| parte.gestione).unwrap_or_default()
    }
}

impl Failure {
    /// When the sender should come again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Transport(
                TransportError::RateLimited { retry_after } | TransportError::Overloaded { retry_after },
            )
            | Cause::Throttled { retry_after } => Some(*retry_after),
            Cause::NothingDone { retry_after } => *retry_after,
            Cause::Node(NodeError::Saturated { .. }) => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

/// What a Porta di Dominio is answered.
#[must_use]
pub fn to_pdd(failure: &Failure, heard: Heard<'_>, speaker: Speaker<'_>) -> PddReply {
    let kind = Kind::of(failure, heard);
    let written = match (kind, heard.busta) {
        (Kind::Format, _) => return bare(Side::Client, egov::FAULT_FORMATO, failure.retry_after()),
        (Kind::Exceptions | Kind::Processing, Some(busta)) => protocol(failure, kind, busta, speaker),
        (Kind::Esito, Some(busta)) => application(failure, heard.azione, busta, speaker),
        (Kind::ServiceFault, Some(busta)) => service_fault(failure, heard.azione, busta, speaker),
        (_, _) => return bare(Side::Server, egov::FAULT_PROCESSAMENTO, failure.retry_after()),
    };
    // A busta that cannot be written (a character of the sender's that XML forbids) leaves the bare fault.
    written.unwrap_or_else(|_| bare(Side::Server, egov::FAULT_PROCESSAMENTO, failure.retry_after()))
}

/// What a Porta di Dominio is answered where no busta can be written: none was read, or none can be addressed.
#[must_use]
pub fn without_busta(failure: &Failure) -> PddReply {
    match Kind::of(failure, Heard::default()) {
        Kind::Format | Kind::Exceptions => bare(Side::Client, egov::FAULT_FORMATO, failure.retry_after()),
        _ => bare(Side::Server, egov::FAULT_PROCESSAMENTO, failure.retry_after()),
    }
}

/// What the sender of a message is answered that was taken at `received`, as its profile has it: the answer of the
/// service in a reply or a receipt, a riscontro, or nothing.
///
/// # Errors
/// The busta cannot be written.
pub fn taken(
    azione: &Azione,
    busta: &Busta,
    received: Timestamp,
    speaker: Speaker<'_>,
    body: &str,
) -> Result<PddReply, EncodeError> {
    ordinary(azione, busta, received, speaker, 200, body)
}

/// A fault without busta.
fn bare(side: Side, text: &str, retry_after: Option<Duration>) -> PddReply {
    let body = soap::encode(None, &soap::fault(side, text, None));
    PddReply { status: 500, retry_after, identificatore: None, body }
}

/// The protocol's own refusal, under a busta.
fn protocol(
    failure: &Failure,
    kind: Kind,
    busta: &Busta,
    speaker: Speaker<'_>,
) -> Result<PddReply, EncodeError> {
    let (side, text) = match kind {
        Kind::Exceptions => (Side::Client, egov::FAULT_FORMATO),
        _ => (Side::Server, egov::FAULT_PROCESSAMENTO),
    };
    let eccezioni = match &failure.cause {
        Cause::Eccezioni(eccezioni) if kind == Kind::Exceptions => eccezioni.clone(),
        _ => Vec::new(),
    };
    let Speaker { parte, registro, identificatore, now, .. } = speaker;
    let header = egov::reply::errore(busta, parte, registro, identificatore, now, eccezioni);
    let body = soap::encode(Some(&egov::encode(&header)?), &soap::fault(side, text, None));
    Ok(PddReply {
        status: 500,
        retry_after: failure.retry_after(),
        identificatore: Some(identificatore.to_string()),
        body,
    })
}

/// A refusal in the reply's own members.
fn application(
    failure: &Failure,
    azione: Option<&Azione>,
    busta: &Busta,
    speaker: Speaker<'_>,
) -> Result<PddReply, EncodeError> {
    let anomalies = anomalies(failure);
    let answer = corpo::esito_negativo(
        &sentence(failure),
        anomalies.into_iter().map(|a| (a.code, a.description, a.place)),
    );
    let body = azione.map(|a| (a, corpo::scrivi(a, speaker.schemas, &answer, speaker.limits)));
    match body {
        Some((azione, Ok(body))) => ordinary(azione, busta, speaker.now, speaker, 200, &body),
        // The contract has no room for what must be said: it is said beside it.
        _ => service_fault(failure, azione, busta, speaker),
    }
}

/// A refusal as a Fault of the service, for a contract without a word for it.
fn service_fault(
    failure: &Failure,
    azione: Option<&Azione>,
    busta: &Busta,
    speaker: Speaker<'_>,
) -> Result<PddReply, EncodeError> {
    let mut detail = String::from("<ListaAnomalie>");
    for anomaly in anomalies(failure) {
        let Anomaly { code, description, place } = anomaly;
        for (open, value, close) in [
            ("<Anomalia><CodiceAnomalia>", code, "</CodiceAnomalia>"),
            ("<DescrizioneAnomalia>", &description, "</DescrizioneAnomalia>"),
            ("<CampiInErrore>", &place, "</CampiInErrore></Anomalia>"),
        ] {
            detail.push_str(open);
            write::push_text(&mut detail, value);
            detail.push_str(close);
        }
    }
    detail.push_str("</ListaAnomalie>");
    let fault = soap::fault(Side::Client, &sentence(failure), Some(&detail));
    match azione {
        Some(azione) => ordinary(azione, busta, speaker.now, speaker, 500, &fault),
        None => protocol(failure, Kind::Processing, busta, speaker),
    }
}

/// A Body under the busta that the profile has for a message that was taken.
fn ordinary(
    azione: &Azione,
    busta: &Busta,
    received: Timestamp,
    speaker: Speaker<'_>,
    status: u16,
    body: &str,
) -> Result<PddReply, EncodeError> {
    let Speaker { identificatore, now, .. } = speaker;
    let correlato = azione.correlato.as_ref();
    let correlato = correlato.map(|c| Servizio { tipo: c.tipo.clone(), nome: c.servizio.clone() });
    let penna = Penna { identificatore, now, gestione: speaker.gestione(busta) };
    let (status, header, body) =
        match profili::dovuto(azione.passo(), busta, correlato.as_ref(), received, penna) {
            Dovuto::Niente => {
                return Ok(PddReply {
                    status: 200,
                    retry_after: None,
                    identificatore: None,
                    body: String::new(),
                });
            }
            Dovuto::Riscontro(header) => (200, header, ""),
            Dovuto::Risposta(header) => (status, header, body),
        };
    Ok(PddReply {
        status,
        retry_after: None,
        identificatore: Some(identificatore.to_string()),
        body: soap::encode(Some(&egov::encode(&header)?), body),
    })
}

/// What the back office of the sender reads first.
fn sentence(failure: &Failure) -> String {
    match &failure.cause {
        Cause::Document(DocumentError::Refusal(_)) => match failure.places().len() {
            0 | 1 => "Documento non valido: un errore".to_owned(),
            many => format!("Documento non valido: {many} errori"),
        },
        Cause::Document(DocumentError::Corpo(CorpoError::Attachments(_))) => {
            "Allegati non accettati".to_owned()
        }
        Cause::Document(DocumentError::Corpo(_)) => "Documento non riconosciuto".to_owned(),
        Cause::RefusedByNode { sentence, .. } if !sentence.is_empty() => sentence.clone(),
        _ => "Messaggio rifiutato".to_owned(),
    }
}

fn anomalies(failure: &Failure) -> Vec<Anomaly> {
    match &failure.cause {
        Cause::Document(error) => error.anomalies(),
        other => vec![Anomaly { code: "EB-NODE", description: other.to_string(), place: String::from("/") }],
    }
}
