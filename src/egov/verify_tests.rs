use super::*;
use crate::egov::prova::{Prova, RICHIESTA, con, leggi, nuovo, ora};
use crate::egov::{Istante, Ora, ProfiloTrasmissione, Riscontro, Servizio};

fn richiesta() -> Busta {
    leggi(RICHIESTA).unwrap().busta
}

/// The errors of the request once changed.
fn errori(change: impl FnOnce(&mut Busta)) -> Vec<String> {
    let mut busta = richiesta();
    change(&mut busta);
    verify(&busta, &Prova::new(), ora()).iter().map(ToString::to_string).collect()
}

/// A one-way request with its place in a series, sound.
fn ordinata(busta: &mut Busta) {
    busta.profilo = Some(Profilo::OneWay);
    busta.servizio = Some(Servizio::spc("Avvisi"));
    busta.azione = Some("avvisaOrdine".into());
    busta.collaborazione = Some(busta.identificatore.clone());
    busta.sequenza = Some(1);
    busta.trasmissione =
        Some(ProfiloTrasmissione { inoltro: Some(Inoltro::AlPiuUnaVolta), conferma: Some(true) });
}

const NESSUNO: [&str; 0] = [];

#[test]
fn a_sound_request_passes() {
    assert_eq!(errori(|_| ()), NESSUNO);
}

#[test]
fn parties_are_compared_exactly_and_unknown_ones_silence_service_and_identifier() {
    let origine = "EGOV_IT_116 ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte";
    for nome in ["Lazio", " LAZIO", "EnteNuovo"] {
        let found = errori(|busta| {
            busta.mittente.nome = nome.into();
            busta.trasmissioni[0].origine.nome = nome.into();
            busta.servizio = Some(Servizio::spc("Ignoto"));
            busta.identificatore = "senza forma".into();
        });
        assert_eq!(found, ["EGOV_IT_101 Mittente/IdentificativoParte", origine]);
    }
    assert_eq!(errori(|b| b.mittente.tipo = "AOO".into()), ["EGOV_IT_101 Mittente/IdentificativoParte"]);
    let found = errori(|busta| busta.destinatario.nome = "ALTROVE".into());
    assert_eq!(found, ["EGOV_IT_102 Destinatario/IdentificativoParte"]);
}

#[test]
fn service_action_and_profile_are_those_of_the_accordo() {
    assert_eq!(errori(|b| b.servizio = None), ["EGOV_IT_105 Servizio"]);
    assert_eq!(errori(|b| b.servizio = Some(Servizio::spc("serviziSAP"))), ["EGOV_IT_105 Servizio"]);
    let url = Servizio { tipo: "URL".into(), nome: "ServiziSAP".into() };
    assert_eq!(errori(|b| b.servizio = Some(url)), ["EGOV_IT_105 Servizio"]);
    assert_eq!(errori(|b| b.azione = Some("InvioSAP".into())), ["EGOV_IT_106 Azione"]);
    assert_eq!(errori(|b| b.azione = None), ["EGOV_IT_106 Azione"]);
    let differs = ["EGOV_IT_103 ProfiloCollaborazione diverso da quanto specificato nel registro"];
    assert_eq!(errori(|b| b.profilo = Some(Profilo::OneWay)), differs);
    assert_eq!(errori(|b| b.profilo = None), differs);
}

#[test]
fn a_service_may_be_called_without_action_where_the_accordo_says() {
    let found = errori(|busta| {
        busta.profilo = Some(Profilo::OneWay);
        busta.servizio = Some(Servizio::spc("Avvisi"));
        busta.azione = None;
    });
    assert_eq!(found, NESSUNO);
}

#[test]
fn the_identifier_belongs_to_the_sender_and_its_porta() {
    let expected = ["EGOV_IT_110 Messaggio/Identificatore"];
    for bad in [
        "MOLISE_MOLISESPCoopIT_0000042_2026-05-04_10:30",
        "LAZIO_MOLISESPCoopIT_0000042_2026-05-04_10:30",
        "lazio_LAZIOSPCoopIT_0000042_2026-05-04_10:30",
        "LAZIO_LAZIOSPCoopIT_42_2026-05-04_10:30",
        "LAZIO_LAZIOSPCoopIT_0000042_2026-05-04_25:30",
    ] {
        assert_eq!(errori(|b| b.identificatore = bad.into()), expected, "{bad}");
    }
    let case = "LAZIO_laziospcoopit_0000042_2026-05-04_10:30";
    assert_eq!(errori(|b| b.identificatore = case.into()), NESSUNO);
}

