//! A proxy that terminates TLS in front of a listener, and hands the client's certificate on in a header.
//!
//! Whoever can write the header can be anybody, so the header is believed from the proxy's addresses only; from
//! elsewhere it is refused, and so is everything else from elsewhere on a listener without TLS. What comes from the
//! proxy's addresses has the identity of the header and no other, above all not that of the proxy's own certificate.
//!
//! The certificate in the header is verified here as in a handshake (authority, time, purpose, revocation); the proof
//! that the client holds its key is the proxy's. Where the header is only a subject, all of it is the proxy's, and
//! counts only if the proxy says so in a second header.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ::http::{HeaderMap, HeaderName};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::identity::{identity, of_subject};
use super::{CallerKey, Peer, Refused, TlsIdentity};
use crate::config::{self, ProxyHeader};
use crate::telemetry::OncePerSecond;
use crate::tls::ClientVerifier;

mod decode;

/// Certificates remembered at one time.
const REMEMBERED: usize = 1024;
/// For how long: a certificate that ends or is revoked is refused no later than this.
const MEMORY: SignedDuration = SignedDuration::from_mins(1);
/// What proxies write where there is no certificate.
const NOTHING: [&[u8]; 3] = [b"", b"(null)", b"-"];

/// The proxy in front of a listener.
pub struct Proxy {
    settings: config::Proxy,
    /// The certificates between the client's and its authority (RFC 9440 §2.3).
    chain: Option<HeaderName>,
    /// Absent where the header holds only a subject.
    verifier: Option<Arc<ClientVerifier>>,
    remembered: Mutex<Remembered>,
    /// For certificates that are refused, of which there can be a flood.
    complaints: OncePerSecond,
}

/// Whom the proxy speaks for.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) peer: Peer,
    pub(super) key: CallerKey,
}

/// Headers that were verified a moment ago.
#[derive(Default)]
struct Remembered {
    generation: u64,
    identities: HashMap<[u8; 32], (Arc<TlsIdentity>, Timestamp)>,
}

impl Proxy {
    /// A proxy; `verifier` judges the certificates that it hands on.
    #[must_use]
    pub fn new(settings: config::Proxy, verifier: Option<Arc<ClientVerifier>>) -> Self {
        let chain = (settings.kind == ProxyHeader::Rfc9440)
            .then(|| HeaderName::try_from(format!("{}-chain", settings.header)).ok())
            .flatten();
        Self { settings, chain, verifier, remembered: Mutex::default(), complaints: OncePerSecond::new() }
    }

    /// Whether whoever comes through it proves an identity.
    #[must_use]
    pub fn is_mutual(&self) -> bool {
        self.settings.required
    }

    /// Who sends a request with these headers on a connection of `peer`; nothing where the header has no say in it.
    pub(super) fn identify(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        plain: bool,
        now: Timestamp,
    ) -> Result<Option<Told>, Refused> {
        let address = peer.address.ip();
        if !self.settings.addresses.iter().any(|network| network.contains(address)) {
            let claims = self.headers().any(|header| headers.contains_key(header));
            return if plain || claims { Err(Refused::NotTheProxy) } else { Ok(None) };
        }
        let identity = self.certificate(peer, headers, now)?;
        if identity.is_none() && self.settings.required {
            return Err(Refused::Certificate { reason: "no-client-certificate" });
        }
        let peer = Peer { identity, ..peer.clone() };
        let key = CallerKey::of(&peer);
        Ok(Some(Told { peer, key }))
    }

    /// The headers that only the proxy may send.
    fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        let verified = match &self.settings.kind {
            ProxyHeader::Subject { verified } => Some(verified),
            _ => None,
        };
        [Some(&self.settings.header), self.chain.as_ref(), verified].into_iter().flatten()
    }

    fn certificate(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Option<Arc<TlsIdentity>>, Refused> {
        let Some(value) = only(headers, &self.settings.header)? else { return Ok(None) };
        let chain = match &self.chain {
            Some(chain) => only(headers, chain)?.unwrap_or_default(),
            None => &[],
        };
        let refused = |reason: &'static str, detail: &str| {
            if self.complaints.allows() {
                warn!(
                    event = "proxied-certificate-refused",
                    listener = peer.listener,
                    address = %peer.address,
                    reason,
                    detail,
                    "the certificate that the proxy handed on is not accepted"
                );
            }
            Refused::Certificate { reason }
        };
        let unreadable = || refused("unreadable-certificate", "the header cannot be read");
        let Some(verifier) = &self.verifier else {
            if let ProxyHeader::Subject { verified } = &self.settings.kind
                && only(headers, verified)? != Some(b"SUCCESS")
            {
                return Err(refused("unverified-certificate", "the proxy does not say SUCCESS"));
            }
            let subject = std::str::from_utf8(value).ok().and_then(of_subject).ok_or_else(unreadable)?;
            return Ok(Some(Arc::new(subject)));
        };
        let mark = mark(value, chain);
        let generation = verifier.generation();
        if let Some(known) = self.remembers(&mark, generation, now) {
            return Ok(Some(known));
        }
        let certificates = match self.settings.kind {
            ProxyHeader::Rfc9440 => decode::rfc9440(value, chain),
            _ => decode::pem(value),
        };
        let certificates = certificates.ok_or_else(unreadable)?;
        let (own, above) = certificates.split_first().ok_or_else(unreadable)?;
        verifier.verify(own, above).map_err(|error| refused(error.reason, &error.detail))?;
        let identity = Arc::new(identity(own).map_err(|_| unreadable())?);
        self.remember(mark, generation, &identity, now);
        Ok(Some(identity))
    }

    fn remembers(&self, mark: &[u8; 32], generation: u64, now: Timestamp) -> Option<Arc<TlsIdentity>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (identity, since) = remembered.identities.get(mark)?;
        let age = now.duration_since(*since);
        let fresh = remembered.generation == generation && age < MEMORY && !age.is_negative();
        fresh.then(|| Arc::clone(identity))
    }

    fn remember(&self, mark: [u8; 32], generation: u64, identity: &Arc<TlsIdentity>, now: Timestamp) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.generation != generation || remembered.identities.len() >= REMEMBERED {
            remembered.identities.clear();
            remembered.generation = generation;
        }
        remembered.identities.insert(mark, (Arc::clone(identity), now));
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The value of a header that may come once; nothing where it says nothing. Twice is an attack on whoever reads only
/// the first, or only the last.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Refused> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes().trim_ascii());
    if values.next().is_some() {
        return Err(Refused::Certificate { reason: "ambiguous-certificate" });
    }
    Ok(first.filter(|value| !NOTHING.contains(value)))
}

/// What stands for a header in the table.
fn mark(value: &[u8], chain: &[u8]) -> [u8; 32] {
    let mut mark = [0; 32];
    // A line feed is in no header.
    let whole = [value, b"\n", chain].concat();
    mark.copy_from_slice(digest(&SHA256, &whole).as_ref());
    mark
}
