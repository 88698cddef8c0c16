//! A peer's SOAP message: the envelope, then the busta e-Gov in its header. A busta that has no fault can be written, and
//! what was written reads the same.

#![no_main]

use egov_bridge::xml::Limits;
use egov_bridge::{egov, soap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
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
});
