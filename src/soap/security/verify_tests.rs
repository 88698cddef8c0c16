//! Signatures made by another implementation (`tests/fixtures/firma/genera.py`), what an attacker does to them, and ours.

use jiff::{SignedDuration, Timestamp};
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};

use super::*;
use crate::soap::{self, Envelope};
use crate::xml::Limits;

const BODY: Place = Place::Body;
const EGOV: &str = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/";

fn read(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/firma").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn envelope(text: &str) -> Envelope<'_> {
    soap::decode(text, &Limits::default()).unwrap()
}

fn authorities(crl: bool) -> Authorities {
    let crl = crl.then(|| read("crl.pem"));
    let crl = crl.as_ref().map(String::as_bytes);
    Authorities::from_pem(read("ca.pem").as_bytes(), crl, Some(read("noti.pem").as_bytes())).unwrap()
}

fn now() -> Timestamp {
    "2026-01-15T08:31:00Z".parse().unwrap()
}

/// What is found with the given changes to what is agreed.
fn found(text: &str, agreed: impl FnOnce(&mut Demands<'_>)) -> Result<Verified, SecurityError> {
    let methods: Vec<Method> = Method::all().collect();
    let authorities = authorities(false);
    let mut demands = Demands {
        actor: Some("openspcoop"),
        methods: &methods,
        sha1: false,
        authorities: &authorities,
        skew: SignedDuration::from_mins(5),
    };
    agreed(&mut demands);
    verify(&envelope(text), &NoAttachments, &demands, now())
}

fn said(text: &str) -> Result<Verified, SecurityError> {
    found(text, |_| {})
}

fn testata() -> Place {
    Place::InBlock { block: 1, namespace: EGOV.to_owned(), local: "IntestazioneMessaggio".to_owned() }
}

#[test]
fn signatures_of_another_implementation_are_verified() {
    for name in [
        "rsa-sha256",
        "rsa-sha384",
        "rsa-sha512",
        "rsa-pss-sha256",
        "ecdsa-sha256",
        "ecdsa-sha384",
        "inclusiva",
        "lista-prefissi",
        "emittente-e-numero",
    ] {
        let text = read(&format!("{name}.xml"));
        let verified = said(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(verified.covered, [BODY, testata()], "{name}");
        assert_eq!((verified.signer.as_deref(), verified.block), (Some("LAZIO"), 0), "{name}");
        assert!(verified.covers_body(&envelope(&text)) && !verified.covers_timestamp());
    }
    let verified = found(&read("senza-actor.xml"), |demands| demands.actor = None).unwrap();
    assert_eq!(verified.covered, [BODY, testata()]);
    assert!(said(&read("timestamp.xml")).unwrap().covers_timestamp());
}

#[test]
fn the_body_is_covered_by_its_children_too_but_not_by_some_of_them() {
    let text = read("contenuto-del-corpo.xml");
    let verified = said(&text).unwrap();
    assert_eq!(verified.covered, [Place::InBody(0), Place::Block(1)]);
    assert!(verified.covers_body(&envelope(&text)));
    let more = text.replace("</soapenv:Body>", "<more/></soapenv:Body>");
    assert!(!said(&more).unwrap().covers_body(&envelope(&more)));
    let text = text.replace("</soapenv:Body>", "text</soapenv:Body>");
    assert!(!said(&text).unwrap().covers_body(&envelope(&text)));
}

#[test]
fn what_was_changed_is_named() {
    let text = read("rsa-sha256.xml");
    let changed = text.replace("RSSMRA85T10A562S", "RSSMRA85T10A562T");
    assert!(matches!(said(&changed), Err(SecurityError::Digest(places)) if places == [BODY]));
    let changed = text.replace(">verificaEsistenzaSAP<", ">annullaSAP<");
    assert!(matches!(said(&changed), Err(SecurityError::Digest(places)) if places == [testata()]));
    // The header without its last hop is what intermediaries may change.
    let hop = text.replace("<eGov_IT:ListaTrasmissioni>", "<eGov_IT:ListaTrasmissioni><!-- a hop -->");
    said(&hop).unwrap();
}

#[test]
fn a_signature_with_another_value_or_of_another_certificate_is_wrong() {
    let text = read("rsa-sha256.xml");
    let at = text.find("SignatureValue>").unwrap() + 15;
    let (before, after) = text.split_at(at);
    let flipped = if after.trim_start().starts_with('A') { "B" } else { "A" };
    let other = format!("{before}{flipped}{}", &after.trim_start()[1..]);
    assert!(matches!(said(&other), Err(SecurityError::Value)));
    let info = text.replacen("id-Body\"", "id-Bodi\"", 2);
    assert!(said(&info).is_err());
    let token = |text: &str| {
        let start = text.find("<wsse:BinarySecurityToken").unwrap();
        let end = text.find("</wsse:BinarySecurityToken>").unwrap();
        text[start..end].to_owned()
    };
    let swapped = text.replace(&token(&text), &token(&read("certificato-di-altri.xml")));
    assert!(matches!(said(&swapped), Err(SecurityError::Value)));
    let swapped = text.replace(&token(&text), &token(&read("ecdsa-sha256.xml")));
    assert!(matches!(said(&swapped), Err(SecurityError::Value)));
}

#[test]
fn sha_1_is_refused_unless_it_was_asked_for() {
    for name in ["rsa-sha1.xml", "digest-sha1.xml"] {
        assert!(matches!(said(&read(name)), Err(SecurityError::Sha1)), "{name}");
        found(&read(name), |demands| demands.sha1 = true).unwrap();
    }
    const ONE: &[Method] = &[Method::ECDSA_SHA256];
    let refused = found(&read("rsa-sha256.xml"), |demands| demands.methods = ONE);
    assert!(matches!(refused, Err(SecurityError::Algorithm { .. })));
}

#[test]
fn certificates_are_believed_in_their_time_from_their_authority_and_unless_revoked() {
    assert!(matches!(said(&read("certificato-scaduto.xml")), Err(SecurityError::OutOfTime)));
    assert!(matches!(said(&read("autorita-estranea.xml")), Err(SecurityError::Untrusted(_))));
    assert!(matches!(said(&read("chiave-corta.xml")), Err(SecurityError::Untrusted(_))));
    assert_eq!(said(&read("certificato-di-altri.xml")).unwrap().signer.as_deref(), Some("PIEMONTE"));
    let revoking = authorities(true);
    let with_lists = |text: &str| {
        let methods = [Method::RSA_SHA256];
        let skew = SignedDuration::ZERO;
        let demands = Demands {
            actor: Some("openspcoop"),
            methods: &methods,
            sha1: false,
            authorities: &revoking,
            skew,
        };
        verify(&envelope(text), &NoAttachments, &demands, now())
    };
    assert!(matches!(with_lists(&read("certificato-revocato.xml")), Err(SecurityError::Revoked)));
    with_lists(&read("rsa-sha256.xml")).unwrap();
    said(&read("certificato-revocato.xml")).unwrap();
    let nobody: &'static Authorities =
        Box::leak(Box::new(Authorities::from_pem(read("ca.pem").as_bytes(), None, None).unwrap()));
    let unknown = found(&read("emittente-e-numero.xml"), |demands| demands.authorities = nobody);
    assert!(matches!(unknown, Err(SecurityError::UnknownCertificate)));
}

#[test]
fn a_message_out_of_its_time_is_refused() {
    assert!(matches!(said(&read("timestamp-scaduto.xml")), Err(SecurityError::Late)));
    let text = read("timestamp.xml");
    assert!(matches!(said(&text.replace("08:30:00.000Z", "08:37:00.000Z")), Err(SecurityError::Early)));
    assert!(matches!(said(&text.replace("08:30:00.000Z", "oggi")), Err(SecurityError::Timestamp)));
}

#[test]
fn the_block_must_be_there_once_for_the_agreed_actor() {
    let text = read("rsa-sha256.xml");
    assert!(matches!(found(&text, |demands| demands.actor = Some("altri")), Err(SecurityError::Absent)));
    let start = text.find("<wsse:Security").unwrap();
    let end = text.find("</wsse:Security>").unwrap() + 16;
    let twice = format!("{}{}{}", &text[..end], &text[start..end], &text[end..]);
    assert!(matches!(said(&twice), Err(SecurityError::Several)));
    let signature = &text[text.find("<ds:Signature ").unwrap()..end - 16];
    assert!(matches!(said(&text.replace(signature, "")), Err(SecurityError::NoSignature)));
    let twice = text.replace(signature, &signature.repeat(2));
    assert!(matches!(said(&twice), Err(SecurityError::SeveralSignatures)));
}

/// The signed Body put where nobody reads it, and another in its place.
fn wrapped(text: &str, wrapper: impl Fn(&str) -> String, body: &str) -> String {
    let start = text.find("<soapenv:Body").unwrap();
    let end = text.find("</soapenv:Body>").unwrap() + 15;
    let signed = &text[start..end];
    let other = format!("{}{body}{}", &text[..start], &text[end..]);
    other.replace("</soapenv:Header>", &format!("{}</soapenv:Header>", wrapper(signed)))
}

#[test]
fn a_signed_part_moved_elsewhere_covers_nothing() {
    let text = read("rsa-sha256.xml");
    let evil = "<soapenv:Body><evil/></soapenv:Body>";
    // Below a block: no part of the message.
    let moved = wrapped(&text, |signed| format!("<w>{signed}</w>"), evil);
    assert_eq!(
        said(&moved).unwrap().covered[0],
        Place::InBlock { block: 2, namespace: soap::NAMESPACE.to_owned(), local: "Body".to_owned() }
    );
    assert!(!said(&moved).unwrap().covers_body(&envelope(&moved)));
    // Deeper: nothing at all.
    let moved = wrapped(&text, |signed| format!("<w><w>{signed}</w></w>"), evil);
    assert!(matches!(said(&moved), Err(SecurityError::Reference)));
    // As a block of its own.
    let moved = wrapped(&text, str::to_owned, evil);
    assert!(!said(&moved).unwrap().covers_body(&envelope(&moved)));
    // With the same Id on the false one.
    let evil =
        evil.replace("<soapenv:Body>", &format!("<soapenv:Body xmlns:wsu=\"{WSU}\" wsu:Id=\"id-Body\">"));
    for depth in 0..3 {
        let moved = wrapped(
            &text,
            |signed| format!("{}{signed}{}", "<w>".repeat(depth), "</w>".repeat(depth)),
            &evil,
        );
        assert!(matches!(said(&moved), Err(SecurityError::DuplicateId)), "{depth}");
    }
    // With what another reader takes for an Id.
    for id in ["Id", "ID", "id", "xml:id"] {
        let evil = format!("<soapenv:Body {id}=\"id-Body\"><evil/></soapenv:Body>");
        let moved = wrapped(&text, |signed| format!("<w>{signed}</w>"), &evil);
        assert!(matches!(said(&moved), Err(SecurityError::DuplicateId)), "{id}");
    }
    // The signed one in the Body of the false one.
    let start = text.find("<soapenv:Body").unwrap();
    let end = text.find("</soapenv:Body>").unwrap() + 15;
    let inside = format!(
        "{}<soapenv:Body><evil/>{}</soapenv:Body>{}",
        &text[..start],
        &text[start..end],
        &text[end..]
    );
    assert!(!said(&inside).unwrap().covers_body(&envelope(&inside)));
}

#[test]
fn references_are_bounded_and_no_transform_but_canonicalisation_is_done() {
    let text = read("rsa-sha256.xml");
    for (what, with) in [
        (
            "http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>",
            "http://www.w3.org/TR/1999/REC-xslt-19991116\"/></ds:Transforms>",
        ),
        (
            "http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>",
            "http://www.w3.org/2002/06/xmldsig-filter2\"/></ds:Transforms>",
        ),
        ("#rsa-sha256", "#hmac-sha256"),
        ("xmlenc#sha256", "xmldsig-more#md5"),
    ] {
        let compact = text.replace("\n</ds:Transform", "</ds:Transform").replace(">\n<", "><");
        assert!(compact.contains(what), "{what}\n{compact}");
        assert!(matches!(said(&compact.replace(what, with)), Err(SecurityError::Algorithm { .. })), "{with}");
    }
    let start = text.find("<ds:Reference").unwrap();
    let end = text.find("</ds:Reference>").unwrap() + 15;
    let reference = &text[start..end];
    let many = text.replacen(reference, &reference.repeat(40), 1);
    assert!(matches!(said(&many), Err(SecurityError::TooMany { .. })));
    for uri in ["", "http://example.org/", "file:///etc/passwd", "#", "#xpointer(/)", "cid:x"] {
        assert!(said(&text.replace("URI=\"#id-Body\"", &format!("URI=\"{uri}\""))).is_err(), "{uri}");
    }
}

// --------------------------------------------------------------------------------------------------------------- signing

/// A key with a certificate of its own.
fn pair(key: PKey<openssl::pkey::Private>) -> (Vec<u8>, Vec<u8>) {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "NAZIONALE").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    let at = |days: i64| openssl::asn1::Asn1Time::from_unix(now().as_second() + days * 86_400).unwrap();
    builder.set_not_before(&at(-1)).unwrap();
    builder.set_not_after(&at(1)).unwrap();
    builder.sign(&key, openssl::hash::MessageDigest::sha256()).unwrap();
    (builder.build().to_pem().unwrap(), key.private_key_to_pem_pkcs8().unwrap())
}

struct One;

impl Attachments for One {
    fn attachment(&self, content_id: &str) -> Option<Attachment<'_>> {
        (content_id == "a b@c").then_some(Attachment { content_type: "text/plain", content: b"1\n2\r3\r\n" })
    }

    fn content_ids(&self) -> Vec<&str> {
        vec!["a b@c"]
    }
}

