//! The parties: who may stand in Mittente and Destinatario, and how each is known.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::CatalogueError;
use super::azione::{Fruitori, NomeParte, Servizio};
use super::firma::{RawFirma, Regole};
use super::problem::Problem;
use crate::config::source::{Place, Places, Source};
use crate::egov::Gestione;

const EGOV_11: &str = "eGov1.1";
const LINEE_GUIDA_11: &str = "eGov1.1-lineeGuida1.1";

/// The file of the parties, in the folder of the services.
pub(super) const FILE: &str = "parti.toml";

/// A party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parte {
    /// Value of `IdentificativoParte`.
    pub nome: String,
    /// Its `tipo`.
    pub tipo: String,
    /// Code of its porta di dominio, second part of its identifiers.
    pub porta: String,
    /// Its code in identifiers, first part: letters and digits only (SPCoop busta e-Gov 1.1, Identificatore).
    pub codice: String,
    /// Groups it belongs to; services name one as their `fruitori`.
    pub gruppi: Vec<String>,
    /// Common names of the certificates that may speak for it.
    pub certificati: Vec<String>,
    /// What is asked of the SOAPAction header of its requests.
    pub soapaction: SoapAction,
    /// Its identifiers must bear its own `codice` and `porta`. Off for a partner whose porta has another code than is
    /// written here; the form of an identifier is checked all the same.
    pub controllo_identificatori: bool,
    /// By which text it speaks e-Gov.
    pub gestione: Gestione,
    /// Services that it may use; none: all that are offered to it.
    pub servizi: Option<Vec<String>>,
    /// Where its porta is called.
    pub indirizzo: Option<http::Uri>,
    /// What it says about signatures, before what a service says.
    pub firma: Regole,
    /// Where the file says so.
    pub place: Place,
}

/// What is asked of the SOAPAction header (SOAP 1.1 §6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoapAction {
    /// It must be there, with any value.
    Strict,
    /// It may be absent.
    Lenient,
}

/// All the parties.
#[derive(Debug, Clone, Default)]
pub struct Parti {
    parti: Vec<Parte>,
    by_name: HashMap<NomeParte, usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawParti {
    parte: Vec<RawParte>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawParte {
    nome: String,
    tipo: String,
    porta: String,
    codice: String,
    gruppi: Vec<String>,
    certificati: Vec<String>,
    soapaction: String,
    identificatori: String,
    gestione: String,
    servizi: Option<Vec<String>>,
    indirizzo: String,
    firma: RawFirma,
}

impl Parti {
    /// Reads the parties from a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, Vec<CatalogueError>> {
        let source = Source::read(path).map_err(|mistake| vec![mistake.map(Problem::from)])?;
        Self::read(source)
    }

    pub(super) fn read(source: Source) -> Result<Self, Vec<CatalogueError>> {
        let (raw, places, faults) = source.parse::<RawParti>(None);
        let mut check = Check { places: &places, mistakes: Vec::new() };
        check.mistakes.extend(faults.into_iter().map(|fault| fault.map(Problem::from)));
        // What could not be read has vanished from `raw`: its absence is not a second mistake.
        let whole = check.mistakes.is_empty();
        let mut parti = Self::default();
        for (index, raw) in raw.parte.into_iter().enumerate() {
            let parte = check.parte(raw, index + 1);
            let name = NomeParte { tipo: parte.tipo.clone(), nome: parte.nome.clone() };
            match parti.by_name.get(&name).and_then(|at| parti.parti.get(*at)) {
                Some(first) => {
                    let twice = Problem::Twice { first: first.place.clone() };
                    check.wrong(&format!("{}.nome", parte.place.key), twice);
                }
                None => {
                    parti.by_name.insert(name, parti.parti.len());
                    parti.parti.push(parte);
                }
            }
        }
        if whole && parti.parti.is_empty() {
            check.wrong("parte", Problem::Missing { wanted: "at least one [[parte]]" });
        }
        if check.mistakes.is_empty() { Ok(parti) } else { Err(check.mistakes) }
    }

    /// The party of this type and name. Both count to the letter.
    #[must_use]
    pub fn parte(&self, tipo: &str, nome: &str) -> Option<&Parte> {
        let name = NomeParte { tipo: tipo.to_owned(), nome: nome.to_owned() };
        self.parti.get(*self.by_name.get(&name)?)
    }

    /// The parties that a certificate with this common name may speak for: one porta may serve several.
    pub fn del_certificato<'p>(&'p self, subject_cn: &'p str) -> impl Iterator<Item = &'p Parte> {
        self.parti.iter().filter(move |parte| parte.riconosce(subject_cn))
    }

    /// The parties of the group `regioni`.
    pub fn regioni(&self) -> impl Iterator<Item = &Parte> {
        self.del_gruppo("regioni")
    }

    /// The parties of a group.
    pub fn del_gruppo<'p>(&'p self, gruppo: &'p str) -> impl Iterator<Item = &'p Parte> {
        self.parti.iter().filter(move |parte| parte.gruppi.iter().any(|g| g == gruppo))
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Parte> {
        self.parti.iter()
    }
}

impl Parte {
    /// Whether a certificate with this common name may speak for the party.
    #[must_use]
    pub fn riconosce(&self, subject_cn: &str) -> bool {
        self.certificati.iter().any(|cn| cn == subject_cn)
    }

    /// Whether the party may use the service: it is offered to it, and not withheld from it.
    #[must_use]
    pub fn puo_usare(&self, servizio: &Servizio) -> bool {
        let offered = match &servizio.fruitori {
            Fruitori::Gruppo(gruppo) => self.gruppi.contains(gruppo),
            Fruitori::Elenco(nomi) => self.tipo == servizio.erogatore.tipo && nomi.contains(&self.nome),
        };
        offered && self.servizi.as_ref().is_none_or(|servizi| servizi.contains(&servizio.nome))
    }
}

struct Check<'p> {
    places: &'p Places,
    mistakes: Vec<CatalogueError>,
}

impl Check<'_> {
    fn wrong(&mut self, key: &str, problem: Problem) {
        if !self.mistakes.iter().any(|known| known.place.key == key) {
            self.mistakes.push(self.places.mistake(key, problem));
        }
    }

