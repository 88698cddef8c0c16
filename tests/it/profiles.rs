//! The profiles other than the synchronous one, each bridged by data alone.
//!
//! The services here are files; the node is one that answers what the scenario says.

use std::collections::VecDeque;
use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::data_only::with_own_data;
use crate::envelope::{Envelope, envelope};
use crate::stub_node::{StubNode, Told};
use crate::wire::until;
use crate::world::{Setup, World};

const XSD: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="urn:esempio:profili" elementFormDefault="qualified">
  <xs:element name="manda"><xs:complexType><xs:sequence>
    <xs:element name="Voce" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="preso"><xs:complexType><xs:sequence>
    <xs:element name="Esito" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="finito"><xs:complexType><xs:sequence>
    <xs:element name="Esito" type="xs:string"/>
    <xs:element name="Risultato" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

const VOCE: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="voce"><xs:complexType><xs:sequence>
    <xs:element name="numero" type="xs:positiveInteger"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

/// A service of a profile; each action is its keys.
fn servizio(nome: &str, profilo: &str, azioni: &[String]) -> String {
    format!(
        "[service]\nnome = \"{nome}\"\nprofilo = \"EGOV_IT_{profilo}\"\nerogatore = \"NAZIONALE\"\nfruitori = \"regioni\"\n{}",
        azioni.concat()
    )
}

fn azione(nome: &str, keys: &str) -> String {
    format!(
        r#"
[[azione]]
nome = "{nome}"
direction = "inbound"
on_unknown = "hold"
rest = {{ path = "/esempio/{nome}" }}
{keys}
[azione.richiesta]
schema = "esempio/profili.xsd"
element = "manda"
documento = "Voce"
documenti = [{{ schema = "esempio/voce.xsd", root = "voce", tipo_modello = "VOCE" }}]
"#
    )
}

const ESITO: &str = "{ nome = \"Esito\", da = [{ puntatore = \"/esito/codice\" }] }";

fn risposta(element: &str, more: &str) -> String {
    format!(
        "[azione.risposta]\nschema = \"esempio/profili.xsd\"\nelement = \"{element}\"\nmembri = [{ESITO}{more}]\n"
    )
}

/// Everything that is not the synchronous profile, and PIEMONTE under the Linee Guida.
fn services() -> Vec<(&'static str, String)> {
    let one_way = [
        azione("comunica", "duplicate = \"deliver\"\nrefusal = \"error\""),
        azione("registra", "duplicate = \"recorded\"\nrefusal = \"error\""),
        azione("accetta", "duplicate = \"refuse\"\nrefusal = \"accept\""),
        azione(
            "confermata",
            "duplicate = \"refuse\"\nrefusal = \"error\"\naccordo = { conferma = true, collaborazione = true }",
        ),
    ];
    let ordinata =
        "duplicate = \"refuse\"\nrefusal = \"error\"\naccordo = { conferma = true, ordine = true }";
    let one_way = [one_way.concat(), azione("ordinata", ordinata)];
    let avvia = "duplicate = \"refuse\"\nrefusal = \"fault\"\ncorrelato = { servizio = \"StatoCalcolo\", azione = \"leggi\" }";
    let chiedi = "duplicate = \"recorded\"\nrefusal = \"esito\"\ncorrelato = { servizio = \"EsitoParere\", azione = \"notifica\" }";
    let leggi = "duplicate = \"deliver\"\nrefusal = \"fault\"";
    let risultato = ", { nome = \"Risultato\", da = [{ puntatore = \"/risultato\" }], altrimenti = \"\" }";
    let notifica = "duplicate = \"refuse\"\nrefusal = \"fault\"";
    let notifica = (azione("notifica", notifica) + &risposta("preso", "")).replace("inbound", "outbound");
    vec![
        ("variazioni.toml", servizio("Variazioni", "MessaggioSingoloOneWay", &one_way)),
        ("calcolo.toml", servizio("Calcolo", "ServizioAsincronoAsimmetrico", &[azione("avvia", avvia)])),
        (
            "stato.toml",
            servizio(
                "StatoCalcolo",
                "ServizioAsincronoAsimmetrico",
                &[azione("leggi", leggi) + &risposta("finito", risultato)],
            ),
        ),
        (
            "parere.toml",
            servizio(
                "Parere",
                "ServizioAsincronoSimmetrico",
                &[azione("chiedi", chiedi) + &risposta("preso", "")],
            ),
        ),
        ("esito.toml", servizio("EsitoParere", "ServizioAsincronoSimmetrico", &[notifica])),
    ]
}

