//! What the simulated node does with a message: the seven actions of ServiziSAP, and the comunicazioni obbligatorie.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::co_codes::{self, CommunicationCodes};
use super::envelope::{Envelope, Expected};
use super::reply::{self, Esito};
use super::sap_store::SapStore;
use crate::clock::in_rome;

/// How many answers are remembered for repetitions.
const REMEMBERED: usize = 2_000;

/// The forms of the comunicazioni obbligatorie.
const FORMS: [&str; 6] = ["UNILAV", "UNISOMM", "UNIURG", "VARDATORI", "UNIMARE", "UNIPI"];

/// What a path of the interface stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    InvioSap,
    RichiestaSap,
    AnnullaSap,
    RecuperaListaSapNonAttive,
    VerificaEsistenzaSap,
    RichiestaCodSapRegTitolare,
    RichiestaSapN00A02,
    Comunicazione,
}

impl Action {
    /// The action behind a path.
    pub(super) fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/sap/v1/invioSAP" => Self::InvioSap,
            "/sap/v1/richiestaSAP" => Self::RichiestaSap,
            "/sap/v1/annullaSAP" => Self::AnnullaSap,
            "/sap/v1/recuperaListaSAPNonAttive" => Self::RecuperaListaSapNonAttive,
            "/sap/v1/verificaEsistenzaSAP" => Self::VerificaEsistenzaSap,
            "/sap/v1/richiestaCodSAPRegTitolare" => Self::RichiestaCodSapRegTitolare,
            "/sap/v1/richiestaSAP_N00_A02" => Self::RichiestaSapN00A02,
            "/co/v1/comunicazioni" => Self::Comunicazione,
            _ => return None,
        })
    }

    /// Whether its response has a member Esito (`wsdl/sapWS.wsdl`).
    pub(super) fn has_esito(self) -> bool {
        matches!(self, Self::InvioSap | Self::AnnullaSap | Self::Comunicazione)
    }

    /// What its messages have in common.
    pub(super) fn expected(self) -> Expected {
        let (azione, modelli): (_, &[&str]) = match self {
            Self::InvioSap => ("invioSAP", &["SAP"]),
            Self::RichiestaSap => ("richiestaSAP", &["IDSAP"]),
            Self::AnnullaSap => ("annullaSAP", &["IDSAP"]),
            Self::RecuperaListaSapNonAttive => ("recuperaListaSAPNonAttive", &["LISTASAP"]),
            Self::VerificaEsistenzaSap => ("verificaEsistenzaSAP", &["VERIFICASAP"]),
            Self::RichiestaCodSapRegTitolare => {
                ("richiestaCodSAPRegTitolare", &["RICHIESTACODSAPREGTITOLARE"])
            }
            Self::RichiestaSapN00A02 => ("richiestaSAP_N00_A02", &["VERIFICASAP"]),
            Self::Comunicazione => ("InviaComunicazioneObbligatoria", &FORMS),
        };
        let communication = self == Self::Comunicazione;
        let servizio = if communication { azione } else { "ServiziSAP" };
        Expected { servizio, azione, azione_facoltativa: communication, modelli }
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// Acted on.
    Done(Value),
    /// Seen before: the same answer, and nothing was done.
    Repeated(Value),
    /// The identifier belongs to another message.
    Clash,
}

/// Everything that the node remembers.
#[derive(Debug, Default)]
pub(super) struct Memory {
    saps: SapStore,
    codes: CommunicationCodes,
    replies: u32,
    /// By identificatore: the message (azione and modello) and its reply.
    answered: HashMap<String, (Value, Value)>,
    order: VecDeque<String>,
}

impl Memory {
    /// Acts on a message. With `idempotent`, a message that was answered before gets the same answer again.
    pub(super) fn act(
        &mut self,
        action: Action,
        envelope: &Envelope,
        idempotent: bool,
        now: Timestamp,
    ) -> Outcome {
        let content = json!([envelope.servizio, envelope.azione, envelope.tipo_modello, envelope.payload]);
        if idempotent && let Some((known, reply)) = self.answered.get(&envelope.identificatore) {
            return if *known == content { Outcome::Repeated(reply.clone()) } else { Outcome::Clash };
        }
        let (esito, members) = self.perform(action, envelope, now);
        let reply = self.reply(envelope, esito, members, now);
        self.remember(envelope.identificatore.clone(), content, reply.clone());
        Outcome::Done(reply)
    }

    /// An answer for a message that is not acted on, by order.
    pub(super) fn reply(
        &mut self,
        envelope: &Envelope,
        esito: Esito,
        members: Map<String, Value>,
        now: Timestamp,
    ) -> Value {
        self.replies = self.replies.wrapping_add(1);
        reply::envelope(envelope, esito, members, self.replies, now)
    }

