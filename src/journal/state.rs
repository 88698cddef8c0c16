//! The states of a record and the rules between them, without any storage.

use std::fmt;
use std::str::FromStr;

/// Which way the message crosses the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From a Porta di Dominio to the REST node.
    Inbound,
    /// From the REST node to a Porta di Dominio.
    Outbound,
}

/// How often a message may be delivered (busta e-Gov 1.1, ProfiloTrasmissione/@inoltro).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inoltro {
    /// `EGOV_IT_ALPIUUNAVOLTA`: the record blocks its key.
    AlPiuUnaVolta,
    /// `EGOV_IT_PIUDIUNAVOLTA`: the sender tolerates repetitions; the record neither blocks nor is blocked.
    PiuDiUnaVolta,
}

/// The verdict in a conclusive answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Esito {
    /// The document was taken.
    Ok,
    /// The document was examined and rejected.
    Ko,
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The other side gave its verdict.
    Delivered(Esito),
    /// The other side conclusively declined the call, without a verdict on the document (authorisation, overload …).
    RefusedByNode,
    /// No byte left the bridge.
    Failed,
    /// Bytes left, and no conclusive answer came.
    Unknown,
}

/// The operator's word on a record whose fate was unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The other side did execute it.
    Executed,
    /// The other side did not execute it: the sender may repeat.
    NotExecuted,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stato {
    /// The bridge refused it by itself.
    Refused,
    /// It was acknowledged, and waits for its turn in an ordered series.
    Held,
    /// Permission to forward was given, and no conclusion recorded yet.
    Intended,
    /// The other side gave its verdict.
    Delivered(Esito),
    /// The other side declined the call without a verdict.
    RefusedByNode,
    /// No byte left the bridge.
    Failed,
    /// Bytes may have left, and nobody knows what became of them.
    Unknown,
    /// The operator found out.
    Resolved(Resolution),
}

/// A [`Stato`] without what it carries: for filters and counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatoName {
    /// See [`Stato::Refused`].
    Refused,
    /// See [`Stato::Held`].
    Held,
    /// See [`Stato::Intended`].
    Intended,
    /// See [`Stato::Delivered`].
    Delivered,
    /// See [`Stato::RefusedByNode`].
    RefusedByNode,
    /// See [`Stato::Failed`].
    Failed,
    /// See [`Stato::Unknown`].
    Unknown,
    /// See [`Stato::Resolved`].
    Resolved,
}

/// A word that names no value of `what`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not a {what}")]
pub struct UnknownWord {
    /// The word met.
    pub word: String,
    /// What it should have named.
    pub what: &'static str,
}

impl Direction {
    /// The word in the record and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

impl Inoltro {
    /// The word of the busta.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlPiuUnaVolta => "EGOV_IT_ALPIUUNAVOLTA",
            Self::PiuDiUnaVolta => "EGOV_IT_PIUDIUNAVOLTA",
        }
    }
}

impl Esito {
    /// The word of the reply.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Ko => "KO",
        }
    }
}

impl Resolution {
    /// The word in the record and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Executed => "executed",
            Self::NotExecuted => "not_executed",
        }
    }
}

impl Stato {
    /// Where a record stands after an attempt ended with `outcome`. `doubtful`: an earlier attempt of the same record
    /// ended unknown, so that only a verdict tells what was executed. `accepted`: its sender was told that it would be
    /// forwarded, so that it is not given up.
    #[must_use]
    pub const fn after(outcome: Outcome, doubtful: bool, accepted: bool) -> Self {
        match outcome {
            Outcome::Delivered(esito) => Self::Delivered(esito),
            Outcome::RefusedByNode | Outcome::Failed if !doubtful && accepted => Self::Held,
            Outcome::RefusedByNode if !doubtful => Self::RefusedByNode,
            Outcome::Failed if !doubtful => Self::Failed,
            Outcome::RefusedByNode | Outcome::Failed | Outcome::Unknown => Self::Unknown,
        }
    }

    /// Whether a record in the state `before` is settled by the end of an attempt that had been taken for lost.
    pub(super) const fn is_settled_by_late(before: Self, outcome: Outcome, is_last: bool) -> bool {
        is_last && matches!(before, Self::Unknown) && matches!(outcome, Outcome::Delivered(_))
    }

    /// Whether a record in this state stands in the way of another reception of its key.
    #[must_use]
    pub const fn blocks(self, inoltro: Inoltro) -> bool {
        self.may_be_executed() && matches!(inoltro, Inoltro::AlPiuUnaVolta)
    }

    /// Whether the other side executed it, or may have, or still may.
    #[must_use]
    pub const fn may_be_executed(self) -> bool {
        match self {
            Self::Held
            | Self::Intended
            | Self::Delivered(_)
            | Self::Unknown
            | Self::Resolved(Resolution::Executed) => true,
            Self::Refused | Self::RefusedByNode | Self::Failed | Self::Resolved(Resolution::NotExecuted) => {
                false
            }
        }
    }

    /// Whether the other side executed it, or judged it.
    #[must_use]
    pub const fn is_executed(self) -> bool {
        matches!(self, Self::Delivered(_) | Self::Resolved(Resolution::Executed))
    }

