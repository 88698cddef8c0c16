//! Cases, read: what a file says for all of them, and what each says.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Loading;
use crate::config::source::Places;
use crate::conformance::case::{Case, Certificate, Message, Step, Value};
use crate::conformance::problem::Problem;
use crate::conformance::raw::{RawCase, RawFile};
use crate::conformance::setup::Setup;

/// What a file says for all its cases.
struct Common<'f> {
    group: &'f str,
    setup: &'f str,
    base: &'f str,
    clauses: &'f [String],
}

impl Loading {
    pub(super) fn file(&mut self, file: &Path) {
        let Some(source) = self.read(file) else { return };
        let (raw, places) = self.parse::<RawFile>(source);
        let RawFile { setup, base, clause, case } = raw;
        let clauses = clause.into_vec();
        let group = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let common = Common { group: &group, setup: &setup, base: &base, clauses: &clauses };
        for (index, raw) in case.into_iter().enumerate() {
            let key = format!("case[{}]", index + 1);
            if let Some(case) = self.case(raw, &key, &places, &common) {
                if let Some(first) = self.suite.cases.iter().find(|known| known.name == case.name) {
                    let first = first.place.clone();
                    self.wrong(places.mistake(&format!("{key}.name"), Problem::Twice { first }));
                }
                self.suite.cases.push(case);
            }
        }
    }

    fn case(&mut self, raw: RawCase, key: &str, places: &Places, common: &Common<'_>) -> Option<Case> {
        let before = self.errors.len();
        let RawCase {
            name,
            clause,
            setup,
            base,
            request,
            mutations,
            method,
            certificate,
            headers,
            transport,
            expect,
            then,
        } = raw;
        if name.is_empty() {
            let missing = Problem::Missing { wanted: "a sentence that says what must hold" };
            self.wrong(places.mistake(&format!("{key}.name"), missing));
        }
        let mut clauses = clause.into_vec();
        if clauses.is_empty() {
            clauses = common.clauses.to_vec();
        }
        if clauses.is_empty() {
            let missing = Problem::Missing { wanted: "the id of a clause" };
            self.wrong(places.mistake(&format!("{key}.clause"), missing));
        }
        if clauses.iter().any(|id| self.suite.clause(id).is_none()) {
            let unknown = Problem::Unknown { what: "clause" };
            self.wrong(places.mistake(&format!("{key}.clause"), unknown));
        }
        let or = |given: String, usual: &str| if given.is_empty() { usual.to_owned() } else { given };
        let setup = self.setup(&or(setup, common.setup), places, &format!("{key}.setup"));
        let mut message = match request.is_empty() {
            true => self.base(&or(base, common.base), places, &format!("{key}.base")),
            false => self.request(&request, places, &format!("{key}.request")),
        };
        let mut bytes = Vec::new();
        if let Some(message) = &mut message {
            self.mutate(message, &mut bytes, mutations, places, key);
        }
        let headers = sent_headers(&usual_headers(), &headers);
        let first = Step {
            message: message.unwrap_or_else(|| Message::Template(Arc::from(""))),
            bytes,
            method: or(method, "POST"),
            headers,
            transport,
            expect: self.expect(expect, places, &format!("{key}.expect")),
        };
        let mut steps = vec![first];
        for (index, raw) in then.into_iter().enumerate() {
            let key = format!("{key}.then[{}]", index + 1);
            let Some(last) = steps.last() else { break };
            let (mut message, mut bytes) = (last.message.clone(), last.bytes.clone());
            let (method, last_headers, transport) =
                (last.method.clone(), last.headers.clone(), last.transport.clone());
            self.mutate(&mut message, &mut bytes, raw.mutations, places, &key);
            let headers = sent_headers(&last_headers, &raw.headers);
            let expect = self.expect(raw.expect, places, &format!("{key}.expect"));
            steps.push(Step { message, bytes, method, headers, transport, expect });
        }
        let disabled = self.disabled.iter_mut().find(|d| d.case == name || d.group == common.group);
        let disabled = disabled.map(|disabled| {
            disabled.met = true;
            disabled.reason.clone()
        });
        let certificate = match certificate {
            None => Certificate::Usual,
            Some(Value::Text(nome)) => Certificate::Of(nome),
            Some(Value::Presence(false)) => Certificate::None,
            Some(Value::Presence(true)) => {
                let wanted = "the name of a party, or false";
                self.wrong(places.mistake(&format!("{key}.certificate"), Problem::Form { wanted }));
                Certificate::Usual
            }
        };
        let setup = setup?;
        (self.errors.len() == before).then(|| Case {
            name,
            clauses,
            setup,
            steps,
            certificate,
            disabled,
            group: common.group.to_owned(),
            place: places.place(key),
        })
    }

    fn setup(&mut self, name: &str, places: &Places, key: &str) -> Option<Arc<Setup>> {
        if name.is_empty() {
            self.wrong(places.mistake(key, Problem::Missing { wanted: "the name of a set-up" }));
            return None;
        }
        if let Some(known) = self.setups.get(name) {
            return known.clone();
        }
        let setup = match self.find(&format!("setup/{name}")) {
            None => {
                self.wrong(places.mistake(key, Problem::Unknown { what: "set-up" }));
                None
            }
            Some(folder) => match Setup::load(name, &folder) {
                Ok(setup) => Some(Arc::new(setup)),
                Err(errors) => {
                    self.errors.extend(errors);
                    None
                }
            },
        };
        self.setups.insert(name.to_owned(), setup.clone());
        setup
    }
}

/// What a porta sends with every envelope.
fn usual_headers() -> Vec<(String, String)> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![header("Content-Type", "text/xml; charset=utf-8"), header("SOAPAction", "\"\"")]
}

/// Headers with some set and some left out.
fn sent_headers(usual: &[(String, String)], given: &BTreeMap<String, Value>) -> Vec<(String, String)> {
    let is_given = |name: &str| given.keys().any(|other| other.eq_ignore_ascii_case(name));
    let kept = usual.iter().filter(|(name, _)| !is_given(name)).cloned();
    let set = given.iter().filter_map(|(name, value)| match value {
        Value::Text(value) => Some((name.clone(), value.clone())),
        Value::Presence(_) => None,
    });
    kept.chain(set).collect()
}
