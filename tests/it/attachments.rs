//! Messages with attachments: a document in a part is as good as one in the Body, and nothing of a package is lost.

use std::fs;

use serde_json::{Value, json};

use crate::data_only::copy;
use crate::envelope::{Envelope, comunicazione, documento, envelope, repository};
use crate::package::{Package, package};
use crate::reply::Reply;
use crate::world::{Home, Setup, World};

const PDF: &[u8] = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\r\n--MIME\r\n--\x00\r";

/// A world in which ServiziSAP asks for manifests, and verificaEsistenzaSAP forwards attachments.
async fn asking_for(manifesto: &str) -> World {
    let home = Home::new();
    let services = home.folder.path().join("services");
    copy(&repository("services"), &services);
    let sap = fs::read_to_string(services.join("sap.toml")).unwrap();
    let sap = sap.replacen("[service]", &format!("[service]\nmanifesto = \"{manifesto}\""), 1);
    let verifica = "nome = \"verificaEsistenzaSAP\"";
    let sap = sap.replacen(verifica, &format!("{verifica}\nallegati = \"inoltrati\""), 1);
    fs::write(services.join("sap.toml"), sap).unwrap();
    Setup { services: Some(services), ..Setup::default() }.start_in(home).await
}

/// What stands in the Body of a message.
fn corpo(message: &Envelope) -> String {
    let xml = message.to_xml();
    let (_, body) = xml.split_once("<soapenv:Body>").unwrap();
    body.split_once("</soapenv:Body>").unwrap().0.to_owned()
}

