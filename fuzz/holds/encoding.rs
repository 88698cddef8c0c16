//! Bytes as they come from the network, into text, into events. The first byte says which charset the HTTP header names.

use egov_bridge::xml::{Event, Limits, Reader, encoding};

const CHARSETS: [Option<&str>; 6] =
    [None, Some("utf-8"), Some("utf-16"), Some("iso-8859-1"), Some("windows-1252"), Some("x-unknown")];

pub fn holds(data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let charset = CHARSETS[usize::from(*first) % CHARSETS.len()];
    let Ok(text) = encoding::decode(bytes, charset) else { return };
    let mut reader = Reader::document(&text, &Limits::default());
    loop {
        let before = reader.end_offset();
        match reader.next_event() {
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        assert!(before <= reader.offset() && reader.offset() <= reader.end_offset(), "events go forward");
        assert!(
            text.get(reader.offset()..reader.end_offset()).is_some(),
            "an event begins within a character"
        );
    }
}
