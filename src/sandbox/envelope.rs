//! The request envelope of the JSON model, read without indulgence.
//!
//! "Invio delle CO in modalità JSON Nativo", §5, gives the members by example; `azione`, `riferimentoMessaggio` and
//! `esito` are what the busta e-Gov carries besides. All faults of an envelope are reported at once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::co_codes;
use super::problem::Fault;

/// The members that a request may have.
const MEMBERS: [&str; 12] = [
    "codiceComunicazione",
    "dataInvio",
    "direzione",
    "mittente",
    "destinatario",
    "servizio",
    "azione",
    "profiloCollaborazione",
    "identificatore",
    "riferimentoMessaggio",
    "modello",
    "allegati",
];

/// The node's own name on the busta.
pub(super) const NODE: &str = "NAZIONALE";

/// A request envelope in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Envelope {
    pub(super) mittente: String,
    pub(super) servizio: String,
    pub(super) azione: Option<String>,
    pub(super) identificatore: String,
    pub(super) tipo_modello: String,
    pub(super) payload: Value,
}

/// What the envelopes sent to one path have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// Servizio of the busta.
    pub(super) servizio: &'static str,
    /// Azione of the busta.
    pub(super) azione: &'static str,
    /// Whether Azione may be left out.
    pub(super) azione_facoltativa: bool,
    /// The models that may be sent.
    pub(super) modelli: &'static [&'static str],
}

/// Checks an envelope.
pub(super) fn read(document: &Value, expected: &Expected) -> Result<Envelope, Vec<Fault>> {
    let Value::Object(members) = document else {
        return Err(vec![fault("", "an object", document)]);
    };
    let mut faults = Vec::new();
    for name in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
        let puntatore = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        faults.push(Fault { puntatore, atteso: "no such member".to_owned(), trovato: name.clone() });
    }
    let mut check = Checker { members, faults: &mut faults };
    check.text("dataInvio", "an instant (RFC 3339)", |text| text.parse::<jiff::Timestamp>().is_ok());
    check.text("direzione", "RICHIESTA", |text| text == "RICHIESTA");
    let mittente = check.text("mittente", "the name of a region", |text| co_codes::region(text).is_some());
    check.text("destinatario", NODE, |text| text == NODE);
    let servizio = check.text("servizio", expected.servizio, |text| text == expected.servizio);
    check.text("profiloCollaborazione", "SERVIZIO_SINCRONO", |text| text == "SERVIZIO_SINCRONO");
    let identificatore = check.text("identificatore", "PARTE_PORTA_0000000_AAAA-MM-GG_HH:MM", identifier);
    let named = members.get("azione").is_some_and(|azione| !azione.is_null());
    if named || !expected.azione_facoltativa {
        check.text("azione", expected.azione, |text| text == expected.azione);
    }
    check.absent("riferimentoMessaggio");
    if members.get("codiceComunicazione").is_some_and(|code| !code.is_null()) {
        check.text("codiceComunicazione", "16 characters", |text| text.chars().count() == 16);
    }
    check.allegati();
    let (tipo_modello, payload) = check.modello(expected.modelli);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Envelope {
        mittente,
        servizio,
        azione: named.then(|| expected.azione.to_owned()),
        identificatore,
        tipo_modello,
        payload,
    })
}

struct Checker<'a> {
    members: &'a Map<String, Value>,
    faults: &'a mut Vec<Fault>,
}

impl Checker<'_> {
    /// A required string; empty when there is a fault, which is then recorded.
    fn text(&mut self, name: &str, expected: &str, right: impl Fn(&str) -> bool) -> String {
        let found = self.members.get(name).unwrap_or(&Value::Null);
        match found.as_str() {
            Some(text) if right(text) => text.to_owned(),
            _ => {
                self.faults.push(fault(&format!("/{name}"), expected, found));
                String::new()
            }
        }
    }

    fn absent(&mut self, name: &str) {
        if let Some(found) = self.members.get(name).filter(|found| !found.is_null()) {
            self.faults.push(fault(&format!("/{name}"), "null, or no such member", found));
        }
    }

    /// Attachments, where there are any: a name or none, a title or none, a media type, bytes in base64.
    fn allegati(&mut self) {
        let Some(found) = self.members.get("allegati") else { return };
        let allegati = found.as_array().filter(|allegati| !allegati.is_empty());
        let Some(allegati) = allegati else {
            self.faults.push(fault("/allegati", "attachments, or no such member", found));
            return;
        };
        for (index, allegato) in allegati.iter().enumerate() {
            let text = |name: &str| allegato.get(name).and_then(Value::as_str);
            let optional = |name: &str| allegato.get(name).is_none_or(Value::is_null) || text(name).is_some();
            let whole = allegato.as_object().is_some_and(|members| members.len() <= 4)
                && ["nome", "titolo"].iter().all(|name| optional(name))
                && text("tipoContenuto").is_some_and(|media| media.contains('/'))
                && text("contenuto").is_some_and(|text| STANDARD.decode(text).is_ok());
            if !whole {
                let wanted = "nome, titolo, tipoContenuto and contenuto in base64";
                self.faults.push(fault(&format!("/allegati/{index}"), wanted, allegato));
            }
        }
    }

    fn modello(&mut self, modelli: &[&str]) -> (String, Value) {
        let found = self.members.get("modello").unwrap_or(&Value::Null);
        let Value::Object(modello) = found else {
            self.faults.push(fault("/modello", "an object with tipoModello and payload", found));
            return Default::default();
        };
        for name in modello.keys().filter(|name| *name != "tipoModello" && *name != "payload") {
            self.faults.push(Fault {
                puntatore: format!("/modello/{name}"),
                atteso: "no such member".to_owned(),
                trovato: name.clone(),
            });
        }
        let tipo = modello.get("tipoModello").unwrap_or(&Value::Null);
        let payload = modello.get("payload").unwrap_or(&Value::Null);
        if !tipo.as_str().is_some_and(|tipo| modelli.contains(&tipo)) {
            self.faults.push(fault("/modello/tipoModello", &modelli.join(" | "), tipo));
        }
        if !payload.is_object() {
            self.faults.push(fault("/modello/payload", "an object", payload));
        }
        (tipo.as_str().unwrap_or_default().to_owned(), payload.clone())
    }
}