#[test]
fn the_complete_check_can_be_switched_off_for_a_partner() {
    let mut registro = Prova::new();
    registro.parti[0].controllo_identificatori = false;
    let mut busta = richiesta();
    busta.identificatore = "XYZ_AltraPorta_0000042_2026-05-04_10:30".into();
    assert_eq!(verify(&busta, &registro, ora()), []);
    busta.identificatore = "XYZ_AltraPorta_42_2026-05-04_10:30".into();
    assert_eq!(verify(&busta, &registro, ora()).len(), 1);
}

#[test]
fn the_reference_belongs_to_the_recipient_or_to_who_asks_for_a_state() {
    let own = "LAZIO_LAZIOSPCoopIT_0000001_2026-05-04_10:00";
    let theirs = nuovo().to_string();
    assert_eq!(errori(|b| b.riferimento = Some(theirs.clone())), NESSUNO);
    let expected = ["EGOV_IT_111 Messaggio/RiferimentoMessaggio"];
    for bad in [own, "boh"] {
        assert_eq!(errori(|b| b.riferimento = Some(bad.into())), expected);
    }
    let stato = |riferimento: &str| {
        errori(|busta| {
            busta.profilo = Some(Profilo::AsincronoAsimmetrico);
            busta.servizio = Some(Servizio::spc("Calcoli"));
            busta.azione = Some("stato".into());
            busta.riferimento = Some(riferimento.into());
        })
    };
    assert_eq!(stato(own), NESSUNO);
    assert_eq!(stato(&theirs), expected);
}

#[test]
fn the_collaborazione_belongs_to_either_party() {
    let theirs = nuovo().to_string();
    for good in ["LAZIO_LAZIOSPCoopIT_0000001_2026-05-04_10:00", &theirs] {
        assert_eq!(errori(|b| b.collaborazione = Some(good.into())), NESSUNO);
    }
    for bad in ["MOLISE_MOLISESPCoopIT_0000001_2026-05-04_10:00", "pratica 12"] {
        assert_eq!(errori(|b| b.collaborazione = Some(bad.into())), ["EGOV_IT_104 Collaborazione"]);
    }
}

#[test]
fn a_correlated_service_is_that_of_the_accordo_or_left_out() {
    let pareri = |nome: Option<&str>, tipo: Option<&str>| {
        errori(|busta| {
            busta.profilo = Some(Profilo::AsincronoSimmetrico);
            busta.servizio = Some(Servizio::spc("Pareri"));
            busta.azione = Some("chiedi".into());
            busta.correlato.nome = nome.map(str::to_owned);
            busta.correlato.tipo = tipo.map(str::to_owned);
        })
    };
    assert_eq!(pareri(None, None), NESSUNO);
    assert_eq!(pareri(Some("EsitoPareri"), Some("SPC")), NESSUNO);
    let atteso = "diverso da quello atteso (richiesta asincrona simmetrica)";
    let nome = format!("EGOV_IT_103 ProfiloCollaborazione/servizioCorrelato {atteso}");
    let tipo = format!("EGOV_IT_103 ProfiloCollaborazione/tipo {atteso}");
    assert_eq!(pareri(Some("Altro"), Some("SPC")), [nome]);
    assert_eq!(pareri(Some("EsitoPareri"), Some("URL")), [tipo]);
}

#[test]
fn a_sequence_needs_one_way_conversation_at_most_once_and_confirmation() {
    assert_eq!(errori(ordinata), NESSUNO);
    assert_eq!(errori(|b| b.sequenza = Some(1)), ["EGOV_IT_401 Sequenza"]);
    let con = |change: fn(&mut Busta)| {
        errori(|busta| {
            ordinata(busta);
            change(busta);
        })
    };
    let cannot = |code: u16, what: &str| [format!("EGOV_IT_{code} Sequenza non gestibile, {what}")];
    assert_eq!(con(|b| b.collaborazione = None), cannot(114, "elemento Collaborazione non presente"));
    assert_eq!(con(|b| b.trasmissione = None), cannot(114, "elemento ProfiloTrasmissione non presente"));
    assert_eq!(
        con(|b| (b.trasmissione, b.collaborazione) = (None, None)),
        cannot(114, "elementi Collaborazione e ProfiloTrasmissione non presenti")
    );
    let of = "dell'elemento ProfiloTrasmissione";
    assert_eq!(
        con(|b| b.trasmissione = Some(ProfiloTrasmissione::default())),
        cannot(402, &format!("attributi {of} non validi con la sequenza"))
    );
    assert_eq!(
        con(|b| b.trasmissione.as_mut().unwrap().conferma = Some(false)),
        cannot(402, &format!("attributo confermaRicezione {of} non valido con la sequenza"))
    );
    assert_eq!(
        con(|b| b.trasmissione.as_mut().unwrap().inoltro = None),
        cannot(402, &format!("attributo inoltro {of} non valido con la sequenza"))
    );
    let first = ["EGOV_IT_114 Sequenza/numeroProgressivo/!1bustaCapostipite"];
    assert_eq!(con(|b| b.sequenza = Some(2)), first);
    assert_eq!(
        con(|b| b.collaborazione = Some("LAZIO_LAZIOSPCoopIT_0000001_2026-05-04_10:00".into())),
        first
    );
}

