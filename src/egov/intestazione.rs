//! Finding the header block that is the busta, and judging its frame.
//!
//! The block is looked for by actor first, then by namespace, so that a busta with one of the two wrong is answered
//! as a busta with an error and not as a message without one.

use super::{ACTOR, CodiceEccezione, Eccezione, NAMESPACE};
use crate::soap::{Envelope, MustUnderstand, Part};

/// A block taken for the busta.
pub(super) struct Trovata<'p, 'x> {
    pub(super) blocco: &'p Part<'x>,
    /// The error that makes the rest not worth judging.
    pub(super) preclusa: Option<Eccezione>,
}

/// WS-Security 1.0. Its block may bear the actor of the busta, and is never taken for one.
const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// WS-ReliableMessaging 1.0 and 1.1.
const WSRM: [&str; 2] =
    ["http://schemas.xmlsoap.org/ws/2005/02/rm", "http://docs.oasis-open.org/ws-rx/wsrm/200702"];

/// Whether a header block may demand to be understood without the message being refused for it: the busta itself,
/// WS-Security and WS-ReliableMessaging.
#[must_use]
pub fn is_understood(block: &Part<'_>) -> bool {
    block.namespace == NAMESPACE
        || block.actor.as_deref() == Some(ACTOR)
        || is_security(block)
        || WSRM.contains(&block.namespace.as_str())
}

/// The block that is the busta; `None` where no block has its actor or its namespace.
pub(super) fn trova<'p, 'x>(envelope: &'p Envelope<'x>) -> Option<Trovata<'p, 'x>> {
    let has_actor = |block: &&Part<'_>| block.actor.as_deref() == Some(ACTOR) && !is_security(block);
    let has_namespace = |block: &&Part<'_>| block.namespace == NAMESPACE;
    let mut found = envelope.header.iter().filter(has_actor);
    let (first, second) = match found.next() {
        Some(first) => (first, found.next()),
        None => {
            let mut found = envelope.header.iter().filter(has_namespace);
            (found.next()?, found.next())
        }
    };
    let preclusa = if second.is_some() {
        Some(Eccezione::new(CodiceEccezione::FormatoBusta, "Più di un header e-Gov presente"))
    } else if first.local != "Intestazione" {
        Some(Eccezione::new(CodiceEccezione::FormatoBusta, "Intestazione"))
    } else {
        None
    };
    Some(Trovata { blocco: first, preclusa })
}

/// Which of the block's three marks are wrong: actor, mustUnderstand, namespace.
pub(super) fn cornice(block: &Part<'_>) -> impl Iterator<Item = &'static str> {
    let wrong = [
        (block.actor.as_deref() != Some(ACTOR), "Intestazione/actor"),
        (block.must_understand != MustUnderstand::Yes, "Intestazione/mustUnderstand"),
        (block.namespace != NAMESPACE, "Intestazione/namespace"),
    ];
    wrong.into_iter().filter_map(|(wrong, posizione)| wrong.then_some(posizione))
}

fn is_security(block: &Part<'_>) -> bool {
    block.is(WSSE, "Security")
}
