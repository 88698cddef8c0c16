//! `send`: a message to a Porta di Dominio, and what it answers.
//!
//! The reply goes to standard output, what it amounts to goes to standard error.

mod call;
mod package;
mod restamp;
mod show;
mod wrap;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::arguments::SendArguments;
use super::stdout::{bytes, print};
use super::{Exit, input, pretty, settings};
use crate::bridge::Knowledge;
use crate::config::Config;
use crate::egov::{self, Busta};
use crate::http::pdd;
use crate::sandbox::pki::Pki;
use crate::soap;
use crate::soap::multipart::Written;
use crate::xml::encoding;
use call::{CallError, Files, Replied};

/// How much longer than the gateway's own deadline a reply is awaited.
const GRACE: Duration = Duration::from_secs(5);

/// The type of an envelope without attachments.
const XML: &str = "text/xml; charset=utf-8";

/// What is going to be sent.
struct Outgoing {
    envelope: Bytes,
    content_type: Cow<'static, str>,
    /// Its busta, where it has one.
    busta: Option<Busta>,
}

pub(super) fn run(config: Option<&Path>, arguments: &SendArguments) -> Exit {
    send(config, arguments).unwrap_or_else(|exit| exit)
}

fn send(config: Option<&Path>, arguments: &SendArguments) -> Result<Exit, Exit> {
    let config = settings::open(config)?;
    let knowledge = settings::knowledge(&config)?;
    let read = input::read(&arguments.file)?;
    let outgoing = prepare(&read, arguments, &config, &knowledge).map_err(|(exit, why)| {
        eprintln!("{}: {why}", input::name(&arguments.file));
        exit
    })?;
    if arguments.print {
        bytes(&outgoing.envelope);
        return Ok(Exit::Done);
    }
    let url = match &arguments.to {
        Some(url) => url.clone(),
        None => own_porta(&config)?,
    };
    let replied = settings::runtime()?.block_on(call::post(
        &url,
        &outgoing.content_type,
        outgoing.envelope.clone(),
        files(arguments, &config, outgoing.busta.as_ref()),
        config.pdd.request + GRACE,
    ));
    match replied {
        Ok(replied) => Ok(told(&replied, &url, &outgoing, arguments.raw, &config, &knowledge)),
        Err(error) => {
            eprintln!("egov-bridge: {error}");
            if arguments.to.is_none() && matches!(error, CallError::Unreachable { .. }) {
                eprintln!("Start the gateway in another terminal: cargo run --release");
            }
            Err(if error.is_usage() { Exit::Usage } else { Exit::Unavailable })
        }
    }
}

/// The envelope: as it is, stamped anew, or made around a bare document.
fn prepare(
    read: &[u8],
    arguments: &SendArguments,
    config: &Config,
    knowledge: &Knowledge,
) -> Result<Outgoing, (Exit, String)> {
    let limits = &config.limits;
    if arguments.as_is {
        let text = encoding::decode(read, None).ok();
        let envelope = text.as_deref().and_then(|text| soap::decode(text, limits).ok());
        let is_utf8 = std::str::from_utf8(read).is_ok();
        return Ok(Outgoing {
            envelope: Bytes::copy_from_slice(read),
            // What is not UTF-8 says by itself what it is.
            content_type: match package::content_type(read) {
                Some(package) => package.into(),
                None if is_utf8 => XML.into(),
                None => "text/xml".into(),
            },
            busta: envelope.and_then(|envelope| egov::decode(&envelope).ok()).map(|received| received.busta),
        });
    }
    let refused = |why: String| (Exit::Refused, why);
    let text = encoding::decode(read, None).map_err(|error| refused(error.to_string()))?;
    if text.trim_start().starts_with('{') {
        let hint = "this is JSON: a porta takes XML; `egov-bridge translate --to xml` makes it";
        return Err((Exit::Usage, hint.to_owned()));
    }
    let now = Timestamp::now();
    let text = match soap::decode(&text, limits) {
        Ok(envelope) => {
            let received = egov::decode(&envelope).map_err(|error| refused(as_is(&error)))?;
            restamp::restamp(&envelope, &received.busta, &knowledge.parti, now)
                .map_err(|error| refused(error.to_string()))?
        }
        Err(soap::SoapError::NotAnEnvelope { .. }) => {
            let (azione, mittente) = (arguments.azione.as_deref(), arguments.mittente.as_str());
            wrap::wrap(&text, azione, mittente, knowledge, limits, now).map_err(|error| {
                let exit = if error.is_usage() { Exit::Usage } else { Exit::Refused };
                (exit, error.to_string())
            })?
        }
        Err(error) => return Err(refused(as_is(&error))),
    };
    let busta = soap::decode(&text, limits).ok().and_then(|envelope| egov::decode(&envelope).ok());
    let busta = busta.map(|received| received.busta);
    if arguments.allegato.is_empty() {
        return Ok(Outgoing { envelope: text.into(), content_type: XML.into(), busta });
    }
    let Written { content_type, body } = package::around(&text, &arguments.allegato)?;
    Ok(Outgoing { envelope: body.into(), content_type: content_type.into(), busta })
}

