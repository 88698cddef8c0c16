//! Linee Guida 1.1 of DigitPA: the subset of e-Gov 1.1 that some partners speak and that the registry marks as theirs
//! ([`Gestione::LineeGuida11`](super::Gestione::LineeGuida11)).
//!
//! What the subset leaves out is either an error or only a notice. Notices do not stop the message: they ride in the
//! `ListaEccezioni` of its normal reply, and only where there is no error.

use super::{
    Busta, CodiceEccezione as Codice, Correlato, Eccezione, Inoltro, Parte, Profilo, ProfiloTrasmissione,
    Rilevanza, Tempo,
};

/// What of a request is an error under the Linee Guida, besides what is one anyway.
pub(super) fn errori(busta: &Busta) -> Vec<Eccezione> {
    let is_spc = |tipo: &str| tipo == "SPC";
    let asincrono = busta.profilo.is_some_and(Profilo::is_asincrono);
    let trasmissione = busta.trasmissione.unwrap_or_default();
    let testata = [
        (!is_spc(&busta.mittente.tipo), Codice::MittenteSconosciuto, "Mittente/IdentificativoParte/tipo"),
        (
            !is_spc(&busta.destinatario.tipo),
            Codice::DestinatarioSconosciuto,
            "Destinatario/IdentificativoParte/tipo",
        ),
        (busta.servizio.is_none(), Codice::ServizioSconosciuto, "Servizio"),
        (
            busta.servizio.as_ref().is_some_and(|s| !is_spc(&s.tipo)),
            Codice::ServizioSconosciuto,
            "Servizio/tipo",
        ),
        (busta.azione.is_none(), Codice::AzioneSconosciuta, "Azione"),
        (busta.profilo.is_none(), Codice::ProfiloNonValido, "ProfiloCollaborazione"),
        (asincrono && busta.collaborazione.is_none(), Codice::CollaborazioneNonValida, "Collaborazione"),
        (busta.ora.tempo != Tempo::Spc, Codice::OraNonValida, "Messaggio/OraRegistrazione/tempo"),
        (
            trasmissione.conferma == Some(true),
            Codice::TrasmissioneNonValida,
            "ProfiloTrasmissione/confermaRicezione",
        ),
        (
            trasmissione.inoltro == Some(Inoltro::PiuDiUnaVolta),
            Codice::TrasmissioneNonValida,
            "ProfiloTrasmissione/inoltro",
        ),
    ];
    let hops = busta.trasmissioni.iter().flat_map(|hop| {
        [
            (!is_spc(&hop.origine.tipo), "ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte/tipo"),
            (
                !is_spc(&hop.destinazione.tipo),
                "ListaTrasmissioni/Trasmissione/Destinazione/IdentificativoParte/tipo",
            ),
            (hop.ora.tempo != Tempo::Spc, "ListaTrasmissioni/Trasmissione/OraRegistrazione/tempo"),
        ]
        .map(|(wrong, posizione)| (wrong, Codice::TrasmissioniNonValide, posizione))
    });
    let riscontri = busta.riscontri.iter().map(|riscontro| {
        let posizione = "ListaRiscontri/Riscontro/OraRegistrazione/tempo";
        (riscontro.ora.tempo != Tempo::Spc, Codice::RiscontriNonValidi, posizione)
    });
    testata
        .into_iter()
        .chain(hops)
        .chain(riscontri)
        .filter(|(wrong, ..)| *wrong)
        .map(|(_, codice, posizione)| Eccezione::new(codice, posizione))
        .collect()
}

/// The notices that a sound request of a partner under the Linee Guida deserves, for the list of its reply.
#[must_use]
pub fn avvisi(busta: &Busta) -> Vec<Eccezione> {
    let asincrono = busta.profilo.is_some_and(Profilo::is_asincrono);
    let indirizzo = |parte: &Parte| parte.indirizzo.is_some();
    let testata = [
        (
            indirizzo(&busta.mittente),
            Codice::MittenteSconosciuto,
            "Mittente/IdentificativoParte/indirizzoTelematico",
        ),
        (
            indirizzo(&busta.destinatario),
            Codice::DestinatarioSconosciuto,
            "Destinatario/IdentificativoParte/indirizzoTelematico",
        ),
        (busta.correlato.tipo.is_some(), Codice::ProfiloNonValido, "ProfiloCollaborazione/tipo"),
        (busta.correlato.nome.is_some(), Codice::ProfiloNonValido, "ProfiloCollaborazione/servizioCorrelato"),
        (!asincrono && busta.collaborazione.is_some(), Codice::CollaborazioneNonValida, "Collaborazione"),
        (busta.sequenza.is_some(), Codice::OrdinamentoNonSupportato, "Sequenza"),
    ];
    let hops = busta.trasmissioni.iter().flat_map(|hop| {
        let base = "ListaTrasmissioni/Trasmissione";
        [(&hop.origine, "Origine"), (&hop.destinazione, "Destinazione")].map(|(parte, nome)| {
            let posizione = format!("{base}/{nome}/IdentificativoParte/indirizzoTelematico");
            (indirizzo(parte), Codice::TrasmissioniNonValide, posizione)
        })
    });
    let riscontri = (!busta.riscontri.is_empty(), Codice::RiscontriNonValidi, "ListaRiscontri".to_owned());
    testata
        .into_iter()
        .map(|(met, codice, posizione)| (met, codice, posizione.to_owned()))
        .chain(hops)
        .chain([riscontri])
        .filter(|(met, ..)| *met)
        .map(|(_, codice, posizione)| Eccezione {
            rilevanza: Rilevanza::Info,
            ..Eccezione::new(codice, posizione)
        })
        .collect()
}

