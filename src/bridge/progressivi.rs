//! Numbers for the identifiers of our own buste.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::egov::Identificatore;
use crate::failure::Cause;
use crate::journal::Journal;

/// How many numbers are taken from the journal at a time. A restart wastes what is left of them; ten million may pass
/// before seven digits repeat, and then only within one minute would it matter.
const BLOCK: u32 = 1000;

/// Gives each busta of ours an identifier that no other has: not after a restart, not on another replica, not in the
/// hour that October repeats. The numbers come from the journal in durable blocks and never restart with the minute.
pub struct Progressivi {
    journal: Arc<dyn Journal>,
    amministrazione: String,
    porta: String,
    block: Mutex<Range<u64>>,
}

impl Progressivi {
    /// Identifiers of the porta `porta` of the administration `amministrazione`.
    #[must_use]
    pub fn new(journal: Arc<dyn Journal>, amministrazione: &str, porta: &str) -> Self {
        Self {
            journal,
            amministrazione: amministrazione.to_owned(),
            porta: porta.to_owned(),
            block: Mutex::new(0..0),
        }
    }

    /// The next identifier, of the minute of `now`.
    ///
    /// # Errors
    /// The journal gave no numbers.
    ///
    /// # Cancel safety
    /// A number may be wasted; none is given twice.
    pub async fn next(&self, now: Timestamp) -> Result<Identificatore, Cause> {
        let number = {
            let mut block = self.block.lock().await;
            if block.is_empty() {
                *block = self.journal.reserve(&self.porta, BLOCK).await?;
            }
            let number = block.start;
            block.start += 1;
            number
        };
        let shown = u32::try_from(number % (u64::from(Identificatore::ULTIMO) + 1)).unwrap_or_default();
        Ok(Identificatore::new(&self.amministrazione, &self.porta, shown, now)?)
    }
}
