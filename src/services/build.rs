//! From a file as typed to its service and actions, with everything that is wrong with it.

use std::sync::Arc;

use super::CatalogueError;
use super::azione::{Allegati, Azione, Direction, Duplicate, Fruitori, Manifesto};
use super::azione::{NomeAzione, NomeParte, OnUnknown, Opzioni, Refusal, Rest, Servizio};
use super::firma::Regole;
use super::problem::Problem;
use super::raw::{RawAccordo, RawAzione, RawCorrelato, RawFile, RawFruitori, RawServizio};
use crate::config::source::{Places, Source};
use crate::egov::Profilo;
use crate::xml::characters;

const PROFILI: [Profilo; 4] =
    [Profilo::OneWay, Profilo::Sincrono, Profilo::AsincronoSimmetrico, Profilo::AsincronoAsimmetrico];
const NAME: &str = "a name, without white space around it";

/// The actions that one file describes.
pub(super) fn build(source: Source) -> (Vec<Azione>, Vec<CatalogueError>) {
    let (raw, places, faults) = source.parse::<RawFile>(None);
    let mut build = Build { places: &places, mistakes: Vec::new() };
    build.mistakes.extend(faults.into_iter().map(|fault| fault.map(Problem::from)));
    // What could not be read has vanished from `raw`, and with it what the rules below would speak of: the file
    // is first to be made readable.
    if !build.mistakes.is_empty() {
        return (Vec::new(), build.mistakes);
    }
    let azioni = build.file(raw);
    (azioni, build.mistakes)
}

pub(super) struct Build<'p> {
    pub(super) places: &'p Places,
    mistakes: Vec<CatalogueError>,
}

