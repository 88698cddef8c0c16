use std::path::PathBuf;

use bytes::Bytes;
use rusqlite::Connection;
use tokio::sync::OnceCell;

use super::super::specimens::*;
use super::super::{
    ChainFault, Esito, Journal, MessageId, Outcome, Repetition, Resolution, Stato, Verification,
};
use super::{Options, SqliteJournal, connection};
use crate::clock::Clock;

/// A journal of four records: 1 refused, 2 delivered, 3 unknown then repeated and resolved, 4 delivered.
/// Links: 1 (refused) · 2, 3 · 4, 5, 6, 7, 8 · 9, 10.
async fn sample() -> (tempfile::TempDir, PathBuf) {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let file = FILE.get_or_init(make_sample).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    std::fs::write(&path, file).unwrap();
    (folder, path)
}

async fn make_sample() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let journal = serve(&path);
    let _ = journal.refuse(refusal(Some("R"))).await.unwrap();
    let open = intended(&journal, "A").await;
    let _ = journal.conclude(open, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    let open = intended(&journal, "B").await;
    let id = open.id();
    let _ = journal.conclude(open, conclusion(Outcome::Unknown)).await.unwrap();
    let again = Repetition { id, forwarded: Some(Bytes::from_static(b"again")) };
    let again = token(journal.repeat(again).await.unwrap());
    let _ = journal.conclude(again, conclusion(Outcome::Failed)).await.unwrap();
    let _ = journal.resolve(id, Resolution::Executed, "rossi", "asked").await.unwrap();
    let open = intended(&journal, "C").await;
    let _ = journal.conclude(open, conclusion(Outcome::Delivered(Esito::Ko))).await.unwrap();
    drop(journal);
    std::fs::read(&path).unwrap()
}

fn serve(path: &std::path::Path) -> SqliteJournal {
    SqliteJournal::serve(path, &Options::default(), Clock::frozen(instant())).unwrap()
}

/// What a verification says after somebody with a database tool was there.
async fn after(tampering: &str) -> Verification {
    let (_folder, path) = sample().await;
    connection::open(&path).unwrap().execute_batch(tampering).unwrap();
    serve(&path).verify().await.unwrap()
}

