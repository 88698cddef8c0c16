//! The schede anagrafico-professionali that the simulated node holds.
//!
//! One active SAP a person. Its identifier is two letters, eight digits and a control letter; the rule of the letter is
//! not published, so the letter here is the sandbox's own (the number modulo 26).

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use serde_json::{Map, Value};

/// More people than a demonstration has; a load test stops growing here.
const MAX_SAPS: usize = 20_000;

/// An active SAP.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sap {
    /// Identificativo SAP.
    pub(super) codice: String,
    /// The region that sent it last, by its name on the busta.
    pub(super) regione: String,
    /// The document, its identifier filled in.
    pub(super) payload: Value,
}

/// Why a SAP was not taken, in the terms of `ListaAnomalie`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anomaly {
    /// The ministry's table of codes is published only in part; those from S900 up are the sandbox's own.
    pub(super) codice: &'static str,
    pub(super) descrizione: &'static str,
    pub(super) campo: &'static str,
}

/// All the SAPs, active and annulled.
#[derive(Debug, Default)]
pub(super) struct SapStore {
    /// By codice fiscale.
    active: BTreeMap<String, Sap>,
    /// Codice fiscale by identifier.
    owners: HashMap<String, String>,
    /// Identifiers and days of annulment, by codice fiscale.
    annulled: BTreeMap<String, Vec<(String, Date)>>,
    last: u32,
}

impl SapStore {
    /// invioSAP: takes a new SAP, or the new content of the one that the person has.
    pub(super) fn send(&mut self, mut payload: Value, regione: &str) -> Result<String, Anomaly> {
        let Some(person) = text(&payload, "/datianagrafici/datipersonali/codicefiscale").map(str::to_owned)
        else {
            return Err(Anomaly {
                codice: "S900",
                descrizione: "Codice fiscale del lavoratore assente",
                campo: "datianagrafici.datipersonali.codicefiscale",
            });
        };
        let sent = text(&payload, "/datiinvio/identificativosap").map(str::to_owned);
        let codice = self.identifier(&person, sent)?;
        if let Some(Value::Object(datiinvio)) = payload.pointer_mut("/datiinvio") {
            datiinvio.insert("identificativosap".to_owned(), Value::String(codice.clone()));
        }
        self.owners.insert(codice.clone(), person.clone());
        let sap = Sap { codice: codice.clone(), regione: regione.to_owned(), payload };
        self.active.insert(person, sap);
        Ok(codice)
    }

    /// The active SAP with this identifier.
    pub(super) fn by_code(&self, codice: &str) -> Option<&Sap> {
        self.by_person(self.owners.get(codice)?).filter(|sap| sap.codice == codice)
    }

    /// The active SAP of this person.
    pub(super) fn by_person(&self, codice_fiscale: &str) -> Option<&Sap> {
        self.active.get(codice_fiscale)
    }

    /// annullaSAP: whether there was an active SAP to annul.
    pub(super) fn annul(&mut self, codice: &str, today: Date) -> bool {
        let Some(person) = self.by_code(codice).and_then(|_| self.owners.get(codice)).cloned() else {
            return false;
        };
        self.active.remove(&person);
        self.annulled.entry(person).or_default().push((codice.to_owned(), today));
        true
    }

    /// recuperaListaSAPNonAttive: the identifiers annulled between two days, both included.
    pub(super) fn annulled(&self, codice_fiscale: &str, from: Date, until: Date) -> Vec<String> {
        self.annulled
            .get(codice_fiscale)
            .into_iter()
            .flatten()
            .filter(|(_, day)| (from..=until).contains(day))
            .map(|(codice, _)| codice.clone())
            .collect()
    }

    /// richiestaSAP_N00_A02: the person's DID and the patto that goes with it, if the SAP tells of either.
    pub(super) fn did(&self, codice_fiscale: &str) -> Option<Value> {
        let payload = &self.by_person(codice_fiscale)?.payload;
        let policies = payload.pointer("/politicheAttiveLst/politicheAttive")?.as_array()?;
        let last = |kind| policies.iter().rev().find(|policy| text(policy, "/tipoAttivita") == Some(kind));
        let (n00, a02) = (last("N00"), last("A02"));
        if n00.is_none() && a02.is_none() {
            return None;
        }
        let at = |pointer| payload.pointer(pointer).cloned().unwrap_or_default();
        let status = "/datiamministrativi/statoinanagrafe";
        let members = [
            ("codicefiscale", Value::String(codice_fiscale.to_owned())),
            ("codiceentetit", at("/datiinvio/codiceentetit")),
            ("dataultimoagg", at("/datiinvio/dataultimoagg")),
            ("indiceprofiling", at(&format!("{status}/indiceprofiling"))),
            ("dataevento", at(&format!("{status}/dataevento"))),
            ("disponibilita", at(&format!("{status}/disponibilita"))),
            ("n00", n00.cloned().unwrap_or_default()),
            ("a02", a02.cloned().unwrap_or_default()),
        ];
        Some(Value::Object(
            members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Map<_, _>>(),
        ))
    }

