//! The runner: which cases, against whom, side by side.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::case::Case;
use super::firma::Keys;
use super::play::{Played, Scene};
use super::report::{CaseReport, Report};
use super::setup::Setup;
use super::stage::{Stage, StageError};
use super::suite::Suite;
use super::wire::{Endpoint, Pool};
use crate::telemetry::metrics::Metrics;

/// Cases that run at one time.
const SIDE_BY_SIDE: usize = 16;

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
        /// The certificates of the parties, where it believes them.
        keys: Option<Box<Keys>>,
    },
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
        Target::Gateway(metrics) => Some(Stage::set(&setups(suite, &chosen), metrics).await?),
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
                    reports.push((*index, scene.play(case, &mut pool).await));
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
    let cases = reports.into_iter().filter_map(|(index, Played { outcome, unobserved })| {
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
