//! Age and expiry (EGOV_IT_301): part of the stage of syntax, by the receiver's clock.
//!
//! Times in the future are accepted: no porta refuses them unless told to.

use jiff::{SignedDuration, Timestamp};

use super::{Busta, CodiceEccezione as Codice, Eccezione, Identificatore, Istante};

/// The greatest age of a message: five days. As long, at least, are identifiers kept to find duplicates.
pub const ETA_MASSIMA: SignedDuration = SignedDuration::from_mins(7200);

/// Between which instants, seen from the present one, a message may have been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finestre {
    /// How old it may be.
    pub eta_massima: SignedDuration,
    /// How far ahead of ours its clocks may be; `None`: as far as they like.
    pub tolleranza_futuro: Option<SignedDuration>,
}

impl Default for Finestre {
    fn default() -> Self {
        Self { eta_massima: ETA_MASSIMA, tolleranza_futuro: None }
    }
}

/// What is wrong with the age of a busta at `now`.
///
/// An expired `Scadenza` is one error and the only one; otherwise the registration time and the minute in the
/// identifier each count, and both errors name the same place.
pub(super) fn controlla(busta: &Busta, now: Timestamp, finestre: &Finestre) -> Vec<Eccezione> {
    let scaduta = || Eccezione::new(Codice::MessaggioScaduto, "Messaggio/Scadenza");
    let expiry = busta.scadenza.as_ref().and_then(Istante::timestamp);
    if expiry.is_some_and(|expiry| minute(expiry) < minute(now)) {
        return vec![scaduta()];
    }
    let too_old = |at: Timestamp| now.duration_since(at) > finestre.eta_massima;
    let registered = busta.ora.istante.timestamp();
    let named = Identificatore::parse(&busta.identificatore).and_then(|id| id.creato());
    [registered, named].into_iter().flatten().filter(|at| too_old(*at)).map(|_| scaduta()).collect()
}

/// The times of a busta that are further ahead of `now` than is tolerated. Said only of a busta that is well otherwise.
pub(super) fn futuro(busta: &Busta, now: Timestamp, finestre: &Finestre) -> Vec<Eccezione> {
    let Some(tolleranza) = finestre.tolleranza_futuro else { return Vec::new() };
    let named = Identificatore::parse(&busta.identificatore).and_then(|id| id.creato());
    let own = [
        (busta.ora.istante.timestamp(), Codice::OraNonValida, "Messaggio/OraRegistrazione"),
        (named, Codice::IdentificatoreNonValido, "Messaggio/Identificatore"),
    ];
    let riscontri = busta.riscontri.iter().map(|riscontro| {
        let posizione = "ListaRiscontri/Riscontro/OraRegistrazione";
        (riscontro.ora.istante.timestamp(), Codice::RiscontriNonValidi, posizione)
    });
    let hops = busta.trasmissioni.iter().map(|hop| {
        let posizione = "ListaTrasmissioni/Trasmissione/OraRegistrazione";
        (hop.ora.istante.timestamp(), Codice::TrasmissioniNonValide, posizione)
    });
    own.into_iter()
        .chain(riscontri)
        .chain(hops)
        .filter(|(at, ..)| at.is_some_and(|at| at.duration_since(now) > tolleranza))
        .map(|(_, codice, posizione)| Eccezione::new(codice, posizione))
        .collect()
}

/// Expiry is compared to the minute.
fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egov::Ora;

    fn busta(ora: &str, minuto: &str, scadenza: Option<&str>) -> Busta {
        Busta {
            ora: Ora { istante: Istante::read(ora), ..Ora::default() },
            identificatore: format!("A_B_0000001_{minuto}"),
            scadenza: scadenza.map(Istante::read),
            ..Busta::default()
        }
    }

    fn errors(busta: &Busta, now: &str) -> usize {
        let found = controlla(busta, Istante::read(now).timestamp().unwrap(), &Finestre::default());
        for eccezione in &found {
            assert_eq!(eccezione.to_string(), "EGOV_IT_301 Messaggio/Scadenza");
        }
        found.len()
    }

    #[test]
    fn a_message_lives_five_days_by_its_time_and_by_its_identifier() {
        let busta = busta("2025-03-10T09:15:30", "2025-03-10_09:15", None);
        assert_eq!(errors(&busta, "2025-03-15T09:15:00"), 0);
        assert_eq!(errors(&busta, "2025-03-15T09:15:20"), 1);
        assert_eq!(errors(&busta, "2025-03-15T09:15:31"), 2);
    }

    #[test]
    fn the_future_is_accepted() {
        assert_eq!(errors(&busta("2025-03-10T09:15:30", "2025-03-10_09:15", None), "2024-01-01T00:00:00"), 0);
    }

    #[test]
    fn a_switched_on_tolerance_names_every_time_that_is_ahead() {
        use crate::egov::{Riscontro, Trasmissione};
        let at = |text: &str| Ora { istante: Istante::read(text), ..Ora::default() };
        let mut busta = busta("2025-03-10T09:25:30", "2025-03-10_09:26", None);
        busta.riscontri = vec![Riscontro { ora: at("2025-03-10T09:30:00"), ..Riscontro::default() }];
        busta.trasmissioni = vec![
            Trasmissione { ora: at("2025-03-10T09:15:00"), ..Trasmissione::default() },
            Trasmissione { ora: at("2025-03-10T09:40:00"), ..Trasmissione::default() },
        ];
        let now = Istante::read("2025-03-10T09:15:00").timestamp().unwrap();
        let found = |minutes: i64| {
            let tolleranza_futuro = Some(SignedDuration::from_mins(minutes));
            let found = futuro(&busta, now, &Finestre { tolleranza_futuro, ..Finestre::default() });
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(
            found(5),
            [
                "EGOV_IT_108 Messaggio/OraRegistrazione",
                "EGOV_IT_110 Messaggio/Identificatore",
                "EGOV_IT_115 ListaRiscontri/Riscontro/OraRegistrazione",
                "EGOV_IT_116 ListaTrasmissioni/Trasmissione/OraRegistrazione",
            ]
        );
        assert_eq!(found(20), ["EGOV_IT_116 ListaTrasmissioni/Trasmissione/OraRegistrazione"]);
        assert_eq!(futuro(&busta, now, &Finestre::default()), []);
    }

    #[test]
    fn expiry_is_compared_to_the_minute_and_silences_age() {
        let busta = busta("2025-03-10T09:15:30", "2025-03-10_09:15", Some("2025-03-10T18:00:00"));
        assert_eq!(errors(&busta, "2025-03-10T18:00:59"), 0);
        assert_eq!(errors(&busta, "2025-03-10T18:01:00"), 1);
        assert_eq!(errors(&busta, "2026-03-10T18:01:00"), 1);
    }
}
