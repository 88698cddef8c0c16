//! The comunicazioni obbligatorie.

use serde_json::Value;

use crate::envelope::{Dress, comunicazione, documento, read, sample};
use crate::world::World;

const DRESSES: [Dress; 4] = [Dress::Escaped, Dress::Cdata, Dress::Nested, Dress::InBody];

#[tokio::test]
async fn the_ministrys_example_arrives_without_a_difference_in_every_dress() {
    let world = World::start().await;
    let example: Value = serde_json::from_str(&read("tests/fixtures/json/unilav-seed000.json")).unwrap();
    let xml = read("tests/fixtures/json/unilav-seed000.xml");
    for dress in DRESSES {
        let request = comunicazione(&xml).dress(dress);
        let reply = world.send(&request).await;
        assert_eq!(reply.is_ordinary().member("Esito"), "OK", "{dress:?}");
        let received = world.at_node(request.id()).remove(0);
        assert_eq!(received.path, "/co/v1/comunicazioni");
        assert_eq!(received.body["modello"], example["modello"], "{dress:?}");
    }
}

#[tokio::test]
async fn the_envelope_around_a_comunicazione_is_that_of_the_ministrys_example() {
    let world = World::start().await;
    let mut example: Value = serde_json::from_str(&read("tests/fixtures/json/unilav-seed000.json")).unwrap();
    let request = comunicazione(&read("tests/fixtures/json/unilav-seed000.xml"));
    world.send(&request).await.is_ordinary();
    // The example's identifier is not of its sender, and its code is not that of its own payload.
    example["identificatore"] = request.id().into();
    example["codiceComunicazione"] = example["modello"]["payload"]["codiceComunicazione"].clone();
    example["dataInvio"] = "2026-01-15T08:30:00.000Z".into();
    let sent = world.at_node(request.id()).remove(0).body;
    assert_eq!(sent, example);
    let names = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sent), names(&example), "the members' order");
}

#[tokio::test]
async fn every_form_passes_and_gets_its_code() {
    let world = World::start().await;
    for (document, modello) in [
        ("unilav-cessazione.xml", "UNILAV"),
        ("unisomm-inizio-missione.xml", "UNISOMM"),
        ("uniurg-urgenza.xml", "UNIURG"),
        ("vardatori-fusione.xml", "VARDATORI"),
        ("unimare-imbarco.xml", "UNIMARE"),
        ("unipi-prospetto.xml", "UNIPI"),
    ] {
        let request = comunicazione(&documento(document));
        let reply = world.send(&request).await;
        assert_eq!(reply.is_ordinary().member("Esito"), "OK", "{document}");
        assert_eq!(reply.member("CodiceComunicazione").len(), 16, "{document}");
        assert_eq!(world.at_node(request.id())[0].body["modello"]["tipoModello"], modello);
    }
}

#[tokio::test]
async fn azione_may_be_written_or_left_out_and_the_node_sees_no_difference() {
    let world = World::start().await;
    let without = comunicazione(&documento("unilav-assunzione.xml"));
    let with = without.clone().mittente("PIEMONTE").header_azione("InviaComunicazioneObbligatoria");
    for (request, azione) in [(without, None), (with, Some("InviaComunicazioneObbligatoria"))] {
        let reply = world.send(&request).await;
        assert_eq!(reply.is_ordinary().busta("Azione").as_deref(), azione);
        assert_eq!(world.at_node(request.id())[0].body.get("azione"), None);
    }
}

#[tokio::test]
async fn an_invalid_form_is_answered_with_every_field_in_error_and_goes_nowhere() {
    let world = World::start().await;
    for dress in DRESSES {
        let request = comunicazione(&documento("non-validi/unilav-piu-errori.xml")).dress(dress);
        let reply = world.send(&request).await;
        assert_eq!(reply.is_ordinary().member("Esito"), "KO", "{dress:?}");
        assert_eq!(reply.member("CodiceComunicazione"), "");
        let anomalie = reply.anomalie();
        assert_eq!(anomalie.len(), 4, "{anomalie:#?}");
        let fields = [
            "/UniLav/DatoreLavoro[1]/PubblicaAmministrazione[1] (",
            "/UniLav/Lavoratore[1]/AnagraficaCompleta[1]/nascita[1]/data[1] (",
            "/UniLav/Lavoratore[1]/IndirizzoLavoratore[1]/cap[1] (",
            "/UniLav/TipoComunicazione (",
        ];
        for (anomalia, field) in anomalie.iter().zip(fields) {
            assert!(anomalia.campi.starts_with(field), "{anomalie:#?}");
            assert!(!anomalia.descrizione.is_empty() && anomalia.codice == "EB-XSD", "{anomalie:#?}");
        }
        assert!(world.at_node(request.id()).is_empty());
        assert_eq!(world.stato_of(request.id()).await, "refused");
    }
    world.is_well().await;
}

#[tokio::test]
async fn what_is_wrong_is_found_by_its_line_in_the_document_as_it_travelled() {
    let world = World::start().await;
    let document = documento("non-validi/unilav-codice-fiscale-minuscolo.xml");
    let line = document.lines().position(|line| line.contains("<codice-fiscale>")).unwrap() + 1;
    for dress in [Dress::Escaped, Dress::Cdata] {
        let reply = world.send(&comunicazione(&document).dress(dress)).await;
        let anomalie = reply.anomalie();
        assert_eq!(anomalie.len(), 1, "{anomalie:#?}");
        let field = format!("/UniLav/Lavoratore[1]/AnagraficaCompleta[1]/codice-fiscale[1] ({line}:");
        assert!(anomalie[0].campi.starts_with(&field), "{anomalie:#?}");
    }
}

#[tokio::test]
async fn a_document_that_is_none_of_the_forms_is_refused_with_its_name() {
    let world = World::start().await;
    let request = comunicazione(&documento("non-validi/radice-sconosciuta.xml"));
    let reply = world.send(&request).await;
    assert_eq!(reply.is_ordinary().member("Esito"), "KO");
    assert_eq!(reply.anomalie()[0].codice, "EB-ROOT");
    assert_eq!(world.stato_of(request.id()).await, "refused");
    let broken = comunicazione(&documento("non-validi/non-ben-formato.xml"));
    assert_eq!(world.send(&broken).await.anomalie()[0].codice, "EB-XML");
    assert!(world.node().received().is_empty());
}

#[tokio::test]
async fn the_samples_that_must_be_refused_are_and_the_others_are_not() {
    let world = World::start().await;
    let folder = crate::envelope::repository("samples");
    let mut taken = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("un") || name.starts_with("vardatori") {
            assert_eq!(world.post(sample(&name)).await.is_ordinary().member("Esito"), "OK", "{name}");
            taken += 1;
        }
    }
    assert!(taken > 20, "{taken} samples");
    let refused = world.post(sample("rifiutati/unilav-piu-errori.xml")).await;
    assert_eq!(refused.member("Esito"), "KO");
    let refused = world.post(sample("rifiutati/mittente-sconosciuto.xml")).await;
    assert_eq!(refused.eccezioni()[0], ("EGOV_IT_101".to_owned(), "Mittente/IdentificativoParte".to_owned()));
    let refused = world.post(sample("rifiutati/azione-sconosciuta.xml")).await;
    refused.is_refused_with(&[("EGOV_IT_106", "Azione")]);
    assert_eq!(world.node().received().len(), taken);
}