fn unsigned() -> String {
    let header = format!(
        "<e:Intestazione xmlns:e=\"{EGOV}\"><e:IntestazioneMessaggio><e:x/></e:IntestazioneMessaggio></e:Intestazione>"
    );
    soap::encode(Some(&header), "<a xmlns='urn:a' b='1\n2'>x</a>")
}

#[test]
fn what_is_signed_here_is_verified_here_and_is_the_same_each_time() {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let keys =
        [PKey::from_rsa(Rsa::generate(2048).unwrap()), PKey::from_ec_key(EcKey::generate(&group).unwrap())];
    for (number, key) in keys.into_iter().enumerate() {
        let (certificate, key) = pair(key.unwrap());
        let signer = Signer::from_pem(&certificate, &key, None).unwrap();
        let signing = Signing {
            actor: Some("openspcoop"),
            must_understand: true,
            body: true,
            header: &[(EGOV, "IntestazioneMessaggio", "id-intestazione")],
            timestamp: Some(SignedDuration::from_mins(5)),
            attachments: true,
        };
        let limits = Limits::default();
        let signed = || sign(&unsigned(), &One, &signing, &signer, &limits, now()).unwrap();
        let text = signed();
        assert!(number == 1 || text == signed(), "RSA draws no numbers");
        let authorities = Authorities::from_pem(&certificate, None, None).unwrap();
        let methods = [Method::RSA_SHA256, Method::ECDSA_SHA256];
        let demands = Demands {
            actor: Some("openspcoop"),
            methods: &methods,
            sha1: false,
            authorities: &authorities,
            skew: SignedDuration::ZERO,
        };
        let verified =
            verify(&envelope(&text), &One, &demands, now()).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert!(verified.covers_body(&envelope(&text)) && verified.covers_timestamp());
        assert!(verified.covered.contains(&testata()));
        assert!(verified.covered.contains(&Place::Attachment("a b@c".to_owned())));
        assert!(verify(&envelope(&text), &NoAttachments, &demands, now()).is_err());
    }
}

