//! Signed messages: what is believed, what is refused and by which code, and what is answered.
//!
//! The envelopes were signed by another implementation (`tests/fixtures/firma/genera.py`).

use std::fs;

use crate::data_only::copy;
use crate::envelope::{envelope, read, repository};
use crate::reply::Reply;
use crate::world::{Home, Setup, World};

const BOTH: &str = r#"richiesta = ["intestazione", "corpo"]"#;

/// What is agreed on in a scenario. Each text is lines of the table of its name.
#[derive(Default)]
struct Agreed {
    service: &'static str,
    lazio: &'static str,
    keys: &'static str,
    signs: bool,
}

impl Agreed {
    /// Header and Body must be signed.
    fn both() -> Self {
        Self { service: BOTH, ..Self::default() }
    }

    async fn start(self) -> World {
        let home = Home::new();
        let services = home.folder.path().join("services");
        copy(&repository("services"), &services);
        let edit = |file: &str, what: &str, with: String| {
            let path = services.join(file);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(what), "{what}");
            fs::write(path, text.replacen(what, &with, 1)).unwrap();
        };
        let line = "fruitori = \"regioni\"\n";
        edit("sap.toml", line, format!("{line}\n[service.firma]\n{}\n", self.service));
        let line = "certificati = [\"LAZIO\"]\n";
        edit("parti.toml", line, format!("{line}firma = {{ {} }}\n", self.lazio));
        let (ca, known) =
            (repository("tests/fixtures/firma/ca.pem"), repository("tests/fixtures/firma/noti.pem"));
        let pair = &home.pki.pdd_server;
        let signer = match self.signs {
            true => format!("certificate_file = {:?}\nkey_file = {:?}", pair.certificate, pair.key),
            false => String::new(),
        };
        let firma = format!("ca_file = {ca:?}\nknown_certificates_file = {known:?}\n{signer}\n{}", self.keys);
        Setup { services: Some(services), firma, ..Setup::default() }.start_in(home).await
    }
}

fn signed(name: &str) -> String {
    read(&format!("tests/fixtures/firma/{name}.xml"))
}

fn id(text: &str) -> &str {
    let (_, rest) = text.split_once("<eGov_IT:Identificatore>").unwrap();
    rest.split_once('<').unwrap().0
}

/// Refused with these, recorded, and unknown to the node.
async fn is_refused(world: &World, text: &str, eccezioni: &[(&str, &str)]) {
    let reply = world.post(text).await;
    reply.is_refused_with(eccezioni);
    assert_eq!(world.stato_of(id(text)).await, "refused");
    assert!(world.at_node(id(text)).is_empty());
}

#[tokio::test]
async fn a_signed_message_is_carried() {
    let world = Agreed::both().start().await;
    for name in [
        "rsa-sha256",
        "rsa-sha512",
        "ecdsa-sha256",
        "inclusiva",
        "lista-prefissi",
        "emittente-e-numero",
        "timestamp",
    ] {
        let text = signed(name);
        world.post(text.as_str()).await.is_ordinary();
        assert_eq!(world.at_node(id(&text)).len(), 1, "{name}");
    }
}

#[tokio::test]
async fn an_unsigned_message_is_refused() {
    let world = Agreed::both().start().await;
    let text = envelope().to_xml();
    is_refused(&world, &text, &[("EGOV_IT_200", "header wsse:Security non presente")]).await;
    let text = signed("senza-actor");
    is_refused(&world, &text, &[("EGOV_IT_200", "header wsse:Security non presente")]).await;
}

#[tokio::test]
async fn a_changed_body_and_a_changed_header_are_named() {
    let world = Agreed::both().start().await;
    let body = signed("rsa-sha256").replace("RSSMRA85T10A562S", "RSSMRA85T10A562T");
    is_refused(&world, &body, &[("EGOV_IT_202", "firma del Body non valida")]).await;
    let header = signed("rsa-sha384").replace("_0000702_", "_0000902_");
    is_refused(&world, &header, &[("EGOV_IT_117", "firma di IntestazioneMessaggio non valida")]).await;
    let both = signed("rsa-sha512").replace("RSSMRA85T10A562S", "x").replace("_0000703_", "_0000903_");
    let expected = [
        ("EGOV_IT_202", "firma del Body non valida"),
        ("EGOV_IT_117", "firma di IntestazioneMessaggio non valida"),
    ];
    is_refused(&world, &both, &expected).await;
}

#[tokio::test]
async fn a_part_that_is_not_signed_is_named() {
    let world = Agreed::both().start().await;
    let text = signed("solo-corpo");
    is_refused(&world, &text, &[("EGOV_IT_117", "firma di IntestazioneMessaggio non presente")]).await;
    let text = signed("solo-intestazione");
    is_refused(&world, &text, &[("EGOV_IT_202", "firma del Body non presente")]).await;
}

#[tokio::test]
async fn a_hop_that_is_added_on_the_way_breaks_nothing() {
    let world = Agreed::both().start().await;
    let hop = "<eGov_IT:ListaTrasmissioni><!-- passed on -->";
    world.post(signed("rsa-sha256").replace("<eGov_IT:ListaTrasmissioni>", hop)).await.is_ordinary();
}

