//! What a service and a party say about signatures: `[service.firma]` and `[parte.firma]`.
//!
//! Each key may stand in either; what the party says comes before what the service says, and that before the default.

use serde::Deserialize;

use super::azione::Servizio;
use super::parti::Parte;
use super::problem::Problem;
use crate::egov::firma::{Firmati, Politica};
use crate::soap::security::Method;

/// The keys as they are typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFirma {
    /// Parts that must be signed in what the party sends.
    richiesta: Option<Vec<String>>,
    /// Parts that are signed in what it is answered.
    risposta: Option<Vec<String>>,
    /// Actor of the Security block; empty: none.
    actor: Option<String>,
    /// Whether the block of an answer demands to be understood.
    must_understand: Option<bool>,
    /// Methods of signature that are accepted.
    algoritmi: Option<Vec<String>>,
}

/// What is said of signatures in one place; what is not said there is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regole {
    richiesta: Option<Firmati>,
    risposta: Option<Firmati>,
    actor: Option<String>,
    must_understand: Option<bool>,
    algoritmi: Option<Vec<Method>>,
}

impl Regole {
    /// Reads what stands at the key `at`.
    pub(super) fn read(raw: RawFirma, at: &str, wrong: &mut dyn FnMut(&str, Problem)) -> Self {
        let mut firmati = |key: &str, parti: Option<Vec<String>>| {
            let key = format!("{at}.{key}");
            parti.map(|parti| firmati(&parti, &key, wrong))
        };
        let (richiesta, risposta) = (firmati("richiesta", raw.richiesta), firmati("risposta", raw.risposta));
        let algoritmi = raw.algoritmi.map(|nomi| {
            let methods: Vec<Method> = nomi.iter().filter_map(|nome| Method::of_name(nome)).collect();
            if methods.len() != nomi.len() || methods.is_empty() {
                let wanted = Method::all().map(Method::name).collect();
                wrong(&format!("{at}.algoritmi"), Problem::Choice { wanted });
            }
            methods
        });
        Self { richiesta, risposta, actor: raw.actor, must_understand: raw.must_understand, algoritmi }
    }

    /// What holds between a service and a party; either may be unknown.
    #[must_use]
    pub fn politica(servizio: Option<&Servizio>, parte: Option<&Parte>) -> Politica {
        let none = Self::default();
        let servizio = servizio.map_or(&none, |servizio| &servizio.firma);
        let parte = parte.map_or(&none, |parte| &parte.firma);
        let otherwise = Politica::default();
        Politica {
            richiesta: parte.richiesta.or(servizio.richiesta).unwrap_or(otherwise.richiesta),
            risposta: parte.risposta.or(servizio.risposta).unwrap_or(otherwise.risposta),
            actor: parte.actor.clone().or_else(|| servizio.actor.clone()).unwrap_or(otherwise.actor),
            must_understand: parte
                .must_understand
                .or(servizio.must_understand)
                .unwrap_or(otherwise.must_understand),
            algoritmi: parte
                .algoritmi
                .clone()
                .or_else(|| servizio.algoritmi.clone())
                .unwrap_or(otherwise.algoritmi),
        }
    }

    /// Whether some message must be signed to be accepted.
    #[must_use]
    pub fn wants(&self) -> bool {
        self.richiesta.is_some_and(|parti| !parti.is_empty())
    }

    /// Whether some answer is signed.
    #[must_use]
    pub fn signs(&self) -> bool {
        self.risposta.is_some_and(|parti| !parti.is_empty())
    }
}

fn firmati(parti: &[String], key: &str, wrong: &mut dyn FnMut(&str, Problem)) -> Firmati {
    let mut firmati = Firmati::default();
    for parte in parti {
        match parte.as_str() {
            "intestazione" => firmati.intestazione = true,
            "corpo" => firmati.corpo = true,
            "allegati" => firmati.allegati = true,
            "timestamp" => firmati.timestamp = true,
            _ => {
                let wanted = vec!["intestazione", "corpo", "allegati", "timestamp"];
                wrong(key, Problem::Choice { wanted });
            }
        }
    }
    firmati
}
