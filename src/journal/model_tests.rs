//! Whatever is done to them, the engine on disk and the model in memory give the same answers.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::conformance_tests::{Bench, in_memory, on_postgres, on_sqlite};
use super::specimens::*;
use super::*;

#[derive(Debug, Clone)]
enum Step {
    Refuse(u8),
    Intend {
        identificatore: u8,
        digest: u8,
        once: bool,
    },
    /// The identifier, the series (begun by the message of that number) and the place in it.
    Place(u8, u8, u32),
    Due,
    LookUp(u8),
    Earlier(u8),
    /// Concludes one of the tokens at hand.
    Conclude(usize, Outcome),
    /// Loses one of them.
    Drop(usize),
    Repeat(i64),
    Resolve(i64, bool),
    Recover,
    Reserve(u32),
    List(Option<StatoName>, Option<i64>, u32),
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![
        1 => Just(Outcome::Delivered(Esito::Ok)),
        1 => Just(Outcome::Delivered(Esito::Ko)),
        1 => Just(Outcome::RefusedByNode),
        1 => Just(Outcome::Failed),
        3 => Just(Outcome::Unknown),
    ];
    let step = prop_oneof![
        1 => (0..4u8).prop_map(Step::Refuse),
        6 => (0..4u8, 0..2u8, any::<bool>(), any::<bool>())
            .prop_map(|(identificatore, digest, a, b)| Step::Intend { identificatore, digest, once: a || b }),
        5 => (0..5u8, 0..2u8, 1..4u32).prop_map(|(id, serie, numero)| Step::Place(id, serie, numero)),
        2 => Just(Step::Due),
        2 => (0..4u8).prop_map(Step::LookUp),
        1 => (0..4u8).prop_map(Step::Earlier),
        6 => (any::<usize>(), outcome).prop_map(|(which, outcome)| Step::Conclude(which, outcome)),
        1 => any::<usize>().prop_map(Step::Drop),
        3 => (1..12i64).prop_map(Step::Repeat),
        2 => (1..12i64, any::<bool>()).prop_map(|(id, executed)| Step::Resolve(id, executed)),
        1 => Just(Step::Recover),
        1 => (0..3u32).prop_map(Step::Reserve),
        1 => (proptest::option::of(proptest::sample::select(StatoName::ALL.as_slice())),
              proptest::option::of(1..12i64), 0..5u32).prop_map(|(s, b, l)| Step::List(s, b, l)),
        1 => Just(Step::Tick),
    ];
    proptest::collection::vec(step, 1..40)
}

fn shown<T: Debug>(result: Result<T, JournalError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("error: {error}"),
    }
}

/// One line an answer.
async fn answers(bench: Bench, steps: &[Step]) -> Vec<String> {
    let journal = &*bench.journal;
    let mut now = instant();
    let mut tokens: Vec<Intended> = Vec::new();
    let mut lines = Vec::new();
    let keep = |intending: Result<Intending, JournalError>, tokens: &mut Vec<Intended>| match intending {
        Ok(Intending::Intended(token)) => {
            let line = format!("{token:?}");
            tokens.push(token);
            line
        }
        other => shown(other),
    };
    for step in steps {
        let line = match step.clone() {
            Step::Refuse(n) => shown(journal.refuse(refusal(Some(&n.to_string()))).await),
            Step::Intend { identificatore, digest, once } => {
                let inoltro = if once { Inoltro::AlPiuUnaVolta } else { Inoltro::PiuDiUnaVolta };
                let intent =
                    Intent { digest: [digest; 32], inoltro, ..intent(&format!("M{identificatore}")) };
                keep(journal.intend(intent).await, &mut tokens)
            }
            Step::LookUp(n) => shown(journal.look_up(&key(&format!("M{n}"))).await),
            Step::Place(id, serie, numero) => {
                let posto = Some(posto(&format!("M{serie}"), numero));
                let intent = Intent { posto, ..intent(&format!("M{id}")) };
                match journal.place(intent, reply("<riscontro/>")).await {
                    Ok(Placing::Intended(token)) => keep(Ok(Intending::Intended(token)), &mut tokens),
                    other => shown(other),
                }
            }
            Step::Due => shown(journal.due().await),
            Step::Earlier(n) => shown(journal.earlier(&key(&format!("M{n}"))).await),
            Step::Conclude(_, _) | Step::Drop(_) if tokens.is_empty() => continue,
            Step::Conclude(which, outcome) => {
                let token = tokens.swap_remove(which % tokens.len());
                shown(journal.conclude(token, conclusion(outcome)).await)
            }
            Step::Drop(which) => {
                drop(tokens.swap_remove(which % tokens.len()));
                // Written behind what was dropped: when it answers, the drop is recorded.
                journal.health().await.unwrap();
                "dropped".to_owned()
            }
            Step::Repeat(id) => {
                let repetition = Repetition { id: MessageId(id), forwarded: (id % 2 == 0).then(Bytes::new) };
                keep(journal.repeat(repetition).await, &mut tokens)
            }
            Step::Resolve(id, executed) => {
                let resolution = if executed { Resolution::Executed } else { Resolution::NotExecuted };
                shown(journal.resolve(MessageId(id), resolution, "rossi", "asked").await)
            }
            Step::Recover => shown(journal.recover().await),
            Step::Reserve(count) => shown(journal.reserve(numbers("LAZIOSPCoopIT", count)).await),
            Step::List(stato, before, limit) => shown(
                journal
                    .list(Filter { stato, before: before.map(MessageId), limit, ..Filter::default() })
                    .await,
            ),
            Step::Tick => {
                now += Duration::from_micros(1_000_001);
                bench.clock.set(now);
                continue;
            }
        };
        lines.push(format!("{step:?} -> {line}"));
    }
    lines.push(shown(journal.counts().await));
    let seen = journal.verify().await.unwrap();
    assert!(seen.is_intact(), "{seen:?}");
    lines.push(format!("{seen:?}"));
    for summary in journal.list(Filter { limit: u32::MAX, ..Filter::default() }).await.unwrap() {
        lines.push(shown(journal.show(&Reference::Id(summary.id)).await));
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_and_its_model_give_the_same_answers(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let model = answers(in_memory(), &steps).await;
            let engine = answers(on_sqlite(), &steps).await;
            prop_assert_eq!(model, engine);
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_of_replicas_and_its_model_give_the_same_answers(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            if let Some(bench) = on_postgres().await {
                let model = answers(in_memory(), &steps).await;
                let engine = answers(bench, &steps).await;
                prop_assert_eq!(model, engine);
            }
            Ok(())
        })?;
    }
}
