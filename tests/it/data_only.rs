//! New actions and new revisions without a line of Rust: files dropped in, and a restart.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::envelope::{comunicazione, documento, envelope, repository};
use crate::stub_node::{StubNode, Told};
use crate::world::{Home, Setup};

/// A folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, copied) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copied);
        } else {
            fs::copy(&path, copied).unwrap();
        }
    }
}

/// A world whose data are a copy of the shipped ones.
pub(crate) fn with_own_data() -> (Home, Setup) {
    let home = Home::new();
    let (xsd, services) = (home.folder.path().join("xsd"), home.folder.path().join("services"));
    copy(&repository("xsd"), &xsd);
    copy(&repository("services"), &services);
    let setup = Setup { xsd: Some(xsd), services: Some(services), ..Setup::default() };
    (home, setup)
}

const WRAPPERS: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="urn:regione:tirocini" elementFormDefault="qualified">
  <xs:element name="avviaTirocinio"><xs:complexType><xs:sequence>
    <xs:element name="Progetto" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
  <xs:element name="risposta_avviaTirocinio"><xs:complexType><xs:sequence>
    <xs:element name="Esito" type="xs:string"/>
    <xs:element name="Protocollo" type="xs:string"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

const PROGETTO: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="progetto"><xs:complexType><xs:sequence>
    <xs:element name="Tutor" type="xs:string" maxOccurs="unbounded"/>
    <xs:element name="durata-mesi" type="xs:positiveInteger" minOccurs="0"/>
  </xs:sequence><xs:attribute name="anno" type="xs:gYear" use="required"/></xs:complexType></xs:element>
</xs:schema>"#;

const SERVICE: &str = r#"
[service]
nome = "Tirocini"
tipo = "SPC"
profilo = "EGOV_IT_ServizioSincrono"
erogatore = "NAZIONALE"
fruitori = ["LAZIO"]

[[azione]]
nome = "avviaTirocinio"
direction = "inbound"
duplicate = "recorded"
on_unknown = "hold"
refusal = "fault"
rest = { method = "PUT", path = "/tirocini/v1/avvio" }

[azione.richiesta]
schema = "tirocini/wrappers.xsd"
element = "avviaTirocinio"
documento = "Progetto"

[[azione.richiesta.documenti]]
schema = "tirocini/progetto.xsd"
root = "progetto"
tipo_modello = "TIROCINIO"

[azione.risposta]
schema = "tirocini/wrappers.xsd"
element = "risposta_avviaTirocinio"

[[azione.risposta.membri]]
nome = "Esito"
da = [{ puntatore = "/esito/codice" }]

[[azione.risposta.membri]]
nome = "Protocollo"
da = [{ puntatore = "/protocollo/numero" }]
altrimenti = "nessuno"
"#;

