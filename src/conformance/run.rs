//! The runner: cases side by side, each message after the other, each answer judged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use roxmltree::Document;
use tokio::task::JoinSet;

use super::case::{Case, Message, Step};
use super::judge::{self, Difference};
use super::mutate;
use super::reply::Letta;
use super::report::{CaseReport, Outcome, Report, Trouble};
use super::setup::Setup;
use super::stage::{Stage, StageError};
use super::suite::Suite;
use super::template::Words;
use super::wire::{Answered, Endpoint, Pool, Request};
use crate::telemetry::metrics::Metrics;

/// Cases that run at one time.
const SIDE_BY_SIDE: usize = 16;

/// How often a target that asks for it is asked again.
const RETRIES: u32 = 5;
/// The longest that it may ask for, in seconds.
const LONGEST_RETRY: u64 = 10;

/// What is judged.
#[derive(Clone)]
pub enum Target {
    /// This gateway, in this process.
    Gateway(Metrics),
    /// An implementation somewhere.
    Url {
        /// Where it listens.
        endpoint: Endpoint,
        /// The set-ups that it has.
        setups: BTreeSet<String>,
    },
}

/// Who is asked, and who looks.
struct Scene {
    target: Target,
    stage: Option<Stage>,
}

/// Runs the cases of a suite whose name, group or clause holds `only`; all of them where it is empty.
///
/// # Errors
/// The gateway or its back end cannot be started. What a case meets is in the report.
pub async fn run(suite: &Arc<Suite>, target: Target, only: &str) -> Result<Report, StageError> {
    let chosen: Vec<usize> = suite
        .cases
        .iter()
        .enumerate()
        .filter(|(_, case)| is_chosen(case, only))
        .map(|(index, _)| index)
        .collect();
    let stage = match &target {
        Target::Url { .. } => None,
        Target::Gateway(metrics) => Some(Stage::set(setups(suite, &chosen).iter(), metrics).await?),
    };
    let scene = Arc::new(Scene { target, stage });
    let chosen: Arc<[usize]> = Arc::from(chosen);
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..SIDE_BY_SIDE {
        let (suite, scene, chosen, next) = (suite.clone(), scene.clone(), chosen.clone(), next.clone());
        workers.spawn(async move {
            let mut pool = Pool::default();
            let mut reports = Vec::new();
            while let Some(index) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Some(case) = suite.cases.get(*index) {
                    reports.push((*index, scene.case(case, &mut pool).await));
                }
            }
            reports
        });
    }
    let mut reports = Vec::new();
    while let Some(done) = workers.join_next().await {
        reports.extend(done.unwrap_or_default());
    }
    reports.sort_by_key(|(index, _)| *index);
    if let Some(stage) = Arc::into_inner(scene).and_then(|scene| scene.stage) {
        stage.strike().await;
    }
    let cases = reports.into_iter().filter_map(|(index, (outcome, unobserved))| {
        let case = suite.cases.get(index)?;
        let clause = case.clauses.first().and_then(|id| suite.clause(id)).cloned();
        Some(CaseReport { name: case.name.clone(), place: case.place.clone(), clause, outcome, unobserved })
    });
    Ok(Report { cases: cases.collect() })
}

fn is_chosen(case: &Case, only: &str) -> bool {
    only.is_empty()
        || case.group == only
        || case.name.contains(only)
        || case.clauses.iter().any(|clause| clause == only)
}

fn setups(suite: &Suite, chosen: &[usize]) -> Vec<Arc<Setup>> {
    let mut setups: Vec<Arc<Setup>> = Vec::new();
    let cases = chosen.iter().filter_map(|index| suite.cases.get(*index));
    for case in cases.filter(|case| case.disabled.is_none()) {
        if !setups.iter().any(|known| known.name == case.setup.name) {
            setups.push(case.setup.clone());
        }
    }
    setups
}

