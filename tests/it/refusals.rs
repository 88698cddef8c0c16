//! Everything that is refused, each in the words that the protocol has for it.
//!
//! Four kinds of answer: A bare fault 001, B fault 001 under a busta with exceptions, C fault 300 under a busta (those
//! are in `node_failures`), D bare fault 300. All with status 500.

use crate::envelope::{Dress, Envelope, comunicazione, documento, envelope};
use crate::reply::Reply;
use crate::wire::Request;
use crate::world::{Setup, World};

/// A header was read: one record, `refused`; one line; nothing at the node; the next message passes.
async fn is_recorded(world: &World, request: &Envelope) {
    assert_eq!(world.stato_of(request.id()).await, "refused");
    assert!(world.line_about(request.id()).contains("outcome=\"refused\""));
    assert!(world.at_node(request.id()).is_empty());
    world.is_well().await;
}

/// No header was read: no record; one line; nothing at the node; the next message passes.
async fn leaves_no_record(world: &World) {
    assert!(world.journal().await.is_empty());
    let lines = world.log();
    let refused = lines.iter().filter(|line| line.contains("refused"));
    assert_eq!(refused.count(), 1, "{lines:#?}");
    assert!(world.node().received().is_empty());
    world.is_well().await;
}

/// What is answered to a body in a new world.
async fn posted(body: impl Into<Vec<u8>>) -> (World, Reply) {
    let world = World::start().await;
    let reply = world.post(body).await;
    (world, reply)
}

// ------------------------------------------------------------------------------------------ kind A: no busta can be read

