//! The enumerations of the busta, with their names on the wire.

/// Profilo di collaborazione: how the two parties exchange messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profilo {
    /// A message without answer.
    OneWay,
    /// A request and its answer on one connection.
    Sincrono,
    /// Request and answer are two calls, one each way, each with its receipt.
    AsincronoSimmetrico,
    /// The caller asks again for the outcome, until it is there.
    AsincronoAsimmetrico,
}

/// How often a message may be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Inoltro {
    /// At most once: the receiver filters repetitions.
    AlPiuUnaVolta,
    /// At least once; what a missing attribute means.
    #[default]
    PiuDiUnaVolta,
}

/// Whose clock stamped a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tempo {
    /// A clock synchronised with that of SPC.
    #[default]
    Spc,
    /// A clock of its own.
    Locale,
}

impl Profilo {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OneWay => "EGOV_IT_MessaggioSingoloOneWay",
            Self::Sincrono => "EGOV_IT_ServizioSincrono",
            Self::AsincronoSimmetrico => "EGOV_IT_ServizioAsincronoSimmetrico",
            Self::AsincronoAsimmetrico => "EGOV_IT_ServizioAsincronoAsimmetrico",
        }
    }

    /// The profile of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::OneWay, Self::Sincrono, Self::AsincronoSimmetrico, Self::AsincronoAsimmetrico]
            .into_iter()
            .find(|profilo| profilo.as_str() == text)
    }

    /// Whether the exchange spans several calls, and so has a correlated service.
    #[must_use]
    pub fn is_asincrono(self) -> bool {
        matches!(self, Self::AsincronoSimmetrico | Self::AsincronoAsimmetrico)
    }
}

impl Inoltro {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlPiuUnaVolta => "EGOV_IT_ALPIUUNAVOLTA",
            Self::PiuDiUnaVolta => "EGOV_IT_PIUDIUNAVOLTA",
        }
    }

    /// The option of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::AlPiuUnaVolta, Self::PiuDiUnaVolta].into_iter().find(|inoltro| inoltro.as_str() == text)
    }
}

impl Tempo {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spc => "EGOV_IT_SPC",
            Self::Locale => "EGOV_IT_Locale",
        }
    }

    /// The clock of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Spc, Self::Locale].into_iter().find(|tempo| tempo.as_str() == text)
    }
}

impl std::fmt::Display for Profilo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