#[test]
fn what_the_accordo_wants_must_be_asked_for() {
    let found = errori(|busta| {
        busta.profilo = Some(Profilo::OneWay);
        busta.servizio = Some(Servizio::spc("Avvisi"));
        busta.azione = Some("avvisaConferma".into());
    });
    assert_eq!(found, ["EGOV_IT_113 ProfiloTrasmissione/confermaRicezione"]);
    let found = errori(|busta| {
        ordinata(busta);
        busta.sequenza = None;
    });
    assert_eq!(found, ["EGOV_IT_402 Sequenza"]);
}

#[test]
fn every_party_of_every_hop_is_known() {
    let hop = |origine: &str, destinazione: &str| crate::egov::Trasmissione {
        origine: Parte::spc(origine),
        destinazione: Parte::spc(destinazione),
        ora: Ora::default(),
    };
    let through = |nodo: &str| errori(|b| b.trasmissioni = vec![hop("LAZIO", nodo), hop(nodo, "NAZIONALE")]);
    assert_eq!(through("NODOROMA"), NESSUNO);
    let base = "EGOV_IT_116 ListaTrasmissioni/Trasmissione";
    assert_eq!(
        through("NODOIGNOTO"),
        [format!("{base}/Destinazione/IdentificativoParte"), format!("{base}/Origine/IdentificativoParte")]
    );
}

#[test]
fn riscontri_are_judged_by_form_and_need_no_service() {
    let acknowledge = |identificatore: &str| {
        errori(|busta| {
            (busta.profilo, busta.servizio, busta.azione) = (None, None, None);
            let identificatore = identificatore.to_owned();
            busta.riscontri = vec![Riscontro { identificatore, ora: Ora::default() }];
        })
    };
    assert_eq!(acknowledge("CHIUNQUE_Porta_0000001_2020-01-01_00:00"), NESSUNO);
    assert_eq!(acknowledge("boh"), ["EGOV_IT_115 ListaRiscontri/Riscontro/Identificatore"]);
}

#[test]
fn errors_come_in_the_order_of_the_checks() {
    let found = errori(|busta| {
        busta.azione = Some("ignota".into());
        busta.identificatore = "boh".into();
        busta.riferimento = Some("boh".into());
        busta.collaborazione = Some("boh".into());
        busta.sequenza = Some(1);
        busta.riscontri = vec![Riscontro::default()];
        busta.trasmissioni[0].origine.nome = "IGNOTA".into();
    });
    let codes: Vec<&str> = found.iter().map(|e| &e["EGOV_IT_".len()..][..3]).collect();
    assert_eq!(codes, ["106", "110", "111", "104", "401", "115", "116"]);
}

#[test]
fn the_first_stage_that_fails_decides() {
    let vecchia = |text: &str| {
        text.replace("2026-05-04T10:30:07", "2026-01-04T10:30:07")
            .replace("2026-05-04_10:30", "2026-01-04_10:30")
    };
    let all = |text: &str| -> Vec<String> {
        leggi(text).unwrap().verify(&Prova::new(), ora()).iter().map(ToString::to_string).collect()
    };
    let unknown = con(&[("<e:Azione>invioSAP", "<e:Azione>ignota")]);
    assert_eq!(all(&unknown), ["EGOV_IT_106 Azione"]);
    let old = ["EGOV_IT_301 Messaggio/Scadenza"; 2];
    assert_eq!(all(&vecchia(&unknown)), old);
    let syntax = con(&[
        ("<e:Azione>invioSAP</e:Azione>", "<e:Azione/>"),
        ("</e:Intestazione>", "<e:Altro/></e:Intestazione>"),
    ]);
    assert_eq!(all(&syntax), ["EGOV_IT_106 Azione", "EGOV_IT_002 Intestazione/child[e:Altro]"]);
    // Age is judged where IntestazioneMessaggio ends.
    let expected = ["EGOV_IT_106 Azione", old[0], old[1], "EGOV_IT_002 Intestazione/child[e:Altro]"];
    assert_eq!(all(&vecchia(&syntax)), expected);
    let late = con(&[("<e:IntestazioneMessaggio>", "<e:Altro/><e:IntestazioneMessaggio>")]);
    assert_eq!(all(&vecchia(&late)), ["EGOV_IT_002 IntestazioneMessaggio"]);
    let mut busta = richiesta();
    busta.scadenza = Some(Istante::read("2026-05-04T10:00:00"));
    busta.azione = None;
    assert_eq!(verify(&busta, &Prova::new(), ora()).len(), 1);
}
