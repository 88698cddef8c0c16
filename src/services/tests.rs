use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;
use crate::config::source::Source;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("services")
}

fn catalogue() -> Catalogue {
    Catalogue::load(&shipped()).unwrap()
}

fn parties() -> Parti {
    Parti::load(&shipped().join("parti.toml")).unwrap()
}

/// A service with one inbound and one outbound action, all right.
const GOOD: &str = r#"[service]
nome = "S"
profilo = "EGOV_IT_ServizioSincrono"
erogatore = "NAZIONALE"
fruitori = "regioni"

[[azione]]
nome = "a"
direction = "inbound"
duplicate = "recorded"
on_unknown = "hold"
refusal = "esito"
rest = { path = "/a" }
richiesta.schema = "a.xsd"
richiesta.element = "a"
richiesta.documento = "D"
richiesta.documenti = [{ schema = "d.xsd", root = "d", tipo_modello = "D" }]
risposta.schema = "a.xsd"
risposta.element = "ra"
risposta.membri = [{ nome = "Esito", da = [{ puntatore = "/esito/codice" }] }]

[[azione]]
nome = "b"
direction = "outbound"
duplicate = "recorded"
on_unknown = "hold"
refusal = "fault"
rest = { method = "PUT", path = "/b" }
richiesta = { schema = "a.xsd", element = "b", membri = [{ nome = "X", da = [{ puntatore = "/x" }] }] }
risposta = { schema = "a.xsd", element = "rb", membri = [{ nome = "Y", da = [{ puntatore = "/y" }] }] }
"#;

pub(super) fn read(texts: &[&str]) -> Result<Catalogue, Vec<String>> {
    let names = ["s.toml", "t.toml"];
    let sources = texts.iter().zip(names).map(|(text, name)| Source::new(Path::new(name), text));
    let mut mistakes = Vec::new();
    let catalogue = Catalogue::read(sources, &mut mistakes);
    if mistakes.is_empty() { Ok(catalogue) } else { Err(mistakes.iter().map(ToString::to_string).collect()) }
}

/// The mistakes of the good file with a part of it replaced.
fn spoilt(part: &str, by: &str) -> Vec<String> {
    assert!(GOOD.contains(part), "{part}");
    read(&[&GOOD.replacen(part, by, 1)]).err().unwrap_or_default()
}

#[test]
fn the_shipped_actions_are_those_of_the_accordi_di_servizio() {
    let catalogue = catalogue();
    for nome in [
        "invioSAP",
        "richiestaSAP",
        "recuperaListaSAPNonAttive",
        "verificaEsistenzaSAP",
        "annullaSAP",
        "richiestaCodSAPRegTitolare",
        "richiestaSAP_N00_A02",
    ] {
        let azione = catalogue.azione("SPC", "ServiziSAP", Some(nome)).unwrap();
        assert_eq!(azione.direction, Direction::Inbound);
        assert_eq!(azione.rest.path, format!("/sap/v1/{nome}"));
        assert_eq!(azione.richiesta.wrapper.root, nome);
        assert_eq!(azione.risposta.as_ref().unwrap().wrapper.root, format!("risposta_{nome}"));
        assert_eq!(azione.in_json(), Some(nome));
        let write = matches!(nome, "invioSAP" | "annullaSAP");
        assert_eq!(azione.refusal, if write { Refusal::Esito } else { Refusal::Fault }, "{nome}");
        assert_eq!(azione.on_unknown == OnUnknown::Hold, write, "{nome}");
    }
    let notifica = catalogue.in_uscita(&http::Method::POST, "/v1/sap/notificaSAP").unwrap();
    assert_eq!(notifica.etichetta(), "ServiziSAP/notificaSAP");
    assert_eq!(catalogue.in_uscita(&http::Method::POST, "/sap/v1/invioSAP"), None);
}

