//! A signed message: whatever is in its Security block, verification ends; and the canonical form of a canonical form is
//! itself.

use std::sync::LazyLock;

use egov_bridge::soap;
use egov_bridge::soap::security::{Authorities, Demands, Method, NoAttachments, verify};
use egov_bridge::xml::c14n::{Canon, Mode, canonical};
use egov_bridge::xml::{Limits, Reader};
use jiff::SignedDuration;

static AUTHORITIES: LazyLock<Authorities> = LazyLock::new(|| {
    let (ca, known) = (
        include_bytes!("../../tests/fixtures/firma/ca.pem"),
        include_bytes!("../../tests/fixtures/firma/noti.pem"),
    );
    Authorities::from_pem(ca, None, Some(known)).expect("the fixtures are PEM")
});

pub fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let limits = Limits::default();
    for mode in [Mode::Exclusive, Mode::Inclusive] {
        let canon = Canon { mode, comments: true, ..Canon::default() };
        let (mut once, mut again) = (String::new(), String::new());
        if canonical(&mut Reader::document(text, &limits), &canon, &mut once).is_ok() {
            canonical(&mut Reader::document(&once, &limits), &canon, &mut again)
                .expect("what was written is XML");
            assert_eq!(once, again);
        }
    }
    let Ok(envelope) = soap::decode(text, &limits) else { return };
    let methods: Vec<Method> = Method::all().collect();
    let now = "2026-01-15T08:31:00Z".parse().expect("an instant");
    let demands = Demands {
        actor: Some("openspcoop"),
        methods: &methods,
        sha1: true,
        authorities: &AUTHORITIES,
        skew: SignedDuration::ZERO,
    };
    let _ = verify(&envelope, &NoAttachments, &demands, now);
}
