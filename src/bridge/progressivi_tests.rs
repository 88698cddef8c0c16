use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::clock::{self, Clock};
use crate::journal::{JournalError, MemoryJournal, Options, SqliteJournal};

const CODICE: &str = "NAZIONALE";
const PORTA: &str = "NAZIONALESPCoopIT";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn journal() -> Arc<dyn Journal> {
    Arc::new(MemoryJournal::new(Clock::frozen(at("2026-10-25T00:00:00Z"))))
}

fn on(journal: &Arc<dyn Journal>, prefisso: &str) -> Progressivi {
    Progressivi::new(Arc::clone(journal), CODICE, PORTA, prefisso.parse().unwrap())
}

#[tokio::test]
async fn numbers_begin_with_the_minute_and_bear_the_prefix() {
    let journal = journal();
    let (plain, second) = (on(&journal, ""), on(&journal, "07"));
    let now = at("2026-01-15T08:31:00Z");
    assert_eq!(
        plain.next(now).await.unwrap().as_str(),
        "NAZIONALE_NAZIONALESPCoopIT_0000001_2026-01-15_09:31"
    );
    assert_eq!(plain.next(now).await.unwrap().progressivo(), 2);
    assert_eq!(plain.next(at("2026-01-15T08:32:00Z")).await.unwrap().progressivo(), 1);
    assert_eq!(plain.next(now).await.unwrap().progressivo(), 3);
    // Of the minute's numbers a thousand are taken.
    assert_eq!(second.next(now).await.unwrap().progressivo(), 701_001);
}

#[tokio::test]
async fn a_restart_in_the_same_minute_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let now = at("2026-01-15T08:31:00Z");
    let mut given = HashSet::new();
    for _ in 0..3 {
        let journal = SqliteJournal::serve(&path, &Options::default(), Clock::frozen(now)).unwrap();
        let journal: Arc<dyn Journal> = Arc::new(journal);
        let progressivi = on(&journal, "");
        for _ in 0..5 {
            assert!(given.insert(progressivi.next(now).await.unwrap().to_string()));
        }
        drop(progressivi);
        journal.close().await;
    }
    assert_eq!(given.len(), 15);
}

#[tokio::test]
async fn a_minute_that_is_used_up_is_an_error_and_the_next_is_not() {
    let journal = journal();
    let progressivi = on(&journal, "123");
    let now = at("2026-01-15T08:31:00Z");
    for number in 1..=9_999 {
        assert_eq!(progressivi.next(now).await.unwrap().progressivo(), 1_230_000 + number);
    }
    let error = progressivi.next(now).await.unwrap_err();
    assert!(matches!(error, Cause::Journal(JournalError::NoNumbers { .. })), "{error}");
    assert_eq!(progressivi.next(now + SignedDuration::from_mins(1)).await.unwrap().progressivo(), 1_230_001);
}

#[test]
fn a_prefix_is_at_most_three_digits() {
    for bad in ["1234", "a", "-1", " 1", "٣"] {
        assert!(bad.parse::<Prefisso>().is_err(), "{bad}");
    }
    assert_eq!(
        ("".parse::<Prefisso>().unwrap().ultimo(), "07".parse::<Prefisso>().unwrap().ultimo()),
        (9_999_999, 99_999)
    );
}

/// October's repeated hour on the clock of the wall, whatever the zone of the process: run again under others by the
/// test below.
#[tokio::test]
async fn the_repeated_hour_gives_no_identifier_twice() {
    let journal = journal();
    let progressivi = on(&journal, "");
    let summer = progressivi.next(at("2026-10-25T00:30:00Z")).await.unwrap();
    let winter = progressivi.next(at("2026-10-25T01:30:00Z")).await.unwrap();
    assert_eq!(summer.as_str(), "NAZIONALE_NAZIONALESPCoopIT_0000001_2026-10-25_02:30");
    assert_eq!(winter.as_str(), "NAZIONALE_NAZIONALESPCoopIT_0000002_2026-10-25_02:30");
    assert_eq!(clock::in_rome(at("2026-07-01T12:00:00Z")).hour(), 14);
}

#[test]
fn the_zone_of_the_process_does_not_matter() {
    let this = std::env::current_exe().unwrap();
    for zone in ["UTC", "America/New_York", "Asia/Kolkata", "", "nonsense"] {
        let run = std::process::Command::new(&this)
            .env("TZ", zone)
            .args(["--exact", "bridge::progressivi::tests::the_repeated_hour_gives_no_identifier_twice"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains("1 passed"), "TZ={zone}: {said}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// A message, so many seconds after the one before; a clock may be set back.
    Next { seconds: i64 },
    /// The process starts anew.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (-90..400i64).prop_map(|seconds| Step::Next { seconds }),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_identifier_comes_twice_over_the_fold_restarts_and_replicas(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            // Two replicas with a journal each, and a third that shares the first's.
            let journals = [journal(), journal()];
            let start = || [on(&journals[0], "1"), on(&journals[1], "2"), on(&journals[0], "1")];
            let mut replicas = start();
            let mut now = at("2026-10-24T23:50:00Z");
            let mut given = HashSet::new();
            for step in steps {
                match step {
                    Step::Restart => replicas = start(),
                    Step::Next { seconds } => {
                        now += SignedDuration::from_secs(seconds);
                        for replica in &replicas {
                            let id = replica.next(now).await.unwrap();
                            prop_assert!(id.as_str().ends_with(&Identificatore::minuto(now)));
                            prop_assert!(given.insert(id.to_string()), "{id} twice");
                        }
                    }
                }
            }
            Ok(())
        })?;
    }
}
