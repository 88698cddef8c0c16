use super::tests::read;
use super::*;
use crate::egov::profili::{Asincrono, Passo};
use crate::egov::{self, Registro as _};

/// A file with one service of that profile and one action, whose further keys are `keys`.
fn service(nome: &str, profilo: &str, azione: &str, direction: &str, keys: &str) -> String {
    let corpo = match direction {
        "inbound" => {
            "documento = \"D\", documenti = [{ schema = \"d.xsd\", root = \"d\", tipo_modello = \"D\" }]"
        }
        _ => "membri = [{ nome = \"X\", da = [{ puntatore = \"/x\" }] }]",
    };
    format!(
        r#"[service]
nome = "{nome}"
profilo = "EGOV_IT_{profilo}"
erogatore = "NAZIONALE"
fruitori = "regioni"
[[azione]]
nome = "{azione}"
direction = "{direction}"
duplicate = "refuse"
on_unknown = "hold"
rest = {{ path = "/{azione}" }}
richiesta = {{ schema = "a.xsd", element = "a", {corpo} }}
{keys}
"#
    )
}

const RISPOSTA: &str = r#"refusal = "fault"
risposta = { schema = "a.xsd", element = "ra", membri = [{ nome = "Y", da = [{ puntatore = "/y" }] }] }
"#;

fn one_way(keys: &str) -> String {
    service("S", "MessaggioSingoloOneWay", "a", "inbound", keys)
}

fn calcolo(correlato: &str) -> String {
    let keys = format!("refusal = \"fault\"\ncorrelato = {correlato}");
    service("Calcolo", "ServizioAsincronoAsimmetrico", "avvia", "inbound", &keys)
}

fn stato(keys: &str) -> String {
    service("StatoCalcolo", "ServizioAsincronoAsimmetrico", "leggi", "inbound", keys)
}

/// What is wrong with those files, without their places.
fn wrong(texts: &[&str]) -> Vec<String> {
    read(texts).unwrap_err()
}

fn first<'c>(catalogue: &'c Catalogue, servizio: &str, azione: &str) -> &'c Azione {
    catalogue.azione("SPC", servizio, Some(azione)).unwrap()
}

#[test]
fn a_one_way_action_has_no_reply_and_a_refusal_of_its_own() {
    let catalogue =
        read(&[&one_way("refusal = \"accept\"\naccordo = { conferma = true, ordine = true }")]).unwrap();
    let azione = first(&catalogue, "S", "a");
    assert_eq!((azione.passo(), azione.refusal, &azione.risposta), (Passo::OneWay, Refusal::Accept, &None));
    assert_eq!(azione.accordo, Opzioni { conferma: true, collaborazione: false, ordine: true });
    assert_eq!(wrong(&[&one_way("refusal = \"fault\"")]).len(), 1);
    let found = wrong(&[&one_way(&RISPOSTA.replace("fault", "error"))]);
    assert!(
        found[0].contains("azione[1].risposta: means nothing here: a one-way message has no reply"),
        "{found:?}"
    );
}

#[test]
fn confirmation_and_order_are_of_one_way_messages() {
    let keys = format!("{RISPOSTA}accordo = {{ conferma = true, collaborazione = true, ordine = true }}");
    let found = wrong(&[&service("S", "ServizioSincrono", "a", "inbound", &keys)]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("accordo.conferma: means nothing here"), "{found:?}");
    assert!(found[1].contains("accordo.ordine: means nothing here"), "{found:?}");
    let alone = service("S", "ServizioSincrono", "a", "inbound", "refusal = \"fault\"");
    assert!(wrong(&[&alone])[0].contains("azione[1].risposta: not given"));
}

#[test]
fn a_second_call_knows_its_exchange() {
    let there = r#"{ servizio = "StatoCalcolo", azione = "leggi" }"#;
    let catalogue = read(&[&calcolo(there), &stato(RISPOSTA)]).unwrap();
    assert_eq!(first(&catalogue, "Calcolo", "avvia").passo(), Passo::Richiesta(Asincrono::Asimmetrico));
    let second = first(&catalogue, "StatoCalcolo", "leggi");
    assert_eq!(second.passo(), Passo::Seguito(Asincrono::Asimmetrico));
    assert_eq!(second.seguito_di.as_ref().unwrap().to_string(), "SPC/Calcolo/avvia");

    let parere = r#"refusal = "fault"
correlato = { servizio = "Esito", azione = "notifica" }"#;
    let parere = service("Parere", "ServizioAsincronoSimmetrico", "chiedi", "inbound", parere);
    let esito = service("Esito", "ServizioAsincronoSimmetrico", "notifica", "outbound", RISPOSTA);
    let catalogue = read(&[&parere, &esito]).unwrap();
    assert_eq!(first(&catalogue, "Esito", "notifica").passo(), Passo::Seguito(Asincrono::Simmetrico));

    let registro = Registro::new(&catalogue, &Parti::default());
    let accordo = registro
        .azione(&egov::Parte::spc("NAZIONALE"), &egov::Servizio::spc("Parere"), Some("chiedi"))
        .unwrap();
    assert_eq!(accordo.correlato, Some(egov::Servizio::spc("Esito")));
}

#[test]
fn a_second_call_must_be_one() {
    let there = r#"{ servizio = "StatoCalcolo", azione = "leggi" }"#;
    let says = |texts: &[&str], wanted: &str| {
        let found = wrong(texts);
        assert!(found.len() == 1 && found[0].contains(wanted), "{wanted}: {found:?}");
    };
    says(&[&calcolo(there)], "azione[1].correlato: no file describes this action");
    says(&[&calcolo(there), &stato("refusal = \"fault\"")], "has no [azione.risposta]");
    let outbound = service("StatoCalcolo", "ServizioAsincronoAsimmetrico", "leggi", "outbound", RISPOSTA);
    says(&[&calcolo(there), &outbound], "wanted an action of the same profile");
    let sincrono = service("StatoCalcolo", "ServizioSincrono", "leggi", "inbound", RISPOSTA);
    says(&[&calcolo(there), &sincrono], "wanted an action of the same profile");
    let circle = format!("{RISPOSTA}correlato = {{ servizio = \"Calcolo\", azione = \"avvia\" }}");
    assert_eq!(wrong(&[&calcolo(there), &stato(&circle)]).len(), 2);
    let keys = format!("{RISPOSTA}correlato = {{ azione = \"b\" }}");
    let found = wrong(&[&service("S", "ServizioSincrono", "a", "inbound", &keys)]);
    assert!(found[0].contains("only an asynchronous exchange has a second call"), "{found:?}");
}
