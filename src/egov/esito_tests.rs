use super::*;
use crate::egov::prova::{Prova, RICHIESTA, nuovo, ora};
use crate::egov::{Contesto, Gestione, Parte, encode, reply};
use crate::soap::{self, Side};
use crate::xml::Limits;

const CORPO: &str = "<x:esito xmlns:x='urn:x'>OK</x:esito>";

fn richiesta() -> Busta {
    crate::egov::prova::leggi(RICHIESTA).unwrap().busta
}

fn legge_con(registro: &Prova, text: &str) -> Esito {
    leggi(&richiesta(), &soap::decode(text, &Limits::default()).unwrap(), registro).unwrap()
}

fn legge(text: &str) -> Esito {
    legge_con(&Prova::new(), text)
}

fn messaggio(busta: &Busta, body: &str) -> String {
    soap::encode(Some(&encode(busta).unwrap()), body)
}

fn risposta() -> Busta {
    reply::risposta(&richiesta(), &nuovo(), ora())
}

fn errore(eccezioni: Vec<Eccezione>) -> Busta {
    reply::errore(&richiesta(), &Parte::spc("NAZIONALE"), &Prova::new(), &nuovo(), ora(), eccezioni)
}

fn refusal() -> Vec<Eccezione> {
    vec![Eccezione::new(Codice::AzioneSconosciuta, "Azione")]
}

