//! Escaping, for everything that writes XML.

use super::reader::needs_escape;

/// Appends character data. `>` is escaped so that `]]>` cannot arise, and CR so that it survives line-end
/// normalisation.
pub fn push_text(out: &mut String, text: &str) {
    if !needs_escape(text) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

/// Appends an attribute value, to stand between double quotes. White space other than the space is written as
/// references, so that it survives attribute-value normalisation.
pub fn push_attribute_value(out: &mut String, value: &str) {
    if !value.bytes().any(|b| b < b' ' || matches!(b, b'<' | b'>' | b'&' | b'"')) {
        out.push_str(value);
        return;
    }
    for c in value.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

/// The text as character data.
#[must_use]
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    push_text(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_written_can_be_read_as_markup() {
        assert_eq!(text("a<b> & ]]>\r"), "a&lt;b&gt; &amp; ]]&gt;&#13;");
        let mut value = String::new();
        push_attribute_value(&mut value, "\"<\n\t>'");
        assert_eq!(value, "&quot;&lt;&#10;&#9;&gt;'");
    }
}
