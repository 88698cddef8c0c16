//! The seven actions of ServiziSAP.

use serde_json::json;
use tokio::task::JoinSet;

use crate::envelope::{documento, envelope, sample};
use crate::reply::Reply;
use crate::wire::Request;
use crate::world::World;

const PERSONA: &str = "RSSMRA85T10A562S";

#[tokio::test]
async fn a_sap_is_sent_found_read_annulled_and_listed() {
    let world = World::start().await;
    let asks = async |file: &str| world.post(sample(file)).await;

    let inviata = asks("invioSAP.xml").await;
    assert_eq!(told(&inviata, &["Esito", "CodiceSAP"]), ["OK", "AA00000001A"]);
    assert_eq!(asks("verificaEsistenzaSAP.xml").await.member("CodiceSAP"), "AA00000001A");
    let letta = asks("richiestaSAP.xml").await.is_ordinary().member("SAP");
    assert!(letta.contains("<identificativosap>AA00000001A</identificativosap>"), "{letta}");
    assert!(letta.contains(&format!("<codicefiscale>{PERSONA}</codicefiscale>")), "{letta}");
    assert_eq!(told(&asks("annullaSAP.xml").await, &["Esito", "MessaggioErrore"]), ["OK", ""]);
    assert_eq!(asks("recuperaListaSAPNonAttive.xml").await.member("SAPs"), "AA00000001A");
    let dopo = world.send(&envelope().azione("verificaEsistenzaSAP")).await;
    assert_eq!(dopo.is_ordinary().member("CodiceSAP"), "0");
}

#[tokio::test]
async fn the_region_that_holds_a_sap_is_told() {
    let world = World::start().await;
    world.post(sample("invioSAP.xml")).await.is_ordinary();
    let titolare = world.post(sample("richiestaCodSAPRegTitolare.xml")).await;
    let members = ["CodiceSAP", "CodiceRegione", "CodiceEnteTitolare"];
    assert_eq!(told(&titolare, &members), ["AA00000001A", "08", "H501C000523"]);
}

#[tokio::test]
async fn did_and_patto_are_asked_with_a_bare_codice_fiscale_or_with_a_document() {
    let world = World::start().await;
    assert_eq!(world.post(sample("richiestaSAP_N00_A02.xml")).await.is_ordinary().member("DID"), "");
    world.post(sample("invioSAP-politiche-attive.xml")).await.is_ordinary();
    let person = documento("scheda-politiche-attive.xml");
    let person = person.split("<codicefiscale>").nth(1).and_then(|rest| rest.get(..16)).unwrap();
    let bare = envelope().azione("richiestaSAP_N00_A02").document(person);
    let dressed = envelope()
        .azione("richiestaSAP_N00_A02")
        .document(&format!("<VerificaSAP><codiceFiscale>{person}</codiceFiscale></VerificaSAP>"));
    for question in [&bare, &dressed] {
        let did = world.send(question).await.is_ordinary().member("DID");
        assert!(did.contains("<ListaDID"), "{did}");
        let asked = &world.at_node(question.id())[0].body["modello"];
        assert_eq!(*asked, json!({"tipoModello": "VERIFICASAP", "payload": {"codiceFiscale": person}}));
    }
}

#[tokio::test]
async fn each_action_reaches_its_own_path_in_the_envelope_of_the_json_nativo() {
    let world = World::start().await;
    let models = [
        ("invioSAP", "SAP"),
        ("verificaEsistenzaSAP", "VERIFICASAP"),
        ("richiestaSAP", "IDSAP"),
        ("richiestaCodSAPRegTitolare", "RICHIESTACODSAPREGTITOLARE"),
        ("richiestaSAP_N00_A02", "VERIFICASAP"),
        ("recuperaListaSAPNonAttive", "LISTASAP"),
        ("annullaSAP", "IDSAP"),
    ];
    for (azione, modello) in models {
        let request = envelope().azione(azione);
        let reply = world.send(&request).await;
        assert_eq!(reply.is_ordinary().wrapper(), Some(format!("risposta_{azione}")));
        let received = &world.at_node(request.id())[0];
        assert_eq!(received.path, format!("/sap/v1/{azione}"));
        assert!(received.client.as_deref().is_some_and(|subject| subject.contains("egov-bridge")));
        let mut json = received.body.clone();
        let payload = json["modello"].as_object_mut().unwrap().remove("payload");
        assert!(payload.unwrap().is_object());
        let expected = json!({
            "dataInvio": "2026-01-15T08:30:00.000Z",
            "direzione": "RICHIESTA",
            "mittente": "LAZIO",
            "destinatario": "NAZIONALE",
            "servizio": "ServiziSAP",
            "azione": azione,
            "profiloCollaborazione": "SERVIZIO_SINCRONO",
            "identificatore": request.id(),
            "modello": { "tipoModello": modello },
        });
        assert_eq!(json, expected);
        assert_eq!(world.stato_of(request.id()).await, "delivered OK");
    }
}

