use super::*;
use crate::egov::prova::{Prova, RICHIESTA, leggi, nuovo, ora};
use crate::egov::{CodiceEccezione, Inoltro, Profilo, Richiesta};

fn richiesta() -> Busta {
    leggi(RICHIESTA).unwrap().busta
}

fn hop(origine: &str, destinazione: &str) -> Trasmissione {
    Trasmissione {
        origine: Parte::spc(origine),
        destinazione: Parte::spc(destinazione),
        ora: Ora::spc(ora()),
    }
}

fn errore(richiesta: &Busta, eccezioni: Vec<Eccezione>) -> Busta {
    super::errore(richiesta, &Parte::spc("NAZIONALE"), &Prova::new(), &nuovo(), ora(), eccezioni)
}

#[test]
fn a_reply_is_derived_from_the_request() {
    let mut richiesta = richiesta();
    richiesta.mittente.indirizzo = Some("https://pdd.lazio.it".into());
    richiesta.collaborazione = Some(richiesta.identificatore.clone());
    richiesta.scadenza = Some(crate::egov::Istante::new(ora()));
    richiesta.sequenza = Some(3);
    richiesta.riferimento = Some("quello di prima".into());
    let risposta = risposta(&richiesta, &nuovo(), ora());
    let expected = Busta {
        mittente: Parte::spc("NAZIONALE"),
        destinatario: Parte { indirizzo: Some("https://pdd.lazio.it".into()), ..Parte::spc("LAZIO") },
        profilo: Some(Profilo::Sincrono),
        collaborazione: Some(richiesta.identificatore.clone()),
        servizio: richiesta.servizio.clone(),
        azione: Some("invioSAP".into()),
        identificatore: nuovo().to_string(),
        ora: Ora::spc(ora()),
        riferimento: Some(richiesta.identificatore.clone()),
        trasmissione: Some(ProfiloTrasmissione {
            inoltro: Some(Inoltro::AlPiuUnaVolta),
            conferma: Some(false),
        }),
        trasmissioni: vec![hop("NAZIONALE", "LAZIO")],
        ..Busta::default()
    };
    assert_eq!(risposta, expected);
}

#[test]
fn delivery_options_are_spelled_out_even_where_the_request_left_them() {
    let mut richiesta = richiesta();
    richiesta.trasmissione = None;
    let expected = ProfiloTrasmissione { inoltro: Some(Inoltro::PiuDiUnaVolta), conferma: Some(false) };
    assert_eq!(risposta(&richiesta, &nuovo(), ora()).trasmissione, Some(expected));
}

#[test]
fn the_hop_goes_back_to_where_the_request_came_from() {
    let mut richiesta = richiesta();
    richiesta.trasmissioni = vec![hop("LAZIO", "NODOROMA"), hop("NODOROMA", "NAZIONALE")];
    assert_eq!(risposta(&richiesta, &nuovo(), ora()).trasmissioni, [hop("NAZIONALE", "NODOROMA")]);
    richiesta.trasmissioni.clear();
    assert_eq!(risposta(&richiesta, &nuovo(), ora()).trasmissioni, [hop("NAZIONALE", "LAZIO")]);
}

#[test]
fn a_riscontro_belongs_to_no_service() {
    let mut richiesta = richiesta();
    richiesta.profilo = Some(Profilo::OneWay);
    let riscontro = riscontro(&richiesta, &nuovo(), ora(), ora());
    assert!(riscontro.is_di_servizio());
    assert_eq!(riscontro.riferimento, None);
    assert_eq!(riscontro.riscontri[0].identificatore, richiesta.identificatore);
    assert_eq!(riscontro.inoltro(), Inoltro::PiuDiUnaVolta);
}

#[test]
fn a_refusal_echoes_what_is_valid_and_drops_the_rest() {
    let eccezioni = vec![Eccezione::new(CodiceEccezione::AzioneSconosciuta, "Azione")];
    let sound = errore(&richiesta(), eccezioni.clone());
    assert_eq!(sound.riferimento.as_deref(), Some("LAZIO_LAZIOSPCoopIT_0000042_2026-05-04_10:30"));
    assert_eq!(sound.azione.as_deref(), Some("invioSAP"));
    assert_eq!(sound.trasmissioni, [hop("NAZIONALE", "LAZIO")]);
    assert_eq!(sound.eccezioni, eccezioni);
    let mut bad = richiesta();
    bad.identificatore = "LAZIO_1".into();
    bad.collaborazione = Some("boh".into());
    bad.azione = Some(" ".into());
    bad.servizio = Some(Servizio { tipo: "BOH".into(), nome: "ServiziSAP".into() });
    let bad = errore(&bad, eccezioni);
    assert_eq!((bad.riferimento, bad.collaborazione, bad.azione, bad.servizio), (None, None, None, None));
    assert_eq!(bad.profilo, Some(Profilo::Sincrono));
}

#[test]
fn an_unknown_sender_is_echoed_and_an_unreadable_one_is_called_unknown() {
    let mut unknown = richiesta();
    unknown.mittente = Parte::spc("EnteNuovo");
    let reply = errore(&unknown, Vec::new());
    assert_eq!(reply.destinatario, Parte::spc("EnteNuovo"));
    assert_eq!(reply.trasmissioni, []);
    unknown.mittente = Parte { tipo: "BOH".into(), nome: " ".into(), indirizzo: None };
    assert_eq!(errore(&unknown, Vec::new()).destinatario, Parte::spc("Sconosciuto"));
    assert_eq!(errore(&Busta::default(), Vec::new()).destinatario, Parte::spc("Sconosciuto"));
}

#[test]
fn a_processing_error_lists_nothing() {
    let reply = errore(&richiesta(), Vec::new());
    assert_eq!(reply.eccezioni, []);
    assert_eq!(reply.trasmissioni.len(), 1);
}

#[test]
fn a_request_of_ours_names_its_hop_and_its_conversation() {
    let id = nuovo();
    let mut wish = Richiesta::sincrona(
        Parte::spc("NAZIONALE"),
        Parte::spc("LAZIO"),
        Servizio::spc("NotificaSAP"),
        Some("notifica".into()),
    );
    let busta = wish.busta(&id, ora());
    assert_eq!(busta.trasmissioni, [hop("NAZIONALE", "LAZIO")]);
    assert_eq!(
        (busta.collaborazione.clone(), busta.scadenza.clone(), busta.inoltro()),
        (None, None, Inoltro::AlPiuUnaVolta)
    );
    wish.profilo = Profilo::AsincronoAsimmetrico;
    assert_eq!(wish.busta(&id, ora()).collaborazione.as_deref(), Some(id.as_str()));
}