    fn remember(&mut self, identificatore: String, content: Value, reply: Value) {
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.answered.remove(&oldest);
        }
        self.order.push_back(identificatore.clone());
        self.answered.insert(identificatore, (content, reply));
    }

    fn perform(
        &mut self,
        action: Action,
        envelope: &Envelope,
        now: Timestamp,
    ) -> (Esito, Map<String, Value>) {
        let payload = &envelope.payload;
        let member = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
        let found = Esito::ok(None);
        match action {
            Action::InvioSap => match self.saps.send(payload.clone(), &envelope.mittente) {
                Ok(codice) => {
                    (Esito::ok(Some("Invio effettuato correttamente.")), one("codiceSAP", json!(codice)))
                }
                Err(anomaly) => (anomaly.into(), one("codiceSAP", json!(""))),
            },
            Action::RichiestaSap => {
                let sap = self.saps.by_code(member("identificativoSap"));
                (found, modello("SAP", sap.map(|sap| sap.payload.clone())))
            }
            Action::AnnullaSap => {
                let today = in_rome(now).date();
                let esito = if self.saps.annul(member("identificativoSap"), today) {
                    found
                } else {
                    Esito::ko("SAP non presente o non attiva")
                };
                (esito, Map::new())
            }
            Action::RecuperaListaSapNonAttive => {
                let day = |name| member(name).parse::<Date>();
                match (day("dataInizio"), day("dataFine")) {
                    (Ok(from), Ok(until)) => {
                        let list = self.saps.annulled(member("codiceFiscale"), from, until);
                        (found, one("listaSAP", json!(list)))
                    }
                    _ => (Esito::ko("Date non valide"), one("listaSAP", json!([]))),
                }
            }
            Action::VerificaEsistenzaSap => {
                let sap = self.saps.by_person(member("codiceFiscale"));
                (found, one("codiceSAP", json!(sap.map_or("0", |sap| &sap.codice))))
            }
            Action::RichiestaCodSapRegTitolare => (found, self.holder(member("codiceFiscale"))),
            Action::RichiestaSapN00A02 => {
                (found, modello("LISTADID", self.saps.did(member("codiceFiscale"))))
            }
            Action::Comunicazione => self.communicate(envelope, now),
        }
    }

    fn holder(&self, codice_fiscale: &str) -> Map<String, Value> {
        let sap = self.saps.by_person(codice_fiscale);
        let region = sap.and_then(|sap| co_codes::region(&sap.regione)).map_or("", |region| region.code);
        let ente =
            sap.and_then(|sap| sap.payload.pointer("/datiinvio/codiceentetit")).and_then(Value::as_str);
        let mut members = one("codiceSAP", json!(sap.map_or("0", |sap| &sap.codice)));
        members.insert("codiceRegione".to_owned(), json!(region));
        members.insert("codiceEnteTitolare".to_owned(), json!(ente.unwrap_or_default()));
        members
    }

    fn communicate(&mut self, envelope: &Envelope, now: Timestamp) -> (Esito, Map<String, Value>) {
        let form = envelope.tipo_modello.as_str();
        let Some(region) = co_codes::region(&envelope.mittente) else {
            return (Esito::ko("Mittente non riconosciuto"), Map::new());
        };
        let codice = self.codes.give(region, in_rome(now).year(), form);
        (Esito::ok(None), one("codiceComunicazione", json!(codice)))
    }
}

fn one(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}

fn modello(tipo: &str, payload: Option<Value>) -> Map<String, Value> {
    one("modello", json!({ "tipoModello": tipo, "payload": payload }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(identificatore: &str, payload: Value) -> Envelope {
        Envelope {
            mittente: "LAZIO".to_owned(),
            servizio: "ServiziSAP".to_owned(),
            azione: Some("invioSAP".to_owned()),
            identificatore: identificatore.to_owned(),
            tipo_modello: "SAP".to_owned(),
            payload,
        }
    }

    fn sap(person: &str) -> Value {
        json!({"datianagrafici": {"datipersonali": {"codicefiscale": person}}})
    }

    #[test]
    fn a_repetition_gets_the_same_answer_and_a_clash_is_told() {
        let mut memory = Memory::default();
        let now = Timestamp::UNIX_EPOCH;
        let first = message("A", sap("X"));
        let Outcome::Done(answer) = memory.act(Action::InvioSap, &first, true, now) else { panic!() };
        assert_eq!(memory.act(Action::InvioSap, &first, true, now), Outcome::Repeated(answer));
        assert_eq!(memory.act(Action::InvioSap, &message("A", sap("Y")), true, now), Outcome::Clash);
        assert!(matches!(memory.act(Action::InvioSap, &first, false, now), Outcome::Done(_)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut memory = Memory::default();
        for number in 0..REMEMBERED + 10 {
            memory.act(
                Action::InvioSap,
                &message(&number.to_string(), sap("X")),
                true,
                Timestamp::UNIX_EPOCH,
            );
        }
        assert_eq!((memory.answered.len(), memory.order.len()), (REMEMBERED, REMEMBERED));
    }

    #[test]
    fn the_paths_of_the_interface_are_those_that_are_served() {
        let interface = include_str!("../../openapi/node.yaml");
        let paths: Vec<&str> = interface
            .lines()
            .filter_map(|line| line.strip_prefix("  /").and_then(|path| path.strip_suffix(':')))
            .collect();
        assert_eq!(paths.len(), 8);
        for path in paths {
            let action = Action::at(&format!("/{path}")).unwrap();
            assert!(action == Action::Comunicazione || path.ends_with(action.expected().azione), "{path}");
        }
    }
}