    /// The identifier under which a SAP is kept: the person's, else the one sent, else a new one.
    fn identifier(&mut self, person: &str, sent: Option<String>) -> Result<String, Anomaly> {
        const FIELD: &str = "datiinvio.identificativosap";
        if let Some(sap) = self.active.get(person) {
            if sent.is_some_and(|sent| sent != sap.codice) {
                return Err(Anomaly {
                    codice: "S901",
                    descrizione: "L'identificativo SAP non è quello della SAP attiva del lavoratore",
                    campo: FIELD,
                });
            }
            return Ok(sap.codice.clone());
        }
        if self.active.len() >= MAX_SAPS {
            return Err(Anomaly {
                codice: "S999",
                descrizione: "Archivio della sandbox esaurito",
                campo: "",
            });
        }
        let Some(sent) = sent else { return Ok(self.new_identifier()) };
        if sent.starts_with("ZZ") && !self.owners.contains_key(&sent) {
            return Err(Anomaly {
                codice: "S902",
                descrizione: "Identificativo SAP di tipo ZZ non presente nel sistema nazionale",
                campo: FIELD,
            });
        }
        if self.owners.contains_key(&sent) {
            return Err(Anomaly {
                codice: "S903",
                descrizione: "L'identificativo SAP è di una SAP annullata o di un altro lavoratore",
                campo: FIELD,
            });
        }
        Ok(sent)
    }

    fn new_identifier(&mut self) -> String {
        loop {
            self.last += 1;
            let letter = char::from(b'A' + u8::try_from((self.last - 1) % 26).unwrap_or_default());
            let codice = format!("AA{:08}{letter}", self.last);
            if !self.owners.contains_key(&codice) {
                return codice;
            }
        }
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    fn sap(person: &str, code: Option<&str>) -> Value {
        json!({
            "datiinvio": {"identificativosap": code, "codiceentetit": "H501C000523", "dataultimoagg": "2025-03-27"},
            "datianagrafici": {"datipersonali": {"codicefiscale": person}},
        })
    }

    #[test]
    fn a_person_keeps_the_identifier_through_resends() {
        let mut store = SapStore::default();
        let first = store.send(sap("A", None), "LAZIO").unwrap();
        assert_eq!(first, "AA00000001A");
        assert_eq!(store.send(sap("A", None), "UMBRIA").unwrap(), first);
        assert_eq!(store.send(sap("A", Some(&first)), "UMBRIA").unwrap(), first);
        assert_eq!(store.send(sap("A", Some("AA00000009I")), "UMBRIA").unwrap_err().codice, "S901");
        assert_eq!(store.by_code(&first).unwrap().regione, "UMBRIA");
        assert_eq!(store.send(sap("B", None), "LAZIO").unwrap(), "AA00000002B");
    }

    #[test]
    fn an_identifier_that_came_from_outside_is_kept_and_never_given_again() {
        let mut store = SapStore::default();
        assert_eq!(store.send(sap("A", Some("AA00000001A")), "LAZIO").unwrap(), "AA00000001A");
        assert_eq!(store.send(sap("B", None), "LAZIO").unwrap(), "AA00000002B");
        assert_eq!(store.send(sap("C", Some("AA00000001A")), "LAZIO").unwrap_err().codice, "S903");
        assert_eq!(store.send(sap("C", Some("ZZ00000001A")), "LAZIO").unwrap_err().codice, "S902");
    }

    #[test]
    fn an_annulled_sap_is_listed_within_its_days_and_found_no_more() {
        let mut store = SapStore::default();
        let code = store.send(sap("A", None), "LAZIO").unwrap();
        let today = date(2026, 11, 21);
        assert!(store.annul(&code, today));
        assert!(!store.annul(&code, today));
        assert!(store.by_person("A").is_none() && store.by_code(&code).is_none());
        assert_eq!(store.annulled("A", today, today), [code]);
        assert!(store.annulled("A", date(2026, 1, 1), date(2026, 11, 20)).is_empty());
        assert!(store.annulled("B", today, today).is_empty());
        assert_eq!(store.send(sap("A", None), "LAZIO").unwrap(), "AA00000002B");
    }

    #[test]
    fn the_did_is_made_of_the_last_policies_n00_and_a02() {
        let mut store = SapStore::default();
        store.send(sap("A", None), "LAZIO").unwrap();
        assert!(store.did("A").is_none());
        let mut with = sap("A", None);
        with["datiamministrativi"] = json!({"statoinanagrafe": {"disponibilita": "2024-01-08"}});
        with["politicheAttiveLst"] = json!({"politicheAttive": [
            {"tipoAttivita": "N00", "data": "1"}, {"tipoAttivita": "C07"}, {"tipoAttivita": "N00", "data": "2"},
        ]});
        store.send(with, "LAZIO").unwrap();
        let did = store.did("A").unwrap();
        assert_eq!(did["n00"]["data"], "2");
        assert_eq!(did["a02"], Value::Null);
        assert_eq!(did["disponibilita"], "2024-01-08");
        assert_eq!(did["indiceprofiling"], Value::Null);
    }
}
