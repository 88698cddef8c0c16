//! The simulated node, asked over mutual TLS as the bridge asks it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Method;
use serde_json::{Value, json};

use super::SandboxError;
use super::control::Behaviour;
use super::node::{SandboxNode, SandboxNodeConfig};
use super::test_pki::TestPki;
use crate::clock::Clock;
use crate::node::{Answer, Client, Request, Settings, Verdict};
use crate::tls::{ClientFiles, KeyFiles};

const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

struct Scene {
    node: SandboxNode,
    client: Client,
    sent: std::sync::atomic::AtomicU32,
    _pki: TestPki,
}

impl Scene {
    async fn new() -> Self {
        let pki = TestPki::new();
        let node = SandboxNode::start(config(&pki)).await.unwrap();
        let keys = KeyFiles::pem(pki.certificate("client"), pki.key("client"));
        let files = ClientFiles::new(pki.certificate("ca"), Some(keys));
        let base = format!("https://{}", node.address()).parse().unwrap();
        let client = Client::new(Settings::new(base, Some(files))).unwrap();
        Self { node, client, sent: std::sync::atomic::AtomicU32::new(0), _pki: pki }
    }

    /// A message to one of the actions of ServiziSAP, from LAZIO.
    async fn sap(&self, azione: &str, payload: Value) -> Value {
        let tipo = match azione {
            "invioSAP" => "SAP",
            "richiestaSAP" | "annullaSAP" => "IDSAP",
            "recuperaListaSAPNonAttive" => "LISTASAP",
            "richiestaCodSAPRegTitolare" => "RICHIESTACODSAPREGTITOLARE",
            _ => "VERIFICASAP",
        };
        let envelope = self.envelope("ServiziSAP", Some(azione), tipo, payload);
        reply(&self.post(&format!("/sap/v1/{azione}"), &envelope).await)
    }

    async fn post(&self, path: &str, envelope: &Value) -> Answer {
        let about = envelope["identificatore"].as_str().unwrap_or_default().to_owned();
        self.client.send(Request::post(path, envelope.to_string()).about(about)).await.unwrap()
    }

    fn envelope(&self, servizio: &str, azione: Option<&str>, tipo: &str, payload: Value) -> Value {
        let number = self.sent.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        let mut envelope = json!({
            "codiceComunicazione": null,
            "dataInvio": "2026-11-21T09:00:00.000Z",
            "direzione": "RICHIESTA",
            "mittente": "LAZIO",
            "destinatario": "NAZIONALE",
            "servizio": servizio,
            "profiloCollaborazione": "SERVIZIO_SINCRONO",
            "identificatore": format!("LAZIO_LAZIOSPCoopIT_{number:07}_2026-11-21_10:00"),
            "modello": {"tipoModello": tipo, "payload": payload},
        });
        if let Some(azione) = azione {
            envelope["azione"] = json!(azione);
        }
        envelope
    }
}

fn config(pki: &TestPki) -> SandboxNodeConfig {
    SandboxNodeConfig {
        address: LOCAL,
        certificate: pki.certificate("server"),
        key: pki.key("server"),
        client_ca: pki.certificate("ca"),
        control: Some(LOCAL),
        recognises_repetitions: true,
        clock: Clock::frozen("2026-11-21T09:00:00Z".parse().unwrap()),
    }
}

fn reply(answer: &Answer) -> Value {
    assert_eq!(answer.verdict(), Verdict::Answered, "{:?}", answer.body);
    serde_json::from_slice(&answer.body).unwrap()
}

fn scheda(address: &str) -> Value {
    json!({
        "datiinvio": {"dataultimoagg": "2026-11-20", "identificativosap": null, "codiceentetit": "H501C000523"},
        "datianagrafici": {
            "datipersonali": {"codicefiscale": "RSSMRA85T10A562S", "cognome": "ROSSI"},
            "domicilio": {"indirizzo": address},
        },
        "politicheAttiveLst": {"politicheAttive": [{"tipoAttivita": "N00", "data": "2026-01-10"}]},
    })
}