fn fault(puntatore: &str, expected: &str, found: &Value) -> Fault {
    let mut trovato = match found {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        other => other.to_string(),
    };
    if let Some((cut, _)) = trovato.char_indices().nth(80) {
        trovato.truncate(cut);
    }
    Fault { puntatore: puntatore.to_owned(), atteso: expected.to_owned(), trovato }
}

/// The form of an e-Gov identifier (SPCoop, busta e-Gov 1.1, Identificatore): administration, porta, progressive of
/// seven digits, date, time.
fn identifier(text: &str) -> bool {
    let parts: Vec<&str> = text.split('_').collect();
    let [amministrazione, porta, progressivo, data, ora] = parts.as_slice() else { return false };
    !amministrazione.is_empty()
        && !porta.is_empty()
        && progressivo.len() == 7
        && progressivo.bytes().all(|byte| byte.is_ascii_digit())
        && ora.len() == 5
        && format!("{data}T{ora}:00").parse::<jiff::civil::DateTime>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const INVIO: Expected =
        Expected { servizio: "ServiziSAP", azione: "invioSAP", azione_facoltativa: false, modelli: &["SAP"] };

    fn request() -> Value {
        json!({
            "codiceComunicazione": null,
            "dataInvio": "2020-11-06T18:44:16.989Z",
            "direzione": "RICHIESTA",
            "mittente": "VAL D'AOSTA",
            "destinatario": "NAZIONALE",
            "servizio": "ServiziSAP",
            "azione": "invioSAP",
            "profiloCollaborazione": "SERVIZIO_SINCRONO",
            "identificatore": "VALDAOSTA_VALDAOSTASPCoopIT_0000003_2020-12-01_18:25",
            "modello": {"tipoModello": "SAP", "payload": {}},
        })
    }

    #[test]
    fn an_envelope_in_order_is_read() {
        let envelope = read(&request(), &INVIO).unwrap();
        assert_eq!(envelope.mittente, "VAL D'AOSTA");
        assert_eq!(envelope.tipo_modello, "SAP");
    }

    #[test]
    fn every_fault_of_an_envelope_is_reported_at_once() {
        let mut document = request();
        document["direzione"] = json!("RISPOSTA");
        document["mittente"] = json!("ATLANTIDE");
        document["identificatore"] = json!("VALDAOSTA_VALDAOSTASPCoopIT_3_2020-12-01_18:25");
        document["azione"] = json!("annullaSAP");
        document["extra"] = json!(1);
        document["modello"] = json!({"tipoModello": "IDSAP", "payload": null});
        let faults = read(&document, &INVIO).unwrap_err();
        let at: Vec<&str> = faults.iter().map(|fault| fault.puntatore.as_str()).collect();
        assert_eq!(
            at,
            [
                "/extra",
                "/direzione",
                "/mittente",
                "/identificatore",
                "/azione",
                "/modello/tipoModello",
                "/modello/payload"
            ]
        );
    }

    #[test]
    fn an_azione_may_be_left_out_only_where_the_service_says_so() {
        let mut document = request();
        document["azione"] = Value::Null;
        assert!(read(&document, &INVIO).is_err());
        let facultative = Expected { azione_facoltativa: true, ..INVIO };
        assert_eq!(read(&document, &facultative).unwrap().azione, None);
        assert_eq!(read(&request(), &facultative).unwrap().azione.as_deref(), Some("invioSAP"));
        document["azione"] = json!("annullaSAP");
        assert!(read(&document, &facultative).is_err());
    }

    #[test]
    fn what_is_not_an_object_is_one_fault() {
        assert_eq!(read(&json!([]), &INVIO).unwrap_err().len(), 1);
    }
}
