use super::*;
use crate::egov::prova::{RICHIESTA, con, errori, leggi};
use crate::egov::{Contesto, Inoltro, Parte, Profilo, Rilevanza, Servizio, Tempo};

const HOP_ORIGINE: &str =
    r#"<e:Origine><e:IdentificativoParte tipo="SPC">LAZIO</e:IdentificativoParte></e:Origine>"#;
const HOP_ORA: &str = r#"<e:OraRegistrazione tempo="EGOV_IT_SPC">2026-05-04T10:30:07.250</e:OraRegistrazione>
</e:Trasmissione>"#;
const ORA: &str = r#"<e:OraRegistrazione tempo="EGOV_IT_SPC">2026-05-04T10:30:07.250</e:OraRegistrazione>
</e:Messaggio>"#;
const MITTENTE: &str =
    r#"<e:Mittente><e:IdentificativoParte tipo="SPC">LAZIO</e:IdentificativoParte></e:Mittente>"#;
const ID: &str = "<e:Identificatore>LAZIO_LAZIOSPCoopIT_0000042_2026-05-04_10:30</e:Identificatore>";
const PROFILO: &str = "<e:ProfiloCollaborazione>EGOV_IT_ServizioSincrono</e:ProfiloCollaborazione>";
const SERVIZIO: &str = r#"<e:Servizio tipo="SPC">ServiziSAP</e:Servizio>"#;
const AZIONE: &str = "<e:Azione>invioSAP</e:Azione>";
const CONSEGNA: &str =
    r#"<e:ProfiloTrasmissione inoltro="EGOV_IT_ALPIUUNAVOLTA" confermaRicezione="false"/>"#;
const FINE: &str = "</e:Intestazione>";
const TESTATA_FINE: &str = "</e:IntestazioneMessaggio>";

/// The errors of the request once `from` became `to`.
#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert_eq!(errori(&con(&[(from, to)])), expected, "{from} -> {to}");
}

#[track_caller]
fn broken(from: &str, to: &str) -> Broken {
    match leggi(&con(&[(from, to)])) {
        Err(broken) => broken,
        Ok(received) => panic!("{from} -> {to} was read: {:?}", received.eccezioni),
    }
}

#[test]
fn a_sound_request_is_read_whole() {
    let received = leggi(RICHIESTA).unwrap();
    assert_eq!(received.eccezioni, []);
    let busta = received.busta;
    assert_eq!(busta.mittente, Parte::spc("LAZIO"));
    assert_eq!(busta.destinatario, Parte::spc("NAZIONALE"));
    assert_eq!(busta.profilo, Some(Profilo::Sincrono));
    assert_eq!(busta.servizio, Some(Servizio::spc("ServiziSAP")));
    assert_eq!(busta.azione.as_deref(), Some("invioSAP"));
    assert_eq!(busta.identificatore, "LAZIO_LAZIOSPCoopIT_0000042_2026-05-04_10:30");
    assert_eq!(busta.ora.istante.timestamp().unwrap().to_string(), "2026-05-04T08:30:07Z");
    assert_eq!((busta.inoltro(), busta.conferma()), (Inoltro::AlPiuUnaVolta, false));
    assert_eq!(
        (busta.riferimento, busta.scadenza, busta.collaborazione, busta.sequenza),
        (None, None, None, None)
    );
    assert_eq!(busta.trasmissioni.len(), 1);
    assert_eq!(busta.trasmissioni[0].destinazione, Parte::spc("NAZIONALE"));
    assert_eq!(busta.trasmissioni[0].ora.tempo, Tempo::Spc);
}

#[test]
fn every_spelling_of_the_namespaces_is_one_busta() {
    let expected = leggi(RICHIESTA).unwrap();
    let unprefixed = RICHIESTA
        .replace("<e:", "<")
        .replace("</e:", "</")
        .replace("xmlns:e=", "xmlns=")
        .replace("<Intestazione ", "<Intestazione xmlns:unused='urn:x' ");
    let declared_above =
        RICHIESTA.replace(" xmlns:e=\"http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/\"", "").replace(
            "<soapenv:Header>",
            "<soapenv:Header xmlns:e='http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/'>",
        );
    let two_prefixes = RICHIESTA
        .replace("<e:Servizio ", "<q:Servizio xmlns:q='http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/' ")
        .replace("</e:Servizio>", "</q:Servizio>");
    let crlf = RICHIESTA.replace('\n', "\r\n");
    for text in [unprefixed, declared_above, two_prefixes, crlf] {
        assert_eq!(leggi(&text).as_ref(), Ok(&expected), "{text}");
    }
}