#[test]
fn attachments_are_refused_and_manifests_not_judged_unless_the_file_says_so() {
    let catalogue = read(&[GOOD]).unwrap();
    let azione = catalogue.azione("SPC", "S", Some("a")).unwrap();
    assert_eq!((azione.allegati, azione.servizio.manifesto), (Allegati::Rifiutati, Manifesto::Libero));
    let told = GOOD.replacen("nome = \"S\"", "nome = \"S\"\nmanifesto = \"richiesto\"", 1);
    let told = told.replacen("nome = \"a\"", "nome = \"a\"\nallegati = \"inoltrati\"", 1);
    let catalogue = read(&[&told]).unwrap();
    let azione = catalogue.azione("SPC", "S", Some("a")).unwrap();
    assert_eq!((azione.allegati, azione.servizio.manifesto), (Allegati::Inoltrati, Manifesto::Richiesto));
    for (part, by, expected) in [
        (
            "nome = \"S\"",
            "nome = \"S\"\nmanifesto = \"si\"",
            "manifesto: wanted one of libero, verificato, richiesto",
        ),
        (
            "nome = \"a\"",
            "nome = \"a\"\nallegati = \"si\"",
            "azione[1].allegati: wanted one of rifiutati, inoltrati",
        ),
        (
            "nome = \"b\"",
            "nome = \"b\"\nallegati = \"inoltrati\"",
            "only an inbound message brings attachments",
        ),
    ] {
        let mistakes = spoilt(part, by);
        assert!(mistakes.len() == 1 && mistakes[0].contains(expected), "{mistakes:#?}");
    }
}

#[test]
fn a_busta_without_azione_means_the_action_that_may_be_left_out() {
    let catalogue = catalogue();
    let servizio = "InviaComunicazioneObbligatoria";
    let azione = catalogue.azione("SPC", servizio, None).unwrap();
    assert_eq!(catalogue.azione("SPC", servizio, Some(servizio)), Ok(azione));
    assert_eq!(azione.in_json(), None);
    assert_eq!(catalogue.azione("SPC", "ServiziSAP", None), Err(Unknown::Azione));
    assert_eq!(catalogue.azione("SPC", "ServiziSAP", Some("inviosap")), Err(Unknown::Azione));
    assert_eq!(catalogue.azione("SPC", "ServiziSap", Some("invioSAP")), Err(Unknown::Servizio));
    assert_eq!(catalogue.azione("TEST", "ServiziSAP", Some("invioSAP")), Err(Unknown::Servizio));
}

#[test]
fn the_shipped_forms_are_found_by_root_and_by_model() {
    let catalogue = catalogue();
    let oggi = "2026-11-21".parse().unwrap();
    let co = catalogue.azione("SPC", "InviaComunicazioneObbligatoria", None).unwrap();
    for (root, model) in [
        ("UniLav", "UNILAV"),
        ("UniSomm", "UNISOMM"),
        ("UniUrg", "UNIURG"),
        ("VarDatori", "VARDATORI"),
        ("UniMare", "UNIMARE"),
        ("prospetto", "UNIPI"),
    ] {
        let documento = co.richiesta.per_radice(root, Some("CO190701R1"), oggi).unwrap();
        assert_eq!(documento.tipo_modello, model);
        assert_eq!(co.richiesta.per_modello(model, None, oggi).unwrap().schema.root, root);
        assert_eq!(co.richiesta.attributo_versione(root), Some("versione"));
        assert_eq!(catalogue.modello(model).count(), 1);
    }
    assert_eq!(co.richiesta.per_radice("lavoratore", None, oggi), Err(NessunDocumento::Sconosciuto));
    let by_root: Vec<&str> = catalogue.con_radice("IDSAP").map(|azione| azione.nome.as_str()).collect();
    assert_eq!(by_root, ["annullaSAP", "richiestaSAP"]);
}

#[test]
fn all_regions_are_parties_and_may_use_both_services() {
    let parties = parties();
    let names: Vec<&str> = parties.regioni().map(|parte| parte.nome.as_str()).collect();
    assert_eq!(
        names,
        [
            "ABRUZZO",
            "BASILICATA",
            "BOLZANO",
            "CALABRIA",
            "CAMPANIA",
            "EMILIA",
            "FRIULI",
            "LAZIO",
            "LIGURIA",
            "LOMBARDIA",
            "MARCHE",
            "MOLISE",
            "PIEMONTE",
            "PUGLIA",
            "SARDEGNA",
            "SICILIA",
            "TOSCANA",
            "TRENTO",
            "UMBRIA",
            "VAL D'AOSTA",
            "VENETO"
        ]
    );
    let catalogue = catalogue();
    for servizio in catalogue.servizi() {
        assert!(parties.regioni().all(|parte| parte.puo_usare(servizio)));
        assert!(!parties.parte("SPC", "NAZIONALE").unwrap().puo_usare(servizio));
    }
    let aosta = parties.parte("SPC", "VAL D'AOSTA").unwrap();
    assert_eq!((aosta.codice.as_str(), aosta.porta.as_str()), ("VALDAOSTA", "VALDAOSTASPCoopIT"));
    assert!(parties.parte("SPC", "Lazio").is_none() && parties.parte("TEST", "LAZIO").is_none());
    let of_certificate: Vec<&str> = parties.del_certificato("LAZIO").map(|p| p.nome.as_str()).collect();
    assert_eq!(of_certificate, ["LAZIO"]);
    assert!(!aosta.riconosce("LAZIO"));
}

