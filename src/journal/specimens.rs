//! Messages for the tests of the journal.

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    Conclusion, Direction, Failing, Inoltro, Intended, Intending, Intent, Journal, Key, MessageId,
    NodeAnswer, Nome, Numbers, Outcome, Placing, Posto, Reception, Recorded, Refusal, Reply, Serie, Timing,
};

pub(super) fn instant() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub(super) fn key(identificatore: &str) -> Key {
    Key {
        direction: Direction::Inbound,
        mittente: "LAZIO".to_owned(),
        identificatore: identificatore.to_owned(),
    }
}

pub(super) fn reception(request: &str) -> Reception {
    Reception {
        destinatario: Some("NAZIONALE".to_owned()),
        servizio: Some("ServiziSAP".to_owned()),
        azione: Some("invioSAP".to_owned()),
        profilo: Some("EGOV_IT_ServizioSincrono".to_owned()),
        riferimento: None,
        collaborazione: None,
        chiamante: Some("CN=pdd.lazio.example".to_owned()),
        received_at: instant(),
        request: Bytes::copy_from_slice(request.as_bytes()),
        timings: vec![Timing { phase: "decode".into(), micros: 120 }],
    }
}

pub(super) fn intent(identificatore: &str) -> Intent {
    Intent {
        key: key(identificatore),
        reception: reception("<richiesta/>"),
        posto: None,
        inoltro: Inoltro::AlPiuUnaVolta,
        digest: [7; 32],
        schemi: "sap 2025-03-27".to_owned(),
        forwarded: Bytes::from_static(b"{\"payload\":{}}"),
    }
}

/// The place of number `numero` in the series that begins with message `serie`.
pub(super) fn posto(serie: &str, numero: u32) -> Posto {
    let nome = |nome: &str| Nome { tipo: "SPC".to_owned(), nome: nome.to_owned() };
    let serie = Serie {
        collaborazione: serie.to_owned(),
        mittente: nome("LAZIO"),
        destinatario: nome("NAZIONALE"),
        servizio: nome("Variazioni"),
        azione: Some("ordinata".to_owned()),
    };
    Posto { serie, numero }
}

/// Asks for the place of number `numero` in the series that begins with message `serie`.
pub(super) async fn place(journal: &dyn Journal, identificatore: &str, serie: &str, numero: u32) -> Placing {
    let intent = Intent { posto: Some(posto(serie, numero)), ..intent(identificatore) };
    journal.place(intent, reply("<riscontro/>")).await.unwrap()
}

/// The permission for a message whose turn it is.
pub(super) async fn in_turn(
    journal: &dyn Journal,
    identificatore: &str,
    serie: &str,
    numero: u32,
) -> Intended {
    match place(journal, identificatore, serie, numero).await {
        Placing::Intended(intended) => intended,
        other => panic!("not its turn: {other:?}"),
    }
}

/// The record of a message that waits for its turn.
pub(super) async fn held(journal: &dyn Journal, identificatore: &str, serie: &str, numero: u32) -> MessageId {
    match place(journal, identificatore, serie, numero).await {
        Placing::Held(concluded) => concluded.id(),
        other => panic!("not held: {other:?}"),
    }
}

pub(super) fn refusal(identificatore: Option<&str>) -> Refusal {
    Refusal {
        direction: Direction::Inbound,
        mittente: Some("LAZIO".to_owned()),
        identificatore: identificatore.map(str::to_owned),
        reception: reception("<storta/>"),
        digest: None,
        failure: failing("EGOV_IT_104"),
        reply: Some(reply("<rifiuto/>")),
    }
}

pub(super) fn numbers(porta: &str, count: u32) -> Numbers {
    Numbers {
        porta: porta.to_owned(),
        minuto: "2026-11-21_11:00".to_owned(),
        count,
        last: 9_999_999,
        forget: "2026-11-14_11:00".to_owned(),
    }
}

pub(super) fn failing(code: &'static str) -> Failing {
    Failing {
        code: code.into(),
        fault: "sender".into(),
        phase: "decode".into(),
        retry: "no".into(),
        place: Some("/Messaggio/Collaborazione".to_owned()),
        detail: "seen \"ROSSI MARIO\", expected an identifier".to_owned(),
    }
}

pub(super) fn reply(body: &str) -> Reply {
    Reply {
        status: 200,
        content_type: "text/xml; charset=utf-8".into(),
        identificatore: Some("NAZIONALE_NAZIONALESPCoopIT_0000001_2026-11-21_11:00".to_owned()),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

pub(super) fn conclusion(outcome: Outcome) -> Conclusion {
    let delivered = matches!(outcome, Outcome::Delivered(_));
    Conclusion {
        outcome,
        answer: delivered.then(|| NodeAnswer { status: 200, body: Bytes::from_static(b"{\"esito\":{}}") }),
        reply: Some(reply(if delivered { "<risposta/>" } else { "<errore/>" })),
        failure: (!delivered).then(|| failing("EGOV_IT_300")),
        timings: vec![Timing { phase: "forward".into(), micros: 5000 }],
    }
}

/// The permission for a message that nothing blocks.
pub(super) async fn intended(journal: &dyn Journal, identificatore: &str) -> Intended {
    token(journal.intend(intent(identificatore)).await.unwrap())
}

pub(super) fn token(intending: Intending) -> Intended {
    match intending {
        Intending::Intended(intended) => intended,
        Intending::AlreadyKnown(recorded) => panic!("blocked by {recorded:?}"),
    }
}

pub(super) fn known(intending: Intending) -> Recorded {
    match intending {
        Intending::AlreadyKnown(recorded) => recorded,
        Intending::Intended(intended) => panic!("not blocked: {intended:?}"),
    }
}
