//! The name of a busta (SPCoop busta e-Gov 1.1, `Identificatore`):
//! `CodAmministrazione_CodPorta_NNNNNNN_AAAA-MM-GG_HH:MM`.
//!
//! Uniqueness rests on whoever gives the progressivo. It must count per party, porta and civil minute as
//! [`Identificatore::minuto`] spells it: in October's repeated hour one spelling stands for two minutes, and a
//! counter kept by that spelling does not start again in the second.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::ParteNota;
use super::istante::{number, read_date};
use crate::clock;

/// An identifier whose form is right.
///
/// Equality is that of the text, since that is the key of duplicates; whether the codes are those of a party is
/// [`Identificatore::is_of`]'s question, and there the porta is compared ignoring case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identificatore {
    testo: String,
    /// Where the porta begins, and where the progressivo does.
    porta: usize,
    progressivo: usize,
}

/// No identifier can be made of these parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentificatoreError {
    /// Only letters and digits may stand in a code.
    #[error("\"{code}\" cannot stand in an identifier: letters and digits only")]
    Code {
        /// The code.
        code: String,
    },
    /// Seven digits are exhausted within one minute. Wrapping would name two messages alike.
    #[error("progressivo {progressivo} does not fit in seven digits")]
    Overflow {
        /// The number asked for.
        progressivo: u32,
    },
}

impl Identificatore {
    /// The greatest progressivo of a minute.
    pub const ULTIMO: u32 = 9_999_999;

    /// The identifier of a busta that `amministrazione` creates at `at` through `porta`.
    ///
    /// # Errors
    /// A code holds what cannot stand in an identifier, or the progressivo does not fit.
    pub fn new(
        amministrazione: &str,
        porta: &str,
        progressivo: u32,
        at: Timestamp,
    ) -> Result<Self, IdentificatoreError> {
        for code in [amministrazione, porta] {
            if !is_code(code) {
                return Err(IdentificatoreError::Code { code: code.to_owned() });
            }
        }
        if progressivo > Self::ULTIMO {
            return Err(IdentificatoreError::Overflow { progressivo });
        }
        let testo = format!("{amministrazione}_{porta}_{progressivo:07}_{}", Self::minuto(at));
        let porta_at = amministrazione.len() + 1;
        Ok(Self { testo, porta: porta_at, progressivo: porta_at + porta.len() + 1 })
    }

    /// The minute of an instant as identifiers spell it, `AAAA-MM-GG_HH:MM` in Italian civil time.
    #[must_use]
    pub fn minuto(at: Timestamp) -> String {
        clock::in_rome(at).strftime("%Y-%m-%d_%H:%M").to_string()
    }

    /// Reads an identifier; `None` where the form is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let (amministrazione, porta, progressivo) = (parts.next()?, parts.next()?, parts.next()?);
        let (date, time) = (parts.next()?, parts.next()?);
        let digits = progressivo.len() == 7 && progressivo.bytes().all(|b| b.is_ascii_digit());
        if parts.next().is_some() || !is_code(amministrazione) || !is_code(porta) || !digits {
            return None;
        }
        read_date(date)?;
        read_time(time)?;
        let porta_at = amministrazione.len() + 1;
        Some(Self { testo: text.to_owned(), porta: porta_at, progressivo: porta_at + porta.len() + 1 })
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.testo
    }

    /// `CodAmministrazione`.
    #[must_use]
    pub fn amministrazione(&self) -> &str {
        self.testo.get(..self.porta.saturating_sub(1)).unwrap_or_default()
    }

    /// `CodPorta`.
    #[must_use]
    pub fn porta(&self) -> &str {
        self.testo.get(self.porta..self.progressivo.saturating_sub(1)).unwrap_or_default()
    }

    /// The seven digits as a number.
    #[must_use]
    pub fn progressivo(&self) -> u32 {
        let digits = self.testo.get(self.progressivo..self.progressivo + 7);
        digits.and_then(|d| d.parse().ok()).unwrap_or_default()
    }

    /// The minute of creation as an instant.
    #[must_use]
    pub fn creato(&self) -> Option<Timestamp> {
        let (date, time) = self.testo.get(self.progressivo + 8..)?.split_once('_')?;
        let date: Date = read_date(date)?;
        clock::from_rome(DateTime::from_parts(date, read_time(time)?))
    }

    /// Whether a busta of that party may bear the identifier.
    #[must_use]
    pub fn is_of(&self, parte: &ParteNota) -> bool {
        !parte.controllo_identificatori
            || (self.amministrazione() == parte.codice && self.porta().eq_ignore_ascii_case(&parte.porta))
    }
}

