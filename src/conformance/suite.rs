//! A suite on disk, read whole: clauses, set-ups, base messages, cases. All mistakes are told at once.
//!
//! A suite of the user's own needs only its cases; clauses, base messages and set-ups that it has not are those of the
//! suite that stands behind it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::case::{Answer, Case, Expect, Message, Step, Value};
use super::clause::Clause;
use super::mutate;
use super::mutation::{ByteChange, Mutation};
use super::problem::{Problem, SuiteError};
use super::raw::{RawCase, RawClauses, RawDisabled, RawExpect, RawFile, RawMutation};
use super::setup::Setup;
use crate::config::source::{Mistake, Place, Places, Source};

/// A suite.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// The clauses, in the order of the table.
    pub clauses: Vec<Clause>,
    /// The cases, in the order of their files.
    pub cases: Vec<Case>,
}

impl Suite {
    /// Reads the suite in `folder`, with `behind` for what it has not itself.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(folder: &Path, behind: Option<&Path>) -> Result<Self, Vec<SuiteError>> {
        let mut loading = Loading {
            folders: std::iter::once(folder).chain(behind).map(Path::to_owned).collect(),
            errors: Vec::new(),
            setups: HashMap::new(),
            suite: Self::default(),
            disabled: Vec::new(),
        };
        loading.clauses();
        loading.disabled(folder);
        let files = toml_files(&folder.join("cases"));
        match files {
            Ok(files) => files.iter().for_each(|file| loading.file(file)),
            Err(error) => loading.wrong(unreadable(&folder.join("cases"), &error)),
        }
        loading.finish(folder)
    }

    /// The clause of that id.
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == id)
    }
}

struct Loading {
    folders: Vec<PathBuf>,
    errors: Vec<SuiteError>,
    setups: HashMap<String, Option<Arc<Setup>>>,
    suite: Suite,
    disabled: Vec<Disabled>,
}

struct Disabled {
    case: String,
    group: String,
    reason: String,
    place: Place,
    met: bool,
}

/// What a file says for all its cases.
struct Common<'f> {
    group: &'f str,
    setup: &'f str,
    base: &'f str,
    clauses: &'f [String],
}

impl Loading {
    fn wrong(&mut self, error: SuiteError) {
        self.errors.push(error);
    }

    fn read(&mut self, file: &Path) -> Option<Source> {
        match Source::read(file) {
            Ok(source) => Some(source),
            Err(mistake) => {
                self.wrong(mistake.map(Problem::from));
                None
            }
        }
    }

    fn parse<T>(&mut self, source: Source) -> (T, Places)
    where
        T: for<'de> serde::Deserialize<'de> + Default,
    {
        let (raw, places, faults) = source.parse::<T>(None);
        self.errors.extend(faults.into_iter().map(|fault| fault.map(Problem::from)));
        (raw, places)
    }

    /// A file of the suite, or of the one behind it.
    fn find(&self, name: &str) -> Option<PathBuf> {
        self.folders.iter().map(|folder| folder.join(name)).find(|path| path.exists())
    }

