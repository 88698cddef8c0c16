//! The envelope of the JSON nativo that a busta and its translated document make: what the node is sent.

use std::borrow::Cow;

use bytes::Bytes;

use crate::egov::Busta;
use crate::json_native::envelope::{Direzione, Messaggio, Modello, Payload, Profilo};
use crate::services::{Azione, Documento};

/// The request that carries `payload`, the JSON of a document of kind `documento`, to the node ("Modalità JSON Nativo",
/// §5).
#[must_use]
pub fn richiesta(azione: &Azione, busta: &Busta, documento: &Documento, payload: &[u8]) -> Bytes {
    let payload = std::str::from_utf8(payload).unwrap_or("null");
    let codice = documento.codice_comunicazione.as_ref().and_then(|pointer| {
        let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
        Some(Cow::Owned(pointer.get(&payload)?.as_str()?.to_owned()))
    });
    let profilo = busta.profilo.and_then(|profilo| Profilo::from_egov(profilo.as_str()));
    let mut json = Vec::with_capacity(payload.len() + 512);
    Messaggio {
        codice_comunicazione: codice,
        data_invio: data_invio(busta).into(),
        direzione: Direzione::Richiesta,
        mittente: busta.mittente.nome.as_str().into(),
        destinatario: busta.destinatario.nome.as_str().into(),
        servizio: azione.servizio.nome.as_str().into(),
        azione: azione.in_json().map(Cow::Borrowed),
        profilo_collaborazione: profilo.unwrap_or(Profilo::ServizioSincrono),
        identificatore: busta.identificatore.as_str().into(),
        riferimento_messaggio: busta.riferimento.as_deref().map(Cow::Borrowed),
        modello: Modello { tipo_modello: documento.tipo_modello.as_str().into(), payload: Payload(payload) },
    }
    .write(&mut json);
    json.into()
}

/// OraRegistrazione as the JSON nativo writes times of the envelope: in UTC, with milliseconds and `Z`.
fn data_invio(busta: &Busta) -> String {
    match busta.ora.istante.timestamp() {
        Some(instant) => format!("{instant:.3}"),
        None => busta.ora.istante.as_str().to_owned(),
    }
}
