//! A peer's SOAP message: the envelope, then the busta e-Gov in its header. A busta that has no fault can be written, and
//! what was written reads the same.

use egov_bridge::xml::Limits;
use egov_bridge::{egov, soap};

pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let limits = Limits::default();
    let Ok(envelope) = soap::decode(text, &limits) else { return };
    let Ok(received) = egov::decode(&envelope) else { return };
    if !received.eccezioni.is_empty() {
        return;
    }
    let Ok(header) = egov::encode(&received.busta) else { return };
    let message = soap::encode(Some(&header), "<a/>");
    let envelope = soap::decode(&message, &limits).expect("what was written is SOAP");
    let again = egov::decode(&envelope).expect("what was written is a busta");
    assert_eq!(again.busta, received.busta);
}
