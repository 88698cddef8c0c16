//! The envelope of the JSON nativo: what the busta e-Gov says, as the national node reads it.
//!
//! A [`Messaggio`] carries one translated document in `modello.payload`, which is never parsed on its way through:
//! it is embedded as it was written, and handed out as it was received. A [`Risposta`] is what the node answers.
//! Both are read strictly: unknown members of a `Messaggio`, members given twice and values of the wrong kind are
//! errors. A `Risposta` may have members that only one action knows; they are reached by JSON Pointer.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::tape::{self, Kind, NotJson, Tape, Value};
use crate::xml::{self, Position};

/// A request, or a reply that carries a document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Messaggio<'a> {
    /// The sixteen characters that name the communication, where its form has such a code.
    #[serde(default)]
    pub codice_comunicazione: Option<Cow<'a, str>>,
    /// When it was sent, as text.
    #[serde(borrow)]
    pub data_invio: Cow<'a, str>,
    /// The leg of the exchange.
    pub direzione: Direzione,
    /// The sending party.
    #[serde(borrow)]
    pub mittente: Cow<'a, str>,
    /// The receiving party.
    #[serde(borrow)]
    pub destinatario: Cow<'a, str>,
    /// The service.
    #[serde(borrow)]
    pub servizio: Cow<'a, str>,
    /// The action, where the service has several.
    #[serde(default)]
    pub azione: Option<Cow<'a, str>>,
    /// The collaboration profile.
    pub profilo_collaborazione: Profilo,
    /// The identifier of the busta e-Gov.
    #[serde(borrow)]
    pub identificatore: Cow<'a, str>,
    /// The identifier that a reply answers.
    #[serde(default)]
    pub riferimento_messaggio: Option<Cow<'a, str>>,
    /// The identifier of the conversation, where the exchange is one of several messages.
    #[serde(default)]
    pub collaborazione: Option<Cow<'a, str>>,
    /// The document.
    #[serde(borrow)]
    pub modello: Modello<'a>,
    /// What travels beside the document; the member is absent where nothing does.
    #[serde(default)]
    pub allegati: Vec<Allegato<'a>>,
}

/// An attachment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allegato<'a> {
    /// Name of the file, or of the part.
    #[serde(default)]
    pub nome: Option<Cow<'a, str>>,
    /// Title, where a manifest gives one.
    #[serde(default)]
    pub titolo: Option<Cow<'a, str>>,
    /// Media type.
    pub tipo_contenuto: Cow<'a, str>,
    /// The bytes; base64 in the JSON.
    #[serde(deserialize_with = "bytes_of_base64")]
    pub contenuto: Cow<'a, [u8]>,
}

/// The document of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Modello<'a> {
    /// Which form it is: `UNILAV`, `SAP` ...
    #[serde(borrow)]
    pub tipo_modello: Cow<'a, str>,
    /// The translated document.
    #[serde(borrow)]
    pub payload: Payload<'a>,
}

/// JSON text that is carried, not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a>(pub &'a str);

/// The leg of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direzione {
    /// The first leg.
    Richiesta,
    /// The answer.
    Risposta,
}

/// `ProfiloCollaborazione` of the busta e-Gov 1.1, under the name that the JSON nativo gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Profilo {
    /// `EGOV_IT_MessaggioSingoloOneWay`
    MessaggioSingoloOneWay,
    /// `EGOV_IT_ServizioSincrono`
    ServizioSincrono,
    /// `EGOV_IT_ServizioAsincronoSimmetrico`
    ServizioAsincronoSimmetrico,
    /// `EGOV_IT_ServizioAsincronoAsimmetrico`
    ServizioAsincronoAsimmetrico,
}

/// What the node answers. Borrows the text it was read from.
#[derive(Debug)]
pub struct Risposta<'a> {
    tape: Tape<'a>,
    esito: Esito,
}

/// How the node judged a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Esito {
    /// `OK`, `KO`, or a code such as `X001`.
    pub codice: String,
    /// Why, where it is not `OK`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaggio_errore: Option<String>,
    /// What is wrong with the document, in the shape of `ListaAnomalie`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anomalie: Option<serde_json::Value>,
}

/// Why a text is not an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {pointer}: {problem}")]
pub struct EnvelopeError {
    /// Where, in lines and columns.
    pub position: Position,
    /// Where, as a JSON Pointer; empty for the whole.
    pub pointer: String,
    /// What is wrong.
    pub problem: EnvelopeProblem,
}

