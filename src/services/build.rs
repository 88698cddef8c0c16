//! From a file as typed to its service and actions, with everything that is wrong with it.

use std::sync::Arc;

use jiff::civil::Date;

use super::CatalogueError;
use super::azione::{
    Azione, Contenuto, Direction, Duplicate, Fruitori, NomeParte, OnUnknown, Profilo, Refusal, Rest,
    Richiesta, Risposta, Servizio,
};
use super::documento::{Documento, SchemaRef};
use super::membro::{Fonte, Membro, Origine};
use super::problem::Problem;
use super::puntatore::Pointer;
use super::raw::{
    RawAzione, RawDocumento, RawFile, RawFonte, RawFruitori, RawMembro, RawRichiesta, RawRisposta,
    RawSchemaRef, RawServizio,
};
use crate::config::source::{Places, Source};
use crate::xml::characters;

const PROFILI: [Profilo; 4] =
    [Profilo::OneWay, Profilo::Sincrono, Profilo::AsincronoSimmetrico, Profilo::AsincronoAsimmetrico];
const NAME: &str = "a name, without white space around it";
const XML_NAME: &str = "the local name of an XML element";
const XML_ATTRIBUTE: &str = "the local name of an XML attribute";
const SCHEMA_FILE: &str = "a file below the folder of schemas, such as \"sap/SchedaAP.xsd\"";

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

struct Build<'p> {
    places: &'p Places,
    mistakes: Vec<CatalogueError>,
}

