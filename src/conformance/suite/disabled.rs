//! What is not to be run, read.

use std::path::Path;

use super::Loading;
use crate::config::source::Place;
use crate::conformance::problem::Problem;
use crate::conformance::raw::RawDisabled;

/// A case or a group that is not run. One that names nothing is a mistake.
pub(super) struct Disabled {
    pub(super) case: String,
    pub(super) group: String,
    pub(super) reason: String,
    pub(super) place: Place,
    pub(super) met: bool,
}

impl Loading {
    pub(super) fn disabled(&mut self, folder: &Path) {
        let file = folder.join("disabled.toml");
        if !file.exists() {
            return;
        }
        let Some(source) = self.read(&file) else { return };
        let (raw, places) = self.parse::<RawDisabled>(source);
        for (index, raw) in raw.disabled.into_iter().enumerate() {
            let key = format!("disabled[{}]", index + 1);
            if raw.reason.is_empty() {
                let missing = Problem::Missing { wanted: "why" };
                self.wrong(places.mistake(&format!("{key}.reason"), missing));
            }
            if raw.case.is_empty() == raw.group.is_empty() {
                let wanted = "`case`, the name of a case, or `group`, the name of a file of cases";
                self.wrong(places.mistake(&key, Problem::Missing { wanted }));
            }
            let place = places.place(&key);
            self.disabled.push(Disabled {
                case: raw.case,
                group: raw.group,
                reason: raw.reason,
                place,
                met: false,
            });
        }
    }
}
