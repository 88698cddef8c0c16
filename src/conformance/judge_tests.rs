//! The judge must see what is wrong: each test spoils one thing of an answer that is right.

use jiff::Timestamp;

use super::*;
use crate::conformance::case::Answer;

const REQUEST: &str = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>
<e:Intestazione xmlns:e="http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/"><e:IntestazioneMessaggio>
<e:Mittente><e:IdentificativoParte tipo="SPC">Sole</e:IdentificativoParte></e:Mittente>
<e:Destinatario><e:IdentificativoParte tipo="SPC">Luna</e:IdentificativoParte></e:Destinatario>
<e:ProfiloCollaborazione>EGOV_IT_ServizioSincrono</e:ProfiloCollaborazione><e:Servizio tipo="SPC">Tributi</e:Servizio>
<e:Messaggio><e:Identificatore>Sole_SoleSPCoopIT_0000001_2026-01-15_09:30</e:Identificatore></e:Messaggio>
</e:IntestazioneMessaggio></e:Intestazione></s:Header><s:Body/></s:Envelope>"#;

const REPLY: &str = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><e:Intestazione
xmlns:e="http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/" s:actor="http://www.cnipa.it/eGov_it/portadominio" s:mustUnderstand="1">
<e:IntestazioneMessaggio>
<e:Mittente><e:IdentificativoParte tipo="SPC">Luna</e:IdentificativoParte></e:Mittente>
<e:Destinatario><e:IdentificativoParte tipo="SPC">Sole</e:IdentificativoParte></e:Destinatario>
<e:ProfiloCollaborazione>EGOV_IT_ServizioSincrono</e:ProfiloCollaborazione><e:Servizio tipo="SPC">Tributi</e:Servizio>
<e:Messaggio><e:Identificatore>Luna_LunaSPCoopIT_0000007_2026-01-15_09:31</e:Identificatore>
<e:OraRegistrazione tempo="EGOV_IT_SPC">2026-01-15T09:31:00.000</e:OraRegistrazione>
<e:RiferimentoMessaggio>Sole_SoleSPCoopIT_0000001_2026-01-15_09:30</e:RiferimentoMessaggio></e:Messaggio>
<e:ProfiloTrasmissione inoltro="EGOV_IT_ALPIUUNAVOLTA" confermaRicezione="false"/></e:IntestazioneMessaggio>
<e:ListaTrasmissioni><e:Trasmissione>
<e:Origine><e:IdentificativoParte tipo="SPC">Luna</e:IdentificativoParte></e:Origine>
<e:Destinazione><e:IdentificativoParte tipo="SPC">Sole</e:IdentificativoParte></e:Destinazione>
<e:OraRegistrazione tempo="EGOV_IT_SPC">2026-01-15T09:31:00.000</e:OraRegistrazione>
</e:Trasmissione></e:ListaTrasmissioni><!--eccezioni--></e:Intestazione></s:Header><s:Body><x/></s:Body></s:Envelope>"#;

const FAULT: &str = r#"<s:Fault><faultcode xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">soap:Client</faultcode><faultstring>EGOV_IT_001 - Formato Busta non corretto</faultstring></s:Fault>"#;

const ECCEZIONE: &str = r#"<e:ListaEccezioni><e:Eccezione contestoCodifica="ErroreIntestazioneMessaggioSPCoop" codiceEccezione="EGOV_IT_106" rilevanza="GRAVE" posizione="Azione"/></e:ListaEccezioni>"#;

fn expect(answer: Answer) -> Expect {
    let codici = match answer {
        Answer::B => vec![("EGOV_IT_106".to_owned(), "Azione".to_owned())],
        _ => Vec::new(),
    };
    Expect { codici, ..Expect::of(answer) }
}

fn judged(expect: &Expect, status: u16, body: &str) -> Vec<String> {
    let setup = Setup::of_names("prova", &[("Sole", "SoleSPCoopIT"), ("Luna", "LunaSPCoopIT")]);
    let mut words = Words::new(&setup, Timestamp::UNIX_EPOCH);
    let answered = Answered::of(status, &[("Content-Type", "text/xml; charset=utf-8")], body);
    let found = judge(expect, &answered, REQUEST.as_bytes(), &setup, &mut words);
    found.into_vec().into_iter().map(|difference| difference.what).collect()
}