impl Scene {
    /// Runs a case; also says whether it asked for a delivery that nobody could see.
    async fn case(&self, case: &Case, pool: &mut Pool) -> (Outcome, bool) {
        if let Some(reason) = &case.disabled {
            return (Outcome::Skipped(reason.clone()), false);
        }
        let endpoint = match (&self.target, &self.stage) {
            (Target::Url { endpoint, setups }, _) => {
                if !case.needs_no_setup() && !setups.contains(&case.setup.name) {
                    let name = &case.setup.name;
                    let reason = format!("the target is not said to have the set-up {name} (--setup {name})");
                    return (Outcome::Skipped(reason), false);
                }
                Some(endpoint)
            }
            (_, Some(stage)) => stage.endpoint(&case.setup),
            _ => None,
        };
        let Some(endpoint) = endpoint else {
            return (Outcome::Skipped("nobody plays its set-up".to_owned()), false);
        };
        let mut words = Words::new(&case.setup, Timestamp::now());
        let mut troubles = Vec::new();
        let mut unobserved = false;
        let mut delivered = HashMap::new();
        for (number, step) in case.steps.iter().enumerate() {
            let said = match self.step(case, step, endpoint, &mut words, pool, &mut delivered).await {
                Ok((differences, seen)) => {
                    unobserved |= !seen;
                    differences
                }
                Err(trouble) => vec![trouble],
            };
            if !said.is_empty() {
                let number = (case.steps.len() > 1).then_some(number + 1);
                troubles.push(Trouble { message: number, differences: said });
                break;
            }
        }
        if troubles.is_empty() {
            (Outcome::Passed, unobserved)
        } else {
            (Outcome::Failed(troubles), unobserved)
        }
    }

    async fn step(
        &self,
        case: &Case,
        step: &Step,
        endpoint: &Endpoint,
        words: &mut Words<'_>,
        pool: &mut Pool,
        delivered: &mut HashMap<String, usize>,
    ) -> Result<(Vec<Difference>, bool), Difference> {
        let body = bytes(step, words).map_err(|error| trouble("message", "one that can be made", &error))?;
        let headers: Vec<(String, String)> =
            step.headers.iter().map(|(name, value)| (name.clone(), words.say(value))).collect();
        let request =
            Request { method: &step.method, headers: &headers, transport: &step.transport, body: &body };
        let answered = answer(pool, endpoint, &request).await?;
        let mut found = judge::judge(&step.expect, &answered, &body, &case.setup, words);
        let mut seen = true;
        if let Some(due) = step.expect.delivered {
            let id = identificatore(&body).unwrap_or_else(|| words.say("{id}"));
            match self.stage.as_ref().and_then(|stage| stage.delivered(&case.setup, &id)) {
                None => seen = false,
                Some(count) => {
                    let before = delivered.insert(id, count).unwrap_or_default();
                    if (count > before) != due {
                        let say = |yes| if yes { "delivered" } else { "not delivered" };
                        found.note("message", say(due), say(!due));
                    }
                }
            }
        }
        Ok((found.into_vec(), seen))
    }
}

/// The answer, for which whoever says `Retry-After` is asked again: a suite is more than a sender usually brings.
async fn answer(pool: &mut Pool, endpoint: &Endpoint, request: &Request<'_>) -> Result<Answered, Difference> {
    let mut patience = RETRIES;
    loop {
        let answered = pool.ask(endpoint, request).await;
        let answered = answered.map_err(|error| trouble("answer", "one", &error.to_string()))?;
        let wait = answered.header("retry-after").and_then(|seconds| seconds.parse().ok());
        match wait.filter(|seconds: &u64| *seconds <= LONGEST_RETRY) {
            Some(seconds) if patience > 0 => tokio::time::sleep(Duration::from_secs(seconds)).await,
            _ => return Ok(answered),
        }
        patience -= 1;
    }
}

fn trouble(what: &str, expected: &str, seen: &str) -> Difference {
    Difference { what: what.to_owned(), expected: expected.to_owned(), seen: seen.to_owned() }
}

/// The bytes of a message, of today.
fn bytes(step: &Step, words: &mut Words<'_>) -> Result<Vec<u8>, String> {
    let mut bytes = match &step.message {
        Message::Template(text) => words.say(text).into_bytes(),
        Message::Exact(bytes) => bytes.to_vec(),
    };
    for change in &step.bytes {
        mutate::bytes(&mut bytes, change).map_err(|error| error.to_string())?;
    }
    Ok(bytes)
}

/// Under which identifier the message would be delivered.
fn identificatore(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let document = Document::parse(text.trim_start_matches('\u{feff}')).ok()?;
    Letta::of(&document)?.field("Messaggio/Identificatore")
}