impl Build<'_> {
    fn wrong(&mut self, key: &str, problem: Problem) {
        self.mistakes.push(self.places.mistake(key, problem));
    }

    fn missing(&mut self, key: &str, wanted: &'static str) {
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
        Servizio {
            nome: raw.nome,
            erogatore: NomeParte { tipo: tipo.clone(), nome: raw.erogatore },
            tipo,
            profilo: profilo.unwrap_or(Profilo::Sincrono),
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
        let refusals = [("esito", Refusal::Esito), ("fault", Refusal::Fault)];
        let direction = self.choice(&format!("{at}.direction"), &raw.direction, &directions);
        let duplicate = self.choice(&format!("{at}.duplicate"), &raw.duplicate, &duplicates);
        let refusal = self.choice(&format!("{at}.refusal"), &raw.refusal, &refusals);
        let on_unknown = self.on_unknown(at, &raw);
        let rest = self.rest(at, &raw);
        let richiesta = self.richiesta(raw.richiesta, &format!("{at}.richiesta"), direction);
        let risposta = self.risposta(raw.risposta, &format!("{at}.risposta"), direction, refusal);
        Some(Azione {
            servizio: Arc::clone(servizio),
            nome: raw.nome,
            facoltativa: raw.azione_facoltativa,
            direction: direction?,
            duplicate: duplicate?,
            on_unknown: on_unknown?,
            refusal: refusal?,
            rest: rest?,
            richiesta: richiesta?,
            risposta: risposta?,
            place: self.places.place(at),
        })
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

    fn richiesta(
        &mut self,
        raw: Option<RawRichiesta>,
        at: &str,
        direction: Option<Direction>,
    ) -> Option<Richiesta> {
        let Some(raw) = raw else {
            self.missing(at, "the wrapper of the request");
            return None;
        };
        let wrapper = self.schema_ref(&raw.schema, &raw.element, at, "element");
        let membro = raw.documento.clone();
        let documents = !membro.is_empty() || !raw.documenti.is_empty();
        let contenuto = match (documents, raw.membri.is_empty()) {
            (true, true) => {
                if membro.is_empty() {
                    self.missing(&format!("{at}.documento"), "the child that holds the document");
                } else {
                    self.xml_name(&format!("{at}.documento"), &membro, XML_NAME);
                }
                let testo = Some(raw.testo).filter(|testo| !testo.is_empty());
                if let Some(testo) = &testo {
                    self.xml_name(&format!("{at}.testo"), testo, XML_NAME);
                }
                let documenti = self.documenti(raw.documenti, at);
                Contenuto::Documento { membro, testo, documenti }
            }
            (false, false) => {
                if !raw.testo.is_empty() {
                    let why = "only a request with `documento` has one";
                    self.wrong(&format!("{at}.testo"), Problem::Superfluous { why });
                }
                if direction == Some(Direction::Inbound) {
                    let why = "an inbound request holds a document";
                    self.wrong(&format!("{at}.membri"), Problem::Superfluous { why });
                }
                Contenuto::Membri(self.membri(raw.membri, at))
            }
            (true, false) => {
                let why = "a request has either `documento` and `documenti`, or `membri`";
                self.wrong(&format!("{at}.membri"), Problem::Superfluous { why });
                return None;
            }
            (false, true) => {
                self.missing(at, "`documento` and `documenti`, or `membri`");
                return None;
            }
        };
        Some(Richiesta { wrapper, contenuto })
    }

    fn risposta(
        &mut self,
        raw: Option<RawRisposta>,
        at: &str,
        direction: Option<Direction>,
        refusal: Option<Refusal>,
    ) -> Option<Risposta> {
        let Some(raw) = raw else {
            self.missing(at, "the wrapper of the reply");
            return None;
        };
        let wrapper = self.schema_ref(&raw.schema, &raw.element, at, "element");
        if raw.membri.is_empty() {
            self.missing(&format!("{at}.membri"), "at least one [[azione.risposta.membri]]");
        }
        let membri = self.membri(raw.membri, at);
        if direction == Some(Direction::Outbound) {
            self.read_back(&membri, at);
        }
        // A refusal put into members is one that some member speaks of.
        let speaks = |membro: &Membro| {
            membro.da.iter().filter_map(|f| f.origine.puntatore()).any(|p| p.as_str() == super::ESITO)
        };
        if refusal == Some(Refusal::Esito) && !membri.is_empty() && !membri.iter().any(speaks) {
            self.missing(&format!("{at}.membri"), "a member from /esito/codice, since refusal = \"esito\"");
        }
        Some(Risposta { wrapper, membri })
    }

    /// The reply to an outbound message is read, not written: each member goes where its first source points.
    fn read_back(&mut self, membri: &[Membro], at: &str) {
        for (number, membro) in (1..).zip(membri) {
            let first = membro.da.iter().find(|fonte| fonte.esito.is_none());
            if !matches!(first.map(|f| &f.origine), Some(Origine::Testo(_) | Origine::Lista(_))) {
                let key = format!("{at}.membri[{number}].da");
                self.missing(&key, "a plain `puntatore`, since the reply of an outbound action is read");
            }
        }
    }

    fn membri(&mut self, raw: Vec<RawMembro>, at: &str) -> Vec<Membro> {
        let mut membri: Vec<Membro> = Vec::new();
        for (number, raw) in (1usize..).zip(raw) {
            let at = format!("{at}.membri[{number}]");
            self.xml_name(&format!("{at}.nome"), &raw.nome, XML_NAME);
            if membri.iter().any(|known| known.nome == raw.nome) {
                let first = membri.iter().position(|known| known.nome == raw.nome).unwrap_or_default() + 1;
                let first = self.places.place(&at.replace(&format!("[{number}]"), &format!("[{first}]")));
                self.wrong(&format!("{at}.nome"), Problem::Twice { first });
            }
            if raw.da.is_empty() && raw.altrimenti.is_none() {
                self.missing(&format!("{at}.da"), "at least one { puntatore = \"/…\" }");
            }
            let da = (1usize..)
                .zip(raw.da)
                .filter_map(|(number, fonte)| self.fonte(fonte, &format!("{at}.da[{number}]")))
                .collect();
            membri.push(Membro { nome: raw.nome, da, altrimenti: raw.altrimenti });
        }
        membri
    }

    fn fonte(&mut self, raw: RawFonte, at: &str) -> Option<Fonte> {
        let esito = Some(raw.esito).filter(|esito| !esito.is_empty());
        if let Some(valore) = raw.valore {
            if !raw.puntatore.is_empty() || raw.documento.is_some() || raw.lista {
                let why = "a `valore` needs no place to come from";
                self.wrong(&format!("{at}.puntatore"), Problem::Superfluous { why });
            }
            return Some(Fonte { origine: Origine::Valore(valore), esito });
        }
        if raw.puntatore.is_empty() {
            self.missing(&format!("{at}.puntatore"), "a JSON pointer, such as \"/esito/codice\"");
            return None;
        }
        let pointer = self.pointer(&format!("{at}.puntatore"), &raw.puntatore)?;
        let origine = match (raw.documento, raw.lista) {
            (None, false) => Origine::Testo(pointer),
            (None, true) => Origine::Lista(pointer),
            (Some(RawSchemaRef { schema, root }), false) => {
                let at = format!("{at}.documento");
                Origine::Documento(pointer, self.schema_ref(&schema, &root, &at, "root"))
            }
            (Some(_), true) => {
                let why = "what is a document is no list";
                self.wrong(&format!("{at}.lista"), Problem::Superfluous { why });
                return None;
            }
        };
        Some(Fonte { origine, esito })
    }

    fn documenti(&mut self, raw: Vec<RawDocumento>, at: &str) -> Vec<Documento> {
        if raw.is_empty() {
            self.missing(&format!("{at}.documenti"), "at least one document that `documento` may hold");
        }
        let mut documenti: Vec<Documento> = Vec::new();
        for (number, raw) in (1usize..).zip(raw) {
            let at = format!("{at}.documenti[{number}]");
            let documento = self.documento(raw, &at);
            let same_root = documenti.iter().filter(|known| known.schema.root == documento.schema.root);
            for known in same_root.clone() {
                if known.versione != documento.versione {
                    let first = known.schema.place.clone();
                    let wanted = "one attribute `versione` for all documents with one root";
                    self.wrong(&format!("{at}.versione"), Problem::Unlike { first, wanted });
                }
            }
            let mut rivals = same_root.filter(|known| known.incontra(&documento));
            if let Some(first) = rivals.next().map(|known| known.schema.place.clone()) {
                self.wrong(&at, Problem::Ambiguous { first });
            }
            documenti.push(documento);
        }
        documenti
    }

    fn documento(&mut self, raw: RawDocumento, at: &str) -> Documento {
        let schema = self.schema_ref(&raw.schema, &raw.root, at, "root");
        let model_key = format!("{at}.tipo_modello");
        if raw.tipo_modello.is_empty() {
            self.missing(&model_key, "the value of modello.tipoModello, such as \"UNILAV\"");
        } else if !raw.tipo_modello.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.wrong(&model_key, Problem::Name { wanted: "letters, digits and underscores" });
        }
        let codice_comunicazione = match raw.codice_comunicazione.as_str() {
            "" => None,
            text => self.pointer(&format!("{at}.codice_comunicazione"), text),
        };
        let versione = Some(raw.versione).filter(|versione| !versione.is_empty());
        match &versione {
            Some(name) => self.xml_name(&format!("{at}.versione"), name, XML_ATTRIBUTE),
            None if !raw.versioni.is_empty() => {
                self.missing(&format!("{at}.versione"), "the attribute that `versioni` are values of");
            }
            None => {}
        }
        let (dal, al) = (self.day(&format!("{at}.dal"), &raw.dal), self.day(&format!("{at}.al"), &raw.al));
        if let (Some(dal), Some(al)) = (dal, al)
            && al < dal
        {
            self.wrong(&format!("{at}.al"), Problem::Window);
        }
        let versioni = raw.versioni;
        Documento {
            schema,
            tipo_modello: raw.tipo_modello,
            codice_comunicazione,
            versione,
            versioni,
            dal,
            al,
        }
    }

    fn schema_ref(&mut self, file: &str, root: &str, at: &str, root_key: &str) -> SchemaRef {
        let key = format!("{at}.schema");
        let below =
            !file.starts_with('/') && !file.contains('\\') && file.split('/').all(|part| part != "..");
        if file.is_empty() {
            self.missing(&key, SCHEMA_FILE);
        } else if !below || !file.ends_with(".xsd") {
            self.wrong(&key, Problem::Name { wanted: SCHEMA_FILE });
        }
        self.xml_name(&format!("{at}.{root_key}"), root, XML_NAME);
        SchemaRef { file: file.to_owned(), root: root.to_owned(), place: self.places.place(&key) }
    }

    fn pointer(&mut self, key: &str, text: &str) -> Option<Pointer> {
        text.parse().map_err(|error: super::PointerError| self.wrong(key, error.into())).ok()
    }

    fn day(&mut self, key: &str, text: &str) -> Option<Date> {
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|_| self.wrong(key, Problem::Date)).ok()
    }

    fn name(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            self.missing(key, NAME);
        } else if value.trim() != value {
            self.wrong(key, Problem::Name { wanted: NAME });
        }
    }

    fn xml_name(&mut self, key: &str, value: &str, wanted: &'static str) {
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
