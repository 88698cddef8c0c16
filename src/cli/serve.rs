//! `serve`: the gateway, until it is told to stop.

use std::path::Path;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use super::causes::chain;
use super::{Exit, settings};
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::gateway::{Gateway, StartError, record};
use crate::telemetry::{log, metrics};

pub(super) fn run(config: Option<&Path>) -> Exit {
    let config = match settings::open(config) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let format = match config.log.format {
        LogFormat::Text => log::Format::Text,
        LogFormat::Json => log::Format::Json,
    };
    if let Err(error) = log::init(format, &config.log.level.to_string()) {
        eprintln!("egov-bridge: {error}");
        return Exit::Usage;
    }
    match settings::runtime() {
        Ok(runtime) => runtime.block_on(serve(&config)),
        Err(exit) => exit,
    }
}

async fn serve(config: &Config) -> Exit {
    let metrics = match metrics::install() {
        Ok(metrics) => metrics,
        Err(error) => {
            eprintln!("egov-bridge: {error}");
            return Exit::Bug;
        }
    };
    // The signals are taken before anything is started: one that comes in between must not kill half a gateway.
    let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()];
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds.map(signal) else {
        eprintln!("egov-bridge: signals cannot be heard");
        return Exit::Bug;
    };
    let gateway = match Gateway::start(config, Clock::system(), metrics).await {
        Ok(gateway) => gateway,
        Err(error) => return refused(&error),
    };
    announce(config, &gateway);
    loop {
        tokio::select! {
            () = told_to_stop(&mut terminate, &mut interrupt) => break,
            // What is wrong with a new set has been logged; the old one stays in use.
            _ = hangup.recv() => drop(gateway.reload()),
        }
    }
    info!(event = "stopping", "no more messages are taken; those in hand are finished");
    tokio::select! {
        () = gateway.stop() => Exit::Done,
        // Nothing is lost by going at once: what is in hand becomes `unknown` at the next start.
        () = told_to_stop(&mut terminate, &mut interrupt) => {
            warn!(event = "stopped-at-once", "told twice: messages in hand are left to the next start");
            Exit::Done
        }
    }
}

async fn told_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn refused(error: &StartError) -> Exit {
    if let StartError::Knowledge(errors) = error {
        for error in errors {
            eprintln!("{error}");
        }
    }
    eprintln!("egov-bridge: {}", chain(error));
    if error.is_configuration() { Exit::Usage } else { Exit::Unavailable }
}

/// Where everything is, and what to try: on standard output, so that the log can go elsewhere.
fn announce(config: &Config, gateway: &Gateway) {
    println!("egov-bridge {} speaks as {}", env!("CARGO_PKG_VERSION"), config.identity.nome);
    for (name, url) in gateway.places() {
        let what = match *name {
            "pdd" => "envelopes of the Porte di Dominio",
            "pdd-tls" => "the same, mutual TLS",
            "rest" => "JSON from the national node",
            "admin" => "health, metrics, overview",
            _ => "",
        };
        println!("  {name:8} {url:38} {what}");
    }
    println!("  {:8} {:38} every message", "journal", record::place(config));
    let Some(sandbox) = gateway.sandbox() else { return };
    println!("The sandbox plays the neighbours:");
    println!(
        "  {:8} https://{:30} national node (REST, mutual TLS)",
        "node",
        sandbox.node().address().to_string()
    );
    if let Some(control) = sandbox.node().control_address() {
        println!(
            "  {:8} http://{:31} its control: PUT /behaviour, GET /requests",
            "control",
            control.to_string()
        );
    }
    println!(
        "  {:8} http://{:31} Porta di Dominio of a region",
        "porta",
        sandbox.pdd().address().to_string()
    );
    println!("Try, in another terminal:");
    println!("  cargo run --release -- send samples/unilav-assunzione.xml");
    println!("  cargo run --release -- send samples/invioSAP-cdata.xml");
    println!("  cargo run --release -- journal list");
}