/// The signed element between `open` and `close` is put into the header in `wrapper`, and `false_one` in its place.
fn moved(text: &str, open: &str, close: &str, wrapper: (&str, &str), false_one: &str) -> String {
    let start = text.find(open).unwrap();
    let end = text.find(close).unwrap() + close.len();
    let moved = format!("{}{}{}</soapenv:Header>", wrapper.0, &text[start..end], wrapper.1);
    let other = format!("{}{false_one}{}", &text[..start], &text[end..]);
    other.replace("</soapenv:Header>", &moved)
}

/// The element without its `wsu:Id`, whatever the prefix.
fn without_id(element: &str, id: &str) -> String {
    let end = element.find(&format!("\"{id}\"")).unwrap();
    let start = element[..end].rfind(' ').unwrap();
    format!("{}{}", &element[..start], &element[end + id.len() + 2..])
}

#[tokio::test]
async fn a_signed_body_that_was_moved_away_signs_nothing() {
    let world = Agreed::both().start().await;
    let (open, close) = ("<soapenv:Body", "</soapenv:Body>");
    let evil = signed("rsa-sha256");
    let evil = &evil[evil.find(open).unwrap()..evil.find(close).unwrap() + close.len()];
    let evil = evil.replace("RSSMRA85T10A562S", "VRDLGI80A01H501U");
    let plain = without_id(&evil, "id-Body");
    let names = ["rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "inclusiva"];
    let missing = ("EGOV_IT_202", "firma del Body non presente");
    let reference = ("EGOV_IT_202", "riferimento della firma non valido");
    let attacks = [
        (("<w>", "</w>"), plain.clone(), missing),
        (("", ""), plain.clone(), missing),
        (("<w><w>", "</w></w>"), plain.clone(), reference),
        (("<w>", "</w>"), evil.clone(), reference),
        (("<w><w>", "</w></w>"), evil.clone(), reference),
        (("<w>", "</w>"), plain.replace("<soapenv:Body", "<soapenv:Body id=\"id-Body\""), reference),
    ];
    for (name, (wrapper, false_one, expected)) in names.into_iter().zip(attacks) {
        let text = moved(&signed(name), open, close, wrapper, &false_one);
        is_refused(&world, &text, &[expected]).await;
    }
}

#[tokio::test]
async fn a_signed_header_that_was_moved_away_signs_nothing() {
    let world = Agreed::both().start().await;
    let (open, close) = ("<eGov_IT:IntestazioneMessaggio", "</eGov_IT:IntestazioneMessaggio>");
    let text = signed("rsa-sha256");
    let evil = &text[text.find(open).unwrap()..text.find(close).unwrap() + close.len()];
    let plain = without_id(evil, "id-IntestazioneMessaggio").replace("_0000701_", "_0000999_");
    // In another block, and in a second busta beside ours.
    let other = "xmlns:eGov_IT=\"http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/\"";
    let wrapper = format!("<eGov_IT:Intestazione {other}>");
    let text = moved(&text, open, close, (&wrapper, "</eGov_IT:Intestazione>"), &plain);
    is_refused(&world, &text, &[("EGOV_IT_117", "firma di IntestazioneMessaggio non presente")]).await;
}

#[tokio::test]
async fn sha_1_is_accepted_only_where_the_operator_says_so() {
    let world = Agreed::both().start().await;
    for name in ["rsa-sha1", "digest-sha1"] {
        is_refused(&world, &signed(name), &[("EGOV_IT_202", "algoritmo di firma non accettato")]).await;
    }
    let world = Agreed { keys: "danger_sha1 = true", ..Agreed::both() }.start().await;
    for name in ["rsa-sha1", "digest-sha1"] {
        world.post(signed(name)).await.is_ordinary();
    }
}

#[tokio::test]
async fn only_what_was_agreed_is_accepted() {
    let service = "richiesta = [\"corpo\"]\nalgoritmi = [\"ecdsa-sha256\"]\nactor = \"\"";
    let world = Agreed { service, ..Agreed::default() }.start().await;
    is_refused(&world, &signed("senza-actor"), &[("EGOV_IT_202", "algoritmo di firma non accettato")]).await;
    let world =
        Agreed { service: "richiesta = [\"corpo\"]\nactor = \"\"", ..Agreed::default() }.start().await;
    world.post(signed("senza-actor")).await.is_ordinary();
}

#[tokio::test]
async fn a_region_does_not_sign_for_another() {
    let world = Agreed::both().start().await;
    let posizione = "il certificato della firma non appartiene a SPC/LAZIO";
    is_refused(&world, &signed("certificato-di-altri"), &[("EGOV_IT_201", posizione)]).await;
}

#[tokio::test]
async fn a_certificate_is_believed_in_its_time_and_from_its_authority() {
    let world = Agreed::both().start().await;
    let posizione = "certificato di firma fuori dal suo periodo di validità";
    is_refused(&world, &signed("certificato-scaduto"), &[("EGOV_IT_202", posizione)]).await;
    for name in ["autorita-estranea", "chiave-corta"] {
        let posizione = "certificato di firma non riconosciuto";
        is_refused(&world, &signed(name), &[("EGOV_IT_202", posizione)]).await;
    }
    world.post(signed("certificato-revocato")).await.is_ordinary();
    let crl = concat!("crl_file = \"", env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/firma/crl.pem\"");
    let world = Agreed { keys: crl, ..Agreed::both() }.start().await;
    let posizione = "certificato di firma revocato";
    is_refused(&world, &signed("certificato-revocato"), &[("EGOV_IT_202", posizione)]).await;
    world.post(signed("rsa-sha256")).await.is_ordinary();
}

#[tokio::test]
async fn a_timestamp_that_is_wanted_must_be_there_signed_and_in_time() {
    let service = r#"richiesta = ["corpo", "timestamp"]"#;
    let world = Agreed { service, ..Agreed::default() }.start().await;
    world.post(signed("timestamp")).await.is_ordinary();
    let posizione = "Timestamp non presente o non firmato";
    is_refused(&world, &signed("rsa-sha256"), &[("EGOV_IT_200", posizione)]).await;
    let posizione = "Timestamp fuori dal suo periodo di validità";
    is_refused(&world, &signed("timestamp-scaduto"), &[("EGOV_IT_200", posizione)]).await;
}

#[tokio::test]
async fn the_fields_are_judged_before_the_signature_and_the_registry_after_it() {
    let world = Agreed::both().start().await;
    let text = signed("rsa-sha256")
        .replace("tempo=\"EGOV_IT_SPC\">2026-01-15T09:30:00.000<", "tempo=\"x\">2026-01-15T09:30:00.000<");
    let reply = world.post(text.as_str()).await;
    let codes: Vec<String> = reply.eccezioni().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["EGOV_IT_108", "EGOV_IT_116"], "{reply}");
    let text = signed("rsa-sha384").replace(">verificaEsistenzaSAP<", ">sconosciuta<");
    is_refused(&world, &text, &[("EGOV_IT_117", "firma di IntestazioneMessaggio non valida")]).await;
}

