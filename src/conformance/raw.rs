//! The files of a suite as they are typed; `conformance/README.md` explains every key.
//!
//! An absent key is an empty string, an empty list or nothing; the loader says which may be.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::case::{Answer, Transport, Value};
use super::clause::{Kind, Origin};
use super::setup::{BackEnd, Player};

/// A file of `cases/`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFile {
    /// The set-up of its cases, where they do not say.
    pub(super) setup: String,
    /// Their base message.
    pub(super) base: String,
    /// Their clause.
    pub(super) clause: RawList,
    pub(super) case: Vec<RawCase>,
}

/// `[[case]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCase {
    pub(super) name: String,
    pub(super) clause: RawList,
    pub(super) setup: String,
    pub(super) base: String,
    pub(super) request: String,
    pub(super) mutations: Vec<RawMutation>,
    pub(super) method: String,
    pub(super) certificate: Option<Value>,
    pub(super) headers: BTreeMap<String, Value>,
    pub(super) transport: Vec<Transport>,
    pub(super) expect: Option<RawExpect>,
    pub(super) then: Vec<RawStep>,
}

/// An entry of `then`: the same message once more.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) mutations: Vec<RawMutation>,
    pub(super) headers: BTreeMap<String, Value>,
    pub(super) expect: Option<RawExpect>,
}

/// `expect = { … }`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawExpect {
    pub(super) kind: Option<Answer>,
    pub(super) status: Option<u16>,
    pub(super) codici: Vec<Vec<String>>,
    pub(super) avvisi: Vec<Vec<String>>,
    pub(super) busta: BTreeMap<String, Value>,
    pub(super) body: BTreeMap<String, Value>,
    pub(super) delivered: Option<bool>,
    pub(super) signed: Option<bool>,
}

/// An entry of `mutations`: one verb, and what goes with it.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawMutation {
    pub(super) set: Option<String>,
    pub(super) remove: Option<String>,
    pub(super) duplicate: Option<String>,
    pub(super) rename: Option<String>,
    #[serde(rename = "move")]
    pub(super) moved: Option<String>,
    pub(super) insert: Option<String>,
    pub(super) replace: Option<String>,
    pub(super) prepend: Option<String>,
    pub(super) append: Option<String>,
    pub(super) nest: Option<String>,
    pub(super) flood: Option<String>,
    pub(super) lines: Option<String>,
    pub(super) encode: Option<String>,
    pub(super) prepend_bytes: Option<String>,
    pub(super) append_bytes: Option<String>,
    pub(super) replace_bytes: Option<String>,
    pub(super) cut: Option<usize>,

    pub(super) to: Option<String>,
    pub(super) xml: Option<String>,
    pub(super) with: Option<String>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) first_in: Option<String>,
    pub(super) last_in: Option<String>,
    pub(super) times: Option<usize>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub(super) enum RawList {
    One(String),
    Many(Vec<String>),
}

/// `clauses.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawClauses {
    pub(super) clause: Vec<RawClause>,
}

/// `[[clause]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawClause {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) rule: String,
    pub(super) origin: Origin,
    pub(super) only: Option<Kind>,
    pub(super) because: String,
}

/// `disabled.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDisabled {
    pub(super) disabled: Vec<RawDisabledCase>,
}

/// `[[disabled]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDisabledCase {
    pub(super) case: String,
    pub(super) group: String,
    pub(super) reason: String,
}

/// `setup/<name>/setup.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSetup {
    pub(super) title: String,
    pub(super) mittente: String,
    pub(super) destinatario: String,
    pub(super) services: String,
    pub(super) xsd: String,
    pub(super) wsdl: String,
    pub(super) back_end: Option<BackEnd>,
    pub(super) played_by: Option<Player>,
    pub(super) mutual_tls: bool,
}

impl Default for RawList {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl RawList {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}