#[test]
fn an_attachment_signed_elsewhere_is_verified_by_its_content_with_the_line_ends_of_mime() {
    let message = |content: &str| {
        let text = read("allegato.xml");
        format!(
            "--b\r\nContent-Type: text/xml\r\n\r\n{text}\r\n--b\r\nContent-ID: <allegato 1@prova>\r\nContent-Type: text/plain\r\n\r\n{content}\r\n--b\r\n\r\nno name\r\n--b--\r\n"
        )
    };
    let covered = |content: &str| {
        let package = message(content);
        let content =
            soap::Content::of_request(Some("multipart/related; boundary=b; type=\"text/xml\"")).unwrap();
        let soap::Content::Related(related) = content else { panic!("{content:?}") };
        let bounds = soap::multipart::Bounds::default();
        let message =
            soap::multipart::open(package.as_bytes(), &related, &Limits::default(), &bounds).unwrap();
        assert_eq!(
            message.attached.content_ids(),
            ["allegato 1@prova", ""],
            "the last has no name to be signed by"
        );
        let authorities = authorities(false);
        let methods = [Method::RSA_SHA256];
        let skew = SignedDuration::ZERO;
        let demands = Demands {
            actor: Some("openspcoop"),
            methods: &methods,
            sha1: false,
            authorities: &authorities,
            skew,
        };
        verify(&envelope(&message.text), &message.attached, &demands, now()).map(|verified| verified.covered)
    };
    let part = Place::Attachment("allegato 1@prova".to_owned());
    assert_eq!(covered("prima\nseconda\n").unwrap(), [BODY, testata(), part.clone()]);
    assert_eq!(covered("prima\r\nseconda\r\n").unwrap().len(), 3);
    assert!(matches!(covered("prima\nterza\n"), Err(SecurityError::Digest(places)) if places == [part]));
}

#[test]
fn what_is_not_there_is_not_signed() {
    let (certificate, key) = pair(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap());
    let signer = Signer::from_pem(&certificate, &key, None).unwrap();
    let signing = Signing {
        actor: None,
        must_understand: false,
        body: true,
        header: &[("u", "x", "i")],
        timestamp: None,
        attachments: false,
    };
    let refused = sign(&unsigned(), &NoAttachments, &signing, &signer, &Limits::default(), now());
    assert!(matches!(refused, Err(SigningError::NoPart(part)) if part == "x"));
    let (_, other) = pair(PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap());
    assert!(matches!(Signer::from_pem(&certificate, &other, None), Err(SignerError::Unlike)));
}