/// What the node answers next, and after that.
#[derive(Clone, Default)]
pub(crate) struct Nodo(Arc<Mutex<VecDeque<Says>>>);

/// Status, Content-Type, and the JSON; none where it is `null`.
type Says = (&'static str, &'static str, Value);

impl Nodo {
    /// The next request is answered with this status and JSON (none where it is `null`).
    pub(crate) fn says(&self, status: &'static str, content_type: &'static str, body: Value) {
        self.0.lock().unwrap().push_back((status, content_type, body));
    }

    /// A reply envelope with this esito, and more.
    pub(crate) fn replies(&self, codice: &'static str, more: Value) {
        let mut body = json!({ "direzione": "RISPOSTA", "esito": { "codice": codice } });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.says("200 OK", "application/json", body);
    }

    fn answer(&self, asked: &Value) -> Told {
        let next = self.0.lock().unwrap().pop_front();
        let (status, content_type, mut body) = next.unwrap_or(("202 Accepted", "text/plain", Value::Null));
        if body.get("direzione").is_some() && body.get("riferimentoMessaggio").is_none() {
            body["riferimentoMessaggio"] = asked["identificatore"].clone();
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Told { status, content_type, body }
    }
}

/// A world with those services, its node, and what the node says.
pub(crate) async fn world_with(services: Vec<(&'static str, String)>) -> (World, StubNode, Nodo) {
    let (home, setup) = with_own_data();
    let folder = setup.xsd.as_ref().unwrap().join("esempio");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("profili.xsd"), XSD).unwrap();
    fs::write(folder.join("voce.xsd"), VOCE).unwrap();
    let data = setup.services.clone().unwrap();
    for (file, text) in services {
        fs::write(data.join(file), text).unwrap();
    }
    let parti = fs::read_to_string(data.join("parti.toml")).unwrap();
    let piemonte = "nome = \"PIEMONTE\"";
    assert!(parti.contains(piemonte));
    let narrow = format!("{piemonte}\ngestione = \"eGov1.1-lineeGuida1.1\"");
    fs::write(data.join("parti.toml"), parti.replacen(piemonte, &narrow, 1)).unwrap();
    let nodo = Nodo::default();
    let says = nodo.clone();
    let node = StubNode::start(&home.pki, move |asked| says.answer(asked)).await;
    let world = Setup { node_at: Some(node.address), ..setup }.start_in(home).await;
    (world, node, nodo)
}

async fn world() -> (World, StubNode, Nodo) {
    world_with(services()).await
}

/// A message with the document number 7.
pub(crate) fn message(servizio: &str, azione: &str, profilo: &'static str) -> Envelope {
    envelope().servizio(servizio).header_azione(azione).profilo(profilo).body(&voce("7"))
}

pub(crate) fn voce(numero: &str) -> String {
    format!(
        r#"<p:manda xmlns:p="urn:esempio:profili"><p:Voce><voce><numero>{numero}</numero></voce></p:Voce></p:manda>"#
    )
}

fn one_way(azione: &str) -> Envelope {
    message("Variazioni", azione, "MessaggioSingoloOneWay")
}

/// A one-way message that wants, and must want, its riscontro.
fn confermata() -> Envelope {
    let message = one_way("confermata").conferma();
    let id = message.id().to_owned();
    message.collaborazione(&id)
}

fn avvia() -> Envelope {
    let message = message("Calcolo", "avvia", "ServizioAsincronoAsimmetrico");
    let id = message.id().to_owned();
    message.collaborazione(&id)
}

fn leggi(first: &Envelope) -> Envelope {
    message("StatoCalcolo", "leggi", "ServizioAsincronoAsimmetrico")
        .collaborazione(first.id())
        .riferimento(first.id())
}

// ------------------------------------------------------------------------------------------------------------ one-way

#[tokio::test]
async fn a_one_way_message_is_carried_and_answered_with_nothing() {
    let (world, node, nodo) = world().await;
    for (status, content_type, body) in [
        ("202 Accepted", "text/plain", Value::Null),
        ("204 No Content", "text/plain", Value::Null),
        ("200 OK", "application/json", json!({ "ricevuto": true })),
    ] {
        nodo.says(status, content_type, body);
        let request = one_way("comunica").piu_di_una_volta();
        world.send(&request).await.is_empty();
        assert_eq!(world.stato_of(request.id()).await, "delivered OK", "{status}");
    }
    let (path, asked) = node.received().remove(0);
    assert_eq!(path, "/esempio/comunica");
    assert_eq!(asked["profiloCollaborazione"], "MESSAGGIO_SINGOLO_ONE_WAY");
    assert_eq!(asked["modello"]["payload"], json!({ "numero": "7" }));
}

#[tokio::test]
async fn a_one_way_message_that_wants_confirmation_gets_its_riscontro() {
    let (world, node, _) = world().await;
    let request = confermata();
    let reply = world.send(&request).await;
    reply.is_riscontro_of(request.id());
    assert_eq!(reply.busta("ProfiloTrasmissione/@confermaRicezione").as_deref(), Some("false"));
    assert_eq!(reply.busta("Mittente/IdentificativoParte").as_deref(), Some("NAZIONALE"));
    assert_eq!(node.received()[0].1["collaborazione"], json!(request.id()));
}

#[tokio::test]
async fn a_one_way_message_that_the_node_did_not_take_is_a_processing_error_and_may_come_again() {
    let (world, node, nodo) = world().await;
    let problem = "application/problem+json";
    for (status, stato) in
        [("503 Service Unavailable", "unknown"), ("422 Unprocessable Content", "refused_by_node")]
    {
        nodo.says(status, problem, json!({ "title": "no" }));
        let request = one_way("registra");
        world.send(&request).await.is_processing_fault();
        assert_eq!(world.stato_of(request.id()).await, stato, "{status}");
    }
    nodo.replies("X001", json!({}));
    let request = one_way("registra");
    world.send(&request).await.is_processing_fault();
    world.send(&request).await.is_empty();
    assert_eq!(node.received().len(), 4);
    nodo.says("200 OK", "text/html", json!("login"));
    let request = one_way("comunica");
    world.send(&request).await.is_processing_fault();
    assert_eq!(world.stato_of(request.id()).await, "unknown", "a page is not the node's");
}

#[tokio::test]
async fn what_the_application_thinks_of_a_one_way_message_is_for_the_record() {
    let (world, _node, nodo) = world().await;
    nodo.replies("KO", json!({ "esito": { "codice": "KO", "messaggioErrore": "Soggetto ignoto" } }));
    let request = one_way("comunica");
    world.send(&request).await.is_empty();
    let life = world.record_of(request.id()).await;
    assert_eq!(life.summary.stato.to_string(), "delivered KO");
    assert!(life.attempts[0].failure.as_ref().unwrap().detail.contains("Soggetto ignoto"));
    nodo.says("422 Unprocessable Content", "application/problem+json", json!({ "title": "no" }));
    let request = one_way("accetta");
    world.send(&request).await.is_empty();
    assert_eq!(world.stato_of(request.id()).await, "delivered KO");
}

#[tokio::test]
async fn a_one_way_message_with_a_wrong_document_is_not_accepted() {
    let (world, node, _) = world().await;
    let request = one_way("accetta").body(&voce("niente"));
    world.send(&request).await.is_processing_fault();
    assert_eq!(world.stato_of(request.id()).await, "refused");
    assert!(node.received().is_empty());
}

#[tokio::test]
async fn what_the_accordo_wants_must_be_asked_for() {
    let (world, _node, _) = world().await;
    world.send(&one_way("confermata")).await.is_refused_with(&[
        ("EGOV_IT_104", "Collaborazione"),
        ("EGOV_IT_113", "ProfiloTrasmissione/confermaRicezione"),
    ]);
    let other = one_way("comunica").profilo("ServizioSincrono");
    let posizione = "ProfiloCollaborazione diverso da quanto specificato nel registro";
    world.send(&other).await.is_refused_with(&[("EGOV_IT_103", posizione)]);
}

#[tokio::test]
async fn a_repetition_of_a_one_way_message_is_acknowledged_and_delivered_once() {
    let (mut world, node, _) = world().await;
    let request = confermata();
    let first = world.send(&request).await;
    let again = world.send(&request).await;
    again.is_riscontro_of(request.id());
    let received = "ListaRiscontri/Riscontro/OraRegistrazione";
    assert_eq!(again.busta(received), first.busta(received));
    assert_ne!(again.busta("Messaggio/Identificatore"), first.busta("Messaggio/Identificatore"));
    world.restart().await;
    world.send(&request).await.is_riscontro_of(request.id());

    let plain = one_way("comunica");
    world.send(&plain).await.is_empty();
    world.send(&plain).await.is_empty();
    world.send(&plain.clone().conferma()).await.is_riscontro_of(plain.id());
    let clash = plain.clone().body(&voce("8"));
    world.send(&clash).await.is_refused_with(&[("EGOV_IT_110", "Messaggio/Identificatore")]);
    assert_eq!(node.received().len(), 2, "each was delivered once");
}

#[tokio::test]
async fn what_may_be_delivered_more_than_once_is_delivered_again() {
    let (world, node, _) = world().await;
    let more = one_way("comunica").piu_di_una_volta();
    world.send(&more).await.is_empty();
    world.send(&more).await.is_empty();
    assert_eq!(node.received().len(), 2);
    // The accordo filters whatever the sender says; so does the record.
    for azione in ["accetta", "registra"] {
        let more = one_way(azione).piu_di_una_volta();
        world.send(&more).await.is_empty();
        world.send(&more).await.is_empty();
    }
    assert_eq!(node.received().len(), 4);
}

// --------------------------------------------------------------------------------------------------------- Linee Guida

#[tokio::test]
async fn a_repetition_under_the_linee_guida_is_refused() {
    let (world, node, _) = world().await;
    let request = one_way("comunica").mittente("PIEMONTE");
    world.send(&request).await.is_empty();
    world.send(&request).await.is_refused_with(&[("EGOV_IT_110", "Messaggio/Identificatore")]);
    world
        .send(&one_way("comunica").mittente("PIEMONTE").conferma())
        .await
        .is_refused_with(&[("EGOV_IT_113", "ProfiloTrasmissione/confermaRicezione")]);
    assert_eq!(node.received().len(), 1);
}

#[tokio::test]
async fn notices_under_the_linee_guida_ride_on_the_ordinary_reply() {
    let (world, _node, nodo) = world().await;
    let with_address = |request: Envelope| {
        request.edit("<eGov_IT:IdentificativoParte tipo=\"SPC\">PIEMONTE", "<eGov_IT:IdentificativoParte tipo=\"SPC\" indirizzoTelematico=\"http://pdd.piemonte.it\">PIEMONTE")
    };
    let asks = || {
        let request = message("Parere", "chiedi", "ServizioAsincronoSimmetrico");
        let request = request.mittente("PIEMONTE");
        let id = request.id().to_owned();
        request.collaborazione(&id)
    };
    nodo.replies("OK", json!({}));
    let reply = world.send(&with_address(asks())).await;
    assert_eq!((reply.status, reply.member("Esito").as_str()), (200, "OK"), "{reply}");
    let info = |code: &str, at: &str| (code.to_owned(), at.to_owned(), "INFO".to_owned());
    assert_eq!(
        reply.avvisi(),
        [
            info("EGOV_IT_101", "Mittente/IdentificativoParte/indirizzoTelematico"),
            info(
                "EGOV_IT_116",
                "ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte/indirizzoTelematico"
            ),
        ]
    );
    assert_eq!(reply.busta("Destinatario/IdentificativoParte/@indirizzoTelematico"), None);
    nodo.replies("OK", json!({}));
    assert_eq!(world.send(&asks()).await.is_ordinary().avvisi(), []);
    // A partner under e-Gov 1.1 is told nothing.
    nodo.replies("OK", json!({}));
    let wide = message("Parere", "chiedi", "ServizioAsincronoSimmetrico").edit(
        "<eGov_IT:IdentificativoParte tipo=\"SPC\">LAZIO",
        "<eGov_IT:IdentificativoParte tipo=\"SPC\" indirizzoTelematico=\"http://pdd.lazio.it\">LAZIO",
    );
    world.send(&wide).await.is_ordinary();
}

// -------------------------------------------------------------------------------------------------------- asynchronous

#[tokio::test]
async fn a_symmetric_request_is_answered_with_its_receipt() {
    let (world, node, nodo) = world().await;
    nodo.replies("OK", json!({}));
    let request = message("Parere", "chiedi", "ServizioAsincronoSimmetrico").edit(
        "<eGov_IT:ProfiloCollaborazione>",
        "<eGov_IT:ProfiloCollaborazione servizioCorrelato=\"EsitoParere\" tipo=\"SPC\">",
    );
    let id = request.id().to_owned();
    let request = request.collaborazione(&id);
    let receipt = world.send(&request).await;
    assert_eq!(receipt.is_ordinary().member("Esito"), "OK");
    assert_eq!(receipt.busta("Messaggio/RiferimentoMessaggio").as_deref(), Some(request.id()));
    assert_eq!(receipt.busta("Collaborazione").as_deref(), Some(request.id()));
    assert_eq!(receipt.busta("ProfiloCollaborazione/@servizioCorrelato"), None);
    assert_eq!(node.received()[0].1["profiloCollaborazione"], "SERVIZIO_ASINCRONO_SIMMETRICO");
    assert_eq!(world.send(&request).await.body, receipt.body, "the receipt again, from the record");
    assert_eq!(node.received().len(), 1);

    let wrong = message("Parere", "chiedi", "ServizioAsincronoSimmetrico").edit(
        "<eGov_IT:ProfiloCollaborazione>",
        "<eGov_IT:ProfiloCollaborazione servizioCorrelato=\"Altro\" tipo=\"SPC\">",
    );
    let posizione =
        "ProfiloCollaborazione/servizioCorrelato diverso da quello atteso (richiesta asincrona simmetrica)";
    world.send(&wrong).await.is_refused_with(&[("EGOV_IT_103", posizione)]);
}

#[tokio::test]
async fn an_answer_of_a_symmetric_exchange_that_nobody_asked_for_is_refused() {
    let services = services();
    let notifica = |(file, text): (&'static str, String)| match file {
        // Here the region answers, and the request was ours.
        "esito.toml" => (file, text.replace("outbound", "inbound")),
        "parere.toml" => {
            let text = text.replace("inbound", "outbound");
            let membri = "membri = [{ nome = \"Voce\", da = [{ puntatore = \"/voce\" }] }]";
            (file, text.replace("documento = \"Voce\"", membri).replace("documenti = [{ schema = \"esempio/voce.xsd\", root = \"voce\", tipo_modello = \"VOCE\" }]", ""))
        }
        _ => (file, text),
    };
    let (world, node, _) = world_with(services.into_iter().map(notifica).collect()).await;
    let ours = "NAZIONALE_NAZIONALESPCoopIT_0000001_2026-01-15_09:00";
    let answer = message("EsitoParere", "notifica", "ServizioAsincronoSimmetrico")
        .collaborazione(ours)
        .riferimento(ours);
    world.send(&answer).await.is_refused_with(&[("EGOV_IT_111", "Messaggio/RiferimentoMessaggio")]);
    assert!(node.received().is_empty());
}

#[tokio::test]
async fn an_asymmetric_exchange_is_polled_until_its_result_is_there() {
    let (mut world, node, nodo) = world().await;
    let first = avvia();
    // Taken in charge: 202, and the receipt is an empty Body.
    let receipt = world.send(&first).await;
    assert_eq!(receipt.is_ordinary().wrapper(), None);
    assert_eq!(receipt.busta("Messaggio/RiferimentoMessaggio").as_deref(), Some(first.id()));
    assert_eq!(receipt.busta("ProfiloCollaborazione/@servizioCorrelato").as_deref(), Some("StatoCalcolo"));
    assert_eq!(receipt.busta("ProfiloCollaborazione/@tipo").as_deref(), Some("SPC"));
    assert_eq!(receipt.busta("Collaborazione").as_deref(), Some(first.id()));
    world.restart().await;

    nodo.replies("OK", json!({}));
    let pending = world.send(&leggi(&first)).await;
    assert_eq!(
        (pending.is_ordinary().member("Risultato"), pending.wrapper().as_deref()),
        (String::new(), Some("finito"))
    );
    assert_eq!(pending.busta("ProfiloCollaborazione/@servizioCorrelato"), None);
    nodo.replies("OK", json!({ "risultato": "42" }));
    let asking = leggi(&first);
    let done = world.send(&asking).await;
    assert_eq!(done.is_ordinary().member("Risultato"), "42");
    assert_eq!(done.busta("Messaggio/RiferimentoMessaggio").as_deref(), Some(asking.id()));
    assert_eq!(done.busta("Collaborazione").as_deref(), Some(first.id()));
    let asked = &node.received()[2].1;
    assert_eq!(
        (&asked["riferimentoMessaggio"], &asked["collaborazione"]),
        (&json!(first.id()), &json!(first.id()))
    );
}

#[tokio::test]
async fn a_status_request_belongs_to_a_request_of_its_caller() {
    let (world, node, nodo) = world().await;
    let first = avvia();
    let unknown = [("EGOV_IT_111", "Messaggio/RiferimentoMessaggio")];
    world.send(&leggi(&first)).await.is_refused_with(&unknown);
    nodo.says("503 Service Unavailable", "application/problem+json", json!({ "elaborata": false }));
    world.send(&first).await.is_processing_fault();
    world.send(&leggi(&first)).await.is_refused_with(&unknown);
    world.send(&first).await.is_ordinary();
    let elsewhere = leggi(&first).collaborazione("LAZIO_LAZIOSPCoopIT_0999999_2026-01-15_09:30");
    world.send(&elsewhere).await.is_refused_with(&[("EGOV_IT_104", "Collaborazione")]);
    let bare = message("StatoCalcolo", "leggi", "ServizioAsincronoAsimmetrico");
    world.send(&bare).await.is_refused_with(&[("EGOV_IT_109", "Messaggio/RiferimentoMessaggio")]);
    let other = one_way("comunica");
    world.send(&other).await.is_empty();
    let stray = message("StatoCalcolo", "leggi", "ServizioAsincronoAsimmetrico").riferimento(other.id());
    world.send(&stray).await.is_refused_with(&unknown);
    nodo.replies("OK", json!({ "risultato": "42" }));
    world.send(&leggi(&first)).await.is_ordinary();
    assert_eq!(node.received().len(), 4);
}

#[tokio::test]
async fn under_the_linee_guida_the_conversation_alone_correlates() {
    let (world, node, nodo) = world().await;
    let first = message("Calcolo", "avvia", "ServizioAsincronoAsimmetrico").mittente("PIEMONTE");
    let id = first.id().to_owned();
    world.send(&first).await.is_refused_with(&[("EGOV_IT_104", "Collaborazione")]);
    let receipt = world.send(&first.collaborazione(&id)).await;
    assert_eq!(receipt.is_ordinary().busta("ProfiloCollaborazione/@servizioCorrelato"), None);
    nodo.replies("OK", json!({ "risultato": "42" }));
    let asking = message("StatoCalcolo", "leggi", "ServizioAsincronoAsimmetrico")
        .mittente("PIEMONTE")
        .collaborazione(&id);
    assert_eq!(world.send(&asking).await.is_ordinary().member("Risultato"), "42");
    assert_eq!(node.received()[1].1["riferimentoMessaggio"], json!(id));
    let stray = message("StatoCalcolo", "leggi", "ServizioAsincronoAsimmetrico")
        .mittente("PIEMONTE")
        .collaborazione("PIEMONTE_PIEMONTESPCoopIT_0999999_2026-01-15_09:30");
    world.send(&stray).await.is_refused_with(&[("EGOV_IT_104", "Collaborazione")]);
}

#[tokio::test]
async fn repetitions_of_asynchronous_calls_follow_their_action() {
    let (world, node, nodo) = world().await;
    let first = avvia();
    world.send(&first).await.is_ordinary();
    world.send(&first).await.is_refused_with(&[("EGOV_IT_110", "Messaggio/Identificatore")]);
    let again = leggi(&first).piu_di_una_volta();
    for risultato in ["", "42"] {
        nodo.replies("OK", json!({ "risultato": risultato }));
        assert_eq!(world.send(&again).await.is_ordinary().member("Risultato"), risultato);
    }
    assert_eq!(node.received().len(), 3);
}

#[tokio::test]
async fn a_receipt_that_needs_an_answer_waits_for_one_that_settles() {
    let (world, _node, nodo) = world().await;
    // A result is a reply envelope; taken in charge is no result.
    let first = avvia();
    world.send(&first).await.is_ordinary();
    let asking = leggi(&first);
    world.send(&asking).await.is_processing_fault();
    assert_eq!(world.stato_of(asking.id()).await, "unknown");
    nodo.replies("KO", json!({ "esito": { "codice": "KO", "messaggioErrore": "Calcolo ignoto" } }));
    let fault = world.send(&leggi(&first)).await.is_service_fault();
    assert!(fault.detail.is_some_and(|detail| detail.contains("Calcolo ignoto")));
}

// -------------------------------------------------------------------------------------------------------------- ordered

/// The first message of a series, and a way to the others; the document of each is its number.
fn series() -> (Envelope, impl Fn(u32) -> Envelope) {
    let ordered =
        |numero: u32| one_way("ordinata").conferma().sequenza(numero).body(&voce(&numero.to_string()));
    let first = ordered(1);
    let name = first.id().to_owned();
    let first = first.collaborazione(&name);
    (first, move |numero| ordered(numero).collaborazione(&name))
}

/// The numbers that the node was given, in the order of arrival.
fn numbers(node: &StubNode) -> Vec<String> {
    let payload = |json: &Value| json["modello"]["payload"]["numero"].as_str().unwrap().to_owned();
    node.received().iter().map(|(_, json)| payload(json)).collect()
}

async fn delivered(world: &World, request: &Envelope) {
    until("it is delivered", async || {
        world
            .records_of(request.id())
            .await
            .iter()
            .any(|life| life.summary.stato.to_string() == "delivered OK")
    })
    .await;
}

#[tokio::test]
async fn messages_of_a_series_are_forwarded_in_their_order() {
    let (world, node, nodo) = world().await;
    let (first, next) = series();
    // The first one is not taken at once: those after it wait.
    nodo.says("503 Service Unavailable", "application/problem+json", json!({ "elaborata": false }));
    world.send(&first).await.is_processing_fault();
    let (second, third) = (next(2), next(3));
    world.send(&third).await.is_riscontro_of(third.id());
    assert_eq!(world.stato_of(third.id()).await, "held");
    world.send(&third).await.is_riscontro_of(third.id());
    world.send(&second).await.is_riscontro_of(second.id());
    assert_eq!(numbers(&node), ["1"]);
    world.send(&first).await.is_riscontro_of(first.id());
    delivered(&world, &third).await;
    assert_eq!(numbers(&node), ["1", "1", "2", "3"]);
    let fourth = next(4);
    world.send(&fourth).await.is_riscontro_of(fourth.id());
    assert_eq!(world.stato_of(fourth.id()).await, "delivered OK");
}

#[tokio::test]
async fn a_message_behind_its_turn_is_acknowledged_and_dropped() {
    let (world, node, _) = world().await;
    let (first, next) = series();
    world.send(&first).await.is_riscontro_of(first.id());
    world.send(&next(2)).await;
    let late = next(2).body(&voce("22"));
    world.send(&late).await.is_riscontro_of(late.id());
    let life = world.record_of(late.id()).await;
    assert_eq!(life.summary.stato.to_string(), "refused");
    assert_eq!(life.attempts[0].failure.as_ref().unwrap().code, "EB-SEEN");
    assert_eq!(numbers(&node), ["1", "2"]);
}

#[tokio::test]
async fn held_messages_survive_a_restart_and_keep_their_order() {
    let (mut world, node, nodo) = world().await;
    let (first, next) = series();
    nodo.says("503 Service Unavailable", "application/problem+json", json!({ "elaborata": false }));
    world.send(&first).await.is_processing_fault();
    let (second, third) = (next(2), next(3));
    world.send(&third).await.is_riscontro_of(third.id());
    world.send(&second).await.is_riscontro_of(second.id());
    world.restart().await;
    assert_eq!(world.stato_of(third.id()).await, "held");
    world.send(&first).await.is_riscontro_of(first.id());
    delivered(&world, &third).await;
    assert_eq!(numbers(&node), ["1", "1", "2", "3"]);
}

#[tokio::test]
async fn what_is_held_when_the_process_dies_is_forwarded_by_the_next() {
    let (world, node, nodo) = world().await;
    let (first, next) = series();
    nodo.says("503 Service Unavailable", "application/problem+json", json!({ "elaborata": false }));
    world.send(&first).await.is_processing_fault();
    let second = next(2);
    world.send(&second).await.is_riscontro_of(second.id());
    let next_life = world.killed_here_and_started_again().await;
    assert_eq!(next_life.stato_of(second.id()).await, "held");
    next_life.send(&first).await.is_riscontro_of(first.id());
    delivered(&next_life, &second).await;
    assert_eq!(numbers(&node), ["1", "1", "2"]);
}

#[tokio::test]
async fn a_held_message_is_tried_again_until_the_node_takes_it() {
    let (world, node, nodo) = world().await;
    let (first, next) = series();
    nodo.says("503 Service Unavailable", "application/problem+json", json!({ "elaborata": false }));
    world.send(&first).await.is_processing_fault();
    let second = next(2);
    world.send(&second).await.is_riscontro_of(second.id());
    nodo.says("200 OK", "text/plain", Value::Null);
    nodo.says("503 Service Unavailable", "application/problem+json", json!({ "elaborata": false }));
    world.send(&first).await.is_riscontro_of(first.id());
    delivered(&world, &second).await;
    assert_eq!(numbers(&node), ["1", "1", "2", "2"]);
    let life = world.record_of(second.id()).await;
    let ends: Vec<_> = life.attempts.iter().map(|attempt| attempt.stato.to_string()).collect();
    assert_eq!(ends, ["held", "refused_by_node", "delivered OK"]);
    assert!(world.log().iter().any(|line| line.contains("held-waits") && line.contains(second.id())));
}

#[tokio::test]
async fn a_held_message_whose_fate_is_unknown_waits_for_the_operator() {
    use egov_bridge::journal::Resolution;
    let (world, node, nodo) = world().await;
    let (first, next) = series();
    nodo.says("503 Service Unavailable", "application/problem+json", json!({ "elaborata": false }));
    world.send(&first).await.is_processing_fault();
    let (second, third) = (next(2), next(3));
    world.send(&second).await.is_riscontro_of(second.id());
    world.send(&third).await.is_riscontro_of(third.id());
    nodo.says("200 OK", "text/plain", Value::Null);
    nodo.says("504 Gateway Timeout", "text/html", Value::Null);
    world.send(&first).await.is_riscontro_of(first.id());
    until("the fate of the second is unknown", async || world.stato_of(second.id()).await == "unknown").await;
    assert_eq!(world.stato_of(third.id()).await, "held");
    world.send(&second).await.is_riscontro_of(second.id());
    let id = world.record_of(second.id()).await.summary.id;
    let journal = world.gateway().journal();
    let _ = journal.resolve(id, Resolution::NotExecuted, "operatore", "chiesto al nodo").await.unwrap();
    delivered(&world, &third).await;
    assert_eq!(numbers(&node), ["1", "1", "2", "2", "3"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_series_is_said_where_it_is() {
    let (world, node, _) = world().await;
    let (first, next) = series();
    let refused = async |request: Envelope, code: &str, posizione: &str| {
        world.send(&request).await.is_refused_with(&[(code, posizione)]);
    };
    refused(next(2), "EGOV_IT_114", "Sequenza/Collaborazione").await;
    // The busta comes before the document.
    refused(next(2).body(&voce("niente")), "EGOV_IT_114", "Sequenza/Collaborazione").await;
    refused(next(1), "EGOV_IT_114", "Sequenza/numeroProgressivo/!1bustaCapostipite").await;
    let conferma = "Sequenza non gestibile, attributo confermaRicezione dell'elemento ProfiloTrasmissione non valido con la sequenza";
    let silent = one_way("comunica").sequenza(1);
    let name = silent.id().to_owned();
    refused(silent.collaborazione(&name), "EGOV_IT_402", conferma).await;
    refused(one_way("ordinata").conferma(), "EGOV_IT_402", "Sequenza").await;
    let senza = "Sequenza non gestibile, elemento Collaborazione non presente";
    refused(one_way("ordinata").conferma().sequenza(1), "EGOV_IT_114", senza).await;
    refused(leggi(&first).sequenza(1), "EGOV_IT_401", "Sequenza").await;
    world.send(&first).await.is_riscontro_of(first.id());
    refused(next(2).header_azione("confermata"), "EGOV_IT_114", "Sequenza/Azione").await;
    let stranger = next(2).mittente("ABRUZZO");
    // Its Collaborazione is neither party's: that is said before.
    refused(stranger, "EGOV_IT_104", "Collaborazione").await;
    let fourth = next(4);
    world.send(&fourth).await.is_riscontro_of(fourth.id());
    refused(next(4), "EGOV_IT_114", "Sequenza/numeroProgressivo").await;
    assert_eq!(numbers(&node), ["1"]);
}

// ------------------------------------------------------------------------------------------------- times and identifiers

#[tokio::test]
async fn times_ahead_of_ours_are_refused_where_that_is_switched_on() {
    let early = || {
        let id = crate::envelope::fresh("LAZIO").replace("09:30", "10:30");
        envelope().identificatore(&id).ora("2026-01-15T10:30:00.000")
    };
    World::start().await.send(&early()).await.is_ordinary();
    let world = Setup { egov: "tolleranza_futuro_minuti = 30", ..Setup::default() }.start().await;
    world.send(&early()).await.is_refused_with(&[
        ("EGOV_IT_108", "Messaggio/OraRegistrazione"),
        ("EGOV_IT_110", "Messaggio/Identificatore"),
        ("EGOV_IT_116", "ListaTrasmissioni/Trasmissione/OraRegistrazione"),
    ]);
    let worse = early().servizio("Altro");
    world.send(&worse).await.is_refused_with(&[("EGOV_IT_105", "Servizio")]);
    world.is_well().await;
}

#[tokio::test]
async fn the_greatest_age_of_a_message_is_configuration() {
    let world = Setup { egov: "eta_massima_minuti = 10", ..Setup::default() }.start().await;
    let old = envelope().ora("2026-01-15T09:20:00.000");
    world.send(&old).await.is_refused_with(&[("EGOV_IT_301", "Messaggio/Scadenza")]);
    world.is_well().await;
}

#[tokio::test]
async fn identifiers_of_ours_bear_the_prefix_of_their_replica() {
    let mut world = Setup { egov: "prefisso_progressivo = \"07\"", ..Setup::default() }.start().await;
    let id = async |world: &World| {
        let reply = world.send(&envelope()).await;
        reply.is_ordinary().busta("Messaggio/Identificatore").unwrap()
    };
    assert_eq!(id(&world).await, "NAZIONALE_NAZIONALESPCoopIT_0700001_2026-01-15_09:31");
    world.restart().await;
    assert_eq!(id(&world).await, "NAZIONALE_NAZIONALESPCoopIT_0701001_2026-01-15_09:31");
}
