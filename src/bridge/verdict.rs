//! What an exchange with the node comes to: the state of the record, and what the porta is told.

use http::StatusCode;
use serde_json::{Value, json};

use crate::egov::profili::Passo;
use crate::failure::Cause;
use crate::journal::{Esito, NodeAnswer, Outcome};
use crate::node::{Answer, Inconclusive, NodeError, Problem, RetryAfter, Sent, Verdict};
use crate::services::{Azione, Refusal};
use jiff::Timestamp;

/// The end of one attempt.
#[derive(Debug)]
pub(super) struct Ended {
    /// What the record becomes.
    pub(super) outcome: Outcome,
    /// What the node answered, for the record.
    pub(super) answer: Option<NodeAnswer>,
    /// The JSON to translate back, or why there is none.
    pub(super) said: Result<Value, Cause>,
}

/// Reads the end of an exchange about a message of `azione`.
///
/// The rule of safety: only what the node itself says conclusively is a verdict. What never left is `Failed`; what left
/// and was not conclusively answered is `Unknown`, never a failure that invites a second sending.
pub(super) fn of(exchange: Result<Answer, NodeError>, azione: &Azione, now: Timestamp) -> Ended {
    let answer = match exchange {
        Ok(answer) => answer,
        Err(error) => {
            let outcome = if error.sent() == Sent::No { Outcome::Failed } else { Outcome::Unknown };
            return Ended { outcome, answer: None, said: Err(Cause::Node(error)) };
        }
    };
    let record = Some(NodeAnswer { status: answer.status.as_u16(), body: answer.body.clone() });
    let (outcome, said) = match answer.verdict() {
        Verdict::Answered => answered(&answer, azione),
        Verdict::Refused => refused(&answer, azione),
        Verdict::NothingDone { retry_after } => {
            let retry_after = retry_after.map(|after| match after {
                RetryAfter::In(wait) => wait,
                RetryAfter::At(instant) => now.duration_until(instant).try_into().unwrap_or_default(),
            });
            (Outcome::RefusedByNode, Err(Cause::NothingDone { retry_after }))
        }
        Verdict::Inconclusive(why) if is_taken_in_charge(&answer, &why, azione) => {
            (Outcome::Delivered(Esito::Ok), Ok(json!({ "esito": { "codice": "OK" } })))
        }
        Verdict::Inconclusive(why) => (Outcome::Unknown, Err(Cause::Inconclusive(why))),
    };
    Ended { outcome, answer: record, said }
}

/// Whether a 2xx that is no reply envelope says enough: the message was taken. So it does where nothing is to be told
/// to the sender, whatever the body; and where a result will be asked for later, if the status says that there is none
/// yet. A page of HTML is never the node's.
fn is_taken_in_charge(answer: &Answer, why: &Inconclusive, azione: &Azione) -> bool {
    let Inconclusive::NotAnEnvelope { content_type, .. } = why else { return false };
    if content_type.contains("html") {
        return false;
    }
    let no_result_yet = matches!(answer.status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT);
    match azione.passo() {
        Passo::OneWay => true,
        Passo::Richiesta(_) => no_result_yet || azione.risposta.is_none(),
        Passo::Seguito(_) => azione.risposta.is_none(),
        Passo::Sincrono => false,
    }
}

fn answered(answer: &Answer, azione: &Azione) -> (Outcome, Result<Value, Cause>) {
    // `Answered` means that this parse has succeeded once already.
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match json.pointer(crate::services::ESITO).and_then(Value::as_str) {
        Some("OK") => (Outcome::Delivered(Esito::Ok), Ok(json)),
        // "Limite invocazioni raggiunto": the node did nothing, and the same message may come again. Without a reply
        // to say it in, the sender learns it from a processing error.
        Some("X001") if azione.passo() == Passo::OneWay => {
            (Outcome::RefusedByNode, Err(Cause::NothingDone { retry_after: None }))
        }
        Some("X001") => (Outcome::RefusedByNode, Ok(json)),
        _ => (Outcome::Delivered(Esito::Ko), Ok(json)),
    }
}

/// A conclusive refusal: of the message, or of us.
fn refused(answer: &Answer, azione: &Azione) -> (Outcome, Result<Value, Cause>) {
    let status = answer.status;
    let sentence = answer.problem().map(|problem| sentence(&problem)).unwrap_or_default();
    let of_the_message = matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT
            | StatusCode::GONE
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY
    );
    let status = status.as_u16();
    if !of_the_message {
        return (Outcome::RefusedByNode, Err(Cause::AccessDenied { status, sentence }));
    }
    let outcome = match azione.refusal {
        // The sender is told to try again: what it sends then must find the way free.
        Refusal::Error => Outcome::RefusedByNode,
        Refusal::Accept | Refusal::Esito | Refusal::Fault => Outcome::Delivered(Esito::Ko),
    };
    (outcome, Err(Cause::RefusedByNode { status, sentence }))
}

/// What the JSON of a KO says: its sentence, and its anomalies.
pub(super) fn words_of_ko(json: &Value) -> String {
    let text = |at: Option<&Value>| at.and_then(Value::as_str).unwrap_or_default().to_owned();
    let anomalies = json.pointer("/esito/anomalie/anomalia").and_then(Value::as_array);
    let anomalies = anomalies.into_iter().flatten().map(|anomaly| {
        [text(anomaly.get("codiceAnomalia")), text(anomaly.get("descrizioneAnomalia"))].join(" ")
    });
    let words = std::iter::once(text(json.pointer("/esito/messaggioErrore"))).chain(anomalies);
    let words: Vec<String> = words.filter(|word| !word.trim().is_empty()).collect();
    words.join("; ").chars().take(500).collect()
}

fn sentence(problem: &Problem) -> String {
    let parts = [problem.title.as_deref(), problem.detail.as_deref()];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    text.chars().take(500).collect()
}