#[test]
fn a_right_reply_has_nothing_against_it() {
    assert_eq!(judged(&expect(Answer::Reply), 200, REPLY), [""; 0]);
}

#[test]
fn whatever_is_spoilt_in_a_reply_is_named() {
    for (what, with, named) in [
        (
            ">Luna</e:IdentificativoParte></e:Mittente>",
            ">Sole</e:IdentificativoParte></e:Mittente>",
            "Mittente/IdentificativoParte",
        ),
        (
            "0000001_2026-01-15_09:30</e:Rif",
            "0000002_2026-01-15_09:30</e:Rif",
            "Messaggio/RiferimentoMessaggio",
        ),
        ("Luna_LunaSPCoopIT_0000007", "Sole_SoleSPCoopIT_0000001", "Messaggio/Identificatore"),
        (
            "09:31:00.000</e:OraRegistrazione>\n<e:Rif",
            "09:31:00.000Z</e:OraRegistrazione>\n<e:Rif",
            "Messaggio/OraRegistrazione",
        ),
        ("s:mustUnderstand=\"1\"", "mustUnderstand=\"1\"", "mustUnderstand of Intestazione"),
        ("s:actor=", "actor=", "header blocks with the e-Gov actor"),
        (">Tributi<", ">Altro<", "Servizio"),
        (" confermaRicezione=\"false\"", "", "ProfiloTrasmissione/@confermaRicezione"),
        ("<e:Servizio tipo=\"SPC\">Tributi</e:Servizio>\n<e:Messaggio>", "<e:Messaggio>", "Servizio"),
        (
            ">Luna</e:IdentificativoParte></e:Origine>",
            ">Terra</e:IdentificativoParte></e:Origine>",
            "Trasmissione/Origine/IdentificativoParte",
        ),
        (
            "<e:Origine><e:IdentificativoParte tipo",
            "<e:Origine><e:IdentificativoParte e:tipo",
            "attribute tipo of IdentificativoParte",
        ),
        (">EGOV_IT_ServizioSincrono<", "> EGOV_IT_ServizioSincrono<", "content of ProfiloCollaborazione"),
    ] {
        let spoilt = REPLY.replace(what, with);
        assert_ne!(spoilt, REPLY, "{what}");
        let found = judged(&expect(Answer::Reply), 200, &spoilt);
        assert!(found.iter().any(|name| name == named), "{named}: {found:?}");
    }
    assert_eq!(judged(&expect(Answer::Reply), 202, REPLY), ["HTTP status"]);
}

#[test]
fn the_kinds_are_told_apart() {
    let bare = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{FAULT}</s:Body></s:Envelope>"
    );
    assert_eq!(judged(&expect(Answer::A), 500, &bare), [""; 0]);
    for other in [Answer::B, Answer::C, Answer::D, Answer::Reply, Answer::ServiceFault, Answer::Riscontro] {
        assert!(judged(&expect(other), 500, &bare).contains(&"answer".to_owned()), "{other}");
    }
    let refused = REPLY.replace("<!--eccezioni-->", ECCEZIONE).replace("<x/>", FAULT);
    assert_eq!(judged(&expect(Answer::B), 500, &refused), [""; 0]);
    assert!(judged(&expect(Answer::C), 500, &refused).contains(&"answer".to_owned()));
}

#[test]
fn a_refusal_is_exact_to_the_letter() {
    let refused = REPLY.replace("<!--eccezioni-->", ECCEZIONE).replace("<x/>", FAULT);
    for (what, with, named) in [
        ("soap:Client", "Client", "faultcode"),
        ("non corretto", "non valido", "faultstring"),
        ("</s:Fault>", "<detail/></s:Fault>", "detail"),
        ("EGOV_IT_106", "EGOV_IT_105", "exceptions"),
        ("posizione=\"Azione\"", "posizione=\"azione\"", "exceptions"),
        ("contestoCodifica=\"Errore", "contestoCodifica=\"errore", "contestoCodifica"),
        ("rilevanza=\"GRAVE\"", "rilevanza=\"LIEVE\"", "rilevanza"),
    ] {
        let found = judged(&expect(Answer::B), 500, &refused.replace(what, with));
        assert!(found.iter().any(|name| name == named), "{named}: {found:?}");
    }
}