    /// The state without what it carries.
    #[must_use]
    pub const fn name(self) -> StatoName {
        match self {
            Self::Refused => StatoName::Refused,
            Self::Held => StatoName::Held,
            Self::Intended => StatoName::Intended,
            Self::Delivered(_) => StatoName::Delivered,
            Self::RefusedByNode => StatoName::RefusedByNode,
            Self::Failed => StatoName::Failed,
            Self::Unknown => StatoName::Unknown,
            Self::Resolved(_) => StatoName::Resolved,
        }
    }

    /// The verdict, where there is one.
    #[must_use]
    pub const fn esito(self) -> Option<Esito> {
        match self {
            Self::Delivered(esito) => Some(esito),
            _ => None,
        }
    }

    /// The word that completes [`Stato::name`] in the record: the verdict, or the operator's.
    pub(super) const fn detail(self) -> Option<&'static str> {
        match self {
            Self::Delivered(esito) => Some(esito.as_str()),
            Self::Resolved(resolution) => Some(resolution.as_str()),
            _ => None,
        }
    }

    /// The state that [`Stato::name`] and [`Stato::detail`] describe.
    pub(super) fn from_words(name: &str, detail: Option<&str>) -> Result<Self, UnknownWord> {
        let detail = detail.unwrap_or_default();
        Ok(match name.parse()? {
            StatoName::Refused => Self::Refused,
            StatoName::Held => Self::Held,
            StatoName::Intended => Self::Intended,
            StatoName::Delivered => Self::Delivered(detail.parse()?),
            StatoName::RefusedByNode => Self::RefusedByNode,
            StatoName::Failed => Self::Failed,
            StatoName::Unknown => Self::Unknown,
            StatoName::Resolved => Self::Resolved(detail.parse()?),
        })
    }
}

impl StatoName {
    /// Every state, in the order of a record's life.
    pub const ALL: [Self; 8] = [
        Self::Refused,
        Self::Held,
        Self::Intended,
        Self::Delivered,
        Self::RefusedByNode,
        Self::Failed,
        Self::Unknown,
        Self::Resolved,
    ];

    /// The word in the record, on the command line and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Intended => "intended",
            Self::Delivered => "delivered",
            Self::RefusedByNode => "refused_by_node",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Resolved => "resolved",
        }
    }
}

impl From<Outcome> for Stato {
    fn from(outcome: Outcome) -> Self {
        Self::after(outcome, false, false)
    }
}

impl fmt::Display for Stato {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().as_str())?;
        match self.detail() {
            Some(detail) => write!(f, " {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for StatoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Esito {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Direction {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        named(word, "direction", [Self::Inbound, Self::Outbound], Self::as_str)
    }
}

impl FromStr for Inoltro {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        named(word, "inoltro", [Self::AlPiuUnaVolta, Self::PiuDiUnaVolta], Self::as_str)
    }
}

impl FromStr for Esito {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        named(word, "esito", [Self::Ok, Self::Ko], Self::as_str)
    }
}

impl FromStr for Resolution {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        named(word, "resolution", [Self::Executed, Self::NotExecuted], Self::as_str)
    }
}

impl FromStr for StatoName {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        named(word, "stato", Self::ALL, Self::as_str)
    }
}

/// The one of `values` that `word` names.
pub(super) fn named<T: Copy, const N: usize>(
    word: &str,
    what: &'static str,
    values: [T; N],
    name: fn(T) -> &'static str,
) -> Result<T, UnknownWord> {
    values
        .into_iter()
        .find(|value| name(*value) == word)
        .ok_or_else(|| UnknownWord { word: word.to_owned(), what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_from_its_words() {
        for stato in [
            Stato::Refused,
            Stato::Held,
            Stato::Intended,
            Stato::Delivered(Esito::Ok),
            Stato::Delivered(Esito::Ko),
            Stato::RefusedByNode,
            Stato::Failed,
            Stato::Unknown,
            Stato::Resolved(Resolution::Executed),
            Stato::Resolved(Resolution::NotExecuted),
        ] {
            assert_eq!(Stato::from_words(stato.name().as_str(), stato.detail()), Ok(stato));
        }
        assert!(Stato::from_words("delivered", None).is_err());
        assert!(Stato::from_words("lost", None).is_err());
    }

    #[test]
    fn only_a_verdict_ends_a_doubt() {
        for accepted in [false, true] {
            let after = |outcome| Stato::after(outcome, true, accepted);
            assert_eq!(after(Outcome::Failed), Stato::Unknown);
            assert_eq!(after(Outcome::RefusedByNode), Stato::Unknown);
            assert_eq!(after(Outcome::Delivered(Esito::Ko)), Stato::Delivered(Esito::Ko));
        }
        assert_eq!(Stato::after(Outcome::Failed, false, false), Stato::Failed);
    }

    #[test]
    fn what_was_acknowledged_is_not_given_up() {
        for outcome in [Outcome::Failed, Outcome::RefusedByNode] {
            assert_eq!(Stato::after(outcome, false, true), Stato::Held);
        }
        assert_eq!(Stato::after(Outcome::Unknown, false, true), Stato::Unknown);
    }
}