/// What is wrong with an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeProblem {
    /// The text is not JSON.
    #[error("{0}")]
    NotJson(&'static str),
    /// A member is absent, unknown, doubled, or of the wrong kind.
    #[error("{0}")]
    Shape(String),
    /// A member that must be there is not.
    #[error("a value is needed here")]
    Missing,
    /// A member is of another kind.
    #[error("{0} needed here")]
    Kind(&'static str),
    /// A member is given twice.
    #[error("given twice")]
    Duplicate,
}

impl<'a> Messaggio<'a> {
    /// Reads an envelope; the payload is only checked to be JSON.
    ///
    /// # Errors
    /// The text is not JSON, or not this envelope.
    pub fn read(json: &'a [u8]) -> Result<Self, EnvelopeError> {
        serde_json::from_slice(json).map_err(|error| {
            let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            EnvelopeError {
                position: Position { line: count(error.line()), column: count(error.column()) },
                pointer: String::new(),
                problem: EnvelopeProblem::Shape(without_position(&error.to_string()).to_owned()),
            }
        })
    }

    /// Appends the envelope; the payload is embedded as it is.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut lead = b'{';
        let mut member = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                out.push(lead);
                lead = b',';
                tape::push_string(out, name);
                out.push(b':');
                tape::push_string(out, value);
            }
        };
        member("codiceComunicazione", self.codice_comunicazione.as_deref());
        member("dataInvio", Some(&self.data_invio));
        member("direzione", Some(self.direzione.as_str()));
        member("mittente", Some(&self.mittente));
        member("destinatario", Some(&self.destinatario));
        member("servizio", Some(&self.servizio));
        member("azione", self.azione.as_deref());
        member("profiloCollaborazione", Some(self.profilo_collaborazione.as_str()));
        member("identificatore", Some(&self.identificatore));
        member("riferimentoMessaggio", self.riferimento_messaggio.as_deref());
        member("collaborazione", self.collaborazione.as_deref());
        out.extend_from_slice(b",\"modello\":{\"tipoModello\":");
        tape::push_string(out, &self.modello.tipo_modello);
        out.extend_from_slice(b",\"payload\":");
        out.extend_from_slice(self.modello.payload.0.as_bytes());
        out.push(b'}');
        let mut lead: &[u8] = b",\"allegati\":[";
        for allegato in &self.allegati {
            out.extend_from_slice(lead);
            lead = b",";
            allegato.write(out);
        }
        out.extend_from_slice(if self.allegati.is_empty() { b"}" } else { b"]}" });
    }
}

impl Allegato<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        for (name, value) in [(&b"{\"nome\":"[..], &self.nome), (b",\"titolo\":", &self.titolo)] {
            out.extend_from_slice(name);
            match value {
                Some(value) => tape::push_string(out, value),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b",\"tipoContenuto\":");
        tape::push_string(out, &self.tipo_contenuto);
        out.extend_from_slice(b",\"contenuto\":\"");
        push_base64(out, &self.contenuto);
        out.extend_from_slice(b"\"}");
    }
}

impl Direzione {
    /// As the envelope writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Richiesta => "RICHIESTA",
            Self::Risposta => "RISPOSTA",
        }
    }
}

impl Profilo {
    const ALL: [Self; 4] = [
        Self::MessaggioSingoloOneWay,
        Self::ServizioSincrono,
        Self::ServizioAsincronoSimmetrico,
        Self::ServizioAsincronoAsimmetrico,
    ];

    /// As the JSON nativo writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessaggioSingoloOneWay => "MESSAGGIO_SINGOLO_ONE_WAY",
            Self::ServizioSincrono => "SERVIZIO_SINCRONO",
            Self::ServizioAsincronoSimmetrico => "SERVIZIO_ASINCRONO_SIMMETRICO",
            Self::ServizioAsincronoAsimmetrico => "SERVIZIO_ASINCRONO_ASIMMETRICO",
        }
    }

    /// As the busta e-Gov writes it.
    #[must_use]
    pub fn egov(self) -> &'static str {
        match self {
            Self::MessaggioSingoloOneWay => "EGOV_IT_MessaggioSingoloOneWay",
            Self::ServizioSincrono => "EGOV_IT_ServizioSincrono",
            Self::ServizioAsincronoSimmetrico => "EGOV_IT_ServizioAsincronoSimmetrico",
            Self::ServizioAsincronoAsimmetrico => "EGOV_IT_ServizioAsincronoAsimmetrico",
        }
    }

    /// From the name in the busta e-Gov.
    #[must_use]
    pub fn from_egov(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.egov() == name)
    }
}