#[tokio::test]
async fn not_xml() {
    let (world, reply) = posted("codice fiscale;cognome;nome\r\n").await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn nothing_at_all() {
    let (world, reply) = posted("").await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn an_envelope_that_breaks_off() {
    let whole = envelope().to_xml();
    let (world, reply) = posted(&whole[..whole.len() - 40]).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_root_that_is_no_envelope() {
    let (world, reply) = posted(documento("unilav-assunzione.xml")).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn an_envelope_without_busta() {
    let xml = envelope().to_xml();
    let (before, rest) = xml.split_once("<soapenv:Header>").unwrap();
    let (_, after) = rest.split_once("</soapenv:Header>").unwrap();
    let (world, reply) = posted(format!("{before}{after}")).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_document_type() {
    let doctype = "<!DOCTYPE Envelope SYSTEM \"file:///etc/passwd\">\n<soapenv:Envelope";
    let (world, reply) = posted(envelope().edit("<soapenv:Envelope", doctype).to_xml()).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn an_entity_bomb() {
    let mut bomb = String::from("<!DOCTYPE a [<!ENTITY a0 \"ha\">");
    for level in 1..=60 {
        bomb += &format!("<!ENTITY a{level} \"&a{0};&a{0};&a{0};&a{0};\">", level - 1);
    }
    let bomb = envelope().edit("<soapenv:Envelope", &format!("{bomb}]>\n<soapenv:Envelope"));
    let (world, reply) = posted(bomb.body("&a60;").to_xml()).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn two_hundred_levels_in_the_body() {
    let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
    let (world, reply) = posted(envelope().body(&deep).to_xml()).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn letters_that_are_not_of_the_declared_charset() {
    let latin = envelope().document("<VerificaSAP>città</VerificaSAP>").to_xml();
    let latin: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let (world, reply) = posted(latin).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_charset_that_does_not_exist() {
    let world = World::start().await;
    let post = Request::post(envelope().to_xml()).header("Content-Type", "text/xml; charset=klingon");
    world.ask(&post).await.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_hundred_megabytes_announced() {
    let world = World::start().await;
    let mut connection = world.connect().await;
    connection.begin(&Request::post(""), 100 << 20).await;
    connection.reply().await.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_hundred_megabytes_unannounced() {
    static SPACE: [u8; 64 << 10] = [b' '; 64 << 10];
    let world = World::start().await;
    let reply = world.connect().await.pour(&Request::post(""), &SPACE, 100 << 20).await;
    reply.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_body_that_does_not_come() {
    let world = Setup { pdd: "body_ms = 150", ..Setup::default() }.start().await;
    let mut connection = world.connect().await;
    connection.begin(&Request::post(""), 1000).await;
    connection.write(b"<soapenv:Envelope").await;
    connection.reply().await.is_format_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn bodies_that_do_not_come_keep_nobody_out() {
    let world = World::start().await;
    let mut stalled = Vec::new();
    for _ in 0..60 {
        let mut connection = world.connect().await;
        connection.begin(&Request::post(""), 1000).await;
        stalled.push(connection);
    }
    world.is_well().await;
}

#[tokio::test]
async fn a_busta_whose_structure_is_broken() {
    let second = "</eGov_IT:Mittente><eGov_IT:Mittente><eGov_IT:IdentificativoParte tipo=\"SPC\">LAZIO\
                  </eGov_IT:IdentificativoParte></eGov_IT:Mittente>";
    for broken in [
        envelope().edit("</eGov_IT:Mittente>", second),
        envelope()
            .edit("<eGov_IT:IdentificativoParte tipo=\"SPC\">LAZIO", "<eGov_IT:IdentificativoParte>LAZIO"),
        envelope().edit("Identificatore>", "Codice>"),
        envelope().edit("Messaggio>\n<eGov_IT:Identificatore>", "Altro>\n<eGov_IT:Identificatore>").edit(
            "</eGov_IT:OraRegistrazione>\n</eGov_IT:Messaggio>",
            "</eGov_IT:OraRegistrazione>\n</eGov_IT:Altro>",
        ),
    ] {
        let (world, reply) = posted(broken.to_xml()).await;
        reply.is_format_fault();
        leaves_no_record(&world).await;
    }
}

// --------------------------------------------------------------------------------- kind B: the busta says what may not be

/// The exceptions that a message is refused with.
async fn refused_with(request: &Envelope, eccezioni: &[(&str, &str)]) -> Reply {
    let world = World::start().await;
    let reply = world.send(request).await;
    reply.is_refused_with(eccezioni);
    is_recorded(&world, request).await;
    reply
}

#[tokio::test]
async fn an_unknown_sender() {
    let request = envelope().mittente("ATLANTIDE");
    let reply = refused_with(
        &request,
        &[
            ("EGOV_IT_101", "Mittente/IdentificativoParte"),
            ("EGOV_IT_116", "ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte"),
        ],
    )
    .await;
    assert_eq!(reply.busta("Destinatario/IdentificativoParte").as_deref(), Some("ATLANTIDE"));
    assert_eq!(reply.busta("Messaggio/RiferimentoMessaggio").as_deref(), Some(request.id()));
}

#[tokio::test]
async fn an_unknown_recipient() {
    let reply = refused_with(
        &envelope().destinatario("ATLANTIDE"),
        &[
            ("EGOV_IT_102", "Destinatario/IdentificativoParte"),
            ("EGOV_IT_116", "ListaTrasmissioni/Trasmissione/Destinazione/IdentificativoParte"),
        ],
    )
    .await;
    assert_eq!(reply.busta("Mittente/IdentificativoParte").as_deref(), Some("NAZIONALE"));
}

#[tokio::test]
async fn a_party_that_is_known_and_does_not_offer_the_service() {
    refused_with(&envelope().destinatario("PIEMONTE"), &[("EGOV_IT_105", "Servizio")]).await;
}

#[tokio::test]
async fn an_unknown_service() {
    refused_with(&envelope().servizio("ServiziSOAP"), &[("EGOV_IT_105", "Servizio")]).await;
}

#[tokio::test]
async fn an_unknown_action() {
    refused_with(&envelope().header_azione("cancellaSAP"), &[("EGOV_IT_106", "Azione")]).await;
}

#[tokio::test]
async fn an_action_that_goes_the_other_way() {
    refused_with(&envelope().header_azione("notificaSAP"), &[("EGOV_IT_106", "Azione")]).await;
}

#[tokio::test]
async fn no_action_where_there_are_several() {
    let without = envelope().edit("<eGov_IT:Azione>verificaEsistenzaSAP</eGov_IT:Azione>", "");
    refused_with(&without, &[("EGOV_IT_106", "Azione")]).await;
}

#[tokio::test]
async fn another_profile_than_the_services() {
    let request = envelope().edit("EGOV_IT_ServizioSincrono", "EGOV_IT_MessaggioSingoloOneWay");
    let posizione = "ProfiloCollaborazione diverso da quanto specificato nel registro";
    refused_with(&request, &[("EGOV_IT_103", posizione)]).await;
}

#[tokio::test]
async fn an_identifier_of_another_party() {
    let request = envelope().identificatore("PIEMONTE_PIEMONTESPCoopIT_0000001_2026-01-15_09:30");
    refused_with(&request, &[("EGOV_IT_110", "Messaggio/Identificatore")]).await;
}

#[tokio::test]
async fn a_message_older_than_five_days() {
    let old = "LAZIO_LAZIOSPCoopIT_0000001_2026-01-10_09:30";
    let request = envelope().identificatore(old).ora("2026-01-10T09:30:00.000");
    let expired = ("EGOV_IT_301", "Messaggio/Scadenza");
    refused_with(&request, &[expired, expired]).await;
}

#[tokio::test]
async fn all_faults_of_the_fields_are_listed_in_their_order() {
    let request = envelope()
        .edit("EGOV_IT_ServizioSincrono", "EGOV_IT_Inventato")
        .edit(
            "tempo=\"EGOV_IT_SPC\">2026-01-15T09:30:00.000</eGov_IT:OraRegistrazione>\n</eGov_IT:Messaggio>",
            "tempo=\"EGOV_IT_SPC\">ieri</eGov_IT:OraRegistrazione>\n</eGov_IT:Messaggio>",
        )
        .edit("confermaRicezione=\"false\"", "confermaRicezione=\"forse\"");
    refused_with(
        &request,
        &[
            ("EGOV_IT_103", "ProfiloCollaborazione"),
            ("EGOV_IT_108", "Messaggio/OraRegistrazione"),
            ("EGOV_IT_113", "ProfiloTrasmissione/confermaRicezione"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_body_that_does_more_than_the_header_asks() {
    // Who may ask must not be able to annul.
    let request = envelope().azione("annullaSAP").header_azione("richiestaSAP");
    refused_with(&request, &[("EGOV_IT_003", "SOAPBody/child[typ:annullaSAP]")]).await;
}

#[tokio::test]
async fn a_body_of_another_service() {
    let form = comunicazione(&documento("unilav-assunzione.xml")).dress(Dress::InBody).to_xml();
    let (_, form) = form.split_once("<soapenv:Body>").unwrap();
    let (form, _) = form.split_once("</soapenv:Body>").unwrap();
    refused_with(&envelope().body(form), &[("EGOV_IT_003", "SOAPBody/child[UniLav]")]).await;
}

#[tokio::test]
async fn no_body_and_two_bodies() {
    refused_with(&envelope().body(""), &[("EGOV_IT_003", "SOAPBody")]).await;
    let one = "<typ:verificaEsistenzaSAP xmlns:typ=\"http://servizi.lavoro.gov.it/servizicoap/types\"/>";
    refused_with(&envelope().body(&one.repeat(2)), &[("EGOV_IT_003", "SOAPBody")]).await;
}

// ------------------------------------------------------------------------------ kind D: refused before the header is read

#[tokio::test]
async fn no_soap_action() {
    let world = World::start().await;
    let request = envelope();
    let post = Request::post(request.to_xml()).without("SOAPAction");
    world.ask(&post).await.is_bare_processing_fault();
    is_recorded(&world, &request).await;
}

#[tokio::test]
async fn the_wrong_content_type() {
    for content_type in
        ["application/json", "application/xml", "application/soap+xml; charset=utf-8", "text", ""]
    {
        let world = World::start().await;
        let post = Request::post(envelope().to_xml()).header("Content-Type", content_type);
        world.ask(&post).await.is_bare_processing_fault();
        leaves_no_record(&world).await;
    }
    let world = World::start().await;
    world.ask(&Request::post(envelope().to_xml()).without("Content-Type")).await.is_bare_processing_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn another_method_than_post() {
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let world = World::start().await;
        world.ask(&Request::post("").method(method)).await.is_bare_processing_fault();
        leaves_no_record(&world).await;
    }
}

#[tokio::test]
async fn another_version_of_soap() {
    let request = envelope().edit(
        "http://schemas.xmlsoap.org/soap/envelope/\">\n<soapenv:Header>",
        "http://www.w3.org/2003/05/soap-envelope\">\n<soapenv:Header>",
    );
    let (world, reply) = posted(request.to_xml()).await;
    reply.is_bare_processing_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_header_block_that_must_be_understood_and_is_not() {
    let block = "<soapenv:Header><x:Transazione xmlns:x=\"urn:x\" soapenv:mustUnderstand=\"1\"/>";
    let (world, reply) = posted(envelope().edit("<soapenv:Header>", block).to_xml()).await;
    reply.is_bare_processing_fault();
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let world = World::start().await;
    let mut connection = world.connect().await;
    connection.begin(&Request::post(""), 1000).await;
    connection.write(b"<soapenv:Envelope").await;
    connection.half_close().await;
    // Whoever has gone away reads no answer; whoever has only closed one direction may.
    if let Some(reply) = connection.reply_or_end().await {
        reply.is_bare_processing_fault();
    }
    leaves_no_record(&world).await;
}

#[tokio::test]
async fn another_path_is_not_found() {
    let world = World::start().await;
    let reply = world.ask(&Request::post(envelope().to_xml()).path("/altrove")).await;
    assert_eq!(reply.status, 404);
    assert!(world.journal().await.is_empty());
}

// ---------------------------------------------------------------------- the application's own: the document is not right

#[tokio::test]
async fn a_document_two_hundred_levels_deep_is_refused_in_the_reply() {
    let world = World::start().await;
    let deep = format!("{}{}", "<lavoratore>".repeat(200), "</lavoratore>".repeat(200));
    let request = envelope().azione("invioSAP").document(&deep);
    let reply = world.send(&request).await;
    assert_eq!(reply.is_ordinary().member("Esito"), "KO");
    assert_eq!(reply.anomalie()[0].codice, "EB-XML");
    is_recorded(&world, &request).await;
}

#[tokio::test]
async fn an_entity_bomb_in_the_document_is_refused_in_the_reply() {
    let world = World::start().await;
    let bomb = "<!DOCTYPE lavoratore [<!ENTITY a \"a\">]><lavoratore>&a;</lavoratore>";
    let request = envelope().azione("invioSAP").document(bomb);
    let reply = world.send(&request).await;
    assert_eq!(reply.is_ordinary().anomalie()[0].codice, "EB-XML");
    is_recorded(&world, &request).await;
}

#[tokio::test]
async fn a_wrong_document_of_an_action_without_esito_is_a_fault_of_the_service() {
    let world = World::start().await;
    let request = envelope().document("<VerificaSAP><codiceFiscale>rossi</codiceFiscale></VerificaSAP>");
    let fault = world.send(&request).await.is_service_fault();
    assert_eq!(
        (fault.code.as_str(), fault.string.as_str()),
        ("soap:Client", "Documento non valido: un errore")
    );
    assert!(fault.detail.is_some_and(|detail| detail.contains("/VerificaSAP/codiceFiscale[1]")));
    is_recorded(&world, &request).await;
}

#[tokio::test]
async fn a_wrapper_that_holds_no_document_is_refused_in_the_reply() {
    for content in ["", "ROSSI MARIO", "<a/><b/>", "testo <a/>"] {
        let world = World::start().await;
        let wrapper = format!(
            "<typ:invioSAP xmlns:typ=\"http://servizi.lavoro.gov.it/servizicoap/types\"><typ:SAP>{content}</typ:SAP></typ:invioSAP>"
        );
        let request = envelope().azione("invioSAP").body(&wrapper);
        let reply = world.send(&request).await;
        assert_eq!(reply.is_ordinary().member("Esito"), "KO", "{content:?}");
        assert_eq!(reply.anomalie()[0].codice, "EB-BODY", "{content:?}");
        is_recorded(&world, &request).await;
    }
}

// ----------------------------------------------------------------------------------------------------------- afterwards

#[tokio::test]
async fn a_refusal_costs_neither_the_connection_nor_the_next_message() {
    let world = World::start().await;
    let mut connection = world.connect().await;
    let good = || Request::post(envelope().to_xml());
    for bad in [
        Request::post("<non-xml"),
        Request::get("/pdd"),
        Request::post(envelope().to_xml()).without("SOAPAction"),
        Request::post(envelope().servizio("Altro").to_xml()),
        Request::post(documento("unilav-assunzione.xml")).header("Content-Type", "application/json"),
    ] {
        assert_eq!(connection.ask(&bad).await.status, 500);
        connection.ask(&good()).await.is_ordinary();
    }
}

#[tokio::test]
async fn what_a_sender_wrote_into_the_busta_comes_back_escaped() {
    let world = World::start().await;
    let request = envelope().header_azione("&lt;b&gt;&amp;&quot;");
    let reply = world.send(&request).await;
    reply.is_refused_with(&[("EGOV_IT_106", "Azione")]);
    is_recorded(&world, &request).await;
}
