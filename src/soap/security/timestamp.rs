//! `wsu:Timestamp`: from when to when a message is good (SOAP Message Security 1.0, §10).

use jiff::{SignedDuration, Timestamp};

use super::block::{Block, Element};
use super::{SecurityError, WSU};

/// Refuses a message out of its time. The clocks of the two ends may differ by `skew`.
pub(super) fn check(
    block: &Block<'_>,
    timestamp: &Element<'_>,
    skew: SignedDuration,
    now: Timestamp,
) -> Result<(), SecurityError> {
    let instant = |local| -> Result<Option<Timestamp>, SecurityError> {
        let element = block.child(timestamp, WSU, local).map_err(|_| SecurityError::Timestamp)?;
        let parsed = element.map(|element| element.trimmed().parse::<Timestamp>());
        parsed.transpose().map_err(|_| SecurityError::Timestamp)
    };
    let (created, expires) = (instant("Created")?, instant("Expires")?);
    let created = created.ok_or(SecurityError::Timestamp)?;
    if created.duration_since(now) > skew {
        return Err(SecurityError::Early);
    }
    if expires.is_some_and(|expires| now.duration_since(expires) >= skew) {
        return Err(SecurityError::Late);
    }
    Ok(())
}

/// A Timestamp of ours.
pub(super) fn write(id: &str, life: SignedDuration, now: Timestamp) -> String {
    let expires = now.checked_add(life).unwrap_or(Timestamp::MAX);
    format!(
        "<wsu:Timestamp wsu:Id=\"{id}\"><wsu:Created>{}</wsu:Created><wsu:Expires>{}</wsu:Expires></wsu:Timestamp>",
        instant(now),
        instant(expires)
    )
}

fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
