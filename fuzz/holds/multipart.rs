//! A package of a peer, from its Content-Type on: the parts, the SOAP message in the root, the busta in its header, the
//! manifest in its Body. The first line is the Content-Type, the rest the body. Parts that could be read are written
//! again, and come back byte for byte.

use egov_bridge::egov::{self, manifest};
use egov_bridge::soap::multipart::{self, Bounds, Outgoing};
use egov_bridge::soap::{self, Content, ContentType};
use egov_bridge::xml::Limits;

pub fn holds(data: &[u8]) {
    let Some(at) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (header, body) = (&data[..at], &data[at + 1..]);
    let Ok(header) = std::str::from_utf8(header) else { return };
    let (limits, bounds) = (Limits::default(), Bounds::default());
    let Ok(Content::Related(related)) = ContentType::parse(header).and_then(|t| t.accept_reply()) else {
        return;
    };
    let Ok(message) = multipart::open(body, &related, &limits, &bounds) else { return };
    let attached = &message.attached;
    for inclusion in &attached.inclusions {
        assert!(message.text.get(inclusion.range.clone()).is_some(), "an inclusion stands in the text");
    }
    for attachment in &attached.attachments {
        assert!(attachment.content.len() <= body.len(), "decoding never adds");
        let _ = attachment.text();
    }
    write_again(&attached.attachments);
    let Ok(envelope) = soap::decode(&message.text, &limits) else { return };
    let _ = egov::decode(&envelope);
    if let Ok(letta) = manifest::decode(&envelope)
        && letta.eccezioni.is_empty()
    {
        let _ = letta.descrizione.discordanze(attached);
        let text = soap::encode(None, &manifest::encode(&letta.descrizione));
        let envelope = soap::decode(&text, &limits).expect("what was written is SOAP");
        assert_eq!(manifest::decode(&envelope).expect("and a manifest"), letta);
    }
}

fn write_again(attachments: &[multipart::Attachment<'_>]) {
    let ids: Vec<String> = (0..attachments.len()).map(|number| format!("{number}@fuzz")).collect();
    let outgoing = |(attachment, id)| {
        let attachment: &multipart::Attachment<'_> = attachment;
        let id: &String = id;
        let content = attachment.content.as_ref();
        Outgoing { content_id: id, content_type: "application/octet-stream", filename: None, content }
    };
    let outgoing: Vec<Outgoing<'_>> = attachments.iter().zip(&ids).map(outgoing).collect();
    let written = multipart::write("<a/>", &outgoing).expect("these headers can be written");
    let content = ContentType::parse(&written.content_type).and_then(|t| t.accept());
    let Ok(Content::Related(related)) = content else { panic!("{}", written.content_type) };
    let package =
        multipart::read(&written.body, &related, &Bounds::default()).expect("what was written is read");
    for (read, sent) in package.attachments.iter().zip(attachments) {
        assert_eq!(read.content, sent.content);
    }
}
