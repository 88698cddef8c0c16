//! The table of clauses, read.

use super::Loading;
use crate::conformance::clause::Clause;
use crate::conformance::problem::Problem;
use crate::conformance::raw::RawClauses;

impl Loading {
    pub(super) fn clauses(&mut self) {
        let Some(file) = self.find("clauses.toml") else { return };
        let Some(source) = self.read(&file) else { return };
        let (raw, places) = self.parse::<RawClauses>(source);
        for (index, raw) in raw.clause.into_iter().enumerate() {
            let key = format!("clause[{}]", index + 1);
            for (name, value) in [("id", &raw.id), ("title", &raw.title), ("rule", &raw.rule)] {
                if value.is_empty() {
                    let missing = Problem::Missing { wanted: "a text" };
                    self.wrong(places.mistake(&format!("{key}.{name}"), missing));
                }
            }
            if raw.only.is_some() == raw.because.is_empty() {
                let wanted = "`because`, the reason, beside `only`";
                self.wrong(places.mistake(&format!("{key}.because"), Problem::Missing { wanted }));
            }
            let place = places.place(&key);
            if let Some(first) = self.suite.clause(&raw.id) {
                let first = first.place.clone();
                self.wrong(places.mistake(&format!("{key}.id"), Problem::Twice { first }));
                continue;
            }
            self.suite.clauses.push(Clause {
                id: raw.id,
                title: raw.title,
                rule: raw.rule,
                origin: raw.origin,
                only: raw.only.map(|only| (only, raw.because)),
                place,
            });
        }
    }
}