#[test]
fn a_child_in_another_namespace_is_unknown() {
    check(
        AZIONE,
        "<e:Azione xmlns:e='urn:altro'>invioSAP</e:Azione>",
        &["EGOV_IT_002 Messaggio/child[e:Azione]"],
    );
    check(AZIONE, "<Azione>invioSAP</Azione>", &["EGOV_IT_002 Messaggio/child[Azione]"]);
}

#[test]
fn comments_and_blank_text_are_passed_over_everywhere() {
    for place in ["<e:Intestazione ", "<e:Mittente>", AZIONE, "<e:Messaggio>", "<e:Trasmissione>", FINE] {
        let to = format!("<!-- qui -->\n {place}");
        assert_eq!(errori(&con(&[(place, &to)])), [""; 0], "{place}");
    }
}

#[test]
fn stray_text_and_instructions_are_unknown_children() {
    check(AZIONE, "<e:Azione>invioSAP</e:Azione>x &amp; y", &["EGOV_IT_002 Messaggio/child[#text]"]);
    check(
        AZIONE,
        "<e:Azione>invioSAP</e:Azione><![CDATA[x]]>",
        &["EGOV_IT_002 Messaggio/child[#cdata-section]"],
    );
    check(AZIONE, "<e:Azione>invioSAP</e:Azione><?porta v?>", &["EGOV_IT_002 Messaggio/child[porta]"]);
    check("<e:Messaggio>", "<e:Messaggio>x", &["EGOV_IT_002 IntestazioneMessaggio/Messaggio/child[#text]"]);
    check(FINE, "<?porta v?></e:Intestazione>", &["EGOV_IT_002 Intestazione/child[porta]"]);
    check(
        "<e:Trasmissione>",
        "<e:Trasmissione>x",
        &["EGOV_IT_116 ListaTrasmissioni/Trasmissione/child[#text]"],
    );
}

#[test]
fn leaves_are_not_trimmed_and_their_pieces_are_joined() {
    let spaced = leggi(&con(&[(AZIONE, "<e:Azione> invioSAP</e:Azione>")])).unwrap();
    assert_eq!(spaced.busta.azione.as_deref(), Some(" invioSAP"));
    let pieces = "<e:Azione>in<!-- c -->vio<![CDATA[S]]>&#65;P</e:Azione>";
    assert_eq!(leggi(&con(&[(AZIONE, pieces)])).unwrap().busta.azione.as_deref(), Some("invioSAP"));
    let cdata = leggi(&con(&[(AZIONE, "<e:Azione><![CDATA[invioSAP]]></e:Azione>")])).unwrap();
    assert_eq!(cdata.busta.azione.as_deref(), Some("invioSAP"));
}

#[test]
fn the_order_of_children_is_free_but_for_the_first() {
    let swapped = con(&[(AZIONE, ""), (MITTENTE, ""), (CONSEGNA, &format!("{AZIONE}{MITTENTE}{CONSEGNA}"))]);
    assert_eq!(leggi(&swapped), leggi(RICHIESTA));
    let id_last = con(&[(ID, ""), ("</e:Messaggio>", &format!("{ID}</e:Messaggio>"))]);
    assert_eq!(leggi(&id_last), leggi(RICHIESTA));
    let lists = con(&[(
        FINE,
        "<e:ListaRiscontri><e:Riscontro><e:OraRegistrazione tempo='EGOV_IT_Locale'>2026-05-04T10:30:07</e:OraRegistrazione><e:Identificatore>NAZIONALE_NAZIONALESPCoopIT_0000001_2026-05-04_10:00</e:Identificatore></e:Riscontro></e:ListaRiscontri></e:Intestazione>",
    )]);
    let received = leggi(&lists).unwrap();
    assert_eq!(received.eccezioni, []);
    assert_eq!(received.busta.riscontri[0].ora.tempo, Tempo::Locale);
}

