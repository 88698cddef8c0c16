//! The reply envelope.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::envelope::{Envelope, NODE};
use super::sap_store::Anomaly;
use crate::clock::in_rome;

/// How the node judges a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Esito {
    codice: String,
    messaggio: Option<String>,
    anomalie: Option<Value>,
}

impl Esito {
    /// Done.
    pub(super) fn ok(messaggio: Option<&str>) -> Self {
        Self { codice: "OK".to_owned(), messaggio: messaggio.map(str::to_owned), anomalie: None }
    }

    /// Not done, in words.
    pub(super) fn ko(messaggio: &str) -> Self {
        Self { codice: "KO".to_owned(), messaggio: Some(messaggio.to_owned()), anomalie: None }
    }

    /// Not done, with the list of what is wrong.
    pub(super) fn anomaly(codice: &str, descrizione: &str, campo: Option<&str>) -> Self {
        let anomalia = json!({
            "codiceAnomalia": codice,
            "descrizioneAnomalia": descrizione,
            "campiInErrore": campo.filter(|campo| !campo.is_empty()),
        });
        Self { codice: "KO".to_owned(), messaggio: None, anomalie: Some(json!({ "anomalia": [anomalia] })) }
    }

    /// The limit of invocations. An action whose response has no Esito shows the code in the words.
    pub(super) fn throttled(descrizione: &str, has_esito: bool) -> Self {
        let prefix = if has_esito { "" } else { "X001 - " };
        let messaggio = format!("{prefix}{descrizione}");
        Self { codice: "X001".to_owned(), messaggio: Some(messaggio), anomalie: None }
    }
}

impl From<Anomaly> for Esito {
    fn from(anomaly: Anomaly) -> Self {
        Self::anomaly(anomaly.codice, anomaly.descrizione, Some(anomaly.campo))
    }
}

/// The reply to `request`, with the members that only its action has.
pub(super) fn envelope(
    request: &Envelope,
    esito: Esito,
    members: Map<String, Value>,
    progressive: u32,
    now: Timestamp,
) -> Value {
    let mut reply = json!({
        "dataInvio": now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "direzione": "RISPOSTA",
        "mittente": NODE,
        "destinatario": request.mittente,
        "servizio": request.servizio,
        "profiloCollaborazione": "SERVIZIO_SINCRONO",
        "identificatore": identifier(progressive, now),
        "riferimentoMessaggio": request.identificatore,
        "esito": {
            "codice": esito.codice,
            "messaggioErrore": esito.messaggio,
            "anomalie": esito.anomalie,
        },
    });
    if let Value::Object(reply) = &mut reply {
        if let Some(azione) = &request.azione {
            reply.insert("azione".to_owned(), json!(azione));
        }
        reply.extend(members);
    }
    reply
}

fn identifier(progressive: u32, now: Timestamp) -> String {
    let time = in_rome(now).strftime("%Y-%m-%d_%H:%M").to_string();
    format!("{NODE}_{NODE}SPCoopIT_{:07}_{time}", progressive % 10_000_000)
}