fn as_is(error: &dyn std::error::Error) -> String {
    format!("{error}; with --as-is it is sent all the same")
}

/// The gateway of this configuration.
fn own_porta(config: &Config) -> Result<String, Exit> {
    let listener = &config.listeners.pdd;
    let plain = listener.http.map(|address| ("http", address));
    let secure = listener.https.as_ref().map(|(address, _)| ("https", *address));
    let (scheme, address) = plain.or(secure).ok_or(Exit::Usage)?;
    Ok(format!("{scheme}://{}{}", reachable(address), pdd::PATH))
}

/// "Any address" is one to listen on, not one to call.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// What is given, else what the sandbox made for the sender.
fn files(arguments: &SendArguments, config: &Config, busta: Option<&Busta>) -> Option<Files> {
    let sandbox = config.sandbox.as_ref().map(|sandbox| Pki::at(&sandbox.pki));
    let ca = arguments.ca.clone().or_else(|| sandbox.as_ref().map(|pki| pki.authority.clone()))?;
    let given = arguments.certificate.clone().zip(arguments.key.clone());
    let made = || {
        let pair = sandbox?.regione(&busta?.mittente.nome);
        pair.certificate.exists().then_some((pair.certificate, pair.key))
    };
    Some(Files { ca, pair: given.or_else(made) })
}

/// Prints the reply and what it amounts to.
fn told(
    replied: &Replied,
    url: &str,
    outgoing: &Outgoing,
    raw: bool,
    config: &Config,
    knowledge: &Knowledge,
) -> Exit {
    let header = |name: &str| replied.headers.get(name).and_then(|value| value.to_str().ok());
    let text = encoding::decode(&replied.body, None).unwrap_or_default();
    if raw {
        bytes(&replied.body);
    } else if !text.is_empty() {
        print(&format!("{}\n", pretty::xml(&text)));
    }
    if let Some(busta) = &outgoing.busta {
        let asks = busta.servizio.as_ref().map_or("", |servizio| servizio.nome.as_str());
        let azione = busta.azione.as_ref().map(|azione| format!("/{azione}")).unwrap_or_default();
        eprintln!("sent    {} from {}: {asks}{azione}", busta.identificatore, busta.mittente.nome);
    }
    let retry = header("retry-after").map(|wait| format!(", come again in {wait} s")).unwrap_or_default();
    eprintln!(
        "got     HTTP {} in {} ms from {url}{retry}",
        replied.status.as_u16(),
        replied.took.as_millis()
    );
    let judged = show::judge(&text, outgoing.busta.as_ref(), knowledge, &config.limits);
    for line in &judged.lines {
        eprintln!("        {line}");
    }
    if let Some(reference) = header(pdd::REFERENCE) {
        eprintln!("record  {reference}: egov-bridge journal show {reference}");
        if judged.is_open {
            let request = format!("egov-bridge journal show {reference} --only request");
            eprintln!("repeat  {request} | egov-bridge send --as-is -");
        }
    }
    judged.exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_listens_everywhere_is_called_on_this_machine() {
        let at = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(at("[::]:8080"), "[::1]:8080");
        assert_eq!(at("10.1.2.3:8080"), "10.1.2.3:8080");
    }
}
