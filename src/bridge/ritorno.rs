//! What the sender of a message is answered that the node has judged.

use jiff::Timestamp;
use serde_json::Value;

use super::verdict;
use crate::egov::Busta;
use crate::egov::profili::Passo;
use crate::failure::Cause;
use crate::failure::reply::{self, PddReply, Speaker};
use crate::services::{Azione, ESITO, Refusal, corpo};

/// An answer, and what the record keeps of a verdict that the answer does not tell.
pub(super) struct Ritorno {
    pub(super) reply: PddReply,
    pub(super) untold: Option<Cause>,
}

/// The answer to a message received at `received`, of which the node `said` this.
pub(super) fn of(
    azione: &Azione,
    busta: &Busta,
    said: Result<Value, Cause>,
    received: Timestamp,
    speaker: Speaker<'_>,
) -> Result<Ritorno, Cause> {
    let (body, untold) = match (azione.passo(), said) {
        // What the application thinks of a one-way message is for the log: its sender is told that it was delivered.
        (Passo::OneWay, Ok(json)) => (String::new(), ko(&json)),
        (Passo::OneWay, Err(cause @ Cause::RefusedByNode { .. })) if azione.refusal == Refusal::Accept => {
            (String::new(), Some(cause))
        }
        (_, Err(cause)) => return Err(cause),
        (_, Ok(json)) => {
            // A contract without an Esito would say a KO as an empty answer, which means something else.
            if let (Refusal::Fault, Some(cause)) = (azione.refusal, ko(&json)) {
                return Err(cause);
            }
            (corpo::scrivi(azione, speaker.schemas, &json, speaker.limits)?, None)
        }
    };
    let reply = reply::taken(azione, busta, received, speaker, &body)?;
    Ok(Ritorno { reply, untold })
}

/// The KO in the answer of the node.
fn ko(json: &Value) -> Option<Cause> {
    let is_ko = json.pointer(ESITO).and_then(Value::as_str) == Some("KO");
    is_ko.then(|| Cause::RefusedByNode { status: 200, sentence: verdict::words_of_ko(json) })
}
