//! Whose rate a request counts against, before anything of it has been parsed.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use super::Peer;

/// The caller of a request, as the limiter of the edge knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerKey {
    /// The subject of the client certificate. Not its fingerprint: a renewed certificate is the same caller.
    Identity(Arc<str>),
    /// The IPv4 address, or the IPv6 network of 64 bits: within it one host has every address it likes.
    Network(IpAddr),
}

impl CallerKey {
    /// The key of a peer.
    #[must_use]
    pub fn of(peer: &Peer) -> Self {
        match &peer.identity {
            Some(identity) => Self::Identity(identity.subject.as_str().into()),
            None => Self::Network(network(peer.address.ip())),
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & 0xffff_ffff_ffff_ffff_0000_0000_0000_0000))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_host_cannot_step_aside_within_its_network() {
        let key = |address: &str| network(address.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.7"), key("192.0.2.7"));
    }
}
