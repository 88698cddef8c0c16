//! The TLS of listeners and of the node: who speaks it, what is shown, who is believed.

use std::path::{Path, PathBuf};

use super::checked::Check;
use super::files::TlsKeys;
use super::model::{Proxy, ProxyHeader};
use super::problem::Problem;
use super::raw::{RawNode, RawPddListener};
use crate::network::Network;
use crate::tls::{
    Authorities, Backend, ClientCertificates, ClientFiles, KeyFiles, OpensslSettings, Outdated, TlsFiles,
};

/// Where systems keep the authorities that they believe: Debian and Alpine, Red Hat, SUSE.
const SYSTEM_ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The keys that say what is shown.
pub(super) struct Shown<'a> {
    pub(super) section: &'static str,
    pub(super) certificate_file: &'a str,
    pub(super) key_file: &'a str,
    pub(super) key_password: &'a str,
    pub(super) key_password_file: &'a str,
    pub(super) keystore_file: &'a str,
    pub(super) keystore_password: &'a str,
    pub(super) keystore_password_file: &'a str,
    /// Name of the certificate that the sandbox makes.
    pub(super) generated: &'static str,
}

/// The keys that say what is asked of clients.
pub(super) struct Clients<'a> {
    pub(super) section: &'static str,
    pub(super) ca_file: &'a str,
    pub(super) crl_file: &'a str,
    pub(super) certificate: &'a str,
}

/// The keys that say who speaks TLS.
pub(super) struct Backing<'a> {
    pub(super) section: &'static str,
    pub(super) tls: &'a str,
    pub(super) cipher_suites: &'a str,
    pub(super) danger_weak_certificates: bool,
    pub(super) accept_common_name: &'a str,
}

/// What is asked of a client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Demand {
    Required,
    Optional,
    Nothing,
}