impl<'a> Risposta<'a> {
    /// Reads a reply: an object with `direzione` `RISPOSTA` and an `esito`; no member twice, at any depth above the
    /// payload.
    ///
    /// # Errors
    /// The text is not JSON, or not a reply.
    pub fn read(json: &'a [u8]) -> Result<Self, EnvelopeError> {
        let tape = Tape::parse(json).map_err(|NotJson { reason, offset }| EnvelopeError {
            position: xml::locate(&String::from_utf8_lossy(json), offset),
            pointer: String::new(),
            problem: EnvelopeProblem::NotJson(reason),
        })?;
        let root = tape.root();
        let fail = |value: Value<'_, '_>, pointer: &str, problem| EnvelopeError {
            position: xml::locate(tape.text(), value.offset()),
            pointer: pointer.to_owned(),
            problem,
        };
        if root.kind() != Kind::Object {
            return Err(fail(root, "", EnvelopeProblem::Kind("an object")));
        }
        no_doubles(root, "").map_err(|(value, pointer)| fail(value, &pointer, EnvelopeProblem::Duplicate))?;
        match root.member("direzione") {
            None => return Err(fail(root, "/direzione", EnvelopeProblem::Missing)),
            Some(value) if value.string().as_deref() != Some("RISPOSTA") => {
                return Err(fail(value, "/direzione", EnvelopeProblem::Kind("\"RISPOSTA\"")));
            }
            Some(_) => {}
        }
        let esito = match root.member("esito") {
            None => return Err(fail(root, "/esito", EnvelopeProblem::Missing)),
            Some(value) => serde_json::from_str::<Esito>(value.raw()).map_err(|error| {
                let text = without_position(&error.to_string()).to_owned();
                fail(value, "/esito", EnvelopeProblem::Shape(text))
            })?,
        };
        Ok(Self { esito, tape })
    }

    /// The node's judgement.
    #[must_use]
    pub fn esito(&self) -> &Esito {
        &self.esito
    }

    /// The identifier of the request it answers.
    #[must_use]
    pub fn riferimento_messaggio(&self) -> Option<Cow<'a, str>> {
        self.string("/riferimentoMessaggio")
    }

    /// The string at an RFC 6901 pointer; `None` where there is none, or another kind.
    #[must_use]
    pub fn string(&self, pointer: &str) -> Option<Cow<'a, str>> {
        self.tape.root().pointer(pointer)?.string()
    }

    /// The JSON text at an RFC 6901 pointer, as received; `None` where there is none or it is `null`.
    #[must_use]
    pub fn raw(&self, pointer: &str) -> Option<&'a str> {
        let value = self.tape.root().pointer(pointer)?;
        (value.kind() != Kind::Null).then(|| value.raw())
    }

    /// The strings of the array at an RFC 6901 pointer; `None` where there is none, or anything but strings in it.
    #[must_use]
    pub fn strings(&self, pointer: &str) -> Option<Vec<Cow<'a, str>>> {
        let value = self.tape.root().pointer(pointer)?;
        if value.kind() != Kind::Array {
            return None;
        }
        value.items().map(Value::string).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Payload<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'a RawValue>::deserialize(deserializer).map(|raw| Self(raw.get()))
    }
}

/// Encodes where it is going to stand: an attachment may be large.
fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    let length = base64::encoded_len(bytes.len(), true).unwrap_or_default();
    out.resize(start.saturating_add(length), 0);
    if let Some(room) = out.get_mut(start..) {
        // The room is exactly what encoding needs.
        let _ = STANDARD.encode_slice(bytes, room);
    }
}

fn bytes_of_base64<'de, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'a, [u8]>, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    STANDARD.decode(text.as_bytes()).map(Cow::Owned).map_err(serde::de::Error::custom)
}

/// The first member given twice in `value` or below it, with its pointer. A payload is judged by its own schema.
fn no_doubles<'t, 'j>(value: Value<'t, 'j>, pointer: &str) -> Result<(), (Value<'t, 'j>, String)> {
    let mut seen: Vec<Cow<'_, str>> = Vec::new();
    for (key, member) in value.members() {
        let name = key.string().unwrap_or_default();
        let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        if seen.contains(&name) {
            return Err((key, below));
        }
        if below != "/modello/payload" {
            no_doubles(member, &below)?;
        }
        seen.push(name);
    }
    for (index, item) in value.items().enumerate() {
        no_doubles(item, &format!("{pointer}/{index}"))?;
    }
    Ok(())
}

/// serde_json ends its messages with the position, which is reported apart.
fn without_position(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
