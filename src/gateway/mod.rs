//! The program assembled: from a configuration to listeners at work, and back down.
//!
//! Starting goes from what everything rests on (data, journal) to what lets the world in (listeners), so that nobody is
//! admitted before the journal has been asked what the last process left open. Stopping goes the other way.

mod certificates;
mod error;
mod outlook;
mod readiness;
pub(crate) mod record;
pub(crate) mod roads;
mod sandbox;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::task::JoinHandle;

pub use error::StartError;
pub use sandbox::Sandbox;

use crate::bridge::{Chiavi, Delivery, Inbound, Knowledge, KnowledgeError, Progressivi, Settings};
use crate::clock::Clock;
use crate::config::{self, Config, Directories};
use crate::egov::Parte;
use crate::http::admin::Admin;
use crate::http::pdd::Pdd;
use crate::http::proxy::Proxy;
use crate::http::rest::Rest;
use crate::http::{CallerKey, Handler, Listener, ListenerSettings, Running};
use crate::journal::Journal;
use crate::node::Client;
use crate::rate::{KeyedLimiter, Rate};
use crate::soap::multipart;
use crate::telemetry::events::KnowledgeReloaded;
use crate::telemetry::metrics::Metrics;
use crate::tls::{ClientVerifier, Renewable, ServerTls};
use certificates::Certificates;
use readiness::Ready;

/// How often limiters forget who has been quiet.
const SWEEP: Duration = Duration::from_secs(30);

