//! The simulated PDD, asked in e-Gov.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::control::Behaviour;
use super::pdd::{SandboxPdd, SandboxPddConfig};
use super::pdd_registry::PddRegistry;
use crate::clock::Clock;
use crate::egov::{self, Busta, CodiceEccezione, Esito, Identificatore, Parte, Richiesta, Servizio};
use crate::node::{Client, Request, Settings};
use crate::soap;
use crate::xml::Limits;

const NOW: &str = "2026-11-21T09:00:00Z";
const NOTIFICA: &str = "<t:notificaSAP xmlns:t=\"urn:types\"><t:CodiceSAP>AA00000001A</t:CodiceSAP>\
                        <t:MotivoNotifica>07</t:MotivoNotifica></t:notificaSAP>";

struct Scene {
    pdd: SandboxPdd,
    client: Client,
}

impl Scene {
    async fn new() -> Self {
        let pdd = SandboxPdd::start(SandboxPddConfig {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            tls: None,
            regione: "LAZIO".to_owned(),
            control: None,
            clock: Clock::frozen(NOW.parse().unwrap()),
        })
        .await
        .unwrap();
        let base = format!("http://{}", pdd.address()).parse().unwrap();
        Self { client: Client::new(Settings::new(base, None)).unwrap(), pdd }
    }

    async fn post(&self, message: String) -> (u16, String) {
        let mut request = Request::post("/pdd", message);
        request.headers.insert("content-type", "text/xml; charset=utf-8".parse().unwrap());
        request.headers.insert("soapaction", "\"\"".parse().unwrap());
        let answer = self.client.send(request).await.unwrap();
        (answer.status.as_u16(), String::from_utf8(answer.body.to_vec()).unwrap())
    }

    /// Sends a Body under a busta, and reads the answer as the caller of a porta does.
    async fn ask(&self, busta: &Busta, body: &str) -> (u16, Esito, String) {
        let block = egov::encode(busta).unwrap();
        let (status, text) = self.post(soap::encode(Some(&block), body)).await;
        let envelope = soap::decode(&text, &Limits::default()).unwrap();
        let esito = egov::esito::leggi(busta, &envelope, &PddRegistry::new()).unwrap();
        (status, esito, text.clone())
    }
}

fn busta(region: &str, servizio: &str, azione: Option<&str>, number: u32) -> Busta {
    let now = NOW.parse().unwrap();
    let identificatore = Identificatore::new("NAZIONALE", "NAZIONALESPCoopIT", number, now).unwrap();
    Richiesta::sincrona(
        Parte::spc("NAZIONALE"),
        Parte::spc(region),
        Servizio::spc(servizio),
        azione.map(str::to_owned),
    )
    .busta(&identificatore, now)
}

#[tokio::test]
async fn a_notification_is_delivered_and_answered_under_a_busta_that_fits() {
    let scene = Scene::new().await;
    let request = busta("VAL D'AOSTA", "ServiziSAP", Some("notificaSAP"), 1);
    let (status, esito, text) = scene.ask(&request, NOTIFICA).await;
    assert_eq!(status, 200);
    let Esito::Risposta { busta: reply, fault: None } = esito else { panic!("{esito:?}") };
    assert_eq!(
        (reply.mittente.nome.as_str(), reply.destinatario.nome.as_str()),
        ("VAL D'AOSTA", "NAZIONALE")
    );
    assert_eq!(reply.identificatore, "VALDAOSTA_VALDAOSTASPCoopIT_0000001_2026-11-21_10:00");
    assert_eq!(reply.riferimento.as_deref(), Some(request.identificatore.as_str()));
    assert!(text.contains("<typ:risposta_notificaSAP xmlns:typ=\"urn:types\"><typ:Esito>OK</typ:Esito>"));
    assert!(scene.pdd.received()[0].executed);
}

#[tokio::test]
async fn an_unknown_motive_is_the_applications_to_refuse() {
    let scene = Scene::new().await;
    let request = busta("LAZIO", "ServiziSAP", Some("notificaSAP"), 1);
    let (status, esito, text) = scene.ask(&request, &NOTIFICA.replace("07", "99")).await;
    assert!(status == 200 && matches!(esito, Esito::Risposta { .. }));
    assert!(text.contains("<typ:Esito>KO</typ:Esito><typ:MessaggioErrore>Codice motivo non riconosciuto<"));
}

