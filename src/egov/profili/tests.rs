use super::correlazione::{Nota, prima};
use super::*;
use crate::egov::prova::{nuovo, ora};
use crate::egov::{Correlato, Parte, Profilo, ProfiloTrasmissione, Rilevanza};

const PRIMA: &str = "LAZIO_LAZIOSPCoopIT_0000008_2026-05-04_10:30";

fn chiamata(profilo: Profilo) -> Busta {
    Busta {
        mittente: Parte::spc("LAZIO"),
        destinatario: Parte::spc("NAZIONALE"),
        profilo: Some(profilo),
        collaborazione: Some(PRIMA.into()),
        servizio: Some(Servizio::spc("Calcolo")),
        azione: Some("avvia".into()),
        identificatore: PRIMA.into(),
        trasmissione: Some(ProfiloTrasmissione {
            inoltro: Some(Inoltro::AlPiuUnaVolta),
            conferma: Some(false),
        }),
        ..Busta::default()
    }
}

fn penna(identificatore: &Identificatore, gestione: Gestione) -> Penna<'_> {
    Penna { identificatore, now: ora(), gestione }
}

fn corr(busta: &Busta) -> (Option<&str>, Option<&str>) {
    (busta.correlato.nome.as_deref(), busta.correlato.tipo.as_deref())
}

#[test]
fn the_receipt_of_an_asymmetric_request_says_where_to_ask_and_that_of_a_symmetric_one_does_not() {
    let id = nuovo();
    let stato = Servizio::spc("StatoCalcolo");
    let request = chiamata(Profilo::AsincronoAsimmetrico);
    let asked = AsincronoAsimmetrico::richiesta(&request);
    let receipt = asked.ricevuta(Some(&stato), penna(&id, Gestione::EGov11)).into_busta();
    assert_eq!(corr(&receipt), (Some("StatoCalcolo"), Some("SPC")));
    assert_eq!(receipt.riferimento.as_deref(), Some(PRIMA));
    assert_eq!(receipt.collaborazione.as_deref(), Some(PRIMA));
    let narrow = asked.ricevuta(Some(&stato), penna(&id, Gestione::LineeGuida11)).into_busta();
    assert_eq!(corr(&narrow), (None, None));

    let mut request = chiamata(Profilo::AsincronoSimmetrico);
    request.correlato = Correlato { nome: Some("EsitoParere".into()), tipo: Some("SPC".into()) };
    let receipt = AsincronoSimmetrico::richiesta(&request).ricevuta(penna(&id, Gestione::EGov11));
    assert_eq!(corr(&receipt.into_busta()), (None, None));
}

#[test]
fn the_answer_of_a_symmetric_exchange_is_a_call_of_the_other_party_within_the_conversation() {
    let id = nuovo();
    let request = chiamata(Profilo::AsincronoSimmetrico);
    let first = AsincronoSimmetrico::richiesta(&request);
    let esito = Servizio::spc("EsitoParere");
    let answer = first.rispondi(&esito, Some("notifica".into()), penna(&id, Gestione::EGov11));
    let busta = answer.clone().into_busta();
    assert_eq!((busta.mittente.nome.as_str(), busta.destinatario.nome.as_str()), ("NAZIONALE", "LAZIO"));
    assert_eq!(busta.servizio.as_ref(), Some(&esito));
    assert_eq!((busta.collaborazione.as_deref(), busta.riferimento.as_deref()), (Some(PRIMA), Some(PRIMA)));
    let receipt = answer.ricevuta(penna(&id, Gestione::EGov11)).into_busta();
    assert_eq!(receipt.riferimento.as_deref(), Some(id.as_str()));
    assert_eq!(receipt.collaborazione.as_deref(), Some(PRIMA));
    let narrow = first.rispondi(&esito, None, penna(&id, Gestione::LineeGuida11)).into_busta();
    assert_eq!((narrow.collaborazione.as_deref(), narrow.riferimento), (Some(PRIMA), None));
}

#[test]
fn the_status_of_an_asymmetric_exchange_is_asked_by_the_same_party() {
    let id = nuovo();
    let request = chiamata(Profilo::AsincronoAsimmetrico);
    let first = AsincronoAsimmetrico::richiesta(&request);
    let stato = Servizio::spc("StatoCalcolo");
    let asking = first.chiedi_stato(&stato, Some("leggi".into()), penna(&id, Gestione::EGov11));
    let busta = asking.clone().into_busta();
    assert_eq!((busta.mittente.nome.as_str(), busta.destinatario.nome.as_str()), ("LAZIO", "NAZIONALE"));
    assert_eq!((busta.collaborazione.as_deref(), busta.riferimento.as_deref()), (Some(PRIMA), Some(PRIMA)));
    let result = asking.ricevuta(penna(&id, Gestione::EGov11)).into_busta();
    assert_eq!((result.mittente.nome.as_str(), corr(&result)), ("NAZIONALE", (None, None)));
}

