//! Free text on its way to a log line: persons become unrecognisable, control characters harmless.
//!
//! The gateway's own events have no field for personal data. What remains is text that quotes a peer (an error of
//! a server, the value that broke a rule): in it, whatever looks like a codice fiscale (also with the letters of
//! omocodia), a provisional codice fiscale of eleven digits, or an e-mail address is replaced.

use std::borrow::Cow;

/// What stands in the place of a codice fiscale.
pub const CODICE_FISCALE: &str = "<codice fiscale>";
/// What stands in the place of eleven digits: a provisional codice fiscale, or a partita IVA.
pub const ELEVEN_DIGITS: &str = "<codice>";
/// What stands in the place of an e-mail address.
pub const EMAIL: &str = "<e-mail>";

/// Longest text, in characters, that [`text`] lets through.
pub const LONGEST: usize = 300;

/// `D.M. 12/3/1974, art. 2`: L letter, D digit or its letter of omocodia, M letter of the month.
const SHAPE: &[u8; 16] = b"LLLLLLDDMDDLDDDL";

/// Masks `text`, cuts it to [`LONGEST`] characters and replaces control characters, which could forge log lines.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    let clean = !text.contains(char::is_control);
    let short = text.len() <= LONGEST || text.chars().nth(LONGEST).is_none();
    match persons(text) {
        Cow::Borrowed(same) if clean && short => Cow::Borrowed(same),
        masked => {
            let mut kept: String =
                masked.chars().take(LONGEST).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
            if masked.chars().nth(LONGEST).is_some() {
                kept.push('…');
            }
            Cow::Owned(kept)
        }
    }
}

/// Replaces what looks like a person's code or address and leaves everything else.
#[must_use]
pub fn persons(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut masked: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let Some((start, end, mask)) = found_at(bytes, at, copied) else {
            at += 1;
            continue;
        };
        let (Some(before), true) = (text.get(copied..start), text.is_char_boundary(end)) else {
            at += 1;
            continue;
        };
        let out = masked.get_or_insert_with(String::new);
        out.push_str(before);
        out.push_str(mask);
        copied = end;
        at = end;
    }
    match masked {
        None => Cow::Borrowed(text),
        Some(mut out) => {
            out.push_str(text.get(copied..).unwrap_or_default());
            Cow::Owned(out)
        }
    }
}

/// What is to be masked around `at`: its bounds and what to write instead. `floor` is where the text not yet
/// written begins; an e-mail address reaches back from its `@`.
fn found_at(bytes: &[u8], at: usize, floor: usize) -> Option<(usize, usize, &'static str)> {
    if bytes.get(at..at + SHAPE.len()).is_some_and(is_codice_fiscale) {
        return Some((at, at + SHAPE.len(), CODICE_FISCALE));
    }
    let byte = *bytes.get(at)?;
    let before = at.checked_sub(1).and_then(|index| bytes.get(index));
    if byte.is_ascii_digit() && !before.is_some_and(u8::is_ascii_alphanumeric) {
        let run = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count();
        let after = bytes.get(at + run);
        if run == 11 && !after.is_some_and(u8::is_ascii_alphanumeric) {
            return Some((at, at + run, ELEVEN_DIGITS));
        }
    }
    if byte == b'@' {
        let local = bytes.get(floor..at)?.iter().rev().take_while(|byte| in_address(**byte)).count();
        let domain = bytes.iter().skip(at + 1).take_while(|byte| in_address(**byte)).count();
        if local > 0 && domain > 0 {
            return Some((at - local, at + 1 + domain, EMAIL));
        }
    }
    None
}

fn is_codice_fiscale(window: &[u8]) -> bool {
    window.len() == SHAPE.len()
        && window.iter().zip(SHAPE).all(|(byte, shape)| {
            let byte = byte.to_ascii_uppercase();
            match shape {
                b'L' => byte.is_ascii_uppercase(),
                b'M' => b"ABCDEHLMPRST".contains(&byte),
                _ => byte.is_ascii_digit() || b"LMNPQRSTUV".contains(&byte),
            }
        })
}

fn in_address(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codice_fiscale_is_masked_wherever_it_stands() {
        assert_eq!(persons("seen RSSMRA80A01H501U, wanted"), "seen <codice fiscale>, wanted");
        assert_eq!(persons("<cf>rssmra80a01h501u</cf>"), "<cf><codice fiscale></cf>");
        assert_eq!(persons("idRSSMRA80A01H501Ux"), "id<codice fiscale>x");
    }

    #[test]
    fn the_letters_of_omocodia_do_not_hide_a_person() {
        assert_eq!(persons("RSSMRAULALMHRLMU"), "<codice fiscale>");
    }

    #[test]
    fn eleven_digits_alone_are_masked_but_identifiers_are_not() {
        assert_eq!(persons("partita IVA 01234567890."), "partita IVA <codice>.");
        let identifier = "LAZIO_LAZIOSPCoopIT_0000123_2026-11-21_10:30";
        assert_eq!(persons(identifier), identifier);
        assert_eq!(persons("1700000000000"), "1700000000000");
    }

    #[test]
    fn addresses_are_masked_and_neighbours_kept() {
        assert_eq!(persons("mail mario.rossi@example.it failed"), "mail <e-mail> failed");
        assert_eq!(persons("a@b@c @ d"), "<e-mail>@c @ d");
    }

    #[test]
    fn text_of_any_script_survives() {
        assert_eq!(persons("così è: RSSMRA80A01H501U è già"), "così è: <codice fiscale> è già");
        assert_eq!(persons("città@èèè"), "città@èèè");
    }

    #[test]
    fn control_characters_cannot_forge_a_line() {
        assert_eq!(text("one\ntwo\u{1b}[31m"), "one\u{FFFD}two\u{FFFD}[31m");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let cut = text(&"è".repeat(LONGEST + 1)).into_owned();
        assert_eq!(cut.chars().count(), LONGEST + 1);
        assert!(cut.ends_with('…'));
        let whole = "è".repeat(LONGEST);
        assert_eq!(text(&whole), whole);
    }
}
