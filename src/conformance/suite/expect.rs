//! What a case expects, read.

use super::Loading;
use crate::config::source::Places;
use crate::conformance::case::{Answer, Expect};
use crate::conformance::problem::Problem;
use crate::conformance::raw::RawExpect;

impl Loading {
    pub(super) fn expect(&mut self, raw: Option<RawExpect>, places: &Places, key: &str) -> Expect {
        let raw = raw.unwrap_or_default();
        let Some(answer) = raw.kind else {
            let wanted = "`kind`: A, B, C, D, reply, service-fault, riscontro, empty, http or none";
            self.wrong(places.mistake(key, Problem::Missing { wanted }));
            return Expect::of(Answer::Http);
        };
        if (answer == Answer::B) == raw.codici.is_empty() {
            let wanted = "`codici` with kind B, and only there";
            self.wrong(places.mistake(key, Problem::Form { wanted }));
        }
        if answer == Answer::Http && raw.status.is_none() {
            self.wrong(places.mistake(key, Problem::Missing { wanted: "`status`" }));
        }
        if !answer.has_busta() && !raw.busta.is_empty() {
            let why = "no busta is due";
            self.wrong(places.mistake(&format!("{key}.busta"), Problem::Superfluous { why }));
        }
        if !answer.has_busta() && raw.signed == Some(true) {
            let why = "an answer without busta is not signed";
            self.wrong(places.mistake(&format!("{key}.signed"), Problem::Superfluous { why }));
        }
        let mut pairs = |name: &str, list: Vec<Vec<String>>| -> Vec<(String, String)> {
            let mut read = Vec::new();
            for pair in list {
                match <[String; 2]>::try_from(pair) {
                    Ok([code, at]) if code.len() == 3 => read.push((format!("EGOV_IT_{code}"), at)),
                    _ => {
                        let wanted = "pairs of code and posizione, such as [\"106\", \"Azione\"]";
                        self.errors.push(places.mistake(&format!("{key}.{name}"), Problem::Form { wanted }));
                    }
                }
            }
            read
        };
        let (codici, avvisi) = (pairs("codici", raw.codici), pairs("avvisi", raw.avvisi));
        Expect {
            answer,
            status: raw.status,
            codici,
            avvisi,
            busta: raw.busta,
            body: raw.body,
            delivered: raw.delivered.or(answer.delivered()),
            signed: raw.signed,
        }
    }
}
