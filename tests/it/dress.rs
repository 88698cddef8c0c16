//! One message in all the ways in which XML may be written: what arrives at the node is the same.

use serde_json::Value;

use crate::envelope::{Dress, Envelope, comunicazione, documento, envelope};
use crate::wire::Request;
use crate::world::World;

/// A form whose names have accents, apostrophes and ampersands.
fn accented() -> Envelope {
    comunicazione(&documento("unilav-delegato.xml").replace('–', "-"))
}

/// What the node gets of a message that is written as it is elsewhere.
async fn reference(world: &World) -> Value {
    let request = accented();
    world.send(&request).await.is_ordinary();
    world.at_node(request.id())[0].body["modello"].clone()
}

/// Sends the bytes that `write` makes of a message, and holds what arrives against the reference.
async fn arrives_as_ever(content_type: &str, write: impl Fn(&Envelope) -> Vec<u8>) {
    let world = World::start().await;
    let expected = reference(&world).await;
    let request = accented();
    let post = Request::post(write(&request)).header("Content-Type", content_type);
    assert_eq!(world.ask(&post).await.is_ordinary().member("Esito"), "OK");
    assert_eq!(world.at_node(request.id())[0].body["modello"], expected);
}

#[tokio::test]
async fn other_prefixes() {
    arrives_as_ever("text/xml", |request| {
        let xml = request.to_xml();
        let xml =
            xml.replace("soapenv", "S").replace("xmlns:eGov_IT", "xmlns:b-1.").replace("eGov_IT:", "b-1.:");
        xml.replace("xmlns:typ", "xmlns:_t").replace("typ:", "_t:").into_bytes()
    })
    .await;
}

#[tokio::test]
async fn default_namespaces() {
    arrives_as_ever("text/xml", |request| {
        let xml = request.to_xml().replace("eGov_IT:", "").replace("xmlns:eGov_IT", "xmlns");
        xml.replace("typ:", "").replace("xmlns:typ", "xmlns").into_bytes()
    })
    .await;
}

#[tokio::test]
async fn a_member_of_the_wrapper_without_its_namespace() {
    arrives_as_ever("text/xml", |request| {
        request.to_xml().replace("typ:Comunicazione>", "Comunicazione>").into_bytes()
    })
    .await;
}

#[tokio::test]
async fn windows_line_ends() {
    arrives_as_ever("text/xml", |request| request.to_xml().replace('\n', "\r\n").into_bytes()).await;
}

#[tokio::test]
async fn a_byte_order_mark() {
    arrives_as_ever("text/xml; charset=utf-8", |request| {
        format!("\u{feff}{}", request.to_xml()).into_bytes()
    })
    .await;
}

#[tokio::test]
async fn comments_between_elements() {
    arrives_as_ever("text/xml", |request| request.to_xml().replace(">\n<", "><!-- - --><").into_bytes())
        .await;
}

#[tokio::test]
async fn a_comment_and_a_cdata_section_inside_a_value_of_the_busta() {
    arrives_as_ever("text/xml", |request| {
        let split = "PIEM<!-- -->ONTE</eGov_IT:IdentificativoParte></eGov_IT:Mittente>";
        let xml =
            request.to_xml().replace("PIEMONTE</eGov_IT:IdentificativoParte></eGov_IT:Mittente>", split);
        xml.replace(">NAZIONALE<", "><![CDATA[NAZIONALE]]><").into_bytes()
    })
    .await;
}

#[tokio::test]
async fn latin_letters_declared_in_the_document() {
    arrives_as_ever("text/xml", |request| {
        latin(&request.to_xml().replace(r#"encoding="UTF-8""#, r#"encoding="ISO-8859-1""#))
    })
    .await;
}

#[tokio::test]
async fn latin_letters_declared_by_http_against_the_document() {
    arrives_as_ever("text/xml; charset=\"iso-8859-1\"", |request| latin(&request.to_xml())).await;
}

#[tokio::test]
async fn sixteen_bits_in_either_order() {
    let declared =
        |request: &Envelope| request.to_xml().replace(r#"encoding="UTF-8""#, r#"encoding="UTF-16""#);
    arrives_as_ever("text/xml", |request| {
        let text = format!("\u{feff}{}", declared(request));
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    })
    .await;
    arrives_as_ever("text/xml; charset=UTF-16", |request| {
        let text = format!("\u{feff}{}", declared(request));
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    })
    .await;
}

#[tokio::test]
async fn an_inner_declaration_says_nothing_of_the_bytes_around_it() {
    arrives_as_ever("text/xml", |request| {
        let inner = r#"&lt;?xml version="1.0" encoding="UTF-8"?&gt;"#;
        let xml = request.to_xml();
        assert!(xml.contains(inner));
        xml.replace(inner, &inner.replace("UTF-8", "ISO-8859-1")).into_bytes()
    })
    .await;
}

#[tokio::test]
async fn content_types_and_actions_as_porte_write_them() {
    let world = World::start().await;
    for content_type in
        ["text/xml", "text/xml;", "TEXT/XML; Charset=\"UTF-8\"", "text/xml;charset=UTF-8;action=x"]
    {
        for action in ["", " ", "\"\"", "invioSAP", "\"urn:qualcosa\""] {
            let post = Request::post(envelope().to_xml());
            let post = post.header("Content-Type", content_type).header("SOAPAction", action);
            world.ask(&post).await.is_ordinary();
        }
    }
}

#[tokio::test]
async fn a_nested_document_takes_its_prefixes_from_the_envelope() {
    let world = World::start().await;
    let expected = reference(&world).await;
    // The form's namespace is declared at the root of the message, and used by prefix below.
    let request = accented().dress(Dress::Nested);
    let xml = request.to_xml();
    let (before, form) = xml.split_once("<UniLav").unwrap();
    let (form, after) = form.split_once("</UniLav>").unwrap();
    let form = form.replace(r#" xmlns="http://servizi.lavoro.gov.it/unilav""#, "");
    let form = form.replace("</", "</u:").replace('<', "<u:").replace("<u:/u:", "</u:");
    let before = before
        .replace("<soapenv:Envelope", r#"<soapenv:Envelope xmlns:u="http://servizi.lavoro.gov.it/unilav""#);
    world.post(format!("{before}<u:UniLav{form}</u:UniLav>{after}")).await.is_ordinary();
    assert_eq!(world.at_node(request.id())[0].body["modello"], expected);
}

fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}
