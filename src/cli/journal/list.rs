//! `journal list`: the newest messages, one a line.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::rome;
use crate::cli::Exit;
use crate::cli::arguments::ListArguments;
use crate::cli::stdout::print;
use crate::clock;
use crate::journal::{Direction, Filter, Journal, JournalError, StatoName, Summary};

/// Why the question cannot be asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option} {word:?}: {wanted}")]
struct Unclear {
    option: &'static str,
    word: String,
    wanted: String,
}

pub(super) async fn run(journal: &dyn Journal, arguments: &ListArguments) -> Result<Exit, JournalError> {
    let filter = match filter(arguments) {
        Ok(filter) => filter,
        Err(unclear) => {
            eprintln!("egov-bridge: {unclear}");
            return Ok(Exit::Usage);
        }
    };
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let summaries = journal.list(filter).await?;
    print(&table(&summaries));
    let counts = journal.counts().await?;
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    eprintln!("{} of {total} messages", summaries.len());
    if let Some(last) = summaries.last().filter(|_| summaries.len() == limit) {
        eprintln!("older ones: --before {}", last.id);
    }
    let open = counts.get(StatoName::Unknown);
    if open > 0 {
        let wait = if open == 1 { "message waits" } else { "messages wait" };
        eprintln!("{open} {wait} for your word: journal list --stato unknown, then journal resolve");
    }
    let held = counts.get(StatoName::Held);
    if held > 0 {
        eprintln!("{held} held until it is their turn: journal list --stato held");
    }
    Ok(Exit::Done)
}

fn filter(arguments: &ListArguments) -> Result<Filter, Unclear> {
    Ok(Filter {
        since: arguments.since.as_deref().map(|word| time("--since", word)).transpose()?,
        until: arguments.until.as_deref().map(|word| time("--until", word)).transpose()?,
        direction: None,
        mittente: arguments.mittente.clone(),
        servizio: arguments.servizio.clone(),
        azione: arguments.azione.clone(),
        stato: word("--stato", arguments.stato.as_deref(), || {
            StatoName::ALL.map(StatoName::as_str).join(", ")
        })?,
        esito: word("--esito", arguments.esito.as_deref(), || "OK, KO".to_owned())?,
        identificatore: arguments.identificatore.clone(),
        before: word("--before", arguments.before.as_deref(), || "the number of a record".to_owned())?,
        limit: arguments.limit,
    })
}

fn word<T: std::str::FromStr>(
    option: &'static str,
    given: Option<&str>,
    wanted: impl FnOnce() -> String,
) -> Result<Option<T>, Unclear> {
    let Some(word) = given else { return Ok(None) };
    match word.parse() {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(Unclear { option, word: word.to_owned(), wanted: format!("wanted {}", wanted()) }),
    }
}

/// An instant, or a day or time of Rome.
fn time(option: &'static str, word: &str) -> Result<Timestamp, Unclear> {
    let civil = || word.parse::<DateTime>().or_else(|_| word.parse::<Date>().map(|day| day.at(0, 0, 0, 0)));
    word.parse().ok().or_else(|| clock::from_rome(civil().ok()?)).ok_or_else(|| Unclear {
        option,
        word: word.to_owned(),
        wanted: "wanted a day or time of Rome, 2026-11-21 or 2026-11-21T10:00, or an instant, \
                 2026-11-21T09:00:00Z"
            .to_owned(),
    })
}

const HEAD: [&str; 6] = ["NUMBER", "RECEIVED", "FROM", "ASKS", "STATE", "IDENTIFICATORE"];

fn table(summaries: &[Summary]) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(summaries.iter().map(row));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
            let _ = match index {
                0 => write!(line, "{cell:>width$}"),
                _ => write!(line, "  {cell:width$}"),
            };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn row(summary: &Summary) -> [String; HEAD.len()] {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
    let from = match summary.direction {
        Direction::Inbound => text(&summary.mittente),
        Direction::Outbound => format!("{} → {}", text(&summary.mittente), text(&summary.destinatario)),
    };
    let asks = match &summary.azione {
        Some(azione) => format!("{}/{azione}", text(&summary.servizio)),
        None => text(&summary.servizio),
    };
    let attempts = if summary.attempts > 1 { format!(" ×{}", summary.attempts) } else { String::new() };
    [
        summary.id.to_string(),
        rome(summary.received_at),
        from,
        asks,
        format!("{}{attempts}", summary.stato),
        text(&summary.identificatore),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Esito, MessageId, Stato};

    fn summary(id: &str, mittente: &str) -> Summary {
        Summary {
            id: id.parse::<MessageId>().unwrap(),
            direction: Direction::Inbound,
            mittente: Some(mittente.into()),
            destinatario: Some("NAZIONALE".into()),
            servizio: Some("ServiziSAP".into()),
            azione: None,
            identificatore: None,
            stato: Stato::Delivered(Esito::Ok),
            attempts: 2,
            received_at: "2026-07-01T10:00:00Z".parse().unwrap(),
            changed_at: "2026-07-01T10:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold_and_times_are_romes() {
        let table = table(&[summary("9", "VAL D'AOSTA"), summary("10", "LAZIO")]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[0],
            "NUMBER  RECEIVED             FROM         ASKS        STATE            IDENTIFICATORE"
        );
        assert_eq!(lines[1], "     9  2026-07-01 12:00:00  VAL D'AOSTA  ServiziSAP  delivered OK ×2  ?");
        assert_eq!(lines[2], "    10  2026-07-01 12:00:00  LAZIO        ServiziSAP  delivered OK ×2  ?");
    }

    #[test]
    fn a_day_and_a_time_without_zone_are_romes() {
        let at = |word: &str| time("--since", word).map(|instant| instant.to_string());
        assert_eq!(at("2026-11-21").as_deref(), Ok("2026-11-20T23:00:00Z"));
        assert_eq!(at("2026-07-01T10:00").as_deref(), Ok("2026-07-01T08:00:00Z"));
        assert_eq!(at("2026-07-01T10:00:00Z").as_deref(), Ok("2026-07-01T10:00:00Z"));
        assert!(at("yesterday").unwrap_err().to_string().starts_with("--since \"yesterday\": wanted a day"));
    }
}
