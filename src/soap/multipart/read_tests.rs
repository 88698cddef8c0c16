//! Packages as porte write them, packages that are broken, and the law that what is written is read.

use proptest::prelude::*;

use super::*;
use crate::soap::{Answer, Content, ContentType};

const HEADER: &str = r#"multipart/related; type="text/xml"; boundary="b""#;

fn related(header: &str) -> Related {
    match Content::of_request(Some(header)).unwrap() {
        Content::Related(related) => related,
        other => panic!("{other:?}"),
    }
}

fn split(header: &str, body: &[u8]) -> Result<(String, Vec<Vec<u8>>), MultipartError> {
    let package = read(body, &related(header), &Bounds::default())?;
    let root = String::from_utf8(package.root.content.into_owned()).unwrap();
    Ok((root, package.attachments.into_iter().map(|a| a.content.into_owned()).collect()))
}

fn refused(body: &str) -> MultipartError {
    split(HEADER, body.as_bytes()).unwrap_err()
}

#[test]
fn the_root_is_the_part_that_start_names_or_the_first() {
    let body = b"--b\r\nContent-ID: <a@x>\r\n\r\none\r\n--b\r\nContent-ID: <r@x>\r\n\r\ntwo\r\n--b--";
    assert_eq!(split(HEADER, body).unwrap(), ("one".to_owned(), vec![b"two".to_vec()]));
    for start in ["<r@x>", "r@x"] {
        let header = format!("{HEADER}; start=\"{start}\"");
        assert_eq!(split(&header, body).unwrap(), ("two".to_owned(), vec![b"one".to_vec()]));
    }
    assert_eq!(split(&format!("{HEADER}; start=\"z@x\""), body), Err(MultipartError::NoRoot));
}

#[test]
fn what_stands_around_the_parts_and_how_lines_end_does_not_count() {
    let crlf = "preamble --b in a line\r\n--b \t\r\ncontent-type:\r\n text/xml;\r\n\tcharset=utf-8\r\n\r\none\r\n--b\r\n\r\ntwo --b--\r\n--bb\r\n\r\n--b--\r\nepilogue\r\n--b\r\n";
    let expected = ("one".to_owned(), vec![b"two --b--\r\n--bb\r\n".to_vec()]);
    assert_eq!(split(HEADER, crlf.as_bytes()).unwrap(), expected);
    let lf = split(HEADER, crlf.replace('\r', "").as_bytes()).unwrap();
    assert_eq!(lf, ("one".to_owned(), vec![b"two --b--\n--bb\n".to_vec()]));
}

#[test]
fn a_carriage_return_before_a_bare_line_feed_is_content() {
    let lf = b"--b\n\n<a/>\n--b\n\n\x00\xff\r\n--b--\n";
    assert_eq!(split(HEADER, lf).unwrap().1, vec![b"\x00\xff\r".to_vec()]);
    let crlf = b"--b\r\n\r\n<a/>\r\n--b\r\n\r\n\x00\xff\r\r\n--b--";
    assert_eq!(split(HEADER, crlf).unwrap().1, vec![b"\x00\xff\r".to_vec()]);
}

#[test]
fn parts_may_be_empty_or_have_headers_alone() {
    let body = b"--b\n\n<a/>\n--b\nContent-ID: <x>\n--b\n\n\n--b--";
    let package = read(body, &related(HEADER), &Bounds::default()).unwrap();
    let [headers_alone, empty] = package.attachments.as_slice() else { panic!("{package:?}") };
    assert_eq!((headers_alone.content_id.as_deref(), headers_alone.content.len()), (Some("x"), 0));
    assert_eq!((empty.content_id.as_deref(), empty.content.len()), (None, 0));
}

#[test]
fn content_comes_out_as_it_was_before_its_transfer_encoding() {
    let body = b"--b\n\n<a/>\n--b\nContent-Transfer-Encoding: BASE64\n\nJVBE\nRi0=\n--b\nContent-Transfer-Encoding: quoted-printable\n\na=3D=\nb\n--b--";
    assert_eq!(split(HEADER, body).unwrap().1, vec![b"%PDF-".to_vec(), b"a=b".to_vec()]);
}