#[test]
fn the_good_file_is_good() {
    let catalogue = read(&[GOOD]).unwrap();
    let b = catalogue.in_uscita(&http::Method::PUT, "/b").unwrap();
    assert_eq!(b.servizio.tipo, "SPC");
    assert!(matches!(&b.richiesta.contenuto, Contenuto::Membri(membri) if membri.len() == 1));
    assert_eq!(catalogue.azione("SPC", "S", Some("a")).unwrap().rest.method, http::Method::POST);
}

#[test]
fn every_rule_of_a_service_file_is_kept() {
    let document = r#"[{ schema = "d.xsd", root = "d", tipo_modello = "D" }]"#;
    let cases: &[(&str, &str, &str)] = &[
        (r#"nome = "S""#, r#"nome = """#, "s.toml:2: service.nome: not given"),
        (r#"nome = "S""#, r#"nome = "S ""#, "s.toml:2: service.nome: wanted a name, without white space"),
        (
            "ServizioSincrono",
            "Sincrono",
            "s.toml:3: service.profilo: wanted one of EGOV_IT_MessaggioSingoloOneWay",
        ),
        (r#"erogatore = "NAZIONALE""#, "", "s.toml:1: service.erogatore: not given"),
        (r#"fruitori = "regioni""#, "", "service.fruitori: not given"),
        (r#"fruitori = "regioni""#, "fruitori = []", "service.fruitori: not given"),
        (
            r#"fruitori = "regioni""#,
            "fruitori = 3",
            "service.fruitori: wanted the name of a group, or a list",
        ),
        (r#"fruitori = "regioni""#, r#"mittenti = "regioni""#, "s.toml:5: service.mittenti: no such key"),
        ("inbound", "in", "s.toml:9: azione[1].direction: wanted one of inbound, outbound; seen \"in\""),
        ("recorded", "replay", "azione[1].duplicate: wanted one of recorded, refuse, deliver"),
        (
            r#"on_unknown = "hold""#,
            r#"on_unknown = "retry""#,
            "azione[1].on_unknown: wanted one of hold, resend",
        ),
        (r#"on_unknown = "hold""#, r#"on_unknown = "resend""#, "azione[1].on_unknown_reason: not given"),
        (
            r#"on_unknown = "hold""#,
            "on_unknown = \"hold\"\non_unknown_reason = \"x\"",
            "azione[1].on_unknown_reason: means nothing here",
        ),
        (r#"refusal = "esito""#, r#"refusal = "ko""#, "azione[1].refusal: wanted one of esito, fault"),
        (r#"{ path = "/a" }"#, r#"{ path = "a" }"#, "azione[1].rest.path: wanted a path from /"),
        (r#"{ path = "/a" }"#, r#"{ path = "/a?b" }"#, "azione[1].rest.path: wanted a path from /"),
        (r#"{ path = "/a" }"#, "{ }", "azione[1].rest.path: not given"),
        (r#"rest = { path = "/a" }"#, "", "s.toml:7: azione[1].rest: not given"),
        (
            r#"method = "PUT""#,
            r#"method = "put""#,
            "azione[2].rest.method: wanted one of POST, PUT, GET, DELETE",
        ),
        (r#""a.xsd""#, r#""../a.xsd""#, "azione[1].richiesta.schema: wanted a file below"),
        (r#""a.xsd""#, r#""/a.xsd""#, "azione[1].richiesta.schema: wanted a file below"),
        (r#""a.xsd""#, r#""a.wsdl""#, "azione[1].richiesta.schema: wanted a file below"),
        (r#"element = "a""#, r#"element = "x:a""#, "azione[1].richiesta.element: wanted the local name"),
        (r#"documento = "D""#, r#"documento = """#, "azione[1].richiesta.documento: not given"),
        (document, "[]", "azione[1].richiesta.documenti: not given"),
        (r#"root = "d""#, r#"root = "1""#, "azione[1].richiesta.documenti[1].root: wanted the local name"),
        (r#"tipo_modello = "D""#, r#"tipo_modello = "D E""#, "tipo_modello: wanted letters, digits"),
        (r#"tipo_modello = "D""#, "", "azione[1].richiesta.documenti[1].tipo_modello: not given"),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", codice_comunicazione = "c""#,
            "documenti[1].codice_comunicazione: a JSON pointer begins with /",
        ),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", verbatim = "nota""#,
            "documenti[1].verbatim: wanted true, or a list of names of elements",
        ),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", verbatim = []"#,
            "documenti[1].verbatim: not given; wanted true, or at least one name",
        ),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", verbatim = ["Sede/", "a"]"#,
            "documenti[1].verbatim: wanted local names of elements",
        ),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", verbatim = true, codice_comunicazione = "/c""#,
            "documenti[1].codice_comunicazione: means nothing here: a document that is carried whole has no members",
        ),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", versioni = ["1"]"#,
            "documenti[1].versione: not given; wanted the attribute",
        ),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", dal = "2026-02-30""#,
            "documenti[1].dal: wanted a day",
        ),
        (
            r#"tipo_modello = "D""#,
            r#"tipo_modello = "D", dal = "2026-02-02", al = "2026-02-01""#,
            "documenti[1].al: before `dal`",
        ),
        (
            r#"{ puntatore = "/esito/codice" }"#,
            r#"{ puntatore = "/a~" }"#,
            "membri[1].da[1].puntatore: in a JSON",
        ),
        (r#"{ puntatore = "/esito/codice" }"#, "{ }", "membri[1].da[1].puntatore: not given"),
        (
            r#"{ puntatore = "/esito/codice" }"#,
            r#"{ puntatore = "/esito/codice", valore = "x" }"#,
            "membri[1].da[1].puntatore: means nothing here",
        ),
        (
            r#"{ puntatore = "/esito/codice" }"#,
            r#"{ puntatore = "/l", lista = true, documento = { schema = "d.xsd", root = "d" } }"#,
            "membri[1].da[1].lista: means nothing here",
        ),
        (
            r#"{ puntatore = "/esito/codice" }"#,
            r#"{ puntatore = "/codice" }"#,
            "azione[1].risposta.membri: not given; wanted a member from /esito/codice",
        ),
        (r#"risposta.element = "ra""#, "", "azione[1].risposta.element: not given"),
        (r#"[{ puntatore = "/x" }]"#, "[]", "azione[2].richiesta.membri[1].da: not given"),
        (r#"[{ puntatore = "/y" }]"#, r#"[{ valore = "y" }]"#, "azione[2].risposta.membri[1].da: not given"),
        (r#"membri = [{ nome = "X""#, r#"documento = "D", membri = [{ nome = "X""#, "either `documento`"),
        (
            r#"richiesta.documenti = [{ schema = "d.xsd", root = "d", tipo_modello = "D" }]"#,
            "",
            "azione[1].richiesta.documenti: not given",
        ),
        (
            r#"nome = "b""#,
            r#"nome = "a""#,
            "s.toml:23: azione[2].nome: given twice: already at s.toml:7: azione[1]",
        ),
        ("[service]\n", "[servizio]\n", "s.toml:1: servizio: no such key; wanted service, azione"),
    ];
    for (part, by, expected) in cases {
        let mistakes = spoilt(part, by);
        assert!(mistakes.iter().any(|m| m.contains(expected)), "{by}: no {expected} in {mistakes:#?}");
    }
}

#[test]
fn an_inbound_request_holds_a_document() {
    let mistakes = spoilt(r#"direction = "outbound""#, r#"direction = "inbound""#);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].contains("azione[2].richiesta.membri: means nothing here"), "{}", mistakes[0]);
}

#[test]
fn all_mistakes_of_all_files_come_at_once() {
    let one = GOOD.replace("inbound", "in").replace("fault", "no");
    let other = GOOD.replace("\"S\"", "\"T\"").replace("\"/b\"", "\"b\"");
    let mistakes = read(&[&one, &other]).unwrap_err();
    assert_eq!(mistakes.len(), 3, "{mistakes:#?}");
    assert!(mistakes[2].starts_with("t.toml:28: azione[2].rest.path"), "{}", mistakes[2]);
}

#[test]
fn two_files_describe_two_services_and_two_calls() {
    let mistakes = read(&[GOOD, GOOD]).unwrap_err();
    assert_eq!(mistakes, ["t.toml:1: service: given twice: already at s.toml:1: service; seen \"S\""]);
    let mistakes = read(&[GOOD, &GOOD.replace("\"S\"", "\"T\"")]).unwrap_err();
    assert_eq!(
        mistakes,
        ["t.toml:22: azione[2].rest: given twice: already at s.toml:22: azione[2]; seen \"/b\""]
    );
}

#[test]
fn one_action_at_most_may_be_left_out() {
    let two = GOOD
        .replace("outbound", "inbound")
        .replace("nome = \"b\"", "nome = \"b\"\nazione_facoltativa = true");
    let two = two.replace("nome = \"a\"", "nome = \"a\"\nazione_facoltativa = true").replace(
        "membri = [{ nome = \"X\", da = [{ puntatore = \"/x\" }] }]",
        "documento = \"D\", documenti = [{ schema = \"d.xsd\", root = \"d\", tipo_modello = \"D\" }]",
    );
    let mistakes = read(&[&two]).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].contains("azione[2].azione_facoltativa: given twice"), "{}", mistakes[0]);
}

fn revisions(first: &str, second: &str) -> String {
    let entry = |more: &str| format!(r#"{{ schema = "d.xsd", root = "d", tipo_modello = "D", {more} }}"#);
    let both = format!("[{}, {}]", entry(first), entry(second));
    GOOD.replacen(r#"[{ schema = "d.xsd", root = "d", tipo_modello = "D" }]"#, &both, 1)
}

#[test]
fn revisions_live_side_by_side() {
    let text = revisions(
        r#"versione = "v", versioni = ["1"], al = "2027-03-31""#,
        r#"versione = "v", versioni = ["2", "3"], dal = "2027-01-01""#,
    );
    let catalogue = read(&[&text]).unwrap();
    let richiesta = &catalogue.azione("SPC", "S", Some("a")).unwrap().richiesta;
    let on = |versione, giorno: &str| {
        let giorno = giorno.parse().unwrap();
        richiesta.per_radice("d", versione, giorno).map(|documento| documento.versioni.join(","))
    };
    assert_eq!(on(Some("1"), "2027-03-31").unwrap(), "1");
    assert_eq!(on(Some("3"), "2027-01-01").unwrap(), "2,3");
    assert_eq!(on(Some("1"), "2027-04-01").unwrap_err().to_string(), "not in force on 2027-04-01");
    assert!(matches!(on(Some("2"), "2026-12-31"), Err(NessunDocumento::NonInVigore { .. })));
    let unknown = on(Some("4"), "2027-02-01").unwrap_err();
    assert_eq!(unknown.to_string(), "no schema for this revision; known: 1, 2, 3");
    assert!(matches!(on(None, "2027-02-01"), Err(NessunDocumento::Versione { .. })));
    // By date alone.
    let by_date = read(&[&revisions(r#"al = "2026-12-31""#, r#"dal = "2027-01-01""#)]);
    assert!(by_date.is_ok());
}

#[test]
fn a_message_never_has_to_choose_between_two_documents() {
    let cases = [
        (r#"al = "2026-12-31""#, r#"dal = "2026-12-31""#, "some message would be both"),
        (r#"versione = "v", versioni = ["1"]"#, r#"versione = "v""#, "some message would be both"),
        (
            r#"versione = "v", versioni = ["1"]"#,
            r#"versione = "w", versioni = ["2"]"#,
            "one attribute `versione`",
        ),
    ];
    for (first, second, expected) in cases {
        let mistakes = read(&[&revisions(first, second)]).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].contains(expected), "{}", mistakes[0]);
    }
    let other_root = GOOD.replace("\"S\"", "\"T\"").replace("\"/b\"", "\"/c\"").replace("\"d\"", "\"e\"");
    let mistakes = read(&[GOOD, &other_root]).unwrap_err();
    assert!(mistakes[0].contains("one root element for one tipo_modello"), "{mistakes:?}");
}

fn member<'c>(catalogue: &'c Catalogue, azione: &str, membro: &str) -> &'c Membro {
    let azione = catalogue.azione("SPC", "ServiziSAP", Some(azione)).unwrap();
    azione.risposta.as_ref().unwrap().membri.iter().find(|m| m.nome == membro).unwrap()
}

fn text(membro: &Membro, json: &serde_json::Value) -> Result<String, String> {
    match membro.valore(json) {
        Ok(Valore::Testo(text)) => Ok(text.into_owned()),
        Ok(Valore::Documento { schema, .. }) => Ok(format!("<{}>", schema.root)),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_reply_takes_the_first_source_that_applies() {
    let catalogue = catalogue();
    let message = member(&catalogue, "invioSAP", "MessaggioErrore");
    let anomalies = json!({"esito": {"codice": "KO", "messaggioErrore": "m", "anomalie": {"anomalia": []}}});
    assert_eq!(text(message, &anomalies).unwrap(), "<ListaAnomalie>");
    let plain = json!({"esito": {"codice": "KO", "messaggioErrore": "m", "anomalie": null}});
    assert_eq!(text(message, &plain).unwrap(), "m");
    assert_eq!(text(message, &json!({"esito": {"codice": "OK"}})).unwrap(), "");
    let wrong = json!({"esito": {"codice": "KO", "messaggioErrore": 3}});
    assert_eq!(text(message, &wrong).unwrap_err(), "/esito/messaggioErrore is not a string");
    assert_eq!(
        text(message, &json!({"esito": {"anomalie": "x"}})).unwrap_err(),
        "/esito/anomalie is not an object"
    );

    let esito = member(&catalogue, "annullaSAP", "Esito");
    assert_eq!(text(esito, &json!({"esito": {"codice": "X001"}})).unwrap(), "KO");
    assert_eq!(text(esito, &json!({"esito": {"codice": "OK"}})).unwrap(), "OK");
    assert_eq!(text(esito, &json!({})).unwrap_err(), "nothing for Esito: wanted /esito/codice");
}

#[test]
fn a_query_says_x001_in_its_member_and_nothing_else_of_the_verdict() {
    let catalogue = catalogue();
    let throttled =
        json!({"esito": {"codice": "X001", "messaggioErrore": "X001 - Limite"}, "codiceSAP": "old"});
    for (azione, membro, none) in [
        ("richiestaSAP", "SAP", ""),
        ("verificaEsistenzaSAP", "CodiceSAP", "0"),
        ("richiestaCodSAPRegTitolare", "CodiceSAP", ""),
        ("richiestaSAP_N00_A02", "DID", ""),
    ] {
        let membro = member(&catalogue, azione, membro);
        assert_eq!(text(membro, &throttled).unwrap(), "X001 - Limite", "{azione}");
        let nothing = json!({"esito": {"codice": "OK", "messaggioErrore": "unread"}, "modello": null});
        assert_eq!(text(membro, &nothing).unwrap(), none, "{azione}");
    }
}

#[test]
fn a_list_is_written_with_spaces_and_never_guessed() {
    let catalogue = catalogue();
    let list = member(&catalogue, "recuperaListaSAPNonAttive", "SAPs");
    assert_eq!(text(list, &json!({"listaSAP": ["A", "B"]})).unwrap(), "A B");
    assert_eq!(text(list, &json!({"listaSAP": []})).unwrap(), "");
    assert!(text(list, &json!({"esito": {"codice": "OK"}})).unwrap_err().starts_with("nothing for SAPs"));
    for wrong in [json!(["A B"]), json!([1]), json!([""]), json!("A")] {
        assert!(text(list, &json!({ "listaSAP": wrong })).is_err());
    }
}

#[test]
fn the_reply_of_an_outbound_action_is_read_into_json() {
    let catalogue = catalogue();
    let notifica = catalogue.in_uscita(&http::Method::POST, "/v1/sap/notificaSAP").unwrap();
    let mut json = json!({});
    for (membro, text) in notifica.risposta.as_ref().unwrap().membri.iter().zip(["KO", "sconosciuto"]) {
        membro.in_json(text, &mut json);
    }
    assert_eq!(json, json!({"esito": {"codice": "KO", "messaggioErrore": "sconosciuto"}}));
}

#[test]
fn a_folder_without_services_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mistakes = Catalogue::load(folder.path()).unwrap_err();
    assert!(mistakes[0].to_string().contains("no service in this folder"));
    let mistakes = Catalogue::load(&folder.path().join("x")).unwrap_err();
    assert!(mistakes[0].to_string().contains("the folder cannot be read: entity not found"));
    std::fs::write(folder.path().join("parti.toml"), "").unwrap();
    std::fs::write(folder.path().join("s.toml"), GOOD).unwrap();
    std::fs::write(folder.path().join(".s.toml"), "not read").unwrap();
    assert_eq!(Catalogue::load(folder.path()).unwrap().iter().count(), 2);
}

#[test]
fn every_rule_of_the_parties_is_kept() {
    let read = |text: &str| {
        let mistakes = Parti::read(Source::new(Path::new("parti.toml"), text)).unwrap_err();
        mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (text, expected) in [
        ("", "parti.toml: parte: not given"),
        ("[[parte]]\nnome = \"VAL D'AOSTA\"", "parte[1].codice: wanted letters and digits"),
        ("[[parte]]\nnome = 'A'\nporta = 'A_B'", "parti.toml:3: parte[1].porta: wanted letters and digits"),
        ("[[parte]]\nnome = ''", "parti.toml:2: parte[1].nome: wanted a name"),
        ("[[parte]]\nnome = 'A'\nsoapaction = 'x'", "parte[1].soapaction: wanted one of strict, lenient"),
        (
            "[[parte]]\nnome = 'A'\ngestione = '1.2'",
            "parte[1].gestione: wanted one of eGov1.1, eGov1.1-lineeGuida1.1",
        ),
        ("[[parte]]\nnome = 'A'\nidentificatori = 'x'", "parte[1].identificatori: wanted one of strict"),
        ("[[parte]]\nnome = 'A'\ncertificati = ['']", "parte[1].certificati[1]: wanted the common name"),
        ("[[parte]]\nnome = 'A'\nindirizzo = 'ftp://x'", "parte[1].indirizzo: wanted http://"),
        ("[[parte]]\nnome = 'A'\nindirizzo = 'https://u@x'", "parte[1].indirizzo: wanted http://"),
        ("[[parte]]\nnome = 'A'\ncapo = 1", "parti.toml:3: parte[1].capo: no such key"),
        ("[[parte]]\nnome = 'A'\n[[parte]]\nnome = 'A'", "parti.toml:4: parte[2].nome: given twice"),
    ] {
        let mistakes = read(text);
        assert!(mistakes.contains(expected), "{text}: no {expected} in\n{mistakes}");
    }
    let text =
        "[[parte]]\nnome = 'A'\nsoapaction = 'lenient'\nservizi = []\nindirizzo = 'https://a.example/pdd'";
    let parti = Parti::read(Source::new(Path::new("parti.toml"), text)).unwrap();
    let a = parti.parte("SPC", "A").unwrap();
    assert_eq!((a.porta.as_str(), a.soapaction), ("ASPCoopIT", SoapAction::Lenient));
    assert!(a.controllo_identificatori);
    assert!(!catalogue().servizi().any(|servizio| a.puo_usare(servizio)));
}

/// Schemas of which some are not there.
struct These<'a>(&'a [(&'a str, &'a str)]);

impl Schemas for These<'_> {
    fn has_root(&self, file: &str, root: &str) -> bool {
        self.0.contains(&(file, root))
    }

    fn refuses_children(&self, _: &str, root: &str, children: &[&str]) -> Option<String> {
        (children == ["Esito"] && root == "ra").then(|| "Codice is missing".into())
    }

    fn untranslatable(&self, schema: &SchemaRef) -> Option<Problem> {
        let (file, root) = (schema.file.clone(), schema.root.clone());
        let (why, remedy) = ("a wildcard".to_owned(), "verbatim = [\"w\"]".to_owned());
        (file == "d.xsd").then_some(Problem::Untranslatable { file, root, why, remedy })
    }
}

#[test]
fn what_a_service_speaks_of_must_be_there() {
    let text = GOOD
        .replace("\"NAZIONALE\"", "\"NESSUNO\"")
        .replace("\"regioni\"", "\"province\"\nwsdl = \"s.wsdl\"");
    let catalogue = read(&[&text]).unwrap();
    let schemas = These(&[("a.xsd", "a"), ("a.xsd", "ra"), ("a.xsd", "b"), ("d.xsd", "d")]);
    let mistakes = catalogue.resolve(&schemas, &parties(), &shipped());
    let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    let expected = [
        "d.xsd: <d> cannot be carried to JSON and back: a wildcard. To carry the elements around it as XML: verbatim = [\"w\"]",
        "s.toml:19: azione[1].risposta.schema: a.xsd: <ra> cannot hold Esito: Codice is missing",
        "no schema a.xsd with the root element rb",
        "service.erogatore: no such party in parti.toml; seen \"NESSUNO\"",
        "service.fruitori: no party of parti.toml is in this group; seen \"province\"",
        "service.wsdl: no such file in the folder of contracts; seen \"s.wsdl\"",
    ];
    assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
    for (mistake, expected) in mistakes.iter().zip(expected) {
        assert!(mistake.contains(expected), "{mistake} is not {expected}");
    }
}

#[test]
fn the_rules_of_the_busta_find_parties_and_terms() {
    use crate::egov::Registro as _;

    let registro = Registro::new(&catalogue(), &parties());
    let parte = |nome: &str| crate::egov::Parte { tipo: "SPC".into(), nome: nome.into(), indirizzo: None };
    let servizio = |nome: &str| crate::egov::Servizio { tipo: "SPC".into(), nome: nome.into() };
    let (centre, sap) = (parte("NAZIONALE"), servizio("ServiziSAP"));
    assert_eq!(registro.parte("SPC", "VAL D'AOSTA").unwrap().codice, "VALDAOSTA");
    assert!(registro.parte("AOO", "LAZIO").is_none());
    assert!(registro.servizio(&centre, &sap) && !registro.servizio(&parte("LAZIO"), &sap));
    let terms = registro.azione(&centre, &sap, Some("invioSAP")).unwrap();
    assert_eq!(terms.profilo, crate::egov::Profilo::Sincrono);
    assert_eq!(registro.azione(&centre, &sap, Some("notificaSAP")), None);
    assert_eq!(registro.azione(&centre, &sap, None), None);
    assert!(registro.azione(&centre, &servizio("InviaComunicazioneObbligatoria"), None).is_some());
}

/// The shipped schemas, read no further than to know their global elements and what these hold.
struct Shipped;

impl Shipped {
    fn with<T>(file: &str, root: &str, ask: impl FnOnce(Vec<String>) -> T) -> Option<T> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("xsd").join(file);
        let text = std::fs::read_to_string(path).ok()?;
        let schema = roxmltree::Document::parse(&text).unwrap();
        let named = |kind: &str, name: &str| {
            let mut all = schema.root_element().children().filter(roxmltree::Node::is_element);
            all.find(|n| n.tag_name().name() == kind && n.attribute("name") == Some(name))
        };
        let element = named("element", root)?;
        let content = match element.attribute("type") {
            Some(name) => named("complexType", name.rsplit(':').next().unwrap_or_default())?,
            None => element,
        };
        let children = content.descendants().skip(1).filter(|n| n.tag_name().name() == "element");
        Some(ask(children.filter_map(|n| n.attribute("name").map(str::to_owned)).collect()))
    }
}

impl Schemas for Shipped {
    fn has_root(&self, file: &str, root: &str) -> bool {
        Self::with(file, root, |_| ()).is_some()
    }

    fn refuses_children(&self, file: &str, root: &str, children: &[&str]) -> Option<String> {
        Self::with(file, root, |held| (held != children).then(|| format!("it holds {held:?}"))).flatten()
    }

    fn untranslatable(&self, _: &SchemaRef) -> Option<Problem> {
        None
    }
}

#[test]
fn the_shipped_services_fit_the_shipped_schemas_contracts_and_parties() {
    let wsdl = Path::new(env!("CARGO_MANIFEST_DIR")).join("wsdl");
    assert_eq!(catalogue().resolve(&Shipped, &parties(), &wsdl), []);
}