impl Check<'_> {
    pub(super) fn tls(
        &mut self,
        key: &'static str,
        value: &str,
        shown: &Shown<'_>,
        clients: &Clients<'_>,
        backing: &Backing<'_>,
    ) -> Option<(std::net::SocketAddr, TlsFiles)> {
        let address = self.address(key, value);
        let demand = self.demand(clients);
        let backend = self.backend(backing);
        let address = address?;
        if demand != Demand::Required {
            self.public(key, address, true);
        }
        let keys = self.shown(shown);
        let clients = match demand {
            Demand::Nothing => ClientCertificates::NotAsked,
            Demand::Optional => ClientCertificates::Asked(self.client_authorities(clients)),
            Demand::Required => ClientCertificates::Required(self.client_authorities(clients)),
        };
        Some((address, TlsFiles { keys, clients, backend }))
    }

    pub(super) fn node_tls(&mut self, raw: &RawNode) -> ClientFiles {
        let section = "node";
        let keys = self.shown(&Shown {
            section,
            certificate_file: &raw.certificate_file,
            key_file: &raw.key_file,
            key_password: &raw.key_password,
            key_password_file: &raw.key_password_file,
            keystore_file: &raw.keystore_file,
            keystore_password: &raw.keystore_password,
            keystore_password_file: &raw.keystore_password_file,
            generated: "node-client",
        });
        let certificates = if raw.system_roots {
            if !raw.ca_file.is_empty() {
                self.wrong("node.ca_file", Problem::Either { other: "system_roots" });
            }
            self.system_roots("node.system_roots")
        } else {
            self.authority("node.ca_file", &raw.ca_file)
        };
        let authorities = Authorities {
            certificates,
            of_the_machine: raw.system_roots,
            revoked: self.revoked("node.crl_file", &raw.crl_file),
            outdated: self.outdated(),
        };
        let backend = self.backend(&Backing {
            section,
            tls: &raw.tls,
            cipher_suites: &raw.cipher_suites,
            danger_weak_certificates: raw.danger_weak_certificates,
            accept_common_name: &raw.accept_common_name,
        });
        ClientFiles { authorities, keys: Some(keys), backend }
    }

    pub(super) fn proxy(
        &mut self,
        raw: &RawPddListener,
        clients: &Clients<'_>,
        backing: &Backing<'_>,
    ) -> Option<Proxy> {
        let proxy = &raw.proxy;
        let networks: Result<Vec<Network>, _> = proxy.addresses.iter().map(|text| text.parse()).collect();
        let formats = [("pem", 0), ("rfc9440", 1), ("subject", 2)];
        let format = "listeners.pdd.proxy.client_certificate_format";
        let format = self.choice(format, &proxy.client_certificate_format, &formats)?;
        let Ok(addresses) = networks else {
            self.wrong("listeners.pdd.proxy.addresses", Problem::Networks);
            return None;
        };
        if addresses.is_empty() {
            return None;
        }
        let header = "listeners.pdd.proxy.client_certificate_header";
        let header = self.header(header, &proxy.client_certificate_header)?;
        let kind = match format {
            0 => ProxyHeader::Pem,
            1 => ProxyHeader::Rfc9440,
            _ => {
                let key = "listeners.pdd.proxy.client_verified_header";
                ProxyHeader::Subject { verified: self.header(key, &proxy.client_verified_header)? }
            }
        };
        let trust = match kind {
            ProxyHeader::Subject { .. } => None,
            _ => Some((self.client_authorities(clients), self.backend(backing))),
        };
        let required = self.demand(clients) == Demand::Required;
        Some(Proxy { addresses, header, kind, required, trust })
    }

    fn demand(&mut self, clients: &Clients<'_>) -> Demand {
        let key = format!("{}.client_certificate", clients.section);
        let demands =
            [("required", Demand::Required), ("optional", Demand::Optional), ("none", Demand::Nothing)];
        // A demand that is not understood is the strictest, and no cause of further mistakes.
        self.choice(&key, clients.certificate, &demands).unwrap_or(Demand::Required)
    }

    fn shown(&mut self, shown: &Shown<'_>) -> KeyFiles {
        let section = shown.section;
        let keystore = self.password(
            section,
            "keystore_password",
            shown.keystore_password,
            shown.keystore_password_file,
        );
        if shown.keystore_file.is_empty() {
            let (certificate, key, password) = self.key_pair(&TlsKeys {
                section,
                certificate_file: shown.certificate_file,
                key_file: shown.key_file,
                key_password: shown.key_password,
                key_password_file: shown.key_password_file,
                generated: shown.generated,
            });
            return KeyFiles::Pem { certificate, key, password };
        }
        for (name, value) in [("certificate_file", shown.certificate_file), ("key_file", shown.key_file)] {
            if !value.is_empty() {
                self.wrong(&format!("{section}.{name}"), Problem::Keystore);
            }
        }
        self.readable(&format!("{section}.keystore_file"), shown.keystore_file);
        KeyFiles::Pkcs12 { keystore: self.resolve(shown.keystore_file), password: keystore }
    }

    fn client_authorities(&mut self, clients: &Clients<'_>) -> Authorities {
        let section = clients.section;
        Authorities {
            certificates: self.authority(&format!("{section}.client_ca_file"), clients.ca_file),
            of_the_machine: false,
            revoked: self.revoked(&format!("{section}.client_crl_file"), clients.crl_file),
            outdated: self.outdated(),
        }
    }

    fn revoked(&mut self, key: &str, value: &str) -> Option<PathBuf> {
        (!value.is_empty()).then(|| {
            self.readable(key, value);
            self.resolve(value)
        })
    }

    fn outdated(&mut self) -> Outdated {
        let wanted = [("warn", Outdated::Used), ("refuse", Outdated::Refuses)];
        let raw = self.raw;
        self.choice("certificates.outdated_crl", &raw.certificates.outdated_crl, &wanted).unwrap_or_default()
    }

    fn system_roots(&mut self, key: &str) -> PathBuf {
        let found = SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.is_file());
        found.map(Path::to_owned).unwrap_or_else(|| {
            self.wrong(key, Problem::NoSystemRoots { looked: SYSTEM_ROOTS.to_vec() });
            PathBuf::new()
        })
    }

    fn backend(&mut self, backing: &Backing<'_>) -> Backend {
        let section = backing.section;
        let key = |name: &str| format!("{section}.{name}");
        if self.choice(&key("tls"), backing.tls, &[("rustls", false), ("openssl", true)]) != Some(true) {
            for (name, given) in [
                ("cipher_suites", !backing.cipher_suites.is_empty()),
                ("danger_weak_certificates", backing.danger_weak_certificates),
                ("accept_common_name", !backing.accept_common_name.is_empty()),
            ] {
                if given {
                    self.wrong(&key(name), Problem::OpensslOnly);
                }
            }
            return Backend::Rustls;
        }
        let name = backing.accept_common_name;
        let settings = OpensslSettings {
            ciphers: backing.cipher_suites.to_owned(),
            danger_weak_certificates: backing.danger_weak_certificates,
            common_name: (!name.is_empty()).then(|| name.to_owned()),
        };
        if name.trim() != name || name.contains('\0') {
            self.wrong(&key("accept_common_name"), Problem::Name);
        }
        if !settings.is_usable() {
            self.wrong(&key("cipher_suites"), Problem::CipherSuites);
        }
        Backend::Openssl(settings)
    }

    fn header(&mut self, key: &str, value: &str) -> Option<http::HeaderName> {
        let name = value.parse().ok();
        if name.is_none() {
            self.wrong(key, Problem::Header);
        }
        name
    }
}