#[test]
fn a_part_answers_to_its_content_id_in_every_spelling_and_to_its_location() {
    let body = b"--b\n\n<a/>\n--b\nContent-ID: <doc+1@sole>\nContent-Location: http://sole/doc\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=\"delega firmata.pdf\"\n\nx\n--b--";
    let package = read(body, &related(HEADER), &Bounds::default()).unwrap();
    let part = &package.attachments[0];
    for href in
        ["cid:doc+1@sole", "CID:<doc+1@sole>", "cid:doc%2B1%40sole", " cid:doc+1@sole", "http://sole/doc"]
    {
        assert!(part.is_at(href), "{href}");
    }
    for href in ["", "cid:", "doc+1@sole", "cid:doc+2@sole", "cid:DOC+1@sole", "http://sole/"] {
        assert!(!part.is_at(href), "{href}");
    }
    assert_eq!((part.filename.as_deref(), part.media()), (Some("delega firmata.pdf"), "application/pdf"));
}

#[test]
fn a_broken_package_is_refused_for_its_own_reason() {
    assert_eq!(refused("<a/>"), MultipartError::NoDelimiter);
    assert_eq!(refused("--b--\n"), MultipartError::NoParts);
    assert_eq!(refused("--b\n\n<a/>\n--b\n\nx"), MultipartError::Unterminated { parts: 2 });
    assert_eq!(refused("--b\n\n<a/>\n--b-"), MultipartError::Unterminated { parts: 1 });
    assert_eq!(refused("--b\nno header\n\n<a/>\n--b--"), MultipartError::Header { part: 1, line: 1 });
    assert_eq!(refused("--b\n folded first: x\n\n--b--"), MultipartError::Header { part: 1, line: 1 });
    let twice = refused("--b\n\n<a/>\n--b\nContent-ID: <a>\ncontent-id : b\n\n--b--");
    assert_eq!(twice, MultipartError::RepeatedHeader { part: 2, name: "content-id" });
    let names = refused("--b\nContent-ID: <a>\n\n<a/>\n--b\nContent-ID: a\n\n--b--");
    assert_eq!(names, MultipartError::RepeatedId { part: 2 });
    let unknown = refused("--b\nContent-Transfer-Encoding: x-uuencode\n\n<a/>\n--b--");
    assert_eq!(unknown, MultipartError::TransferEncoding { part: 1, name: "x-uuencode".into() });
    for error in [refused("<a/>"), unknown] {
        assert_eq!(error.answer(), Answer::Format);
    }
    for media in ["application/soap+xml", "text/plain", "senseless"] {
        let error = refused(&format!("--b\nContent-Type: {media}\n\n<a/>\n--b--"));
        assert_eq!(error, MultipartError::RootType { media: media.into() });
        assert_eq!(error.answer(), Answer::Processing);
    }
}

#[test]
fn parts_and_headers_are_bounded() {
    let bounds = Bounds { parts: 2, header_bytes: 40 };
    let read = |body: &str| read(body.as_bytes(), &related(HEADER), &bounds).map(|p| p.attachments.len());
    assert_eq!(read("--b\n\n\n--b\n\n\n--b--"), Ok(1));
    assert_eq!(read("--b\n\n\n--b\n\n\n--b\n\n\n--b--"), Err(MultipartError::TooManyParts { limit: 2 }));
    let long = "x".repeat(100);
    let too_long = Err(MultipartError::HeadersTooLong { part: 1, limit: 40 });
    assert_eq!(read(&format!("--b\nX: {long}\n\n<a/>\n--b--")), too_long);
    assert_eq!(read(&format!("--b\nX: 1\nY: 2\nZ: {long}\n--b--")), too_long);
    assert_eq!(read(&format!("--b\nX: 1\n\n{long}\n--b--")), Ok(0));
}

