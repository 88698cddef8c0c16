//! `journal verify`: is every record as it was written?

use crate::cli::Exit;
use crate::cli::stdout::print;
use crate::journal::{Journal, JournalError};

pub(super) async fn run(journal: &dyn Journal) -> Result<Exit, JournalError> {
    let verification = journal.verify().await?;
    for fault in &verification.faults {
        print(&format!("{fault}\n"));
    }
    let faults = verification.faults.len();
    let judgement = if faults == 0 { "good".to_owned() } else { format!("{faults} faults") };
    print(&format!(
        "{} records, {} links, head {}: {judgement}\n",
        verification.messages, verification.links, verification.head
    ));
    Ok(if faults == 0 { Exit::Done } else { Exit::Refused })
}