#[test]
fn the_testata_must_come_first() {
    let expected = ["EGOV_IT_002 IntestazioneMessaggio"];
    let start = "<e:IntestazioneMessaggio>";
    for before in ["<e:ListaRiscontri/>", "<e:Altro/>", "x", "<?porta?>"] {
        check(start, &format!("{before}{start}"), &expected);
    }
    let empty = "<e:Intestazione xmlns:e='http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/' soapenv:actor='http://www.cnipa.it/eGov_it/portadominio' soapenv:mustUnderstand='1'/>";
    let from = RICHIESTA.find("<e:Intestazione ").unwrap();
    let to = RICHIESTA.find(FINE).unwrap() + FINE.len();
    assert_eq!(errori(&RICHIESTA.replace(&RICHIESTA[from..to], empty)), expected);
}

#[test]
fn whoever_wrote_a_late_testata_is_still_known() {
    let late = leggi(&con(&[("<e:IntestazioneMessaggio>", "<e:Altro/><e:IntestazioneMessaggio>")])).unwrap();
    assert_eq!(late.busta.mittente, Parte::spc("LAZIO"));
}

#[test]
fn the_marks_of_the_block_are_judged_with_the_fields() {
    let actor = r#" soapenv:actor="http://www.cnipa.it/eGov_it/portadominio""#;
    let must = r#" soapenv:mustUnderstand="1""#;
    check(actor, "", &["EGOV_IT_002 Intestazione/actor"]);
    check(actor, " soapenv:actor='http://altro'", &["EGOV_IT_002 Intestazione/actor"]);
    for wrong in ["", " soapenv:mustUnderstand='0'", " soapenv:mustUnderstand='true'", " mustUnderstand='1'"]
    {
        check(must, wrong, &["EGOV_IT_002 Intestazione/mustUnderstand"]);
    }
    let namespace = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/";
    check(namespace, "urn:altra", &["EGOV_IT_002 Intestazione/namespace"]);
    let several = con(&[(actor, ""), (must, ""), ("EGOV_IT_ServizioSincrono", "Sincrono")]);
    let expected = [
        "EGOV_IT_002 Intestazione/actor",
        "EGOV_IT_002 Intestazione/mustUnderstand",
        "EGOV_IT_103 ProfiloCollaborazione",
    ];
    assert_eq!(errori(&several), expected);
}

#[test]
fn unprefixed_soap_attributes_do_not_count_even_where_soap_is_the_default_namespace() {
    let text = RICHIESTA
        .replace("soapenv:actor", "actor")
        .replace("soapenv:mustUnderstand", "mustUnderstand")
        .replace("<soapenv:", "<")
        .replace("</soapenv:", "</")
        .replace("xmlns:soapenv", "xmlns");
    assert_eq!(errori(&text), ["EGOV_IT_002 Intestazione/actor", "EGOV_IT_002 Intestazione/mustUnderstand"]);
}

#[test]
fn another_element_with_the_actor_and_two_blocks_are_errors_of_the_busta() {
    let block = r#"<q:Altro xmlns:q="urn:q" soapenv:actor="http://www.cnipa.it/eGov_it/portadominio"/>"#;
    let from = RICHIESTA.find("<e:Intestazione ").unwrap();
    let to = RICHIESTA.find(FINE).unwrap() + FINE.len();
    assert_eq!(errori(&RICHIESTA.replace(&RICHIESTA[from..to], block)), ["EGOV_IT_001 Intestazione"]);
    let two = con(&[("</soapenv:Header>", &format!("{block}</soapenv:Header>"))]);
    assert_eq!(errori(&two), ["EGOV_IT_001 Più di un header e-Gov presente"]);
    assert_eq!(leggi(&two).unwrap().busta.mittente, Parte::spc("LAZIO"));
}

#[test]
fn a_security_block_may_bear_the_actor() {
    let security = r#"<s:Security xmlns:s="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" soapenv:actor="http://www.cnipa.it/eGov_it/portadominio" soapenv:mustUnderstand="1"/>"#;
    let text = con(&[("<soapenv:Header>", &format!("<soapenv:Header>{security}<o:Other xmlns:o='urn:o'/>"))]);
    assert_eq!(errori(&text), [""; 0]);
    let envelope = crate::soap::decode(&text, &Limits::default()).unwrap();
    assert_eq!(envelope.not_understood(intestazione::is_understood), None);
}

