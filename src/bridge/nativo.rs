//! The envelope of the JSON nativo that a busta and its translated document make: what the node is sent.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::SignedDuration;

use crate::egov::Busta;
use crate::egov::profili::Passo;
use crate::json_native::envelope::{Allegato, Direzione, Messaggio, Modello, Payload, Profilo};
use crate::services::corpo;
use crate::services::{Azione, Documento};

/// The request that carries `payload`, the JSON of a document of kind `documento`, to the node ("Modalità JSON Nativo",
/// §5), with the attachments in a member of ours. `prima` is the first call of the exchange, where this is the second.
#[must_use]
pub fn richiesta(
    azione: &Azione,
    busta: &Busta,
    prima: Option<&str>,
    documento: &Documento,
    payload: &[u8],
    allegati: &[corpo::Allegato<'_>],
) -> Bytes {
    let payload = std::str::from_utf8(payload).unwrap_or("null");
    let codice = documento.codice_comunicazione.as_ref().and_then(|pointer| {
        let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
        Some(Cow::Owned(pointer.get(&payload)?.as_str()?.to_owned()))
    });
    let profilo = busta.profilo.and_then(|profilo| Profilo::from_egov(profilo.as_str()));
    let attached: usize = allegati.iter().map(|a| a.attachment.content.len() / 3 * 4 + 256).sum();
    let mut json = Vec::with_capacity(payload.len() + attached + 512);
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
        riferimento_messaggio: prima.or(busta.riferimento.as_deref()).map(Cow::Borrowed),
        // A synchronous request is a conversation of its own, and the ministry's example has no such member.
        collaborazione: busta
            .collaborazione
            .as_deref()
            .filter(|_| azione.passo() != Passo::Sincrono)
            .map(Cow::Borrowed),
        modello: Modello { tipo_modello: documento.tipo_modello.as_str().into(), payload: Payload(payload) },
        allegati: allegati.iter().map(allegato).collect(),
    }
    .write(&mut json);
    json.into()
}

/// Its name is that of the file, else that of the part.
fn allegato<'a>(allegato: &'a corpo::Allegato<'_>) -> Allegato<'a> {
    let part = allegato.attachment;
    let nome = part.filename.as_deref().or(Some(part.label())).filter(|nome| !nome.is_empty());
    Allegato {
        nome: nome.map(Cow::Borrowed),
        titolo: allegato.titolo.as_deref().map(Cow::Borrowed),
        tipo_contenuto: part.media().into(),
        contenuto: Cow::Borrowed(&part.content),
    }
}

/// OraRegistrazione as the JSON nativo writes times of the envelope: in UTC, with milliseconds and `Z`. The fraction is
/// taken from the text, since the rules of the busta do not count it.
fn data_invio(busta: &Busta) -> String {
    let text = busta.ora.istante.as_str();
    let Some(instant) = busta.ora.istante.timestamp() else { return text.to_owned() };
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction.chars().take_while(char::is_ascii_digit).chain("000".chars()).take(3);
    let millis = digits.collect::<String>().parse().unwrap_or_default();
    format!("{:.3}", instant + SignedDuration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egov::{Istante, Ora, Tempo};

    fn sent(text: &str) -> String {
        let ora = Ora { istante: Istante::read(text), tempo: Tempo::Spc };
        data_invio(&Busta { ora, ..Busta::default() })
    }

    #[test]
    fn the_time_of_sending_keeps_its_milliseconds_and_becomes_utc() {
        assert_eq!(sent("2020-11-06T19:44:16.989"), "2020-11-06T18:44:16.989Z");
        assert_eq!(sent("2020-07-06T19:44:16"), "2020-07-06T17:44:16.000Z");
        assert_eq!(sent("2020-11-06T19:44:16.9"), "2020-11-06T18:44:16.900Z");
    }
}