#[tokio::test]
async fn a_sap_lives_from_its_first_sending_to_its_annulment() {
    let scene = Scene::new().await;
    let person = json!({"codiceFiscale": "RSSMRA85T10A562S"});
    let period = json!({
        "codiceFiscale": "RSSMRA85T10A562S", "dataInizio": "2026-11-01", "dataFine": "2026-11-30"
    });

    assert_eq!(scene.sap("verificaEsistenzaSAP", person.clone()).await["codiceSAP"], "0");
    assert_eq!(scene.sap("richiestaCodSAPRegTitolare", person.clone()).await["codiceSAP"], "0");

    let sent = scene.sap("invioSAP", scheda("VIA ROMA 1")).await;
    assert_eq!(sent["esito"]["codice"], "OK");
    assert_eq!(sent["codiceSAP"], "AA00000001A");
    let code = json!({"identificativoSap": sent["codiceSAP"]});

    assert_eq!(scene.sap("verificaEsistenzaSAP", person.clone()).await["codiceSAP"], "AA00000001A");
    let changed = scene.sap("invioSAP", scheda("VIA MILANO 2")).await;
    assert_eq!(changed["codiceSAP"], "AA00000001A");

    let asked = scene.sap("richiestaSAP", code.clone()).await;
    assert_eq!(asked["modello"]["tipoModello"], "SAP");
    let mut wanted = scheda("VIA MILANO 2");
    wanted["datiinvio"]["identificativosap"] = json!("AA00000001A");
    assert_eq!(asked["modello"]["payload"], wanted);

    let holder = scene.sap("richiestaCodSAPRegTitolare", person.clone()).await;
    assert_eq!(
        (&holder["codiceSAP"], &holder["codiceRegione"], &holder["codiceEnteTitolare"]),
        (&json!("AA00000001A"), &json!("08"), &json!("H501C000523"))
    );
    let did = scene.sap("richiestaSAP_N00_A02", person.clone()).await;
    assert_eq!(did["modello"]["payload"]["n00"]["data"], "2026-01-10");

    assert_eq!(scene.sap("recuperaListaSAPNonAttive", period.clone()).await["listaSAP"], json!([]));
    assert_eq!(scene.sap("annullaSAP", code.clone()).await["esito"]["codice"], "OK");
    assert_eq!(scene.sap("recuperaListaSAPNonAttive", period).await["listaSAP"], json!(["AA00000001A"]));

    assert_eq!(scene.sap("annullaSAP", code.clone()).await["esito"]["codice"], "KO");
    assert_eq!(scene.sap("verificaEsistenzaSAP", person.clone()).await["codiceSAP"], "0");
    assert_eq!(scene.sap("richiestaSAP", code).await["modello"]["payload"], Value::Null);
    assert_eq!(scene.sap("richiestaSAP_N00_A02", person).await["modello"]["payload"], Value::Null);
}

#[tokio::test]
async fn a_reply_is_addressed_to_the_sender_and_refers_to_the_request() {
    let scene = Scene::new().await;
    let reply = scene.sap("verificaEsistenzaSAP", json!({"codiceFiscale": "RSSMRA85T10A562S"})).await;
    assert_eq!(reply["mittente"], "NAZIONALE");
    assert_eq!(reply["destinatario"], "LAZIO");
    assert_eq!(reply["azione"], "verificaEsistenzaSAP");
    assert_eq!(reply["riferimentoMessaggio"], "LAZIO_LAZIOSPCoopIT_0000001_2026-11-21_10:00");
    assert_eq!(reply["identificatore"], "NAZIONALE_NAZIONALESPCoopIT_0000001_2026-11-21_10:00");
    assert_eq!(reply["dataInvio"], "2026-11-21T09:00:00.000Z");
}