#[test]
fn no_block_at_all_is_the_bare_fault() {
    let without = "<soapenv:Envelope xmlns:soapenv='http://schemas.xmlsoap.org/soap/envelope/'><soapenv:Body/></soapenv:Envelope>";
    assert_eq!(leggi(without), Err(Broken::Absent));
    let other = con(&[
        ("http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/", "urn:altra"),
        ("http://www.cnipa.it/eGov_it/portadominio", "urn:altro"),
    ]);
    assert_eq!(leggi(&other), Err(Broken::Absent));
}

#[test]
fn missing_parties_message_or_identifier_break_the_structure() {
    for (from, to) in [
        (MITTENTE, ""),
        (MITTENTE, "<e:Mittente/>"),
        (MITTENTE, "<e:Mittente><e:Parte tipo='SPC'>LAZIO</e:Parte></e:Mittente>"),
        (MITTENTE, "<e:Mittente>LAZIO</e:Mittente>"),
        (MITTENTE, "<e:Mittente><e:IdentificativoParte>LAZIO</e:IdentificativoParte></e:Mittente>"),
        (ID, ""),
        (r#"<e:Servizio tipo="SPC">"#, "<e:Servizio>"),
        (HOP_ORIGINE, ""),
        (HOP_ORIGINE, "<e:Origine/>"),
        (HOP_ORA, "</e:Trasmissione>"),
        (ORA, "<e:OraRegistrazione>2026-05-04T10:30:07.250</e:OraRegistrazione></e:Messaggio>"),
        (CONSEGNA, "<e:Sequenza/>"),
    ] {
        assert!(
            matches!(broken(from, to), Broken::Missing { .. } | Broken::Unexpected { .. }),
            "{from} -> {to}"
        );
    }
    let from = RICHIESTA.find("<e:Messaggio>").unwrap();
    let to = RICHIESTA.find("</e:Messaggio>").unwrap() + "</e:Messaggio>".len();
    for message in ["", "<e:Messaggio/>"] {
        let text = RICHIESTA.replace(&RICHIESTA[from..to], message);
        assert!(matches!(leggi(&text), Err(Broken::Missing { .. })), "{message:?}");
    }
}

#[test]
fn anything_given_twice_breaks_the_structure() {
    let lists = ["ListaRiscontri", "ListaEccezioni"].map(|l| format!("<e:{l}/><e:{l}/>{FINE}"));
    let mut cases: Vec<(&str, String)> = [MITTENTE, PROFILO, SERVIZIO, AZIONE, ID, CONSEGNA, HOP_ORIGINE]
        .iter()
        .map(|item| (*item, item.repeat(2)))
        .collect();
    cases.extend(lists.iter().map(|l| (FINE, l.clone())));
    cases.push((TESTATA_FINE, format!("{TESTATA_FINE}<e:IntestazioneMessaggio/>")));
    cases.push(("</e:ListaTrasmissioni>", "</e:ListaTrasmissioni><e:ListaTrasmissioni/>".into()));
    cases.push(("</e:Messaggio>", "</e:Messaggio><e:Messaggio/>".into()));
    cases.push((
        "</e:Messaggio>",
        "<e:Scadenza>2026-06-01T00:00:00</e:Scadenza><e:Scadenza/></e:Messaggio>".into(),
    ));
    cases.push((CONSEGNA, "<e:Collaborazione>x</e:Collaborazione><e:Collaborazione/>".into()));
    cases.push((
        CONSEGNA,
        "<e:Sequenza numeroProgressivo='0000001'/><e:Sequenza numeroProgressivo='0000001'/>".into(),
    ));
    for (from, to) in cases {
        assert!(matches!(broken(from, &to), Broken::Repeated { .. }), "{from} -> {to}");
    }
}

#[test]
fn a_broken_structure_wins_over_earlier_errors() {
    let text = con(&[("EGOV_IT_ServizioSincrono", "boh"), (HOP_ORIGINE, "")]);
    assert!(matches!(leggi(&text), Err(Broken::Missing { .. })));
}

#[test]
fn riscontri_without_their_parts_and_eccezioni_without_their_attributes_break_the_structure() {
    let id = "<e:Identificatore>A_B_0000001_2026-05-04_10:00</e:Identificatore>";
    let ora = "<e:OraRegistrazione tempo='EGOV_IT_SPC'>2026-05-04T10:30:07</e:OraRegistrazione>";
    let plain = "<e:OraRegistrazione>2026-05-04T10:30:07</e:OraRegistrazione>";
    for inside in [String::new(), id.into(), ora.into(), format!("{id}{plain}"), format!("{id}{id}{ora}")] {
        let list = format!("<e:ListaRiscontri><e:Riscontro>{inside}</e:Riscontro></e:ListaRiscontri>{FINE}");
        broken(FINE, &list);
    }
    let whole = [
        ("contestoCodifica", "x"),
        ("codiceEccezione", "EGOV_IT_106"),
        ("rilevanza", "GRAVE"),
        ("posizione", "Azione"),
    ];
    let list = |without: &str| {
        let attributes: String =
            whole.iter().filter(|(n, _)| *n != without).map(|(n, v)| format!(" {n}='{v}'")).collect();
        format!("<e:ListaEccezioni><e:Eccezione{attributes}/></e:ListaEccezioni>{FINE}")
    };
    for (name, _) in whole {
        assert!(matches!(broken(FINE, &list(name)), Broken::Missing { .. }), "{name}");
    }
    let read = leggi(&con(&[(FINE, &list(""))])).unwrap();
    let expected = Eccezione {
        contesto: Contesto::Altro("x".into()),
        codice: CodiceEccezione::AzioneSconosciuta,
        rilevanza: Rilevanza::Grave,
        posizione: "Azione".into(),
    };
    assert_eq!(read.busta.eccezioni, [expected]);
}

#[test]
fn errors_of_the_parties() {
    let parte = |inside: &str| format!("<e:Mittente>{inside}</e:Mittente>");
    let base = "EGOV_IT_101 Mittente/IdentificativoParte";
    for empty in ["", "  ", "<!-- -->", "<e:x/>", "<?x?>LAZIO"] {
        let to = parte(&format!("<e:IdentificativoParte tipo='SPC'>{empty}</e:IdentificativoParte>"));
        check(MITTENTE, &to, &[base]);
    }
    let one = "<e:IdentificativoParte tipo='SPC'>LAZIO</e:IdentificativoParte>";
    check(MITTENTE, &parte(&one.repeat(2)), &[base]);
    for tipo in ["", "spc", "XYZ"] {
        let to = parte(&format!("<e:IdentificativoParte tipo='{tipo}'>LAZIO</e:IdentificativoParte>"));
        check(MITTENTE, &to, &["EGOV_IT_101 Mittente/IdentificativoParte/tipo"]);
    }
    for tipo in ["SPC", "TEST", "AOO"] {
        check(
            MITTENTE,
            &parte(&format!("<e:IdentificativoParte tipo='{tipo}'>LAZIO</e:IdentificativoParte>")),
            &[],
        );
    }
    let url = |url: &str| {
        parte(&format!(
            "<e:IdentificativoParte tipo='SPC' indirizzoTelematico='{url}'>L</e:IdentificativoParte>"
        ))
    };
    check(MITTENTE, &url("pdd.lazio.it"), &["EGOV_IT_101 Mittente/IdentificativoParte/indirizzoTelematico"]);
    check(MITTENTE, &url("https://pdd.lazio.it/pdd"), &[]);
    check(MITTENTE, &url(""), &[]);
    let nazionale = r#"<e:IdentificativoParte tipo="SPC">NAZIONALE</e:IdentificativoParte></e:Destinatario>"#;
    check(
        nazionale,
        "<e:IdentificativoParte tipo='' indirizzoTelematico='x'/></e:Destinatario>",
        &[
            "EGOV_IT_102 Destinatario/IdentificativoParte",
            "EGOV_IT_102 Destinatario/IdentificativoParte/tipo",
            "EGOV_IT_102 Destinatario/IdentificativoParte/indirizzoTelematico",
        ],
    );
}

#[test]
fn attributes_of_the_busta_are_not_qualified() {
    let to = "<e:Servizio e:tipo='EVIL' tipo='SPC'>ServiziSAP</e:Servizio>";
    assert_eq!(leggi(&con(&[(SERVIZIO, to)])).unwrap().busta.servizio, Some(Servizio::spc("ServiziSAP")));
    assert!(matches!(broken(SERVIZIO, "<e:Servizio e:tipo='SPC'>x</e:Servizio>"), Broken::Missing { .. }));
}

#[test]
fn errors_of_profile_service_and_action() {
    let profile = |attributes: &str, value: &str| {
        format!("<e:ProfiloCollaborazione {attributes}>{value}</e:ProfiloCollaborazione>")
    };
    let base = "EGOV_IT_103 ProfiloCollaborazione";
    for value in ["", "EGOV_IT_Sincrono", " EGOV_IT_ServizioSincrono"] {
        check(PROFILO, &profile("", value), &[base]);
    }
    let correlato = "EGOV_IT_103 ProfiloCollaborazione/servizioCorrelato";
    let tipo = "EGOV_IT_103 ProfiloCollaborazione/tipo";
    check(
        PROFILO,
        &profile("servizioCorrelato='S' tipo='SPC'", "EGOV_IT_ServizioSincrono"),
        &[correlato, tipo],
    );
    check(PROFILO, &profile("tipo='boh'", "EGOV_IT_ServizioSincrono"), &[tipo]);
    let asincrono = "EGOV_IT_ServizioAsincronoSimmetrico";
    check(PROFILO, &profile("servizioCorrelato='S' tipo='SPC'", asincrono), &[]);
    check(PROFILO, &profile("servizioCorrelato='S' tipo='boh'", asincrono), &[tipo]);
    check(PROFILO, "", &[]);
    check(SERVIZIO, r#"<e:Servizio tipo="SPC"/>"#, &["EGOV_IT_105 Servizio"]);
    check(SERVIZIO, r#"<e:Servizio tipo="boh">S</e:Servizio>"#, &["EGOV_IT_105 Servizio/tipo"]);
    check(SERVIZIO, "", &[]);
    check(AZIONE, "<e:Azione/>", &["EGOV_IT_106 Azione"]);
    check(AZIONE, "", &[]);
    check(AZIONE, "<e:Azione>a</e:Azione><e:Collaborazione/>", &["EGOV_IT_104 Collaborazione"]);
}

#[test]
fn errors_of_the_message() {
    check(ID, "<e:Identificatore/>", &["EGOV_IT_107 Messaggio/Identificatore"]);
    check(ID, "<e:Identificatore>la forma si giudica dopo</e:Identificatore>", &[]);
    check(ORA, "</e:Messaggio>", &["EGOV_IT_108 Messaggio/OraRegistrazione"]);
    let ora = |tempo: &str, value: &str| {
        format!("<e:OraRegistrazione tempo='{tempo}'>{value}</e:OraRegistrazione></e:Messaggio>")
    };
    for value in ["", "ieri", "2026-05-04", "2026-05-04T10:30", " 2026-05-04T10:30:00"] {
        check(ORA, &ora("EGOV_IT_SPC", value), &["EGOV_IT_108 Messaggio/OraRegistrazione"]);
    }
    check(ORA, &ora("SPC", "2026-05-04T10:30:00"), &["EGOV_IT_108 Messaggio/OraRegistrazione/tempo"]);
    check(ORA, &ora("EGOV_IT_Locale", "2026-05-04T10:30:00+02:00"), &[]);
    check(ID, &format!("{ID}<e:RiferimentoMessaggio/>"), &["EGOV_IT_109 Messaggio/RiferimentoMessaggio"]);
    for value in ["", "domani", "2026-02-30T00:00:00"] {
        check(ID, &format!("{ID}<e:Scadenza>{value}</e:Scadenza>"), &["EGOV_IT_112 Messaggio/Scadenza"]);
    }
    let child = "EGOV_IT_002 IntestazioneMessaggio/Messaggio/child[e:Altro]";
    check(ID, &format!("{ID}<e:Altro/>"), &[child]);
    check(
        ID,
        &format!("{ID}<e:Altro/><e:Altro/><e:Altro/>"),
        &["EGOV_IT_002 IntestazioneMessaggio/Messaggio childsize:5", child, child, child],
    );
}

#[test]
fn errors_of_delivery_and_sequence() {
    check(CONSEGNA, "", &[]);
    check(CONSEGNA, "<e:ProfiloTrasmissione/>", &[]);
    check(
        CONSEGNA,
        "<e:ProfiloTrasmissione><e:x/>y</e:ProfiloTrasmissione>",
        &["EGOV_IT_113 ProfiloTrasmissione child size:2"],
    );
    check(
        CONSEGNA,
        "<e:ProfiloTrasmissione inoltro='SEMPRE' confermaRicezione='1'/>",
        &["EGOV_IT_113 ProfiloTrasmissione/inoltro", "EGOV_IT_113 ProfiloTrasmissione/confermaRicezione"],
    );
    for bad in ["", "1", "0000000", "00000001", "-000001", "000000a", " 000001"] {
        let to = format!("<e:Sequenza numeroProgressivo='{bad}'/>");
        check(CONSEGNA, &to, &["EGOV_IT_114 Sequenza/numeroProgressivo"]);
    }
    check(CONSEGNA, "<e:Sequenza numeroProgressivo='0000001'>x</e:Sequenza>", &["EGOV_IT_114 Sequenza"]);
    let good = con(&[(CONSEGNA, "<e:Sequenza numeroProgressivo='0000012'/>")]);
    assert_eq!(leggi(&good).unwrap().busta.sequenza, Some(12));
}

#[test]
fn errors_of_the_lists() {
    check(FINE, "<e:ListaRiscontri/></e:Intestazione>", &["EGOV_IT_115 ListaRiscontri/Riscontro"]);
    let list = |inside: &str| format!("<e:ListaRiscontri>{inside}</e:ListaRiscontri>{FINE}");
    check(FINE, &list("<e:x/>"), &["EGOV_IT_115 ListaRiscontri/childNode[e:x]"]);
    check(
        FINE,
        &list(
            "<e:Riscontro><e:Identificatore/><e:OraRegistrazione tempo='x'>y</e:OraRegistrazione><e:z/></e:Riscontro>",
        ),
        &[
            "EGOV_IT_115 ListaRiscontri/Riscontro/Identificatore",
            "EGOV_IT_115 ListaRiscontri/Riscontro/OraRegistrazione",
            "EGOV_IT_115 ListaRiscontri/Riscontro/OraRegistrazione/tempo",
            "EGOV_IT_115 ListaRiscontri/Riscontro/child[e:z]",
        ],
    );
    let from = RICHIESTA.find("<e:Trasmissione>").unwrap();
    let to = RICHIESTA.find("</e:Trasmissione>").unwrap() + "</e:Trasmissione>".len();
    let hops = |inside: &str| errori(&RICHIESTA.replace(&RICHIESTA[from..to], inside));
    assert_eq!(hops(""), ["EGOV_IT_116 ListaTrasmissioni/Trasmissione"]);
    assert_eq!(hops("<e:x/>"), ["EGOV_IT_116 ListaTrasmissioni/child[e:x]"]);
    let base = "ListaTrasmissioni/Trasmissione";
    check(
        HOP_ORIGINE,
        "<e:Origine><e:IdentificativoParte indirizzoTelematico='x'/></e:Origine>",
        &[
            &format!("EGOV_IT_116 {base}/Origine/IdentificativoParte"),
            &format!("EGOV_IT_116 {base}/Origine/IdentificativoParte/tipo"),
            &format!("EGOV_IT_116 {base}/Origine/IdentificativoParte/indirizzoTelematico"),
        ],
    );
    let two = "<e:IdentificativoParte tipo='SPC'>LAZIO</e:IdentificativoParte>".repeat(2);
    check(
        HOP_ORIGINE,
        &format!("<e:Origine>{two}</e:Origine>"),
        &[&format!("EGOV_IT_116 {base}/Origine/IdentificativoParte")],
    );
    check(
        HOP_ORA,
        "<e:OraRegistrazione>2026-05-04T10:30:07</e:OraRegistrazione></e:Trasmissione>",
        &[&format!("EGOV_IT_116 {base}/OraRegistrazione/tempo")],
    );
    check(
        HOP_ORA,
        "<e:OraRegistrazione tempo='EGOV_IT_SPC'/></e:Trasmissione>",
        &[&format!("EGOV_IT_116 {base}/OraRegistrazione")],
    );
    check(
        FINE,
        "<e:ListaEccezioni><e:x/><e:Eccezione contestoCodifica='c' codiceEccezione='EGOV_IT_999' rilevanza='MEDIA' posizione='p'/></e:ListaEccezioni></e:Intestazione>",
        &[
            "EGOV_IT_002 ListaEccezioni/child[e:x]",
            "EGOV_IT_002 ListaEccezioni/Eccezione/codiceEccezione",
            "EGOV_IT_002 ListaEccezioni/Eccezione/rilevanza",
        ],
    );
    check(FINE, "<e:Firma/></e:Intestazione>", &["EGOV_IT_002 Intestazione/child[e:Firma]"]);
}

#[test]
fn all_errors_are_collected_in_document_order() {
    let text = con(&[
        (AZIONE, "<e:Azione/><z/>"),
        (PROFILO, "<e:ProfiloCollaborazione/>"),
        (ID, "<e:Identificatore/>"),
        (HOP_ORA, "<e:OraRegistrazione>x</e:OraRegistrazione></e:Trasmissione>"),
    ]);
    let expected = [
        "EGOV_IT_103 ProfiloCollaborazione",
        "EGOV_IT_106 Azione",
        "EGOV_IT_002 Messaggio/child[z]",
        "EGOV_IT_107 Messaggio/Identificatore",
        "EGOV_IT_116 ListaTrasmissioni/Trasmissione/OraRegistrazione",
        "EGOV_IT_116 ListaTrasmissioni/Trasmissione/OraRegistrazione/tempo",
    ];
    assert_eq!(errori(&text), expected);
}

#[test]
fn what_grows_with_input_is_bounded() {
    let many = "<e:x/>".repeat(3000);
    assert_eq!(errori(&con(&[(FINE, &format!("{many}{FINE}"))])).len(), 100);
    let more = "<e:x/>".repeat(5000);
    assert!(matches!(broken(FINE, &format!("{more}{FINE}")), Broken::TooLarge(_)));
    let long = "x".repeat(70_000);
    assert!(matches!(broken(AZIONE, &format!("<e:Azione>{long}</e:Azione>")), Broken::TooLarge(_)));
}

#[test]
fn whatever_is_damaged_is_either_reported_or_harmless() {
    // A fixed sequence, so that a failure can be looked at again.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    let pieces = [
        "<e:x/>",
        "<x/>",
        "x",
        "&amp;",
        "\n ",
        "<!---->",
        "<?p?>",
        "<![CDATA[y]]>",
        "<e:Azione>a</e:Azione>",
        "<e:Sequenza numeroProgressivo='1'/>",
        "</e:Messaggio>",
    ];
    let (mut broken, mut wrong, mut clean) = (0, 0, 0);
    for _ in 0..4000 {
        let mut lines: Vec<String> = RICHIESTA.lines().map(str::to_owned).collect();
        for _ in 0..=next(2) {
            let line = 3 + next(lines.len() - 5);
            let places: Vec<usize> = lines[line].match_indices('>').map(|(at, _)| at + 1).collect();
            match next(3) {
                0 => drop(lines.remove(line)),
                1 if !places.is_empty() => {
                    let at = places[next(places.len())];
                    lines[line].insert_str(at, pieces[next(pieces.len())]);
                }
                _ => lines.swap(line, line + 1),
            }
        }
        let text = lines.concat();
        let Ok(envelope) = crate::soap::decode(&text, &Limits::default()) else { continue };
        match decode(&envelope) {
            Err(_) => broken += 1,
            Ok(received) if !received.eccezioni.is_empty() => wrong += 1,
            Ok(Received { busta, .. }) => {
                clean += 1;
                let due = [
                    &busta.mittente.nome,
                    &busta.mittente.tipo,
                    &busta.destinatario.nome,
                    &busta.identificatore,
                ];
                assert!(due.iter().all(|value| !value.is_empty()), "{text}");
                assert!(busta.ora.istante.timestamp().is_some(), "{text}");
            }
        }
    }
    assert!(broken > 200 && wrong > 200 && clean > 200, "{broken} {wrong} {clean}");
}