fn manifest(content: &str) -> String {
    let namespace = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/";
    format!(r#"<m:Descrizione xmlns:m="{namespace}">{content}</m:Descrizione>"#)
}

fn riferimento(href: &str, role: &str) -> String {
    format!(
        r#"<m:DescrizioneMessaggio><m:Riferimento href="{href}" role="{role}" m:id="a-{role}"><m:Schema posizione="text/xml"/><m:Titolo Lingua="it">Parte {role}</m:Titolo></m:Riferimento></m:DescrizioneMessaggio>"#
    )
}

/// A harmless question whose wrapper travels in the part `corpo@lazio`, with a PDF, both described.
fn described(body: &str) -> (Envelope, Package) {
    let message = envelope();
    let wrapper = corpo(&message);
    let message = message.body(body);
    let package = package(&message).xml("corpo@lazio", &wrapper).pdf("doc@lazio", PDF);
    (message, package)
}

fn both() -> String {
    riferimento("cid:corpo@lazio", "Richiesta") + &riferimento("cid:doc@lazio", "Allegato")
}

impl World {
    async fn deliver(&self, package: &Package) -> Reply {
        self.ask(&package.to_request()).await
    }

    /// What the node got as `modello` of a message that was accepted.
    async fn arrived(&self, message: &Envelope, package: &Package) -> Value {
        self.deliver(package).await.is_ordinary();
        self.at_node(message.id())[0].body["modello"].clone()
    }

    /// Nothing of it reached the node, and the refusal has its record.
    async fn was_refused(&self, message: &Envelope) {
        assert!(self.at_node(message.id()).is_empty());
        assert_eq!(self.stato_of(message.id()).await, "refused");
    }
}

#[tokio::test]
async fn a_document_in_a_part_arrives_as_one_in_the_body() {
    let world = World::start().await;
    let plain = envelope();
    world.send(&plain).await.is_ordinary();
    let expected = &world.at_node(plain.id())[0].body["modello"];
    let document = documento("verifica-sap.xml");
    let wrapper = corpo(&plain);
    let in_member = |content: &str| {
        let (before, rest) = wrapper.split_once("<typ:CodiceFiscale>").unwrap();
        let after = rest.split_once("</typ:CodiceFiscale>").unwrap().1;
        format!("{before}{content}{after}")
    };
    let request = manifest(&riferimento("cid:corpo@lazio", "RICHIESTA"));
    let placeholder = r#"<p:SoapBodyEmpty xmlns:p="http://www.openspcoop2.org/spcoop/manifest/body"/>"#;
    for (body, part) in [
        (request.as_str(), wrapper.as_str()),
        (&request, &document),
        ("", &wrapper),
        ("\n", &document),
        (placeholder, &wrapper),
        (&in_member("<typ:CodiceFiscale href=\"cid:corpo@lazio\"/>"), &document),
        (&in_member("<typ:CodiceFiscale> cid:corpo%40lazio </typ:CodiceFiscale>"), &document),
    ] {
        let message = envelope().body(body);
        let package = package(&message).xml("corpo@lazio", part);
        assert_eq!(&world.arrived(&message, &package).await, expected, "{body} {part}");
    }
}

#[tokio::test]
async fn a_member_that_includes_a_part_means_its_document() {
    let world = World::start().await;
    let message = envelope();
    let include =
        r#"<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:corpo@lazio"/>"#;
    let wrapper = corpo(&message);
    let (before, _) = wrapper.split_once("<typ:CodiceFiscale>").unwrap();
    let message = message.body(&format!(
        "{before}<typ:CodiceFiscale>{include}</typ:CodiceFiscale></typ:verificaEsistenzaSAP>"
    ));
    let xop = r#"multipart/related; type="application/xop+xml"; start-info="text/xml"; boundary=MIME_1"#;
    let package = package(&message).xml("corpo@lazio", &documento("verifica-sap.xml")).content_type(xop);
    let modello = world.arrived(&message, &package).await;
    assert_eq!(modello["tipoModello"], "VERIFICASAP");
    let nowhere = message.edit("cid:corpo@lazio", "cid:altro@lazio");
    let package = crate::package::package(&nowhere).content_type(xop);
    world.deliver(&package).await.is_format_fault();
}

#[tokio::test]
async fn a_part_is_read_in_its_own_charset_and_transfer_encoding() {
    let world = World::start().await;
    let document = documento("unilav-delegato.xml").replace('–', "-");
    let plain = comunicazione(&document);
    world.send(&plain).await.is_ordinary();
    let expected = &world.at_node(plain.id())[0].body["modello"];
    let latin: Vec<u8> = document.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let sixteen = document.replacen("UTF-8", "UTF-16", 1);
    let quoted: String = document
        .bytes()
        .map(
            |b| if b == b'=' || !b.is_ascii() { format!("={b:02X}=\r\n") } else { char::from(b).to_string() },
        )
        .collect();
    let lines =
        |text: String| text.as_bytes().chunks(76).map(<[u8]>::to_vec).collect::<Vec<_>>().join(&b'\n');
    for (headers, content) in [
        ("Content-Type: text/xml; charset=ISO-8859-1", latin),
        (
            "Content-Type: text/xml",
            sixteen.encode_utf16().fold(vec![0xff, 0xfe], |mut bytes, unit| {
                bytes.extend(unit.to_le_bytes());
                bytes
            }),
        ),
        ("Content-Type: text/xml\nContent-Transfer-Encoding: Quoted-Printable", quoted.into_bytes()),
        ("Content-Transfer-Encoding: base64", lines(base64(document.as_bytes()))),
        ("Content-Transfer-Encoding: 8bit", document.clone().into_bytes()),
    ] {
        let message = comunicazione("").body("");
        let package = package(&message).part(headers, content);
        assert_eq!(&world.arrived(&message, &package).await, expected, "{headers}");
    }
}

#[tokio::test]
async fn attachments_go_on_where_the_action_says_so() {
    let world = asking_for("libero").await;
    let message = envelope();
    let disposition = "Content-Disposition: attachment; filename=\"delega firmata.pdf\"";
    let package = package(&message)
        .part(&format!("Content-Type: Application/PDF; x=y\n{disposition}"), PDF)
        .part("Content-Transfer-Encoding: base64\nContent-ID: <b64@lazio>", "AAH/\r\n");
    let request = package.bytes();
    world.deliver(&package).await.is_ordinary();
    let allegati = &world.at_node(message.id())[0].body["allegati"];
    let pdf = json!({ "nome": "delega firmata.pdf", "titolo": null, "tipoContenuto": "application/pdf", "contenuto": base64(PDF) });
    let other = json!({ "nome": "b64@lazio", "titolo": null, "tipoContenuto": "application/octet-stream", "contenuto": "AAH/" });
    assert_eq!(*allegati, json!([pdf, other]));
    assert_eq!(world.record_of(message.id()).await.reception.request, request);

    let (message, package) = described(&manifest(&both()));
    world.deliver(&package).await.is_ordinary();
    let allegati = &world.at_node(message.id())[0].body["allegati"];
    let pdf = json!({ "nome": "doc@lazio", "titolo": "Parte Allegato", "tipoContenuto": "application/pdf", "contenuto": base64(PDF) });
    assert_eq!(*allegati, json!([pdf]));
}

#[tokio::test]
async fn attachments_are_refused_where_the_action_takes_none() {
    let world = World::start().await;
    let message = envelope();
    let fault = world.deliver(&package(&message).pdf("doc@lazio", PDF)).await.is_service_fault();
    assert_eq!(fault.string, "Allegati non accettati");
    assert!(fault.detail.is_some_and(|detail| detail.contains("EB-ATTACHMENT")));
    world.was_refused(&message).await;

    let message = comunicazione(&documento("unilav-assunzione.xml"));
    let reply = world.deliver(&package(&message).pdf("doc@lazio", PDF)).await;
    assert_eq!(reply.is_ordinary().member("Esito"), "KO");
    world.was_refused(&message).await;
}

#[tokio::test]
async fn a_repetition_is_one_by_its_bytes_not_by_the_names_of_its_parts() {
    let world = asking_for("libero").await;
    let message = envelope();
    let first = world.deliver(&package(&message).pdf("1@lazio", PDF)).await;
    let again = package(&message).pdf("2@lazio", PDF).boundary("MIME_2").bare_line_feeds();
    assert_eq!(world.deliver(&again).await.text(), first.is_ordinary().text());
    let taken = &[("EGOV_IT_110", "Messaggio/Identificatore")];
    world.deliver(&package(&message).pdf("1@lazio", b"%PDF-1.4")).await.is_refused_with(taken);
    world.send(&message).await.is_refused_with(taken);
    assert_eq!(world.at_node(message.id()).len(), 1);

    let message = envelope();
    let first = world.send(&message).await;
    let in_a_part = message.clone().body("");
    let package = package(&in_a_part).xml("corpo@lazio", &corpo(&message));
    assert_eq!(world.deliver(&package).await.text(), first.is_ordinary().text());
}

#[tokio::test]
async fn every_fault_of_a_manifest_has_its_code_and_its_place() {
    let world = asking_for("richiesto").await;
    let (message, package) = described(&manifest(&both()));
    world.deliver(&package).await.is_ordinary();
    assert_eq!(world.at_node(message.id()).len(), 1);

    let r = "SOAPBody/Descrizione/DescrizioneMessaggio/Riferimento";
    let edited = |from: &str, to: &str| {
        assert!(both().contains(from), "{from}");
        manifest(&both().replacen(from, to, 1))
    };
    let corpo_href = r#"href="cid:corpo@lazio""#;
    let schema = r#"<m:Schema posizione="text/xml"/>"#;
    let faults = [
        (String::new(), vec![("003", "SOAPBody child size:0".to_owned())]),
        ("<a/><b/>".into(), vec![("003", "SOAPBody child size:2".into())]),
        (corpo(&envelope()), vec![("003", "SOAPBody/Descrizione".into())]),
        ("<Descrizione/>".into(), vec![("003", "SOAPBody/Descrizione/namespace".into())]),
        (manifest(""), vec![("003", "SOAPBody/Descrizione child size:0".into())]),
        (manifest(&(both() + "<m:Altro/>")), vec![("003", "SOAPBody/Descrizione/child[m:Altro]".into())]),
        (
            manifest("<m:DescrizioneMessaggio/>"),
            vec![("003", "SOAPBody/Descrizione/DescrizioneMessaggio child size:0".into())],
        ),
        (manifest("<m:DescrizioneMessaggio><m:Altro/></m:DescrizioneMessaggio>"), vec![("118", r.into())]),
        (edited(corpo_href, ""), vec![("118", format!("{r}/href"))]),
        (edited("role=\"Richiesta\"", "role=\"Corpo\""), vec![("003", format!("{r}/role"))]),
        (edited("m:id=", "id="), vec![("003", format!("{r}/id"))]),
        (edited(schema, ""), vec![("003", format!("{r} child size:1"))]),
        (
            edited(schema, "<m:Altro/>"),
            vec![("003", format!("{r}/child[m:Altro]")), ("003", format!("{r}/Schema"))],
        ),
        (edited(schema, "<m:Schema/>"), vec![("003", format!("{r}/Schema/posizione"))]),
        (edited("Parte Richiesta", ""), vec![("003", format!("{r}/Titolo"))]),
        (
            edited("role=\"Allegato\"", "role=\"Risposta\""),
            vec![("118", format!("{r}/role (Richiesta/Risposta) non univoco"))],
        ),
        (
            edited("role=\"Richiesta\"", "role=\"Allegato\""),
            vec![("118", format!("{r}/role (Richiesta/Risposta) non esistente"))],
        ),
        (
            edited("cid:doc@lazio", "cid:altro@lazio"),
            vec![
                ("119", format!("{r}/href[cid:altro@lazio]")),
                ("120", format!("{r}/href[doc@lazio] non presente")),
            ],
        ),
        (
            manifest(&riferimento("cid:corpo@lazio", "Richiesta")),
            vec![("120", format!("{r}/href[doc@lazio] non presente"))],
        ),
    ];
    for (body, expected) in faults {
        let (message, package) = described(&body);
        let expected: Vec<(String, String)> =
            expected.into_iter().map(|(code, at)| (format!("EGOV_IT_{code}"), at)).collect();
        let expected: Vec<(&str, &str)> = expected.iter().map(|(code, at)| (&**code, &**at)).collect();
        world.deliver(&package).await.is_refused_with(&expected);
        world.was_refused(&message).await;
    }
    // Without attachments there is nothing to describe.
    world.send(&envelope()).await.is_ordinary();
}

#[tokio::test]
async fn a_manifest_is_judged_after_the_syntax_of_the_busta_and_before_the_registry() {
    let world = asking_for("verificato").await;
    let broken = manifest("");
    let send = async |message: Envelope| world.deliver(&package(&message).pdf("doc@lazio", PDF)).await;
    let no_time =
        ("OraRegistrazione tempo=\"EGOV_IT_SPC\">2026", "OraRegistrazione tempo=\"EGOV_IT_SPC\">mai");
    let reply = send(envelope().body(&broken).edit(no_time.0, no_time.1)).await;
    assert!(
        reply.eccezioni().iter().all(|(code, _)| code == "EGOV_IT_108" || code == "EGOV_IT_116"),
        "{reply}"
    );
    let reply = send(envelope().body(&broken).header_azione("altraSAP")).await;
    reply.is_refused_with(&[("EGOV_IT_003", "SOAPBody/Descrizione child size:0")]);
    let reply = send(envelope().header_azione("altraSAP")).await;
    reply.is_refused_with(&[("EGOV_IT_106", "Azione")]);
    // Only checked where there is one: the other style, without any, is as legal.
    send(envelope()).await.is_ordinary();
}

#[tokio::test]
async fn a_manifest_that_nobody_asked_for_still_must_lead_to_the_document() {
    let world = asking_for("libero").await;
    let sloppy = both().replace("m:id=", "id=");
    let (message, package) = described(&manifest(&sloppy));
    let r = "SOAPBody/Descrizione/DescrizioneMessaggio/Riferimento";
    let id = format!("{r}/id");
    world.deliver(&package).await.is_refused_with(&[("EGOV_IT_003", &id), ("EGOV_IT_003", &id)]);
    world.was_refused(&message).await;
    let undescribed = manifest(&riferimento("cid:corpo@lazio", "Richiesta"));
    let (message, package) = described(&undescribed);
    world.deliver(&package).await.is_ordinary();
    assert_eq!(world.at_node(message.id())[0].body["allegati"][0]["nome"], "doc@lazio");
}

#[tokio::test]
async fn what_no_part_answers_is_the_applications_refusal() {
    let world = asking_for("libero").await;
    let message = envelope().body("");
    let ambiguous = package(&message).xml("a@lazio", "<a/>").xml("b@lazio", "<b/>");
    let fault = world.deliver(&ambiguous).await.is_service_fault();
    assert!(fault.detail.is_some_and(|detail| detail.contains("EB-BODY")));
    world.was_refused(&message).await;
    let message = envelope().body("");
    let broken = package(&message).part("Content-Type: text/xml; charset=utf-8", b"<a>\xff</a>");
    let fault = world.deliver(&broken).await.is_service_fault();
    assert!(fault.detail.is_some_and(|detail| detail.contains("EB-XML")));
    let other = envelope().body("");
    let reply = world.deliver(&package(&other).xml("a@lazio", "<x:a xmlns:x='urn:x'/>")).await;
    reply.is_refused_with(&[("EGOV_IT_003", "SOAPBody/child[x:a]")]);
}

#[tokio::test]
async fn a_package_is_read_however_its_lines_end_and_its_boundary_is_written() {
    let world = asking_for("libero").await;
    for (boundary, content_type) in [
        ("MIME_2", "multipart/related;type=text/xml;boundary=MIME_2"),
        ("=_a/b+c", "Multipart/Related; boundary=\"=_a/b+c\"; type=\"TEXT/XML\"; start=\"busta@lazio\""),
        ("----=_Part_1", "multipart/related; type=\"text/xml\"; boundary=\"----=_Part_1\"; charset=utf-8;"),
    ] {
        let message = envelope();
        let package = package(&message).pdf("d@lazio", PDF).boundary(boundary).content_type(content_type);
        for (message, package) in [(message, package.clone()), {
            let message = envelope();
            let package = crate::package::package(&message).pdf("d@lazio", PDF);
            (message, package.boundary(boundary).content_type(content_type).bare_line_feeds())
        }] {
            world.deliver(&package).await.is_ordinary();
            let contenuto = &world.at_node(message.id())[0].body["allegati"][0]["contenuto"];
            assert_eq!(*contenuto, base64(PDF), "{content_type}");
        }
    }
}

#[tokio::test]
async fn a_package_that_is_none_is_refused_before_any_busta_is_read() {
    let setup = Setup { limits: "parts = 3\npart_header_bytes = 256", ..Setup::default() };
    let world = setup.start().await;
    let whole = || package(&envelope()).pdf("doc@lazio", PDF);
    for content_type in [
        "multipart/related; boundary=\"MIME_1\"",
        "multipart/related; type=\"text/xml\"",
        "multipart/related; type=\"application/soap+xml\"; boundary=\"MIME_1\"",
        "multipart/mixed; type=\"text/xml\"; boundary=\"MIME_1\"",
    ] {
        world.deliver(&whole().content_type(content_type)).await.is_bare_processing_fault();
    }
    let soap_12 = whole().bytes();
    let soap_12 = String::from_utf8_lossy(&soap_12).replace("text/xml", "application/soap+xml");
    let post = crate::wire::Request::post(soap_12)
        .header("Content-Type", "multipart/related; type=\"text/xml\"; boundary=\"MIME_1\"");
    world.ask(&post).await.is_bare_processing_fault();
    let four = package(&envelope()).xml("1", "<a/>").xml("2", "<a/>").xml("3", "<a/>");
    let long = format!("X-Long: {}", "x".repeat(300));
    for broken in [
        whole().torn(),
        whole().pdf("doc@lazio", PDF),
        whole().content_type("multipart/related; type=\"text/xml\"; boundary=\"altro\""),
        whole().content_type("multipart/related; type=\"text/xml\"; start=\"<x>\"; boundary=\"MIME_1\""),
        four,
        whole().part(&long, ""),
        whole().part("no header", ""),
        whole().part("Content-Transfer-Encoding: base64", "%%%"),
        whole().part("Content-Transfer-Encoding: x-zip", ""),
    ] {
        world.deliver(&broken).await.is_format_fault();
    }
    assert!(world.journal().await.is_empty());
    world.is_well().await;
}

/// Base64 as a third party writes it.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let six = (group >> (18 - 6 * digit)) & 63;
            text.push(if digit <= chunk.len() { char::from(ALPHABET[six as usize]) } else { '=' });
        }
    }
    text
}