impl fmt::Display for Identificatore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.testo)
    }
}

impl AsRef<str> for Identificatore {
    fn as_ref(&self) -> &str {
        &self.testo
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `HH:MM`.
fn read_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "ComuneSole_ComuneSoleSPCoopIT_0000001_2025-03-10_09:15";

    #[test]
    fn an_identifier_has_its_five_parts() {
        let id = Identificatore::parse(GOOD).unwrap();
        assert_eq!(id.amministrazione(), "ComuneSole");
        assert_eq!(id.porta(), "ComuneSoleSPCoopIT");
        assert_eq!(id.progressivo(), 1);
        assert_eq!(id.creato().unwrap().to_string(), "2025-03-10T08:15:00Z");
        let at = "2025-03-10T08:15:59Z".parse().unwrap();
        assert_eq!(Identificatore::new("ComuneSole", "ComuneSoleSPCoopIT", 1, at), Ok(id));
    }

    #[test]
    fn any_other_form_is_refused() {
        for bad in [
            "",
            "ComuneSole",
            "ComuneSole_Porta_0000001_2025-03-10",
            "Comune_Sole_Porta_0000001_2025-03-10_09:15",
            "ComuneSole_Porta_0000001_2025-03-10_09:15_",
            "ComuneSole_Porta_000001_2025-03-10_09:15",
            "ComuneSole_Porta_00000001_2025-03-10_09:15",
            "ComuneSole_Porta_+000001_2025-03-10_09:15",
            "ComuneSole_Porta_0000001_2025-3-10_09:15",
            "ComuneSole_Porta_0000001_2025-02-30_09:15",
            "ComuneSole_Porta_0000001_2025-03-10_24:15",
            "ComuneSole_Porta_0000001_2025-03-10_09:60",
            "ComuneSole_Porta_0000001_2025-03-10_9:15",
            "_Porta_0000001_2025-03-10_09:15",
            "VAL D'AOSTA_Porta_0000001_2025-03-10_09:15",
            "ComuneSòle_Porta_0000001_2025-03-10_09:15",
            " ComuneSole_Porta_0000001_2025-03-10_09:15",
        ] {
            assert_eq!(Identificatore::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_owner_is_compared_exactly_and_the_porta_ignoring_case() {
        let id = Identificatore::parse(GOOD).unwrap();
        let mut sole = ParteNota::spc("ComuneSole");
        assert!(id.is_of(&sole));
        sole.porta = "COMUNESOLESPCOOPIT".into();
        assert!(id.is_of(&sole));
        sole.codice = "comunesole".into();
        assert!(!id.is_of(&sole));
        sole.controllo_identificatori = false;
        assert!(id.is_of(&sole));
        assert!(!id.is_of(&ParteNota::spc("RegioneLuna")));
    }

    #[test]
    fn a_party_whose_name_cannot_stand_in_an_identifier_has_a_code_that_can() {
        let aosta = ParteNota::spc("VAL D'AOSTA");
        let at = "2025-03-10T08:15:59Z".parse().unwrap();
        let id = Identificatore::new(&aosta.codice, &aosta.porta, 7, at).unwrap();
        assert_eq!(id.as_str(), "VALDAOSTA_VALDAOSTASPCoopIT_0000007_2025-03-10_09:15");
        assert!(id.is_of(&aosta));
        let refused = Identificatore::new(&aosta.nome, &aosta.porta, 7, at);
        assert_eq!(refused, Err(IdentificatoreError::Code { code: "VAL D'AOSTA".into() }));
    }

    #[test]
    fn overflow_is_an_error_and_never_a_wrap() {
        let at = "2025-03-10T08:15:59Z".parse().unwrap();
        assert!(Identificatore::new("A", "B", 9_999_999, at).is_ok());
        let over = Identificatore::new("A", "B", 10_000_000, at);
        assert_eq!(over, Err(IdentificatoreError::Overflow { progressivo: 10_000_000 }));
    }

    #[test]
    fn the_minute_is_romes_and_the_repeated_hour_has_one_spelling() {
        let minute = |text: &str| Identificatore::minuto(text.parse().unwrap());
        assert_eq!(minute("2025-07-10T08:15:59Z"), "2025-07-10_10:15");
        // 2025-10-26: 02:30 comes twice, at UTC 00:30 (summer time) and 01:30.
        assert_eq!(minute("2025-10-26T00:30:00Z"), minute("2025-10-26T01:30:00Z"));
        assert_eq!(minute("2025-10-26T01:30:00Z"), "2025-10-26_02:30");
    }
}