    fn clauses(&mut self) {
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

    fn disabled(&mut self, folder: &Path) {
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

    fn file(&mut self, file: &Path) {
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
        let setup = setup?;
        (self.errors.len() == before).then(|| Case {
            name,
            clauses,
            setup,
            steps,
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

    fn base(&mut self, name: &str, places: &Places, key: &str) -> Option<Message> {
        if name.is_empty() {
            let wanted = "the name of a base message, or `request`, a file";
            self.wrong(places.mistake(key, Problem::Missing { wanted }));
            return None;
        }
        self.request(&format!("base/{name}.xml"), places, key)
    }

    fn request(&mut self, name: &str, places: &Places, key: &str) -> Option<Message> {
        let read = self.find(name).ok_or(std::io::ErrorKind::NotFound);
        match read.and_then(|path| fs::read(path).map_err(|error| error.kind())) {
            Ok(bytes) => Some(match String::from_utf8(bytes) {
                Ok(text) => Message::Template(Arc::from(text)),
                Err(error) => Message::Exact(Arc::from(error.into_bytes())),
            }),
            Err(kind) => {
                self.wrong(places.mistake(key, Problem::Unreadable { file: name.to_owned(), kind }));
                None
            }
        }
    }

    fn mutate(
        &mut self,
        message: &mut Message,
        bytes: &mut Vec<ByteChange>,
        mutations: Vec<RawMutation>,
        places: &Places,
        key: &str,
    ) {
        if mutations.is_empty() {
            return;
        }
        let mut text = match message {
            Message::Template(text) => Some(text.to_string()),
            Message::Exact(_) => None,
        };
        for (index, raw) in mutations.into_iter().enumerate() {
            let key = format!("{key}.mutations[{}]", index + 1);
            match (Mutation::read(raw), &mut text) {
                (Err(problem), _) => self.wrong(places.mistake(&key, problem)),
                (Ok(Mutation::Bytes(change)), _) => bytes.push(change),
                (Ok(Mutation::Text(change)), Some(text)) if bytes.is_empty() => {
                    if let Err(error) = mutate::text(text, &change) {
                        self.wrong(places.mistake(&key, error.into()));
                        return;
                    }
                }
                (Ok(Mutation::Text(_)), _) => {
                    let why = "the text is bytes by now; changes of bytes come last";
                    self.wrong(places.mistake(&key, Problem::Superfluous { why }));
                }
            }
        }
        if let Some(text) = text {
            *message = Message::Template(Arc::from(text));
        }
    }

    fn expect(&mut self, raw: Option<RawExpect>, places: &Places, key: &str) -> Expect {
        let raw = raw.unwrap_or_default();
        let Some(answer) = raw.kind else {
            let wanted = "`kind`: A, B, C, D, reply, service-fault, riscontro, empty or http";
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
        }
    }

    fn finish(mut self, folder: &Path) -> Result<Suite, Vec<SuiteError>> {
        if self.errors.is_empty() && self.suite.cases.is_empty() {
            self.wrong(Mistake {
                place: Place { file: folder.to_owned(), line: None, key: String::new() },
                seen: String::new(),
                problem: Problem::NoCase,
            });
        }
        if self.errors.is_empty() {
            let unmet = self.disabled.iter().filter(|disabled| !disabled.met);
            let unmet = unmet.map(|disabled| Mistake {
                place: disabled.place.clone(),
                seen: format!("{}{}", disabled.case, disabled.group),
                problem: Problem::Unknown { what: "case or group" },
            });
            self.errors.extend(unmet);
        }
        if self.errors.is_empty() { Ok(self.suite) } else { Err(self.errors) }
    }
}

impl Expect {
    pub(super) fn of(answer: Answer) -> Self {
        Self {
            answer,
            status: None,
            codici: Vec::new(),
            avvisi: Vec::new(),
            busta: BTreeMap::new(),
            body: BTreeMap::new(),
            delivered: answer.delivered(),
        }
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

fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn unreadable(folder: &Path, error: &std::io::Error) -> SuiteError {
    Mistake {
        place: Place { file: folder.to_owned(), line: None, key: String::new() },
        seen: String::new(),
        problem: Problem::Unreadable { file: folder.display().to_string(), kind: error.kind() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_told_at_once_each_with_its_line() {
        let folder = tempfile::TempDir::new().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("clauses.toml", "[[clause]]\nid = \"a\"\ntitle = \"t\"\nrule = \"r\"\n");
        write("base/uno.xml", "<a><b/></a>");
        write("setup/s/setup.toml", "mittente = \"Sole\"\ndestinatario = \"Luna\"\n");
        write("setup/s/services/parti.toml", "[[parte]]\nnome = \"Sole\"\n\n[[parte]]\nnome = \"Luna\"\n");
        write(
            "cases/c.toml",
            r#"setup = "s"
base = "uno"
clause = "a"

[[case]]
name = "one"
mutations = [{ remove = "z" }]
expect = { kind = "A" }

[[case]]
name = "two"
clause = "b"
mutations = [{ set = "b" }]
expect = { kind = "B" }

[[case]]
name = "three"
expct = { kind = "A" }

[[case]]
name = "four"
mutations = [{ cut = 1 }, { remove = "b" }]
expect = { kind = "A", busta = { Azione = true } }
"#,
        );
        let errors = Suite::load(folder.path(), None).unwrap_err();
        let mut seen: Vec<(usize, String)> =
            errors.iter().map(|e| (e.place.line.unwrap(), e.place.key.clone())).collect();
        seen.sort();
        let expected = [
            (7, "case[1].mutations[1]"),
            (12, "case[2].clause"),
            (13, "case[2].mutations[1]"),
            (14, "case[2].expect"),
            (16, "case[3].expect"),
            (18, "case[3].expct"),
            (22, "case[4].mutations[2]"),
            (23, "case[4].expect.busta"),
        ];
        assert_eq!(seen, expected.map(|(line, key)| (line, key.to_owned())), "{errors:#?}");
    }
}