async fn faults_after(tampering: &str) -> String {
    let faults = after(tampering).await.faults;
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_untouched_journal_is_intact() {
    let seen = after("").await;
    assert_eq!((seen.links, seen.messages), (10, 4));
    assert_eq!(seen.faults, []);
}

#[tokio::test]
async fn an_edit_of_any_column_is_found_at_its_record() {
    let edits = [
        "UPDATE message SET mittente = 'PUGLIA' WHERE id = 2",
        "UPDATE message SET azione = NULL WHERE id = 2",
        "UPDATE message SET collaborazione = 'x' WHERE id = 2",
        "UPDATE message SET chiamante = 'CN=other' WHERE id = 2",
        "UPDATE message SET digest = zeroblob(32) WHERE id = 2",
        "UPDATE message SET schemi = 'later' WHERE id = 2",
        "UPDATE message SET inoltro = 'EGOV_IT_PIUDIUNAVOLTA', blocks = 0 WHERE id = 2",
        "UPDATE message SET blocks = 0 WHERE id = 2",
        "UPDATE message SET esito = 'KO' WHERE id = 2",
        "UPDATE message SET stato = 'failed', esito = NULL, blocks = 0 WHERE id = 2",
        "UPDATE message SET received_at = received_at + 1 WHERE id = 2",
        "UPDATE message SET changed_at = changed_at + 1 WHERE id = 2",
        "UPDATE message SET timings = '[]' WHERE id = 2",
        "UPDATE message SET attempts = 2 WHERE id = 2",
        "UPDATE attempt SET started_at = 0 WHERE message = 2",
        "UPDATE attempt SET ended_at = ended_at + 1 WHERE message = 2",
        "UPDATE attempt SET esito = 'KO' WHERE message = 2",
        "UPDATE attempt SET node_status = 201 WHERE message = 2",
        "UPDATE attempt SET reply_status = 500 WHERE message = 2",
        "UPDATE attempt SET reply_identificatore = 'x' WHERE message = 2",
        "UPDATE attempt SET timings = '[]' WHERE message = 2",
        "DELETE FROM attempt WHERE message = 2",
        "INSERT INTO attempt (message, number, stato, started_at, timings) VALUES (2, 2, 'intended', 0, '[]')",
        "UPDATE payload SET bytes = x'00' WHERE message = 2 AND kind = 'request'",
        "UPDATE payload SET bytes = x'00' WHERE message = 2 AND kind = 'forwarded'",
        "UPDATE payload SET bytes = x'00' WHERE message = 2 AND kind = 'answer'",
        "UPDATE payload SET bytes = x'00' WHERE message = 2 AND kind = 'reply'",
        "DELETE FROM payload WHERE message = 2 AND kind = 'reply'",
        "INSERT INTO payload VALUES (2, 1, 'detail', x'00')",
        "INSERT INTO resolution VALUES (2, 'executed', 'bianchi', 'no reason', 0)",
        "UPDATE message SET stato = 'lost' WHERE id = 2",
        "UPDATE attempt SET failure = 'no JSON' WHERE message = 2",
    ];
    for edit in edits {
        let seen = after(edit).await;
        let [fault] = seen.faults.as_slice() else { panic!("{edit}: {:?}", seen.faults) };
        let (ChainFault::EditedMessage { message, .. } | ChainFault::UnreadableMessage { message, .. }) =
            fault
        else {
            panic!("{edit}: {fault}")
        };
        assert_eq!(*message, MessageId(2), "{edit}");
    }
}

#[tokio::test]
async fn an_edit_of_a_place_in_a_series_is_found() {
    for edit in [
        "UPDATE posto SET numero = 3 WHERE message = 2",
        "DELETE FROM posto WHERE message = 2",
        "UPDATE payload SET bytes = x'00' WHERE message = 2 AND kind = 'forwarded'",
        "UPDATE payload SET bytes = x'00' WHERE message = 2 AND kind = 'reply'",
        "UPDATE attempt SET stato = 'refused' WHERE message = 2",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = serve(&path);
        let first = in_turn(&journal, "A", "A", 1).await;
        held(&journal, "B", "A", 2).await;
        let _ = journal.conclude(first, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
        assert!(journal.verify().await.unwrap().is_intact());
        drop(journal);
        connection::open(&path).unwrap().execute_batch(edit).unwrap();
        let seen = serve(&path).verify().await.unwrap();
        let [ChainFault::EditedMessage { message, .. }] = seen.faults.as_slice() else {
            panic!("{edit}: {:?}", seen.faults)
        };
        assert_eq!(*message, MessageId(2), "{edit}");
    }
}

#[tokio::test]
async fn an_edit_says_which_transition_was_rewritten() {
    assert_eq!(
        faults_after(
            "UPDATE payload SET bytes = x'00' WHERE message = 3 AND attempt = 2 AND kind = 'forwarded'"
        )
        .await,
        "record 3 was edited: it disagrees with link 6"
    );
    assert_eq!(
        faults_after("UPDATE resolution SET who = 'bianchi'").await,
        "record 3 was edited: it disagrees with link 8"
    );
    assert_eq!(
        faults_after("UPDATE payload SET bytes = x'00' WHERE message = 1 AND kind = 'detail'").await,
        "record 1 was edited: it disagrees with link 1"
    );
}

#[tokio::test]
async fn an_edited_link_is_found() {
    assert_eq!(
        faults_after("UPDATE link SET line = replace(line, 'LAZIO', 'PUGLIA') WHERE number = 2").await,
        "link 2 (record 2): its line was edited\nrecord 2 was edited: it disagrees with link 2"
    );
}

#[tokio::test]
async fn an_edit_of_record_and_link_together_breaks_the_chain() {
    let (_folder, path) = sample().await;
    let tool = connection::open(&path).unwrap();
    tool.execute_batch(
        "UPDATE message SET mittente = 'PUGLIA' WHERE id = 2;
         UPDATE link SET line = replace(line, 'LAZIO', 'PUGLIA') WHERE number = 2;",
    )
    .unwrap();
    let line: String =
        tool.query_row("SELECT line FROM link WHERE number = 2", [], |row| row.get(0)).unwrap();
    let content = super::super::Hash::of(line.as_bytes());
    tool.execute("UPDATE link SET content = ?1 WHERE number = 2", [content.as_bytes()]).unwrap();
    drop(tool);
    let faults = serve(&path).verify().await.unwrap().faults;
    assert_eq!(faults, [ChainFault::BrokenLink { link: 2, message: MessageId(2) }]);
}

#[tokio::test]
async fn deleted_links_and_records_are_found() {
    assert_eq!(
        faults_after("DELETE FROM link WHERE number IN (4, 5)").await,
        "links 4 to 5 are missing\n\
         link 6 (record 3): its hash does not follow from the link before\n\
         record 3 was edited: it disagrees with link 6"
    );
    let all_of_it = "PRAGMA foreign_keys = OFF; DELETE FROM payload WHERE message = 2;
         DELETE FROM attempt WHERE message = 2; DELETE FROM message WHERE id = 2;";
    assert_eq!(
        faults_after(all_of_it).await,
        "record 2 is missing: link 2 tells of it\nrecord 2 is missing: link 3 tells of it"
    );
    assert_eq!(
        faults_after(&format!("{all_of_it} DELETE FROM link WHERE message = 2")).await,
        "links 2 to 3 are missing\nlink 4 (record 3): its hash does not follow from the link before"
    );
}

#[tokio::test]
async fn reordered_links_are_found() {
    let seen = after(
        "UPDATE link SET number = -1 WHERE number = 2; UPDATE link SET number = 2 WHERE number = 9;
         UPDATE link SET number = 9 WHERE number = -1;",
    )
    .await;
    let broken = |link: u64| {
        seen.faults.iter().any(|f| matches!(f, ChainFault::BrokenLink { link: l, .. } if *l == link))
    };
    assert!(broken(2) && broken(9), "{:?}", seen.faults);
}

#[tokio::test]
async fn a_record_put_in_without_links_is_found() {
    let (_folder, path) = sample().await;
    connection::open(&path)
        .unwrap()
        .execute_batch(
            "INSERT INTO message (direction, mittente, identificatore, inoltro, digest, schemi, stato, esito, blocks,
                 attempts, received_at, changed_at, timings)
             VALUES ('inbound', 'LAZIO', 'X', 'EGOV_IT_ALPIUUNAVOLTA', zeroblob(32), '', 'delivered', 'OK', 1, 1, 0, 0,
                 '[]');",
        )
        .unwrap();
    let faults = serve(&path).verify().await.unwrap().faults;
    assert_eq!(faults, [ChainFault::EditedMessage { link: None, message: MessageId(5) }]);
}

#[tokio::test]
async fn a_cut_end_shows_in_the_head_alone() {
    let cut = "PRAGMA foreign_keys = OFF; DELETE FROM payload WHERE message = 4; DELETE FROM attempt WHERE message = 4;
         DELETE FROM message WHERE id = 4; DELETE FROM link WHERE message = 4;";
    let (whole, cut) = (after("").await, after(cut).await);
    assert_eq!(cut.faults, []);
    assert_ne!(cut.head, whole.head);
}

#[tokio::test]
async fn a_longer_chain_than_one_step_is_walked_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let journal = std::sync::Arc::new(serve(&path));
    let running: Vec<_> = (0..450)
        .map(|n| {
            let journal = std::sync::Arc::clone(&journal);
            tokio::spawn(async move { std::mem::forget(intended(&*journal, &format!("M{n}")).await) })
        })
        .collect();
    for one in running {
        one.await.unwrap();
    }
    connection::open(&path).unwrap().execute("UPDATE message SET azione = '' WHERE id = 450", []).unwrap();
    let seen = journal.verify().await.unwrap();
    assert_eq!((seen.links, seen.messages), (450, 450));
    assert_eq!(seen.faults.len(), 1);
}

/// The text of a journal that format 1 wrote, whole.
const FORMAT_1: &str = include_str!("fixtures/format-1.sql");

#[tokio::test]
async fn a_journal_of_format_1_is_brought_along_and_chained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(FORMAT_1).unwrap();
    old.pragma_update(None, "application_id", 0x6547_6F76).unwrap();
    drop(old);

    // An operator's command raises it too, as long as nobody serves from it.
    drop(SqliteJournal::inspect(&path, Clock::frozen(instant())).unwrap());
    let journal = serve(&path);
    let seen = journal.verify().await.unwrap();
    assert_eq!((seen.links, seen.messages, seen.faults.as_slice()), (10, 4, [].as_slice()));
    assert_eq!(journal.look_up(&key("C")).await.unwrap().unwrap().reply, Some(reply("<risposta/>")));
    assert_eq!(
        journal.look_up(&key("B")).await.unwrap().unwrap().stato,
        Stato::Resolved(Resolution::Executed)
    );
    let _next = intended(&journal, "D").await;
    assert_eq!(journal.verify().await.unwrap().links, 11);
}