#[tokio::test]
async fn a_reply_swaps_the_parties_and_refers_to_its_request() {
    let world = World::start().await;
    let request = envelope().azione("verificaEsistenzaSAP");
    let reply = world.send(&request).await;
    let field = |path: &str| reply.busta(path).unwrap_or_else(|| panic!("{path} in {reply}"));
    for (path, value) in [
        ("Mittente/IdentificativoParte", "NAZIONALE"),
        ("Mittente/IdentificativoParte/@tipo", "SPC"),
        ("Destinatario/IdentificativoParte", "LAZIO"),
        ("ProfiloCollaborazione", "EGOV_IT_ServizioSincrono"),
        ("Servizio", "ServiziSAP"),
        ("Servizio/@tipo", "SPC"),
        ("Azione", "verificaEsistenzaSAP"),
        ("Messaggio/RiferimentoMessaggio", request.id()),
        ("Messaggio/OraRegistrazione", "2026-01-15T09:31:00.000"),
        ("Messaggio/OraRegistrazione/@tempo", "EGOV_IT_SPC"),
        ("ProfiloTrasmissione/@inoltro", "EGOV_IT_ALPIUUNAVOLTA"),
        ("ProfiloTrasmissione/@confermaRicezione", "false"),
        ("ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte", "NAZIONALE"),
        ("ListaTrasmissioni/Trasmissione/Destinazione/IdentificativoParte", "LAZIO"),
    ] {
        assert_eq!(field(path), value, "{path}");
    }
    let own = field("Messaggio/Identificatore");
    assert!(own.starts_with("NAZIONALE_NAZIONALESPCoopIT_") && own.ends_with("_2026-01-15_09:31"), "{own}");
}

#[tokio::test]
async fn no_two_replies_have_one_identifier_even_across_a_restart() {
    let mut world = World::start().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        for _ in 0..3 {
            seen.push(world.send(&envelope()).await.busta("Messaggio/Identificatore").unwrap());
        }
        world.restart().await;
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "{seen:?}");
}

#[tokio::test]
async fn a_record_holds_both_forms_of_a_message() {
    let world = World::start().await;
    let request = envelope().azione("invioSAP");
    let reply = world.send(&request).await;
    let life = world.record_of(request.id()).await;
    assert_eq!(life.reception.request, request.to_xml().as_bytes());
    assert_eq!(life.payload(1, egov_bridge::journal::PayloadKind::Reply).unwrap(), &reply.body);
    let forwarded = life.payload(1, egov_bridge::journal::PayloadKind::Forwarded).unwrap();
    let forwarded: serde_json::Value = serde_json::from_slice(forwarded).unwrap();
    assert_eq!(forwarded, world.at_node(request.id())[0].body);
    assert_eq!(reply.header("egov-bridge-reference"), Some(life.summary.id.to_string().as_str()));
}

#[tokio::test]
async fn many_at_once_are_carried_each_once() {
    let world = World::start().await;
    let requests: Vec<_> = (0..60).map(|_| envelope()).collect();
    let mut portas = JoinSet::new();
    for request in &requests {
        let (mut porta, post) = (world.connect().await, Request::post(request.to_xml()));
        portas.spawn(async move { porta.ask(&post).await });
    }
    for reply in portas.join_all().await {
        reply.is_ordinary();
    }
    for request in &requests {
        assert_eq!(world.stato_of(request.id()).await, "delivered OK");
        assert_eq!(world.at_node(request.id()).len(), 1);
    }
}

fn told(reply: &Reply, members: &[&str]) -> Vec<String> {
    reply.is_ordinary();
    members.iter().map(|member| reply.member(member)).collect()
}
