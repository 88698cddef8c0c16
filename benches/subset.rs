//! Typed structs of yaserde for the part of VARDATORI that makes its bulk: the places of work and their workers.
//! Attributes of the contract that a struct would hold too are left out, which flatters it.

use yaserde::{YaDeserialize, YaSerialize};

/// The form.
#[derive(Debug, Default, YaDeserialize, YaSerialize)]
#[yaserde(rename = "VarDatori", namespaces = { "v" = "http://servizi.lavoro.gov.it/vardatori" }, default_namespace = "v", prefix = "v")]
pub struct VarDatori {
    #[yaserde(prefix = "v", rename = "SedeLavoro")]
    places: Vec<Place>,
}

#[derive(Debug, Default, YaDeserialize, YaSerialize)]
#[yaserde(namespaces = { "v" = "http://servizi.lavoro.gov.it/vardatori" }, prefix = "v")]
struct Place {
    #[yaserde(prefix = "v", rename = "Comune")]
    municipality: String,
    #[yaserde(prefix = "v", rename = "cap")]
    postcode: String,
    #[yaserde(prefix = "v", rename = "Indirizzo")]
    address: String,
    #[yaserde(prefix = "v", rename = "telefono")]
    telephone: Option<String>,
    #[yaserde(prefix = "v", rename = "Lavoratori")]
    workers: Vec<Worker>,
}

#[derive(Debug, Default, YaDeserialize, YaSerialize)]
#[yaserde(namespaces = { "v" = "http://servizi.lavoro.gov.it/vardatori" }, prefix = "v")]
struct Worker {
    #[yaserde(prefix = "v", rename = "DatiLavoratore")]
    person: Person,
    #[yaserde(prefix = "v", rename = "Contratto")]
    contract: Contract,
}

#[derive(Debug, Default, YaDeserialize, YaSerialize)]
#[yaserde(namespaces = { "v" = "http://servizi.lavoro.gov.it/vardatori" }, prefix = "v")]
struct Person {
    #[yaserde(prefix = "v", rename = "cognome")]
    surname: String,
    #[yaserde(prefix = "v", rename = "nome")]
    name: String,
    #[yaserde(prefix = "v", rename = "codice-fiscale")]
    tax_code: String,
    #[yaserde(prefix = "v", rename = "comuneDomicilio")]
    municipality: String,
}

#[derive(Debug, Default, YaDeserialize, YaSerialize)]
#[yaserde(namespaces = { "v" = "http://servizi.lavoro.gov.it/vardatori" }, prefix = "v")]
struct Contract {
    #[yaserde(attribute = true, rename = "dataInizio")]
    begins: String,
    #[yaserde(attribute = true, rename = "entePrevidenziale")]
    pension_fund: String,
    #[yaserde(attribute = true, rename = "TipologiaContrattuale")]
    kind: String,
    #[yaserde(prefix = "v", rename = "ccnl")]
    agreement: Option<String>,
    #[yaserde(prefix = "v", rename = "livelloInquadramento")]
    grade: Option<String>,
    #[yaserde(prefix = "v", rename = "qualificaProfessionale")]
    occupation: String,
    #[yaserde(prefix = "v", rename = "RetribuzioneCompenso")]
    pay: Option<String>,
    #[yaserde(prefix = "v", rename = "PatINAIL")]
    insurance: String,
}

/// XML to structs.
///
/// # Panics
/// The document is not that form.
#[must_use]
pub fn read(xml: &str) -> VarDatori {
    let form: VarDatori = yaserde::de::from_str(xml).expect("the form is read");
    assert!(form.places.iter().any(|place| !place.workers.is_empty()), "the workers are there");
    form
}

/// Structs to XML.
///
/// # Panics
/// The form cannot be written.
#[must_use]
pub fn write(form: &VarDatori) -> String {
    yaserde::ser::to_string(form).expect("the form is written")
}