#[test]
fn a_one_way_message_is_acknowledged_only_where_its_sender_asks() {
    let id = nuovo();
    let mut request = chiamata(Profilo::OneWay);
    let due = |request: &Busta| dovuto(Passo::OneWay, request, None, ora(), penna(&id, Gestione::EGov11));
    assert_eq!(due(&request), Dovuto::Niente);
    request.trasmissione = Some(ProfiloTrasmissione { conferma: Some(true), ..Default::default() });
    let Dovuto::Riscontro(riscontro) = due(&request) else { panic!("no riscontro") };
    assert_eq!(riscontro.riscontri[0].identificatore, PRIMA);
    assert!(riscontro.is_di_servizio());
}

#[test]
fn a_reply_under_the_linee_guida_is_narrow_and_carries_the_notices() {
    let id = nuovo();
    let mut request = chiamata(Profilo::Sincrono);
    request.mittente.indirizzo = Some("http://pdd".into());
    request.trasmissione = None;
    let reply = Sincrono::new(&request).risposta(penna(&id, Gestione::LineeGuida11));
    let notices: Vec<_> = reply.eccezioni.iter().map(|e| (e.codice.numero(), e.rilevanza)).collect();
    assert_eq!(notices, [(101, Rilevanza::Info), (104, Rilevanza::Info)]);
    assert_eq!((reply.destinatario.indirizzo.as_ref(), reply.collaborazione.as_ref()), (None, None));
    assert_eq!(reply.inoltro(), Inoltro::AlPiuUnaVolta);
    let wide = Sincrono::new(&request).risposta(penna(&id, Gestione::EGov11));
    assert_eq!((wide.eccezioni.len(), wide.inoltro()), (0, Inoltro::PiuDiUnaVolta));
    assert!(wide.collaborazione.is_some());
}

#[test]
fn repetitions_are_filtered_for_whoever_asks_for_it() {
    let once = chiamata(Profilo::OneWay);
    let more = Busta { trasmissione: None, ..once.clone() };
    assert!(filtra_duplicati(&once, Gestione::EGov11, false));
    assert!(filtra_duplicati(&more, Gestione::EGov11, true));
    assert!(filtra_duplicati(&more, Gestione::LineeGuida11, false));
    assert!(!filtra_duplicati(&more, Gestione::EGov11, false));
}

#[test]
fn a_second_call_must_name_a_first_one_that_is_its_own() {
    let passo = Passo::Seguito(Asincrono::Asimmetrico);
    let status = |riferimento: Option<&str>, collaborazione: Option<&str>| Busta {
        riferimento: riferimento.map(Into::into),
        collaborazione: collaborazione.map(Into::into),
        identificatore: "LAZIO_LAZIOSPCoopIT_0000009_2026-05-04_10:30".into(),
        ..chiamata(Profilo::AsincronoAsimmetrico)
    };
    let judged = |busta: &Busta, nota: Option<Nota<'_>>| match prima(passo, busta) {
        Ok(Some(prima)) => prima.controlla(busta, nota).map(|e| e.to_string()).unwrap_or_default(),
        Ok(None) => "no second call".to_owned(),
        Err(eccezione) => eccezione.to_string(),
    };
    let nota = Some(Nota { collaborazione: Some(PRIMA), is_sua: true });
    assert_eq!(judged(&status(Some(PRIMA), Some(PRIMA)), nota), "");
    assert_eq!(judged(&status(Some(PRIMA), None), nota), "");
    assert_eq!(judged(&status(None, Some(PRIMA)), nota), "");
    assert_eq!(
        judged(&status(Some(PRIMA), Some(PRIMA)), Some(Nota { collaborazione: None, is_sua: true })),
        ""
    );
    assert_eq!(judged(&status(None, None), nota), "EGOV_IT_109 Messaggio/RiferimentoMessaggio");
    assert_eq!(judged(&status(Some(PRIMA), None), None), "EGOV_IT_111 Messaggio/RiferimentoMessaggio");
    assert_eq!(judged(&status(None, Some(PRIMA)), None), "EGOV_IT_104 Collaborazione");
    assert_eq!(judged(&status(Some(PRIMA), Some("altra")), nota), "EGOV_IT_104 Collaborazione");
    let other = Some(Nota { is_sua: false, collaborazione: None });
    assert_eq!(judged(&status(Some(PRIMA), None), other), "EGOV_IT_111 Messaggio/RiferimentoMessaggio");
    assert_eq!(prima(Passo::Richiesta(Asincrono::Asimmetrico), &status(None, None)), Ok(None));
}
