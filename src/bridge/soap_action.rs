//! SOAPAction is asked for before all else of a message (SOAP 1.1 §6.1.1): whoever leaves it out is told of that, and of nothing
//! that is wrong besides.
//!
//! A party may be excused, which its name in the busta alone can tell. So the busta is read first, and its fields, its
//! signature and the registry are not looked at before [`demand`]. A message in which no busta can be read is nobody's, and
//! [`before_the_busta`] gives the absence of the header precedence over whatever made it unreadable.

use super::{Arrived, Knowledge};
use crate::egov::Busta;
use crate::failure::{Failure, TransportError};
use crate::services::SoapAction as Policy;
use crate::soap::SoapAction;
use crate::telemetry::Phase;

/// The header is there, or the mittente is excused from it.
pub(super) fn demand(knowledge: &Knowledge, arrived: &Arrived, busta: &Busta) -> Result<(), Failure> {
    let parte = knowledge.parti.parte(&busta.mittente.tipo, &busta.mittente.nome);
    let is_excused = parte.is_some_and(|parte| parte.soapaction == Policy::Lenient);
    if is_present(arrived) || is_excused { Ok(()) } else { Err(absent()) }
}

/// What a message without a readable busta failed of.
pub(super) fn before_the_busta(arrived: &Arrived, failure: Failure) -> Failure {
    if is_present(arrived) { failure } else { absent() }
}

fn is_present(arrived: &Arrived) -> bool {
    SoapAction::read(arrived.soap_action.as_deref()).is_present()
}

fn absent() -> Failure {
    Failure::new(Phase::Admit, TransportError::NoSoapAction)
}