/// A gateway at work. [`Gateway::stop`] brings it down; dropped, its listeners close without waiting for anybody.
pub struct Gateway {
    delivery: Option<Delivery>,
    listeners: Vec<Running>,
    tasks: Vec<JoinHandle<()>>,
    sandbox: Option<Sandbox>,
    journal: Arc<dyn Journal>,
    knowledge: Arc<ArcSwap<Knowledge>>,
    certificates: Option<Arc<Certificates>>,
    directories: Directories,
    chiavi: Arc<ArcSwap<Chiavi>>,
    firma: config::Firma,
    places: Vec<(&'static str, String)>,
    drain: Duration,
}

/// What one listener is made of.
struct Place {
    name: &'static str,
    scheme: &'static str,
    address: SocketAddr,
    tls: Option<Arc<ServerTls>>,
    proxy: Option<Arc<Proxy>>,
}

impl Gateway {
    /// Starts everything that `config` asks for.
    ///
    /// # Errors
    /// Something cannot be had; whatever was started is stopped again.
    pub async fn start(config: &Config, clock: Clock, metrics: Metrics) -> Result<Self, StartError> {
        let knowledge = Knowledge::load(&config.directories).map_err(StartError::Knowledge)?;
        let identity = &config.identity;
        let parte = knowledge.parti.parte(&identity.tipo, &identity.nome).ok_or_else(|| {
            StartError::Identity { tipo: identity.tipo.clone(), nome: identity.nome.clone() }
        })?;
        let (codice, porta) = (parte.codice.clone(), parte.porta.clone());
        let sandbox = match &config.sandbox {
            Some(settings) => Some(Sandbox::start(settings, &knowledge, &clock).await?),
            None => None,
        };
        let chiavi = Chiavi::load(&config.firma, &knowledge).map_err(StartError::Chiavi)?;
        let chiavi = Arc::new(ArcSwap::from_pointee(chiavi));
        let knowledge = Arc::new(ArcSwap::from_pointee(knowledge));

        let journal = record::serve(config, &clock).await?;
        outlook::report_recovered(&journal.recover().await?);

        let node = Arc::new(Client::new(roads::node(config)?)?);
        let inbound = Arc::new(Inbound::new(
            Settings {
                parte: Parte { tipo: identity.tipo.clone(), nome: identity.nome.clone(), indirizzo: None },
                limits: config.limits,
                parts: multipart::Bounds {
                    parts: config.parts.count,
                    header_bytes: config.parts.header_bytes,
                },
                mittente_rate: Rate {
                    per_second: config.rate.mittente_per_second,
                    burst: config.rate.mittente_burst,
                },
                // After waiting for its elder a twin may have to be carried itself, and both must end within the time
                // that a request has.
                finestre: roads::finestre(config),
                twin_wait: config.pdd.request.saturating_sub(config.node.total),
                chiavi: chiavi.clone(),
            },
            knowledge.clone(),
            journal.clone(),
            node.clone(),
            Progressivi::new(journal.clone(), &codice, &porta, roads::prefisso(config)),
            clock.clone(),
        ));

        let mut gateway = Self {
            delivery: Some(Delivery::start(inbound.clone())),
            listeners: Vec::new(),
            tasks: vec![tokio::spawn(metrics.clone().keep_up())],
            sandbox,
            journal: journal.clone(),
            knowledge: knowledge.clone(),
            certificates: None,
            directories: config.directories.clone(),
            chiavi,
            firma: config.firma.clone(),
            places: Vec::new(),
            drain: config.listeners.drain,
        };
        let limiter = Arc::new(KeyedLimiter::new(
            Rate { per_second: config.rate.identity_per_second, burst: config.rate.identity_burst },
            config.rate.max_identities,
        ));
        gateway.tasks.push(tokio::spawn(KeyedLimiter::sweep_every(limiter.clone(), SWEEP)));

        let mut watched: Vec<(&'static str, Arc<dyn Renewable>)> = Vec::new();
        let proxy = proxy(config, &mut watched)?;
        for place in places(config, proxy.as_ref())? {
            if let Some(tls) = &place.tls {
                watched.push((section(place.name), tls.clone()));
            }
            let handler: Arc<dyn Handler> = match place.name {
                "rest" => Arc::new(Rest),
                _ => {
                    let mutual = place.tls.as_ref().is_some_and(|tls| tls.is_mutual())
                        || place.proxy.as_ref().is_some_and(|proxy| proxy.is_mutual());
                    let wsdl = config.directories.wsdl.clone();
                    Arc::new(Pdd::new(inbound.clone(), knowledge.clone(), wsdl, place.scheme, mutual))
                }
            };
            gateway.listen(config, place, handler, Some(limiter.clone()), &clock).await?;
        }
        watched.push(("node", node.clone()));
        let certificates = Certificates::new(watched, config.certificates.clone(), clock.clone());
        gateway.certificates = Some(certificates.clone());
        if let Some(address) = config.listeners.admin.http {
            let ready = Ready::new(journal.clone(), knowledge, certificates.clone());
            let places = gateway.places.iter().map(|(name, url)| ((*name).to_owned(), url.clone())).collect();
            let admin = Arc::new(Admin::new(metrics, Arc::new(ready), places));
            let place = Place { name: "admin", scheme: "http", address, tls: None, proxy: None };
            gateway.listen(config, place, admin, None, &clock).await?;
        }
        gateway.tasks.push(tokio::spawn(outlook::keep_up(journal)));
        gateway.tasks.push(tokio::spawn(certificates.keep_up()));
        Ok(gateway)
    }

    async fn listen(
        &mut self,
        config: &Config,
        place: Place,
        handler: Arc<dyn Handler>,
        limiter: Option<Arc<KeyedLimiter<CallerKey>>>,
        clock: &Clock,
    ) -> Result<(), StartError> {
        let settings = ListenerSettings {
            name: place.name,
            address: place.address,
            tls: place.tls,
            bounds: roads::bounds(config),
            limiter,
            proxy: place.proxy,
            clock: clock.clone(),
        };
        let listener = Listener::bind(settings).await?;
        let path = match place.name {
            "admin" => "/",
            "rest" => "/v1",
            _ => crate::http::pdd::PATH,
        };
        self.places.push((place.name, format!("{}://{}{path}", place.scheme, listener.address())));
        self.listeners.push(listener.serve(handler));
        Ok(())
    }

    /// Where each listener is: its name and its URL. With port 0 in the configuration, this is how to find it.
    #[must_use]
    pub fn places(&self) -> &[(&'static str, String)] {
        &self.places
    }

    /// The URL of a listener.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.places.iter().find(|(known, _)| *known == name).map(|(_, url)| url.as_str())
    }

    /// The simulated neighbours, where they run.
    #[must_use]
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    /// The record.
    #[must_use]
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    /// Reads schemas, services, parties and the keys of signatures again, and swaps them whole; has the files of TLS
    /// looked at, which are taken up by themselves. Messages in hand finish with what they began
    /// with; a set with a mistake in it changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the new set; the old one stays in use.
    pub fn reload(&self) -> Result<(), Vec<KnowledgeError>> {
        if let Some(certificates) = &self.certificates {
            certificates.look_now();
        }
        let loaded = Knowledge::load(&self.directories).and_then(|knowledge| {
            let chiavi = Chiavi::load(&self.firma, &knowledge);
            let wrong = |errors: Vec<_>| errors.into_iter().map(KnowledgeError::from).collect::<Vec<_>>();
            chiavi.map(|chiavi| (knowledge, chiavi)).map_err(wrong)
        });
        let errors: Vec<String> =
            loaded.as_ref().err().into_iter().flatten().map(ToString::to_string).collect();
        let (knowledge, chiavi) =
            loaded.inspect_err(|_| KnowledgeReloaded { version: None, errors: &errors }.emit())?;
        KnowledgeReloaded { version: Some(&knowledge.version), errors: &[] }.emit();
        self.chiavi.store(Arc::new(chiavi));
        self.knowledge.store(Arc::new(knowledge));
        Ok(())
    }

    /// Lets nobody in any more, lets the messages in hand finish within the drain time, then closes the journal.
    pub async fn stop(self) {
        let Self { delivery, listeners, tasks, sandbox, journal, drain, .. } = self;
        let draining: Vec<_> =
            listeners.into_iter().map(|listener| tokio::spawn(listener.shut_down(drain))).collect();
        for drained in draining {
            let _ = drained.await;
        }
        if let Some(delivery) = delivery {
            delivery.stop(drain).await;
        }
        tasks.iter().for_each(JoinHandle::abort);
        journal.close().await;
        if let Some(sandbox) = sandbox {
            sandbox.stop().await;
        }
    }
}

/// Where the configuration speaks of a listener, which is also the name of its certificate.
fn section(listener: &str) -> &'static str {
    match listener {
        "rest" => "listeners.rest",
        _ => "listeners.pdd",
    }
}

/// The listeners for messages, in the order in which they are announced.
fn places(config: &Config, proxy: Option<&Arc<Proxy>>) -> Result<Vec<Place>, StartError> {
    let listeners = &config.listeners;
    let mut places = Vec::new();
    if let Some(address) = listeners.pdd.http {
        places.push(Place { name: "pdd", scheme: "http", address, tls: None, proxy: proxy.cloned() });
    }
    let with_tls = [("pdd-tls", &listeners.pdd.https), ("rest", &listeners.rest.https)];
    for (name, listener) in with_tls {
        if let Some((address, files)) = listener {
            let tls = Some(ServerTls::load(files.clone())?);
            let proxy = proxy.filter(|_| name == "pdd-tls").cloned();
            places.push(Place { name, scheme: "https", address: *address, tls, proxy });
        }
    }
    Ok(places)
}

/// The proxy in front of the listeners of envelopes, with what it is believed by.
fn proxy(
    config: &Config,
    watched: &mut Vec<(&'static str, Arc<dyn Renewable>)>,
) -> Result<Option<Arc<Proxy>>, StartError> {
    let Some(settings) = &config.listeners.pdd.proxy else { return Ok(None) };
    let verifier = match &settings.trust {
        None => None,
        Some((authorities, backend)) => Some(ClientVerifier::load(authorities.clone(), backend.clone())?),
    };
    if let Some(verifier) = &verifier {
        watched.push(("listeners.pdd.proxy", verifier.clone()));
    }
    Ok(Some(Arc::new(Proxy::new(settings.clone(), verifier))))
}