#[tokio::test]
async fn a_communication_is_confirmed_with_its_own_code_however_it_travels() {
    let scene = Scene::new().await;
    let document = "<UniLav codiceComunicazione=\"0805826300000001\"/>";
    let escaped = document.replace('<', "&lt;");
    for (number, inner) in [(1, escaped.as_str()), (2, document)] {
        let body = format!(
            "<InviaComunicazioneObbligatoria xmlns=\"urn:co\"><Comunicazione>{inner}</Comunicazione>\
             </InviaComunicazioneObbligatoria>"
        );
        let request = busta("LAZIO", "InviaComunicazioneObbligatoria", None, number);
        let (status, _, text) = scene.ask(&request, &body).await;
        assert_eq!(status, 200);
        assert!(
            text.contains("<typ:CodiceComunicazione>0805826300000001</typ:CodiceComunicazione>"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_duplicate_is_refused_and_not_delivered_twice() {
    let scene = Scene::new().await;
    let request = busta("LAZIO", "ServiziSAP", Some("notificaSAP"), 1);
    scene.ask(&request, NOTIFICA).await;
    let (status, esito, _) = scene.ask(&request, NOTIFICA).await;
    assert_eq!(status, 500);
    let Esito::Rifiutata { eccezioni, .. } = esito else { panic!("{esito:?}") };
    assert_eq!(eccezioni[0].codice, CodiceEccezione::IdentificatoreNonValido);
    let delivered: Vec<bool> = scene.pdd.received().iter().map(|received| received.executed).collect();
    assert_eq!(delivered, [true, false]);
}

#[tokio::test]
async fn what_the_region_does_not_offer_is_refused_in_egovs_words() {
    let scene = Scene::new().await;
    for (request, body, code) in [
        (busta("LAZIO", "ServiziSAP", Some("invioSAP"), 1), NOTIFICA, CodiceEccezione::AzioneSconosciuta),
        (busta("LAZIO", "Altro", Some("x"), 2), NOTIFICA, CodiceEccezione::ServizioSconosciuto),
        (
            busta("ATLANTIDE", "ServiziSAP", Some("notificaSAP"), 3),
            NOTIFICA,
            CodiceEccezione::DestinatarioSconosciuto,
        ),
        (busta("LAZIO", "ServiziSAP", Some("notificaSAP"), 4), "<altro/>", CodiceEccezione::FormatoCorpo),
    ] {
        let (status, esito, text) = scene.ask(&request, body).await;
        assert_eq!(status, 500);
        let expected = format!("codiceEccezione=\"EGOV_IT_{:03}\"", code.numero());
        assert!(text.contains(&expected), "{expected}: {esito:?} {text}");
    }
    assert!(scene.pdd.received().iter().all(|received| !received.executed));
}

#[tokio::test]
async fn what_is_no_busta_gets_the_bare_fault() {
    let scene = Scene::new().await;
    for message in ["not xml", "<a/>", &soap::encode(None, NOTIFICA)] {
        let (status, text) = scene.post(message.to_owned()).await;
        assert_eq!(status, 500);
        assert!(text.contains(egov::FAULT_FORMATO) && !text.contains("Intestazione"), "{message}: {text}");
    }
}

#[tokio::test]
async fn a_porta_in_trouble_says_so_and_delivers_nothing() {
    let scene = Scene::new().await;
    let request = busta("LAZIO", "ServiziSAP", Some("notificaSAP"), 1);
    scene.pdd.behave(Behaviour::Status { status: 500 }, Some(1));
    let (status, esito, _) = scene.ask(&request, NOTIFICA).await;
    assert!(status == 500 && matches!(esito, Esito::NonProcessata { busta: None }), "{esito:?}");
    let ko = Behaviour::Ko { codice: "KO".to_owned(), descrizione: "Errore generico".to_owned() };
    scene.pdd.behave(ko, Some(1));
    let (_, _, text) = scene.ask(&request, NOTIFICA).await;
    assert!(text.contains("<typ:MessaggioErrore>Errore generico<"));
    assert!(scene.pdd.received().iter().all(|received| !received.executed));
    scene.ask(&request, NOTIFICA).await;
    assert!(scene.pdd.received()[2].executed);
}