    fn parte(&mut self, raw: RawParte, number: usize) -> Parte {
        let at = format!("parte[{number}]");
        if raw.nome.is_empty() || raw.nome.trim() != raw.nome {
            self.wrong(
                &format!("{at}.nome"),
                Problem::Name { wanted: "a name, without white space around it" },
            );
        }
        let tipo = if raw.tipo.is_empty() { "SPC".to_owned() } else { raw.tipo };
        let codice = if raw.codice.is_empty() { raw.nome.clone() } else { raw.codice };
        let porta = if raw.porta.is_empty() { format!("{codice}SPCoopIT") } else { raw.porta };
        for (key, value) in [("tipo", &tipo), ("codice", &codice), ("porta", &porta)] {
            if value.is_empty() || !value.bytes().all(|b| b.is_ascii_alphanumeric()) {
                let wanted = "letters and digits: an identifier is split at each underscore";
                self.wrong(&format!("{at}.{key}"), Problem::Name { wanted });
            }
        }
        for (index, cn) in raw.certificati.iter().enumerate() {
            if cn.trim().is_empty() {
                let key = format!("{at}.certificati[{}]", index + 1);
                self.wrong(&key, Problem::Name { wanted: "the common name of a certificate" });
            }
        }
        let soapaction = match self.is_strict(&format!("{at}.soapaction"), &raw.soapaction) {
            true => SoapAction::Strict,
            false => SoapAction::Lenient,
        };
        let controllo_identificatori = self.is_strict(&format!("{at}.identificatori"), &raw.identificatori);
        let gestione = match raw.gestione.as_str() {
            "" | EGOV_11 => Gestione::EGov11,
            LINEE_GUIDA_11 => Gestione::LineeGuida11,
            _ => {
                let wanted = vec![EGOV_11, LINEE_GUIDA_11];
                self.wrong(&format!("{at}.gestione"), Problem::Choice { wanted });
                Gestione::default()
            }
        };
        let indirizzo = self.indirizzo(&format!("{at}.indirizzo"), &raw.indirizzo);
        let firma =
            Regole::read(raw.firma, &format!("{at}.firma"), &mut |key, problem| self.wrong(key, problem));
        Parte {
            firma,
            nome: raw.nome,
            tipo,
            porta,
            codice,
            gruppi: raw.gruppi,
            certificati: raw.certificati,
            soapaction,
            controllo_identificatori,
            gestione,
            servizi: raw.servizi,
            indirizzo,
            place: self.places.place(&at),
        }
    }

    fn is_strict(&mut self, key: &str, value: &str) -> bool {
        if !matches!(value, "" | "strict" | "lenient") {
            self.wrong(key, Problem::Choice { wanted: vec!["strict", "lenient"] });
        }
        value != "lenient"
    }

    fn indirizzo(&mut self, key: &str, text: &str) -> Option<http::Uri> {
        if text.is_empty() {
            return None;
        }
        let uri = text.parse::<http::Uri>().ok().filter(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some_and(|a| !a.as_str().contains('@'))
        });
        if uri.is_none() {
            self.wrong(key, Problem::Name { wanted: "http://host[:port]/path or https://…, without user" });
        }
        uri
    }
}
