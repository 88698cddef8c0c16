//! From the wrappers of an action as typed, request and reply, to those that can be followed.

use jiff::civil::Date;

use super::azione::{Contenuto, Direction, Refusal, Richiesta, Risposta};
use super::build::Build;
use super::documento::{Documento, SchemaRef};
use super::membro::{Fonte, Membro, Origine};
use super::problem::Problem;
use super::puntatore::{Pointer, PointerError};
use super::raw::{RawDocumento, RawFonte, RawMembro, RawRichiesta, RawRisposta, RawSchemaRef, RawVerbatim};
use crate::egov::Profilo;
use crate::schema::Verbatim;
use crate::xml::characters;

const XML_NAME: &str = "the local name of an XML element";
const XML_ATTRIBUTE: &str = "the local name of an XML attribute";
const ELEMENT_NAMES: &str = "local names of elements, such as \"nota\" or \"Sede/nota\"";
const SCHEMA_FILE: &str = "a file below the folder of schemas, such as \"sap/SchedaAP.xsd\"";

impl Build<'_> {
    pub(super) fn richiesta(
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

    /// What comes back: nothing to a one-way message, always something to a synchronous request; a receipt may be an
    /// empty Body. The outer `None` is a mistake.
    pub(super) fn ritorno(
        &mut self,
        raw: Option<RawRisposta>,
        at: &str,
        profilo: Profilo,
        direction: Option<Direction>,
        refusal: Option<Refusal>,
    ) -> Option<Option<Risposta>> {
        match (raw, profilo) {
            (Some(_), Profilo::OneWay) => {
                self.wrong(at, Problem::Superfluous { why: "a one-way message has no reply" });
                None
            }
            (None, Profilo::OneWay) => Some(None),
            (None, Profilo::Sincrono) => {
                self.missing(at, "the wrapper of the reply");
                None
            }
            (None, _) => {
                if refusal == Some(Refusal::Esito) {
                    self.missing(at, "the wrapper that says the esito, since refusal = \"esito\"");
                }
                Some(None)
            }
            (Some(raw), _) => Some(Some(self.risposta(raw, at, direction, refusal))),
        }
    }

    fn risposta(
        &mut self,
        raw: RawRisposta,
        at: &str,
        direction: Option<Direction>,
        refusal: Option<Refusal>,
    ) -> Risposta {
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
        Risposta { wrapper, membri }
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
            (Some(RawSchemaRef { schema, root, verbatim }), false) => {
                let at = format!("{at}.documento");
                let verbatim = self.verbatim(verbatim, &at);
                let schema = self.schema_ref(&schema, &root, &at, "root");
                Origine::Documento(pointer, SchemaRef { verbatim, ..schema })
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
        let verbatim = self.verbatim(raw.verbatim, at);
        let schema = SchemaRef { verbatim, ..self.schema_ref(&raw.schema, &raw.root, at, "root") };
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
        if codice_comunicazione.is_some() && schema.verbatim == Verbatim::Whole {
            let why = "a document that is carried whole has no members";
            self.wrong(&format!("{at}.codice_comunicazione"), Problem::Superfluous { why });
        }
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
        let (file, root) = (file.to_owned(), root.to_owned());
        SchemaRef { file, root, verbatim: Verbatim::Nothing, place: self.places.place(&key) }
    }

    fn verbatim(&mut self, raw: RawVerbatim, at: &str) -> Verbatim {
        let names = match raw {
            RawVerbatim::Intero(false) => return Verbatim::Nothing,
            RawVerbatim::Intero(true) => return Verbatim::Whole,
            RawVerbatim::Elementi(names) => names,
        };
        let key = format!("{at}.verbatim");
        if names.is_empty() {
            self.missing(&key, "true, or at least one name of an element");
        }
        if names.iter().flat_map(|name| name.split('/')).any(|step| !characters::is_ncname(step)) {
            self.wrong(&key, Problem::Name { wanted: ELEMENT_NAMES });
        }
        Verbatim::Elements(names)
    }

    fn pointer(&mut self, key: &str, text: &str) -> Option<Pointer> {
        text.parse().map_err(|error: PointerError| self.wrong(key, error.into())).ok()
    }

    fn day(&mut self, key: &str, text: &str) -> Option<Date> {
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|_| self.wrong(key, Problem::Date)).ok()
    }
}
