//! `journal resolve`: the operator's word on a message whose outcome is unknown.

use crate::cli::Exit;
use crate::cli::arguments::ResolveArguments;
use crate::cli::stdout::print;
use crate::journal::{Journal, JournalError, Life, MessageId, Reference, Resolution};

pub(super) async fn run(journal: &dyn Journal, arguments: &ResolveArguments) -> Result<Exit, JournalError> {
    let Ok(id) = arguments.id.parse::<MessageId>() else {
        eprintln!("egov-bridge: {:?} is not the number of a record: see journal list", arguments.id);
        return Ok(Exit::Usage);
    };
    let (who, why) = (arguments.who.trim(), arguments.why.trim());
    if who.is_empty() || why.is_empty() {
        eprintln!("egov-bridge: --who and --why are kept as evidence and must say something");
        return Ok(Exit::Usage);
    }
    let resolution = if arguments.executed { Resolution::Executed } else { Resolution::NotExecuted };
    let accepted = journal.show(&Reference::Id(id)).await?.first().is_some_and(Life::is_accepted);
    let concluded = journal.resolve(id, resolution, who, why).await?;
    let then = match resolution {
        Resolution::Executed if accepted => "the series goes on with the next message",
        Resolution::Executed => "a repetition by its sender is refused as a duplicate",
        Resolution::NotExecuted if accepted => "it was acknowledged, and is forwarded again in its turn",
        Resolution::NotExecuted => "its sender may send it again with the same identifier",
    };
    print(&format!("record {id}: {}; {then}\n", concluded.stato()));
    Ok(Exit::Done)
}
