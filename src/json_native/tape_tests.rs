use proptest::prelude::*;

use super::*;

fn refused(text: &str) -> NotJson {
    match Tape::parse(text.as_bytes()) {
        Ok(tape) => panic!("{text} was read as {:?}", tape.root().raw()),
        Err(error) => error,
    }
}

#[test]
fn what_rfc_8259_forbids_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":}",
        "[1 2]",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "nul",
        "nullx",
        "true false",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\n\"",
        "'a'",
        "[,1]",
        "{,}",
        "NaN",
        "\u{feff}1",
        "{\"a\":1]",
        "[1}",
        "\"\\u+123\"",
    ] {
        refused(text);
    }
    assert_eq!(refused("{\"a\":\n 1 x").offset, 9);
}

#[test]
fn nesting_is_bounded() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(Tape::parse(deep(DEPTH).as_bytes()).is_ok());
    assert_eq!(refused(&deep(DEPTH + 1)).reason, "the nesting is too deep");
}

#[test]
fn pointers_lead_where_rfc_6901_says() {
    let text = r#"{"a/b":{"m~n":[10,"x\u00e8\ud83d\ude00\n"]},"":1,"z":{}}"#;
    let tape = Tape::parse(text.as_bytes()).unwrap();
    let at = |pointer: &str| tape.root().pointer(pointer);
    assert_eq!(at("/a~1b/m~0n/0").unwrap().raw(), "10");
    assert_eq!(at("/a~1b/m~0n/1").unwrap().string().unwrap(), "xè😀\n");
    assert_eq!(at("/").unwrap().raw(), "1");
    assert_eq!(at("/z").unwrap().raw(), "{}");
    assert!(at("/nope").is_none() && at("/z/x").is_none() && at("z").is_none());
}

proptest! {
    #[test]
    fn strings_come_back_as_they_went(text in any::<String>()) {
        let mut out = Vec::new();
        push_string(&mut out, &text);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text.clone());
        let tape = Tape::parse(&out).unwrap();
        prop_assert_eq!(tape.root().string().unwrap(), text);
    }

    #[test]
    fn verdicts_agree_with_serde_json(text in "[\\[\\]{}\",:0-9ea\\\\u \\-+.truefalsn]{0,24}") {
        // serde_json reads an out-of-range number as an error; the tape keeps numbers as text.
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        let ours = Tape::parse(text.as_bytes());
        if theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range")) { return Ok(()); }
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}", text);
    }
}

#[test]
fn a_run_ends_at_the_first_byte_that_needs_an_escape() {
    for length in 0..40 {
        let plain = "è~ z".repeat(10);
        let plain = plain.as_bytes().get(..length).unwrap();
        assert_eq!(plain_run(plain), None);
        for special in [b'"', b'\\', 0, 0x1F, b'\n'] {
            for at in 0..length {
                let mut bytes = plain.to_vec();
                bytes[at] = special;
                assert_eq!(plain_run(&bytes), Some(at), "{bytes:?}");
            }
        }
    }
}
