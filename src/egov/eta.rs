//! Age and expiry (EGOV_IT_301): part of the stage of syntax, by the receiver's clock.
//!
//! Times in the future are accepted: no porta refuses them unless told to.

use jiff::{SignedDuration, Timestamp};

use super::{Busta, CodiceEccezione, Eccezione, Identificatore, Istante};

/// The greatest age of a message: five days. As long, at least, are identifiers kept to find duplicates.
pub const ETA_MASSIMA: SignedDuration = SignedDuration::from_mins(7200);

/// What is wrong with the age of a busta at `now`.
///
/// An expired `Scadenza` is one error and the only one; otherwise the registration time and the minute in the
/// identifier each count, and both errors name the same place.
pub(super) fn controlla(busta: &Busta, now: Timestamp) -> Vec<Eccezione> {
    let scaduta = || Eccezione::new(CodiceEccezione::MessaggioScaduto, "Messaggio/Scadenza");
    let expiry = busta.scadenza.as_ref().and_then(Istante::timestamp);
    if expiry.is_some_and(|expiry| minute(expiry) < minute(now)) {
        return vec![scaduta()];
    }
    let too_old = |at: Timestamp| now.duration_since(at) > ETA_MASSIMA;
    let registered = busta.ora.istante.timestamp();
    let named = Identificatore::parse(&busta.identificatore).and_then(|id| id.creato());
    [registered, named].into_iter().flatten().filter(|at| too_old(*at)).map(|_| scaduta()).collect()
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
        let found = controlla(busta, Istante::read(now).timestamp().unwrap());
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
    fn expiry_is_compared_to_the_minute_and_silences_age() {
        let busta = busta("2025-03-10T09:15:30", "2025-03-10_09:15", Some("2025-03-10T18:00:00"));
        assert_eq!(errors(&busta, "2025-03-10T18:00:59"), 0);
        assert_eq!(errors(&busta, "2025-03-10T18:01:00"), 1);
        assert_eq!(errors(&busta, "2026-03-10T18:01:00"), 1);
    }
}