#[tokio::test]
async fn a_communication_gets_a_code_of_region_year_origin_and_progressive() {
    let scene = Scene::new().await;
    let mut codes = Vec::new();
    for form in ["UNILAV", "UNILAV", "UNIMARE"] {
        let envelope = scene.envelope("InviaComunicazioneObbligatoria", None, form, json!({}));
        let reply = reply(&scene.post("/co/v1/comunicazioni", &envelope).await);
        assert_eq!(reply["esito"]["codice"], "OK");
        codes.push(reply["codiceComunicazione"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes, ["0805826300000001", "0805826300000002", "0805826700000001"]);
    let other = scene.envelope("InviaComunicazioneObbligatoria", None, "UNIQUALCOSA", json!({}));
    assert_eq!(scene.post("/co/v1/comunicazioni", &other).await.status, 400);
}

#[tokio::test]
async fn a_repetition_is_answered_alike_and_another_message_of_that_name_is_refused() {
    let scene = Scene::new().await;
    let mut envelope = scene.envelope("InviaComunicazioneObbligatoria", None, "UNILAV", json!({"a": "1"}));
    let first = scene.post("/co/v1/comunicazioni", &envelope).await;
    envelope["dataInvio"] = json!("2026-11-21T09:05:00Z");
    let second = scene.post("/co/v1/comunicazioni", &envelope).await;
    assert_eq!(reply(&first), reply(&second));
    let executed: Vec<bool> = scene.node.received().iter().map(|received| received.executed).collect();
    assert_eq!(executed, [true, false]);
    envelope["modello"]["payload"] = json!({"a": "2"});
    let clash = scene.post("/co/v1/comunicazioni", &envelope).await;
    assert_eq!((clash.status.as_u16(), clash.verdict()), (409, Verdict::Refused));
}

#[tokio::test]
async fn what_the_interface_does_not_foresee_is_refused_with_a_problem_document() {
    let scene = Scene::new().await;
    let good = scene.envelope("ServiziSAP", Some("invioSAP"), "SAP", json!({}));
    let mut bad = good.clone();
    bad["profiloCollaborazione"] = json!("ONEWAY");
    bad["inPiu"] = json!("x");
    let answer = scene.post("/sap/v1/invioSAP", &bad).await;
    assert_eq!((answer.status.as_u16(), answer.verdict()), (400, Verdict::Refused));
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(document["elaborata"], false);
    assert_eq!(document["errori"][0]["puntatore"], "/inPiu");
    assert_eq!(document["errori"][1]["puntatore"], "/profiloCollaborazione");

    assert_eq!(scene.post("/sap/v1/notificaSAP", &good).await.status, 404);
    assert_eq!(scene.post("/sap/v1/annullaSAP", &good).await.status, 400);
    let not_json = scene.client.send(Request::post("/sap/v1/invioSAP", "{")).await.unwrap();
    assert_eq!((not_json.status.as_u16(), not_json.verdict()), (400, Verdict::Refused));
    let mut get = Request::post("/sap/v1/invioSAP", "");
    get.method = Method::GET;
    assert_eq!(scene.client.send(get).await.unwrap().status, 405);
    let mut text = Request::post("/sap/v1/invioSAP", good.to_string());
    text.headers.insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(scene.client.send(text).await.unwrap().status, 415);
    assert!(scene.node.received().iter().all(|received| !received.executed));
}

#[tokio::test]
async fn a_negative_answer_can_be_ordered_and_nothing_is_done() {
    let scene = Scene::new().await;
    let descrizione = "Non deve esistere più di un patto di servizio attivo".to_owned();
    scene.node.behave(Behaviour::Ko { codice: "S086".to_owned(), descrizione: descrizione.clone() }, Some(1));
    let reply = scene.sap("invioSAP", scheda("VIA ROMA 1")).await;
    assert_eq!(reply["esito"]["codice"], "KO");
    assert_eq!(reply["esito"]["anomalie"]["anomalia"][0]["descrizioneAnomalia"], descrizione);
    let x001 =
        Behaviour::Ko { codice: "X001".to_owned(), descrizione: "Limite invocazioni raggiunto".to_owned() };
    scene.node.behave(x001, Some(2));
    let reply = scene.sap("invioSAP", scheda("VIA ROMA 1")).await;
    assert_eq!(reply["esito"]["codice"], "X001");
    assert_eq!(reply["esito"]["messaggioErrore"], "Limite invocazioni raggiunto");
    let reply = scene.sap("verificaEsistenzaSAP", json!({"codiceFiscale": "RSSMRA85T10A562S"})).await;
    assert_eq!(reply["esito"]["messaggioErrore"], "X001 - Limite invocazioni raggiunto");
    let reply = scene.sap("verificaEsistenzaSAP", json!({"codiceFiscale": "RSSMRA85T10A562S"})).await;
    assert_eq!(reply["codiceSAP"], "0");
}

#[tokio::test]
async fn the_node_takes_orders_and_shows_what_it_received_on_its_control_listener() {
    let scene = Scene::new().await;
    let base = format!("http://{}", scene.node.control_address().unwrap()).parse().unwrap();
    let desk = Client::new(Settings::new(base, None)).unwrap();
    let ask = async |method, path: &str, body: &'static str| {
        let mut request = Request::post(path, body);
        request.method = method;
        desk.send(request).await.unwrap()
    };
    let order = r#"{"behaviour":"unavailable","retry_after":3,"count":1}"#;
    let shown = ask(Method::PUT, "/behaviour", order).await;
    assert_eq!(
        serde_json::from_slice::<Value>(&shown.body).unwrap(),
        serde_json::from_str::<Value>(order).unwrap()
    );
    let envelope = scene.envelope("ServiziSAP", Some("invioSAP"), "SAP", scheda("VIA ROMA 1"));
    assert!(matches!(scene.post("/sap/v1/invioSAP", &envelope).await.verdict(), Verdict::NothingDone { .. }));
    assert_eq!(scene.post("/sap/v1/invioSAP", &envelope).await.verdict(), Verdict::Answered);

    let shown: Value = serde_json::from_slice(&ask(Method::GET, "/requests", "").await.body).unwrap();
    assert_eq!(shown.as_array().unwrap().len(), 2);
    assert_eq!(shown[0]["client"], "CN=LAZIO");
    assert_eq!((&shown[0]["executed"], &shown[1]["executed"]), (&json!(false), &json!(true)));
    assert_eq!(shown[1]["body"], envelope);
    assert_eq!(ask(Method::DELETE, "/requests", "").await.status, 204);
    assert!(scene.node.received().is_empty());
    assert_eq!(ask(Method::PUT, "/behaviour", r#"{"behaviour":"explode"}"#).await.status, 400);
    assert_eq!(ask(Method::POST, "/behaviour", "").await.status, 405);
}

#[tokio::test]
async fn the_control_listener_stays_on_this_machine() {
    let pki = TestPki::new();
    let public = SandboxNodeConfig { control: Some("0.0.0.0:0".parse().unwrap()), ..config(&pki) };
    assert!(matches!(SandboxNode::start(public).await, Err(SandboxError::ControlNotLocal { .. })));
}

#[tokio::test]
async fn a_stopped_node_is_gone_and_its_address_free() {
    let pki = TestPki::new();
    let node = SandboxNode::start(config(&pki)).await.unwrap();
    let address = node.address();
    let taken = SandboxNode::start(SandboxNodeConfig { address, ..config(&pki) }).await;
    assert!(matches!(taken, Err(SandboxError::Listen { .. })));
    node.stop().await;
    assert!(SandboxNode::start(SandboxNodeConfig { address, ..config(&pki) }).await.is_ok());
}