#[test]
fn an_inclusion_becomes_the_base64_that_it_stands_for() {
    let header = r#"multipart/related; type="application/xop+xml"; start-info="text/xml"; boundary=b"#;
    let include = r#"<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:d%40x"/>"#;
    let body = |root: &str| {
        format!(
            "--b\nContent-Type: application/xop+xml; type=\"text/xml\"; charset=utf-8\n\n{root}\n--b\nContent-ID: <d@x>\n\n%PDF\n--b--"
        )
    };
    let open = |root: &str, limits: &Limits| {
        let body = body(root);
        open(body.as_bytes(), &related(header), limits, &Bounds::default())
            .map(|message| (message.text.into_owned(), message.attached.inclusions))
    };
    let limits = Limits::default();
    let (text, inclusions) = open(&format!("<a><b>{include}</b></a>"), &limits).unwrap();
    assert_eq!(text, "<a><b>JVBERg==</b></a>");
    assert_eq!(inclusions, [Inclusion { range: 6..14, attachment: 0 }]);
    let nowhere = open(&format!("<a>{}</a>", include.replace("d%40x", "e")), &limits);
    assert_eq!(nowhere, Err(MultipartError::Inclusion { offset: 3 }));
    let many = format!("<a>{}</a>", include.repeat(200));
    let small = Limits { document_bytes: many.len() / 10, ..limits };
    assert!(open(&many, &small).is_err());
    let untouched = format!("<a>{}</a>", include.replace("2004/08", "2004/09"));
    assert_eq!(open(&untouched, &limits).unwrap().0, untouched);
}

#[test]
fn what_cannot_be_written_is_not() {
    let good = Outgoing { content_id: "a@x", content_type: "text/plain", filename: None, content: b"" };
    let error = |outgoing| write("<a/>", &[outgoing]).unwrap_err();
    assert_eq!(
        error(Outgoing { content_id: "a@x>\r\nX: y", ..good }),
        WriteError::Header { attachment: 1, what: "Content-ID" }
    );
    assert_eq!(
        error(Outgoing { content_type: "text/plain\r\n\r\n", ..good }),
        WriteError::Header { attachment: 1, what: "Content-Type" }
    );
    assert_eq!(
        error(Outgoing { filename: Some("a\nb"), ..good }),
        WriteError::Header { attachment: 1, what: "name" }
    );
    assert_eq!(write("<a/>", &[good, good]), Err(WriteError::RepeatedId { attachment: 2 }));
    assert_eq!(write("<a/>", &[good]), write("<a/>", &[good]));
}

/// Bytes of the kind that packages are made of, so that delimiters nearly occur.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..12),
        prop::sample::select(vec![
            &b"\r"[..],
            b"\n",
            b"\r\n",
            b"--",
            b"--MIME_",
            b"\r\n--",
            b" ",
            b"=",
            b"--\r\n"
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        contents in prop::collection::vec((hostile(), prop::option::of("[^\\p{Cc}]{1,12}")), 0..6),
        envelope in "<a>[ -~\r\n]{0,40}</a>",
    ) {
        let ids: Vec<String> = (0..contents.len()).map(|n| format!("part-{n}@prova")).collect();
        let outgoing: Vec<Outgoing<'_>> = contents
            .iter()
            .zip(&ids)
            .map(|((content, name), id)| Outgoing {
                content_id: id,
                content_type: "application/octet-stream",
                filename: name.as_deref(),
                content,
            })
            .collect();
        let written = write(&envelope, &outgoing).unwrap();
        let content_type = ContentType::parse(&written.content_type).unwrap().accept().unwrap();
        let Content::Related(related) = content_type else { panic!("{written:?}") };
        let package = read(&written.body, &related, &Bounds::default()).unwrap();
        prop_assert_eq!(package.root.content.as_ref(), envelope.as_bytes());
        prop_assert_eq!(package.attachments.len(), outgoing.len());
        for (read, sent) in package.attachments.iter().zip(&outgoing) {
            prop_assert_eq!(read.content.as_ref(), sent.content);
            prop_assert_eq!(read.content_id.as_deref(), Some(sent.content_id));
            prop_assert_eq!(read.filename.as_deref(), sent.filename);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(body in hostile(), more in hostile()) {
        let body = [b"--b\r\n", body.as_slice(), b"\r\n--b\n", &more, b"\n--b--"].concat();
        let _ = read(&body, &related(HEADER), &Bounds::default());
    }
}
