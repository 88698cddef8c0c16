//! From the JSON of an answer to the Body of the reply.

use serde_json::{Value, json};

use crate::json_native;
use crate::schema::{self, SchemaSet};
use crate::services::{Azione, MembroError, SchemaRef, Valore};
use crate::xml::{Limits, Reader, write};

/// The answer does not make a reply of the action's contract.
#[derive(Debug, thiserror::Error)]
pub enum RispostaError {
    /// A member of the reply has no value in the answer, or one of the wrong kind.
    #[error(transparent)]
    Member(#[from] MembroError),
    /// The answer carries a document that its schema refuses.
    #[error("the document in the answer is not valid: {0}")]
    Document(#[source] json_native::Refusal),
    /// The reply would not keep its own contract.
    #[error("the reply would not be valid: {0}")]
    Contract(#[source] schema::Refusal),
    /// A schema that the catalogue names is not loaded; loading makes sure that this cannot be.
    #[error("schema {file} has no element {root}")]
    NoSchema {
        /// The file.
        file: String,
        /// The element.
        root: String,
    },
}

/// The content of the reply's Body for the JSON envelope `answer`, valid by the contract; nothing where the contract
/// has no reply.
///
/// # Errors
/// The answer lacks something, or holds something that the contract refuses.
pub fn scrivi(
    azione: &Azione,
    schemas: &SchemaSet,
    answer: &Value,
    limits: &Limits,
) -> Result<String, RispostaError> {
    let Some(risposta) = &azione.risposta else { return Ok(String::new()) };
    let wrapper = &risposta.wrapper;
    let contract = document(schemas, wrapper)?;
    let root = &wrapper.root;
    let mut body = String::with_capacity(1024);
    body.push_str("<typ:");
    body.push_str(root);
    body.push_str(" xmlns:typ=\"");
    write::push_attribute_value(&mut body, contract.namespace());
    body.push_str("\">");
    for membro in &risposta.membri {
        let nome = &membro.nome;
        body.push_str("<typ:");
        body.push_str(nome);
        body.push('>');
        match membro.valore(answer)? {
            Valore::Testo(text) => write::push_text(&mut body, &text),
            Valore::Documento { schema, payload } => {
                write::push_text(&mut body, &xml_document(schemas, schema, payload)?);
            }
        }
        body.push_str("</typ:");
        body.push_str(nome);
        body.push('>');
    }
    body.push_str("</typ:");
    body.push_str(root);
    body.push('>');
    schema::validate(&contract, Reader::document(&body, limits)).map_err(RispostaError::Contract)?;
    Ok(body)
}

/// A whole XML document, as a member carries it in text.
fn xml_document(schemas: &SchemaSet, schema: &SchemaRef, payload: &Value) -> Result<String, RispostaError> {
    let document = document(schemas, schema)?;
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    json_native::to_xml(&document, payload.to_string().as_bytes(), &mut text)
        .map_err(RispostaError::Document)?;
    Ok(text)
}

fn document(
    schemas: &SchemaSet,
    reference: &SchemaRef,
) -> Result<std::sync::Arc<schema::Document>, RispostaError> {
    schemas
        .document_carrying(&reference.file, &reference.root, &reference.verbatim)
        .ok_or_else(|| RispostaError::NoSchema { file: reference.file.clone(), root: reference.root.clone() })
}

/// The answer that the node would have given had it refused the document itself: `KO`, one sentence, and one anomaly
/// for each `(code, description, place)`.
#[must_use]
pub fn esito_negativo<'a>(
    sentence: &str,
    anomalies: impl IntoIterator<Item = (&'a str, String, String)>,
) -> Value {
    let anomalie: Vec<Value> = anomalies
        .into_iter()
        .map(|(codice, descrizione, campi)| {
            json!({ "codiceAnomalia": codice, "descrizioneAnomalia": descrizione, "campiInErrore": campi })
        })
        .collect();
    let anomalie = if anomalie.is_empty() { Value::Null } else { json!({ "anomalia": anomalie }) };
    json!({ "esito": { "codice": "KO", "messaggioErrore": sentence, "anomalie": anomalie } })
}
