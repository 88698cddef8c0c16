use super::*;

fn messaggio(payload: &str) -> Messaggio<'_> {
    Messaggio {
        codice_comunicazione: Some("1712411300001000".into()),
        data_invio: "2020-11-06T18:44:16.989Z".into(),
        direzione: Direzione::Richiesta,
        mittente: "VAL D'AOSTA".into(),
        destinatario: "NAZIONALE".into(),
        servizio: "InviaComunicazioneObbligatoria".into(),
        azione: None,
        profilo_collaborazione: Profilo::ServizioSincrono,
        identificatore: "NAZIONALE_NAZIONALESPCoopIT_0000003_2020-12-01_18:25".into(),
        riferimento_messaggio: None,
        collaborazione: None,
        modello: Modello { tipo_modello: "UNILAV".into(), payload: Payload(payload) },
        allegati: Vec::new(),
    }
}

#[test]
fn an_envelope_is_read_as_it_was_written_and_the_payload_is_not_touched() {
    let payload = "{ \"a\" :null, \"b\":\"\\u00e8\" }";
    let mut out = Vec::new();
    messaggio(payload).write(&mut out);
    let text = std::str::from_utf8(&out).unwrap();
    assert!(text.starts_with("{\"codiceComunicazione\":\"1712411300001000\",\"dataInvio\":"), "{text}");
    assert!(!text.contains("\"azione") && !text.contains("riferimento"), "{text}");
    assert!(text.ends_with(&format!("\"payload\":{payload}}}}}")), "{text}");
    assert_eq!(Messaggio::read(&out).unwrap(), messaggio(payload));
}

#[test]
fn attachments_are_bytes_in_base64() {
    let allegato = Allegato {
        nome: Some("delega \"firmata\".pdf".into()),
        titolo: None,
        tipo_contenuto: "application/pdf".into(),
        contenuto: (&b"%PDF-\xff\x00"[..]).into(),
    };
    let empty = Allegato { contenuto: (&b""[..]).into(), titolo: Some("Vuoto".into()), ..allegato.clone() };
    let sent = Messaggio { allegati: vec![allegato, empty], ..messaggio("{}") };
    let mut out = Vec::new();
    sent.write(&mut out);
    let text = std::str::from_utf8(&out).unwrap();
    assert!(text.contains(r#""allegati":[{"nome":"delega \"firmata\".pdf","titolo":null,"#), "{text}");
    assert!(
        text.contains(r#""contenuto":"JVBERi3/AA=="},"#) && text.ends_with(r#""contenuto":""}]}"#),
        "{text}"
    );
    assert_eq!(Messaggio::read(&out).unwrap(), sent);
    let broken = text.replace("JVBERi3/AA==", "JVBERi3/AA");
    assert!(Messaggio::read(broken.as_bytes()).is_err());
}

#[test]
fn without_a_code_the_envelope_begins_with_the_date() {
    let mut out = Vec::new();
    let mut message = messaggio("{}");
    message.codice_comunicazione = None;
    message.azione = Some("invioSAP".into());
    message.write(&mut out);
    assert!(out.starts_with(b"{\"dataInvio\""));
    assert_eq!(Messaggio::read(&out).unwrap(), message);
}

#[test]
fn an_envelope_with_more_or_less_than_its_members_is_refused() {
    let mut out = Vec::new();
    messaggio("{}").write(&mut out);
    let good = String::from_utf8(out).unwrap();
    for (from, to, said) in [
        ("\"mittente\"", "\"mittente2\"", "unknown field"),
        ("\"mittente\":\"VAL D'AOSTA\",", "", "missing field"),
        ("\"RICHIESTA\"", "\"richiesta\"", "unknown variant"),
        ("\"NAZIONALE\"", "7", "invalid type"),
        ("\"servizio\"", "\"mittente\"", "duplicate field"),
    ] {
        let error = Messaggio::read(good.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn profiles_have_two_names() {
    for profilo in Profilo::ALL {
        assert_eq!(Profilo::from_egov(profilo.egov()), Some(profilo));
        assert_eq!(serde_json::to_string(&profilo).unwrap(), format!("\"{}\"", profilo.as_str()));
    }
    assert_eq!(Profilo::from_egov("EGOV_IT_ServizioSincrono").unwrap().as_str(), "SERVIZIO_SINCRONO");
    assert_eq!(Profilo::from_egov("SERVIZIO_SINCRONO"), None);
}

#[test]
fn a_reply_gives_its_judgement_and_its_members() {
    let text = r#"{"direzione":"RISPOSTA","riferimentoMessaggio":"R","esito":{"codice":"KO","messaggioErrore":"no",
        "anomalie":{"anomalia":[]}},"listaSAP":["A","B"],"codiceSAP":null,"modello":{"tipoModello":"SAP","payload":{"a": 1}}}"#;
    let risposta = Risposta::read(text.as_bytes()).unwrap();
    assert_eq!(risposta.esito().codice, "KO");
    assert_eq!(risposta.esito().messaggio_errore.as_deref(), Some("no"));
    assert_eq!(risposta.riferimento_messaggio().unwrap(), "R");
    assert_eq!(risposta.strings("/listaSAP").unwrap(), ["A", "B"]);
    assert_eq!(risposta.raw("/modello/payload"), Some("{\"a\": 1}"));
    assert_eq!(risposta.raw("/codiceSAP"), None);
    assert_eq!(risposta.raw("/esito/anomalie"), Some("{\"anomalia\":[]}"));
}

#[test]
fn what_is_not_a_reply_is_refused_with_its_place() {
    for (text, said) in [
        ("<html>", "1:1: : no JSON value"),
        ("[]", "an object needed"),
        ("{\"direzione\":\"RICHIESTA\",\"esito\":{\"codice\":\"OK\"}}", "/direzione"),
        ("{\"direzione\":\"RISPOSTA\"}", "/esito: a value is needed"),
        ("{\"direzione\":\"RISPOSTA\",\"esito\":{}}", "/esito: missing field"),
        ("{\"direzione\":\"RISPOSTA\",\"esito\":{\"codice\":1}}", "/esito: invalid type"),
        (
            "{\"direzione\":\"RISPOSTA\",\"esito\":{\"codice\":\"OK\",\"codice\":\"KO\"}}",
            "/esito/codice: given twice",
        ),
        ("{\"direzione\":\"RISPOSTA\",\"esito\":{\"codice\":\"OK\",\"altro\":1}}", "unknown field"),
        (
            "{\"direzione\":\"RISPOSTA\",\n \"x\":[{\"a\":1,\"a\":2}],\"esito\":{\"codice\":\"OK\"}}",
            "2:14: /x/0/a",
        ),
    ] {
        let error = Risposta::read(text.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(said), "{text}: {error}");
    }
}