fn not_valid(esito: Esito) -> Vec<String> {
    match esito {
        Esito::NonValida { eccezioni, .. } => eccezioni.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reply_that_fits_is_the_services_answer() {
    assert_eq!(legge(&messaggio(&risposta(), CORPO)), Esito::Risposta { busta: risposta(), fault: None });
}

#[test]
fn a_fault_of_the_service_is_an_answer_and_not_a_refusal() {
    let fault = soap::fault(Side::Server, "Posizione non trovata", Some("<d/>"));
    let Esito::Risposta { fault: Some(fault), .. } = legge(&messaggio(&risposta(), &fault)) else { panic!() };
    assert_eq!(fault.string, "Posizione non trovata");
    // The text of the refusal without its list of exceptions is the service's, too.
    let fault = soap::fault(Side::Client, FAULT_FORMATO, None);
    assert!(matches!(legge(&messaggio(&risposta(), &fault)), Esito::Risposta { fault: Some(_), .. }));
}

#[test]
fn the_four_answers_of_a_porta_are_told_apart() {
    let formato = soap::fault(Side::Client, FAULT_FORMATO, None);
    let processamento = soap::fault(Side::Server, FAULT_PROCESSAMENTO, Some("<d/>"));
    let a = legge(&soap::encode(None, &formato));
    assert_eq!(a, Esito::Rifiutata { busta: None, eccezioni: vec![] });
    let b = legge(&messaggio(&errore(refusal()), &formato));
    assert!(matches!(&b, Esito::Rifiutata { busta: Some(_), eccezioni } if *eccezioni == refusal()));
    let c = legge(&messaggio(&errore(vec![]), &processamento));
    assert!(matches!(c, Esito::NonProcessata { busta: Some(_) }));
    let d = legge(&soap::encode(None, &processamento));
    assert_eq!(d, Esito::NonProcessata { busta: None });
    let known: Vec<bool> = [a, b, c, d].iter().map(Esito::is_non_eseguita).collect();
    assert_eq!(known, [true, true, false, true]);
}

#[test]
fn other_faults_without_busta_are_trouble_of_the_transport() {
    for (side, string) in
        [(Side::Server, FAULT_FORMATO), (Side::Client, FAULT_PROCESSAMENTO), (Side::Server, "x")]
    {
        let esito = legge(&soap::encode(None, &soap::fault(side, string, None)));
        assert!(matches!(esito, Esito::Fault(_)), "{string}");
        assert!(!esito.is_non_eseguita());
    }
}

#[test]
fn a_clean_message_without_busta_is_an_error() {
    assert_eq!(not_valid(legge(&soap::encode(None, CORPO))), ["EGOV_IT_001 Intestazione"]);
}

#[test]
fn a_reply_must_fit_its_request() {
    let changed = |change: fn(&mut Busta)| {
        let mut busta = risposta();
        change(&mut busta);
        not_valid(legge(&messaggio(&busta, CORPO)))
    };
    let molise = "MOLISE_MOLISESPCoopIT_0000001_2026-05-04_10:30";
    assert_eq!(
        changed(|b| b.destinatario = Parte::spc("MOLISE")),
        ["EGOV_IT_102 Destinatario/IdentificativoParte"]
    );
    let mut other = risposta();
    other.mittente = Parte::spc("MOLISE");
    other.identificatore = molise.into();
    assert_eq!(not_valid(legge(&messaggio(&other, CORPO))), ["EGOV_IT_101 Mittente/IdentificativoParte"]);
    assert_eq!(changed(|b| b.servizio = None), ["EGOV_IT_105 Servizio"]);
    assert_eq!(changed(|b| b.azione = Some("altra".into())), ["EGOV_IT_106 Azione"]);
    assert_eq!(changed(|b| b.profilo = None), ["EGOV_IT_103 ProfiloCollaborazione"]);
    assert_eq!(
        changed(|b| b.identificatore = "LAZIO_LAZIOSPCoopIT_0000042_2026-05-04_10:30".into()),
        ["EGOV_IT_110 Messaggio/Identificatore"]
    );
    let reference = ["EGOV_IT_111 Messaggio/RiferimentoMessaggio"];
    assert_eq!(changed(|b| b.riferimento = None), reference);
    assert_eq!(
        changed(|b| b.riferimento = Some("LAZIO_LAZIOSPCoopIT_0000043_2026-05-04_10:30".into())),
        reference
    );
}

#[test]
fn a_list_of_exceptions_needs_its_fault() {
    let refused = messaggio(&errore(refusal()), CORPO);
    assert_eq!(not_valid(legge(&refused)), ["EGOV_IT_003 ListaEccezioni/SOAPFault"]);
    let with = |fault: &str| not_valid(legge(&messaggio(&errore(refusal()), fault)));
    assert_eq!(
        with(&soap::fault(Side::Client, "altro", None)),
        ["EGOV_IT_003 ListaEccezioni/SOAPFault/FaultString"]
    );
    let detailed = soap::fault(Side::Client, FAULT_FORMATO, Some("<d/>"));
    assert_eq!(with(&detailed), ["EGOV_IT_003 ListaEccezioni/SOAPFault/Details"]);
    let unqualified = soap::fault(Side::Client, FAULT_FORMATO, None).replace("soap:Client", "Client");
    assert_eq!(with(&unqualified), ["EGOV_IT_003 ListaEccezioni/SOAPFault/FaultCode"]);
}

#[test]
fn notices_make_a_refusal_unless_the_partner_follows_the_linee_guida() {
    let mut busta = risposta();
    let notice =
        Eccezione { rilevanza: Rilevanza::Info, ..Eccezione::new(Codice::MittenteSconosciuto, "Mittente") };
    assert_eq!(notice.contesto, Contesto::Intestazione);
    busta.eccezioni = vec![notice];
    let text = messaggio(&busta, CORPO);
    assert_eq!(not_valid(legge(&text)), ["EGOV_IT_003 ListaEccezioni/SOAPFault"]);
    let mut registro = Prova::new();
    registro.parti[3].gestione = Gestione::LineeGuida11;
    assert!(matches!(legge_con(&registro, &text), Esito::Risposta { .. }));
}

#[test]
fn an_unreadable_busta_is_not_an_answer() {
    let broken = messaggio(&risposta(), CORPO).replace(r#" tipo="SPC">NAZIONALE"#, ">NAZIONALE");
    assert_eq!(not_valid(legge(&broken)), ["EGOV_IT_002 Intestazione"]);
    let wrong = messaggio(&risposta(), CORPO).replace("EGOV_IT_ServizioSincrono", "Sincrono");
    assert_eq!(not_valid(legge(&wrong)), ["EGOV_IT_103 ProfiloCollaborazione"]);
}