/// A busta of ours as a partner under the Linee Guida takes it: delivered at most once, no confirmation, none of the
/// optional parts that would earn a notice.
#[must_use]
pub fn restringi(mut busta: Busta) -> Busta {
    busta.trasmissione =
        Some(ProfiloTrasmissione { inoltro: Some(Inoltro::AlPiuUnaVolta), conferma: Some(false) });
    busta.correlato = Correlato::default();
    busta.mittente.indirizzo = None;
    busta.destinatario.indirizzo = None;
    for hop in &mut busta.trasmissioni {
        hop.origine.indirizzo = None;
        hop.destinazione.indirizzo = None;
    }
    if !busta.profilo.is_some_and(Profilo::is_asincrono) {
        busta.collaborazione = None;
    }
    busta.sequenza = None;
    busta
}

/// An answer to such a partner: as it takes it, with the notices that its request deserves.
#[must_use]
pub fn rispondi(richiesta: &Busta, risposta: Busta) -> Busta {
    Busta { eccezioni: avvisi(richiesta), ..restringi(risposta) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egov::prova::{Prova, RICHIESTA, leggi, ora};
    use crate::egov::{Gestione, Ora, Riscontro, verify};

    fn verifica(change: impl FnOnce(&mut Busta)) -> Vec<String> {
        let mut registro = Prova::new();
        registro.parti[0].gestione = Gestione::LineeGuida11;
        let mut busta = leggi(RICHIESTA).unwrap().busta;
        change(&mut busta);
        verify(&busta, &registro, ora()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_subset_is_enforced_only_on_the_partners_that_speak_it() {
        let piu = |busta: &mut Busta| {
            busta.trasmissione =
                Some(ProfiloTrasmissione { inoltro: Some(Inoltro::PiuDiUnaVolta), conferma: Some(true) });
            busta.ora.tempo = Tempo::Locale;
            busta.trasmissioni[0].ora.tempo = Tempo::Locale;
        };
        assert_eq!(verifica(|_| ()), [""; 0]);
        assert_eq!(
            verifica(piu),
            [
                "EGOV_IT_108 Messaggio/OraRegistrazione/tempo",
                "EGOV_IT_113 ProfiloTrasmissione/confermaRicezione",
                "EGOV_IT_113 ProfiloTrasmissione/inoltro",
                "EGOV_IT_116 ListaTrasmissioni/Trasmissione/OraRegistrazione/tempo",
            ]
        );
        let mut busta = leggi(RICHIESTA).unwrap().busta;
        piu(&mut busta);
        assert_eq!(verify(&busta, &Prova::new(), ora()), []);
    }

    #[test]
    fn delivery_options_may_be_left_out_and_nothing_is_said_twice() {
        assert_eq!(verifica(|busta| busta.trasmissione = None), [""; 0]);
        assert_eq!(verifica(|busta| busta.azione = None), ["EGOV_IT_106 Azione"]);
    }

    #[test]
    fn optional_parts_earn_notices_and_are_not_sent() {
        let mut busta = leggi(RICHIESTA).unwrap().busta;
        assert_eq!(avvisi(&busta), []);
        busta.mittente.indirizzo = Some("http://a".into());
        busta.collaborazione = Some(busta.identificatore.clone());
        busta.sequenza = Some(1);
        busta.trasmissioni[0].origine.indirizzo = Some("http://a".into());
        busta.riscontri = vec![Riscontro { ora: Ora::spc(ora()), ..Riscontro::default() }];
        let found: Vec<String> = avvisi(&busta).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "EGOV_IT_101 Mittente/IdentificativoParte/indirizzoTelematico",
                "EGOV_IT_104 Collaborazione",
                "EGOV_IT_401 Sequenza",
                "EGOV_IT_116 ListaTrasmissioni/Trasmissione/Origine/IdentificativoParte/indirizzoTelematico",
                "EGOV_IT_115 ListaRiscontri",
            ]
        );
        assert!(avvisi(&busta).iter().all(|avviso| avviso.rilevanza == Rilevanza::Info));
        busta.riscontri.clear();
        assert_eq!(avvisi(&restringi(busta)), []);
    }
}
