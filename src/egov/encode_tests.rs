use super::*;
use crate::egov::prova::{RICHIESTA, leggi, nuovo, ora};
use crate::egov::{CodiceEccezione, Identificatore, Profilo, Richiesta, decode, reply};
use crate::soap;
use crate::xml::Limits;

fn again(busta: &Busta) -> Busta {
    let text = soap::encode(Some(&encode(busta).unwrap()), "");
    let received = decode(&soap::decode(&text, &Limits::default()).unwrap()).unwrap();
    assert_eq!(received.eccezioni, [], "{text}");
    received.busta
}

#[test]
fn a_busta_is_written_in_schema_order_and_always_with_the_same_bytes() {
    let block = encode(&leggi(RICHIESTA).unwrap().busta).unwrap();
    let expected = concat!(
        r#"<eGov_IT:Intestazione xmlns:SOAP_ENV="http://schemas.xmlsoap.org/soap/envelope/""#,
        r#" xmlns:eGov_IT="http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/""#,
        r#" SOAP_ENV:actor="http://www.cnipa.it/eGov_it/portadominio" SOAP_ENV:mustUnderstand="1">"#,
        "<eGov_IT:IntestazioneMessaggio>",
        r#"<eGov_IT:Mittente><eGov_IT:IdentificativoParte tipo="SPC">LAZIO</eGov_IT:IdentificativoParte></eGov_IT:Mittente>"#,
        r#"<eGov_IT:Destinatario><eGov_IT:IdentificativoParte tipo="SPC">NAZIONALE</eGov_IT:IdentificativoParte></eGov_IT:Destinatario>"#,
        "<eGov_IT:ProfiloCollaborazione>EGOV_IT_ServizioSincrono</eGov_IT:ProfiloCollaborazione>",
        r#"<eGov_IT:Servizio tipo="SPC">ServiziSAP</eGov_IT:Servizio>"#,
        "<eGov_IT:Azione>invioSAP</eGov_IT:Azione>",
        "<eGov_IT:Messaggio>",
        "<eGov_IT:Identificatore>LAZIO_LAZIOSPCoopIT_0000042_2026-05-04_10:30</eGov_IT:Identificatore>",
        r#"<eGov_IT:OraRegistrazione tempo="EGOV_IT_SPC">2026-05-04T10:30:07.250</eGov_IT:OraRegistrazione>"#,
        "</eGov_IT:Messaggio>",
        r#"<eGov_IT:ProfiloTrasmissione inoltro="EGOV_IT_ALPIUUNAVOLTA" confermaRicezione="false" />"#,
        "</eGov_IT:IntestazioneMessaggio>",
        "<eGov_IT:ListaTrasmissioni><eGov_IT:Trasmissione>",
        r#"<eGov_IT:Origine><eGov_IT:IdentificativoParte tipo="SPC">LAZIO</eGov_IT:IdentificativoParte></eGov_IT:Origine>"#,
        r#"<eGov_IT:Destinazione><eGov_IT:IdentificativoParte tipo="SPC">NAZIONALE</eGov_IT:IdentificativoParte></eGov_IT:Destinazione>"#,
        r#"<eGov_IT:OraRegistrazione tempo="EGOV_IT_SPC">2026-05-04T10:30:07.250</eGov_IT:OraRegistrazione>"#,
        "</eGov_IT:Trasmissione></eGov_IT:ListaTrasmissioni>",
        "</eGov_IT:Intestazione>",
    );
    assert_eq!(block, expected);
}

/// A busta with every part that there is.
pub(super) fn piena() -> Busta {
    let id = Identificatore::new("LAZIO", "LAZIOSPCoopIT", 43, ora()).unwrap();
    let mut richiesta = Richiesta::sincrona(
        Parte { indirizzo: Some("https://pdd.lazio.it/?a=1&b=2".into()), ..Parte::spc("LAZIO") },
        Parte::spc("NAZIONALE"),
        Servizio::spc("Pareri"),
        Some("chiedi <\"'>".into()),
    );
    richiesta.profilo = Profilo::AsincronoSimmetrico;
    richiesta.correlato = Some(Servizio::spc("EsitoPareri"));
    richiesta.scadenza = Some(ora());
    richiesta.conferma = true;
    let mut busta = richiesta.busta(&id, ora());
    busta.sequenza = Some(12);
    busta.riferimento = Some(nuovo().to_string());
    busta.riscontri = vec![Riscontro { identificatore: nuovo().to_string(), ora: Ora::spc(ora()) }];
    busta.eccezioni = vec![
        Eccezione::new(CodiceEccezione::FormatoIntestazione, "Messaggio/child[<a \"b\" & 'c'>]"),
        Eccezione::new(CodiceEccezione::Processamento, "città"),
    ];
    busta
}

#[test]
fn every_part_is_read_back_as_it_was_written() {
    let piena = piena();
    assert_eq!(again(&piena), piena);
    let minima = Busta {
        mittente: Parte::spc("A"),
        destinatario: Parte::spc("B"),
        identificatore: "A_B_0000001_2026-05-04_10:30".into(),
        ora: Ora::spc(ora()),
        ..Busta::default()
    };
    assert_eq!(again(&minima), minima);
    let risposta = reply::risposta(&leggi(RICHIESTA).unwrap().busta, &nuovo(), ora());
    assert_eq!(again(&risposta), risposta);
}

#[test]
fn white_space_in_a_value_is_read_back_as_it_was_written() {
    let mut busta = piena();
    busta.mittente.nome = "PI\rE\r\nMON\tTE".into();
    assert_eq!(again(&busta).mittente.nome, busta.mittente.nome);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let mut busta = leggi(RICHIESTA).unwrap().busta;
    busta.azione = Some("a\u{1}".into());
    assert!(matches!(encode(&busta), Err(EncodeError::Forbidden { character: '\u{1}' })));
}