impl Build<'_> {
    pub(super) fn wrong(&mut self, key: &str, problem: Problem) {
        self.mistakes.push(self.places.mistake(key, problem));
    }

    pub(super) fn missing(&mut self, key: &str, wanted: &'static str) {
        self.wrong(key, Problem::Missing { wanted });
    }

    fn file(&mut self, raw: RawFile) -> Vec<Azione> {
        let Some(servizio) = raw.service else {
            self.missing("service", "a [service] with nome, profilo, erogatore and fruitori");
            return Vec::new();
        };
        let servizio = Arc::new(self.servizio(servizio));
        if raw.azione.is_empty() {
            self.missing("azione", "at least one [[azione]]");
        }
        let azioni: Vec<Azione> = (1..)
            .zip(raw.azione)
            .filter_map(|(number, raw)| self.azione(raw, &format!("azione[{number}]"), &servizio))
            .collect();
        self.actions_differ(&azioni);
        azioni
    }

    fn servizio(&mut self, raw: RawServizio) -> Servizio {
        let tipo = if raw.tipo.is_empty() { "SPC".to_owned() } else { raw.tipo };
        self.name("service.nome", &raw.nome);
        self.name("service.erogatore", &raw.erogatore);
        let profili = PROFILI.map(|profilo| (profilo.as_str(), profilo));
        let profilo = self.choice("service.profilo", &raw.profilo, &profili);
        let manifesti = [
            ("libero", Manifesto::Libero),
            ("verificato", Manifesto::Verificato),
            ("richiesto", Manifesto::Richiesto),
        ];
        let manifesto = self.choice_or("service.manifesto", &raw.manifesto, &manifesti, Manifesto::Libero);
        let fruitori = match raw.fruitori {
            RawFruitori::Gruppo(gruppo) => {
                if gruppo.is_empty() {
                    self.missing("service.fruitori", "a group of parti.toml, or a list of parties");
                }
                Fruitori::Gruppo(gruppo)
            }
            RawFruitori::Elenco(nomi) => {
                if nomi.is_empty() {
                    self.missing("service.fruitori", "at least one party");
                }
                Fruitori::Elenco(nomi)
            }
        };
        let firma = Regole::read(raw.firma, "service.firma", &mut |key, problem| self.wrong(key, problem));
        Servizio {
            firma,
            nome: raw.nome,
            erogatore: NomeParte { tipo: tipo.clone(), nome: raw.erogatore },
            tipo,
            profilo: profilo.unwrap_or(Profilo::Sincrono),
            manifesto: manifesto.unwrap_or(Manifesto::Libero),
            wsdl: Some(raw.wsdl).filter(|wsdl| !wsdl.is_empty()),
            fruitori,
            place: self.places.place("service"),
        }
    }

    fn azione(&mut self, raw: RawAzione, at: &str, servizio: &Arc<Servizio>) -> Option<Azione> {
        self.name(&format!("{at}.nome"), &raw.nome);
        let directions = [("inbound", Direction::Inbound), ("outbound", Direction::Outbound)];
        let duplicates = [
            ("recorded", Duplicate::Recorded),
            ("refuse", Duplicate::Refuse),
            ("deliver", Duplicate::Deliver),
        ];
        let profilo = servizio.profilo;
        let refusals: &[_] = match profilo {
            Profilo::OneWay => &[("error", Refusal::Error), ("accept", Refusal::Accept)],
            _ => &[("esito", Refusal::Esito), ("fault", Refusal::Fault)],
        };
        let direction = self.choice(&format!("{at}.direction"), &raw.direction, &directions);
        let duplicate = self.choice(&format!("{at}.duplicate"), &raw.duplicate, &duplicates);
        let refusal = self.choice(&format!("{at}.refusal"), &raw.refusal, refusals);
        let ways = [("rifiutati", Allegati::Rifiutati), ("inoltrati", Allegati::Inoltrati)];
        let allegati = format!("{at}.allegati");
        let allegati = self.choice_or(&allegati, &raw.allegati, &ways, Allegati::Rifiutati);
        if direction == Some(Direction::Outbound) && !raw.allegati.is_empty() {
            let why = "only an inbound message brings attachments";
            self.wrong(&format!("{at}.allegati"), Problem::Superfluous { why });
        }
        let on_unknown = self.on_unknown(at, &raw);
        let rest = self.rest(at, &raw);
        let richiesta = self.richiesta(raw.richiesta, &format!("{at}.richiesta"), direction);
        let accordo = self.accordo(raw.accordo, at, profilo);
        let correlato = self.correlato(raw.correlato, at, servizio);
        let risposta = self.ritorno(raw.risposta, &format!("{at}.risposta"), profilo, direction, refusal);
        Some(Azione {
            servizio: Arc::clone(servizio),
            nome: raw.nome,
            facoltativa: raw.azione_facoltativa,
            direction: direction?,
            duplicate: duplicate?,
            on_unknown: on_unknown?,
            refusal: refusal?,
            accordo,
            correlato,
            seguito_di: None,
            allegati: allegati?,
            rest: rest?,
            richiesta: richiesta?,
            risposta: risposta?,
            place: self.places.place(at),
        })
    }

    /// What an accordo may want depends on the profile (SPCoop busta e-Gov 1.1, ProfiloTrasmissione and Sequenza).
    fn accordo(&mut self, raw: RawAccordo, at: &str, profilo: Profilo) -> Opzioni {
        let RawAccordo { conferma, collaborazione, ordine } = raw;
        if profilo != Profilo::OneWay {
            let why = "only a one-way message is confirmed and ordered";
            for (given, key) in [(conferma, "conferma"), (ordine, "ordine")] {
                if given {
                    self.wrong(&format!("{at}.accordo.{key}"), Problem::Superfluous { why });
                }
            }
        }
        Opzioni { conferma, collaborazione, ordine }
    }

    fn correlato(&mut self, raw: Option<RawCorrelato>, at: &str, servizio: &Servizio) -> Option<NomeAzione> {
        let RawCorrelato { servizio: nome, tipo, azione } = raw?;
        if !servizio.profilo.is_asincrono() {
            let why = "only an asynchronous exchange has a second call";
            self.wrong(&format!("{at}.correlato"), Problem::Superfluous { why });
            return None;
        }
        self.name(&format!("{at}.correlato.azione"), &azione);
        let own = nome.is_empty();
        let tipo = match tipo.as_str() {
            "" if own => servizio.tipo.clone(),
            "" => "SPC".to_owned(),
            given => given.to_owned(),
        };
        Some(NomeAzione { tipo, servizio: if own { servizio.nome.clone() } else { nome }, azione })
    }

    fn on_unknown(&mut self, at: &str, raw: &RawAzione) -> Option<OnUnknown> {
        let reason = raw.on_unknown_reason.trim();
        let key = format!("{at}.on_unknown_reason");
        match (raw.on_unknown.as_str(), reason) {
            ("hold", "") => Some(OnUnknown::Hold),
            ("hold", _) => {
                self.wrong(&key, Problem::Superfluous { why: "only `resend` needs a reason" });
                None
            }
            // Sending twice what has legal value is a decision, and a decision has a reason.
            ("resend", "") => {
                self.missing(&key, "why doing it twice is as good as once");
                None
            }
            ("resend", reason) => Some(OnUnknown::Resend { reason: reason.to_owned() }),
            (other, _) => {
                let choices = [("hold", None), ("resend", None)];
                self.choice(&format!("{at}.on_unknown"), other, &choices).flatten()
            }
        }
    }

    fn rest(&mut self, at: &str, raw: &RawAzione) -> Option<Rest> {
        let Some(rest) = &raw.rest else {
            self.missing(&format!("{at}.rest"), "{ method = \"POST\", path = \"/…\" }");
            return None;
        };
        let methods = [http::Method::POST, http::Method::PUT, http::Method::GET, http::Method::DELETE];
        let methods = ["POST", "PUT", "GET", "DELETE"].into_iter().zip(methods).collect::<Vec<_>>();
        let method = match rest.method.as_str() {
            "" => Some(http::Method::POST),
            method => self.choice(&format!("{at}.rest.method"), method, &methods),
        };
        let key = format!("{at}.rest.path");
        let plain = rest.path.starts_with('/')
            && !rest.path.contains(['?', '#'])
            && rest.path.parse::<http::uri::PathAndQuery>().is_ok();
        if rest.path.is_empty() {
            self.missing(&key, "a path, such as \"/sap/v1/invioSAP\"");
        } else if !plain {
            self.wrong(&key, Problem::Name { wanted: "a path from /, without query" });
        }
        Some(Rest { method: method?, path: rest.path.clone() })
    }

    fn name(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            self.missing(key, NAME);
        } else if value.trim() != value {
            self.wrong(key, Problem::Name { wanted: NAME });
        }
    }

    pub(super) fn xml_name(&mut self, key: &str, value: &str, wanted: &'static str) {
        if value.is_empty() {
            self.missing(key, wanted);
        } else if !characters::is_ncname(value) {
            self.wrong(key, Problem::Name { wanted });
        }
    }

    fn choice<T: Clone>(&mut self, key: &str, value: &str, values: &[(&'static str, T)]) -> Option<T> {
        let chosen = values.iter().find(|(name, _)| *name == value).map(|(_, chosen)| chosen.clone());
        if chosen.is_none() {
            let wanted = values.iter().map(|(name, _)| *name).collect();
            self.wrong(key, Problem::Choice { wanted });
        }
        chosen
    }

    /// The same for a key that may be left out.
    fn choice_or<T: Clone>(
        &mut self,
        key: &str,
        value: &str,
        values: &[(&'static str, T)],
        otherwise: T,
    ) -> Option<T> {
        if value.is_empty() { Some(otherwise) } else { self.choice(key, value, values) }
    }

    /// One name, one action; and where the busta may lack it, one action that is then meant.
    fn actions_differ(&mut self, azioni: &[Azione]) {
        for (number, azione) in azioni.iter().enumerate() {
            let before = azioni.get(..number).unwrap_or_default();
            if let Some(known) = before.iter().find(|known| known.nome == azione.nome) {
                let first = known.place.clone();
                self.wrong(&format!("{}.nome", azione.place.key), Problem::Twice { first });
            }
            let rival = |known: &&Azione| known.facoltativa && known.direction == azione.direction;
            if azione.facoltativa
                && let Some(known) = before.iter().find(rival)
            {
                let first = known.place.clone();
                self.wrong(&format!("{}.azione_facoltativa", azione.place.key), Problem::Twice { first });
            }
        }
    }
}