#[tokio::test]
async fn what_a_party_says_comes_before_what_the_service_says() {
    let world = Agreed { lazio: "richiesta = []", ..Agreed::both() }.start().await;
    world.post(envelope().to_xml()).await.is_ordinary();
    let world = Agreed { lazio: r#"richiesta = ["corpo"]"#, ..Agreed::default() }.start().await;
    world.post(envelope().mittente("PIEMONTE").to_xml()).await.is_ordinary();
    let text = envelope().to_xml();
    is_refused(&world, &text, &[("EGOV_IT_200", "header wsse:Security non presente")]).await;
}

fn is_signed(reply: &Reply) -> bool {
    let text = reply.text();
    let signed = text.contains("<ds:SignatureValue>") && text.contains("wsu:Id=\"id-intestazione\"");
    assert_eq!(signed, text.contains("wsse:Security"), "{reply}");
    signed
}

#[tokio::test]
async fn answers_are_signed_once_it_is_known_that_they_are_to_be() {
    let service =
        "richiesta = [\"intestazione\", \"corpo\"]\nrisposta = [\"intestazione\", \"corpo\", \"timestamp\"]";
    let world = Agreed { service, signs: true, ..Agreed::default() }.start().await;
    let text = signed("rsa-sha256");
    let reply = world.post(text.as_str()).await;
    reply.is_ordinary();
    assert!(is_signed(&reply));
    // The journal holds the bytes that left, and gives them again.
    let again = world.post(text.as_str()).await;
    assert_eq!(again.body, reply.body);
    // A refusal that came after the question of signatures was asked.
    assert!(is_signed(&world.post(envelope().to_xml()).await));
    // One that came before it, and one without a busta.
    assert!(!is_signed(&world.post(envelope().ora("oggi").to_xml()).await));
    assert!(!is_signed(&world.post("no XML").await));
    // Another service.
    assert!(!is_signed(&world.post(envelope().servizio("Altro").to_xml()).await));
}

#[tokio::test]
async fn what_cannot_be_verified_or_signed_is_no_configuration() {
    use egov_bridge::bridge::{Chiavi, Knowledge};
    let home = Home::new();
    let services = home.folder.path().join("services");
    copy(&repository("services"), &services);
    let path = services.join("sap.toml");
    let text = fs::read_to_string(&path).unwrap();
    let firma = "[service.firma]\nrichiesta = [\"corpo\"]\nrisposta = [\"corpo\"]\n\n[[azione]]";
    fs::write(&path, text.replacen("[[azione]]", firma, 1)).unwrap();
    let mut config = egov_bridge::config::embedded(&repository("")).unwrap();
    config.directories.services = services;
    let knowledge = Knowledge::load(&config.directories).unwrap();
    let errors = Chiavi::load(&config.firma, &knowledge).unwrap_err();
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "firma.ca_file: not given; ServiziSAP wants signatures",
            "firma.key_file: not given; ServiziSAP wants signed answers"
        ]
    );
}