#[tokio::test]
async fn a_new_action_is_two_schemas_and_a_file() {
    let (home, setup) = with_own_data();
    let folder = setup.xsd.as_ref().unwrap().join("tirocini");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("wrappers.xsd"), WRAPPERS).unwrap();
    fs::write(folder.join("progetto.xsd"), PROGETTO).unwrap();
    fs::write(setup.services.as_ref().unwrap().join("tirocini.toml"), SERVICE).unwrap();
    let node = StubNode::start(&home.pki, |asked| {
        let body = json!({
            "direzione": "RISPOSTA",
            "riferimentoMessaggio": asked["identificatore"],
            "esito": { "codice": "OK" },
            "protocollo": { "numero": "T-7 <bis>" },
        });
        Told { status: "200 OK", content_type: "application/json", body: body.to_string() }
    })
    .await;
    let world = Setup { node_at: Some(node.address), ..setup }.start_in(home).await;

    let wrapped = |progetto: &str| {
        let body = format!(
            r#"<t:avviaTirocinio xmlns:t="urn:regione:tirocini"><t:Progetto>{progetto}</t:Progetto></t:avviaTirocinio>"#
        );
        envelope().servizio("Tirocini").header_azione("avviaTirocinio").body(&body)
    };
    let request = wrapped(r#"<progetto anno="2026"><Tutor>Verdi</Tutor><Tutor>Neri</Tutor></progetto>"#);
    let reply = world.send(&request).await;
    assert_eq!(reply.is_ordinary().wrapper().as_deref(), Some("risposta_avviaTirocinio"));
    assert_eq!((reply.member("Esito").as_str(), reply.member("Protocollo").as_str()), ("OK", "T-7 <bis>"));
    let (path, asked) = node.received().remove(0);
    assert_eq!(path, "/tirocini/v1/avvio");
    let payload = json!({ "anno": "2026", "tutor": ["Verdi", "Neri"], "durataMesi": null });
    assert_eq!(asked["modello"], json!({ "tipoModello": "TIROCINIO", "payload": payload }));
    assert_eq!((&asked["servizio"], &asked["azione"]), (&json!("Tirocini"), &json!("avviaTirocinio")));

    let fault = world.send(&wrapped(r#"<progetto anno="presto"/>"#)).await.is_service_fault();
    assert!(fault.detail.is_some_and(|detail| detail.contains("/progetto/@anno")));
    let other = wrapped("<progetto anno=\"2026\"><Tutor>Verdi</Tutor></progetto>").mittente("PIEMONTE");
    let reply = world.send(&other).await;
    assert_eq!(reply.eccezioni().first().map(|(code, _)| code.as_str()), Some("EGOV_IT_201"), "{reply}");
}

const PROGETTO_APERTO: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="progetto"><xs:complexType><xs:sequence>
    <xs:element name="Tutor" type="xs:string" maxOccurs="unbounded"/>
    <xs:element name="note" minOccurs="0"><xs:complexType mixed="true"><xs:sequence>
      <xs:any processContents="skip" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
  </xs:sequence><xs:attribute name="anno" type="xs:gYear" use="required"/></xs:complexType></xs:element>
</xs:schema>"#;

#[tokio::test]
async fn what_json_has_no_place_for_is_carried_as_xml_where_the_service_says_so() {
    let (home, setup) = with_own_data();
    let folder = setup.xsd.as_ref().unwrap().join("tirocini");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("wrappers.xsd"), WRAPPERS).unwrap();
    fs::write(folder.join("progetto.xsd"), PROGETTO_APERTO).unwrap();
    let file = setup.services.as_ref().unwrap().join("tirocini.toml");
    let kind = "tipo_modello = \"TIROCINIO\"";
    let saying = |verbatim: &str| {
        fs::write(&file, SERVICE.replace(kind, &format!("{kind}\n{verbatim}"))).unwrap();
        let directories = egov_bridge::config::Directories {
            xsd: setup.xsd.clone().unwrap(),
            services: setup.services.clone().unwrap(),
            wsdl: repository("wsdl"),
            data: home.folder.path().join("data"),
            dictionaries: repository("services"),
        };
        let loaded = egov_bridge::bridge::Knowledge::load(&directories);
        loaded.err().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let said = saying("");
    assert!(
        said[0].contains("tirocini/progetto.xsd:4: xs:complexType: cannot be carried to JSON and back"),
        "{said:?}"
    );
    assert!(
        said[0].ends_with(
            "To carry the elements around it as XML: verbatim = [\"note\"]; seen \"tirocini/progetto.xsd\""
        ),
        "{said:?}"
    );
    assert!(saying("verbatim = [\"nota\"]")[0].contains("no element below <progetto> is nota"));
    assert_eq!(saying("verbatim = [\"note\"]"), [""; 0]);

    let node = StubNode::start(&home.pki, |_| {
        let body = json!({ "direzione": "RISPOSTA", "esito": { "codice": "OK" } });
        Told { status: "200 OK", content_type: "application/json", body: body.to_string() }
    })
    .await;
    let world = Setup { node_at: Some(node.address), ..setup }.start_in(home).await;
    let progetto = "<progetto anno=\"2026\"><Tutor>Verdi</Tutor><note>Si veda <b:punto n=\"1\"/> di seguito</note></progetto>";
    let body = format!(
        r#"<t:avviaTirocinio xmlns:t="urn:regione:tirocini"><t:Progetto xmlns:b="urn:b">{progetto}</t:Progetto></t:avviaTirocinio>"#
    );
    let request = envelope().servizio("Tirocini").header_azione("avviaTirocinio").body(&body);
    world.send(&request).await;
    let (_, asked) = node.received().remove(0);
    let note = "<note xmlns:b=\"urn:b\">Si veda <b:punto n=\"1\"/> di seguito</note>";
    assert_eq!(asked["modello"]["payload"], json!({ "anno": "2026", "tutor": ["Verdi"], "note": note }));
}

#[tokio::test]
async fn a_new_revision_of_a_form_lives_beside_the_old_one() {
    let (home, setup) = with_own_data();
    let xsd = setup.xsd.as_ref().unwrap().join("co");
    let old = fs::read_to_string(xsd.join("unilav.xsd")).unwrap();
    let new = old.replace("name=\"RetribuzioneCompenso\"", "name=\"RetribuzioneAnnua\"");
    let new = new.replace("value=\"CO190701R1\"", "value=\"CO270101\"");
    assert!(new.contains("RetribuzioneAnnua") && new.contains("CO270101"));
    fs::write(xsd.join("unilav-2027.xsd"), new).unwrap();
    let services = setup.services.as_ref().unwrap().join("co.toml");
    let entry = "[[azione.richiesta.documenti]]\nschema = \"co/unilav.xsd\"\nroot = \"UniLav\"\ntipo_modello = \"UNILAV\"\n\
                 codice_comunicazione = \"/codiceComunicazione\"\nversione = \"versione\"\n";
    let text = fs::read_to_string(&services).unwrap();
    assert!(text.contains(entry));
    let later = entry.replace("unilav.xsd", "unilav-2027.xsd");
    let both = format!(
        "{entry}versioni = [\"CO190701R1\"]\nal = \"2026-01-31\"\n\n{later}versioni = [\"CO270101\"]\ndal = \"2026-01-15\"\n"
    );
    fs::write(&services, text.replace(entry, &both)).unwrap();
    let world = setup.start_in(home).await;

    let old = documento("unilav-assunzione.xml");
    let new = old.replace("CO190701R1", "CO270101").replace("RetribuzioneCompenso", "RetribuzioneAnnua");
    let mixed = old.replace("CO190701R1", "CO270101");
    let asks = async |document: &str| world.send(&comunicazione(document)).await;
    assert_eq!(asks(&old).await.is_ordinary().member("Esito"), "OK");
    assert_eq!(asks(&new).await.is_ordinary().member("Esito"), "OK");
    assert_eq!(asks(&mixed).await.is_ordinary().member("Esito"), "KO");
    let payload = &world.node().received()[1].body["modello"]["payload"];
    assert_eq!(payload["inizioRapporto"]["retribuzioneAnnua"], "28000", "{payload:#}");
}

#[tokio::test]
async fn an_agreement_is_changed_where_it_is_written() {
    let (home, setup) = with_own_data();
    let services = setup.services.clone().unwrap();
    let sap = fs::read_to_string(services.join("sap.toml")).unwrap();
    let (before, verifica) = sap.split_once("nome = \"verificaEsistenzaSAP\"").unwrap();
    let verifica = verifica.replacen("duplicate = \"recorded\"", "duplicate = \"refuse\"", 1);
    fs::write(services.join("sap.toml"), format!("{before}nome = \"verificaEsistenzaSAP\"{verifica}"))
        .unwrap();
    let parti = fs::read_to_string(services.join("parti.toml")).unwrap();
    let (before, lazio) = parti.split_once("nome = \"LAZIO\"").unwrap();
    let lazio = lazio.replacen("soapaction = \"strict\"", "soapaction = \"lenient\"", 1);
    fs::write(services.join("parti.toml"), format!("{before}nome = \"LAZIO\"{lazio}")).unwrap();
    let world = setup.start_in(home).await;

    let request = envelope();
    let bare = crate::wire::Request::post(request.to_xml()).without("SOAPAction");
    world.ask(&bare).await.is_ordinary();
    world.send(&request).await.is_refused_with(&[("EGOV_IT_110", "Messaggio/Identificatore")]);
}
