use super::*;

fn check(source: &str, good: &[&str], bad: &[&str]) {
    let pattern = Pattern::compile(&[source]).unwrap_or_else(|e| panic!("{e}"));
    for text in good {
        assert!(pattern.matches(text), "{source} must match {text:?}");
    }
    for text in bad {
        assert!(!pattern.matches(text), "{source} must not match {text:?}");
    }
}

#[test]
fn the_whole_value_must_match_every_branch_alike() {
    check("A|AB|B", &["A", "AB", "B"], &["AX", "XA", "BB", ""]);
    check("[0-9A-Z]{3,4}|[A-Z]{2}", &["ABCD", "12A", "ND"], &["A", "ABCDE", "A1"]);
    check("", &[""], &["x"]);
    check("(a?)*b|", &["", "b", "aab"], &["a"]);
}

#[test]
fn what_other_syntaxes_find_special_is_ordinary() {
    check("^a$", &["^a$"], &["a"]);
    check("a&&b~~c", &["a&&b~~c"], &["a"]);
    check("[a&&b]", &["&", "a"], &["&&"]);
    check("a#b c", &["a#b c"], &["a"]);
    check("[!-~]", &["a", "[", "~"], &["è"]);
}

#[test]
fn classes_have_ranges_escapes_negation_and_subtraction() {
    check("[a-z-[aeiou]]", &["b"], &["a", "-", ""]);
    check("[^a-z-[0-9]]", &["A"], &["a", "5"]);
    check("[\\-]{0,1}[0-9]{1,6}", &["-1", "123456"], &["--1", "1234567", "-"]);
    check("[-a]|[b-]", &["-", "a", "b"], &["c"]);
    check("[+\\-*/.,]", &["+", "-", "."], &["x"]);
    check(
        "([A-Za-z0-9!#-'\\*\\+\\-/=\\?\\^_`\\{-~]+(\\.[A-Za-z0-9!#-'\\*\\+\\-/=\\?\\^_`\\{-~]+)*@[a-z]+(\\.[a-z]+)*)?",
        &["", "a.b@c.it", "x#y'z{~@c"],
        &["a@", "@b", "a..b@c", "a b@c", "a\"@c"],
    );
}

#[test]
fn the_dot_is_everything_but_line_ends_and_spaces_are_four() {
    check("\\d{1}.\\d{2}", &["1.23", "1,23", "1😀23"], &["1\n23", "1\r23", "123"]);
    check("\\S|\\S(.|\\n)*\\S", &["a", "a b", "a\nb"], &["", " a", "a ", "a\r b "]);
    check("\\s", &[" ", "\t", "\n", "\r"], &["\u{a0}", "\u{c}"]);
    check("\\w\\W", &["a.", "è "], &[".a"]);
    check("\\d", &["5", "\u{0663}"], &["x"]);
    check("\\i\\c*", &["a-1", ":b", "è"], &["1a", "-"]);
    check("\\p{Lu}\\P{Lu}\\p{IsGreek}", &["Aaα"], &["aaα", "AAα", "Aaa"]);
    check("[\\p{L}\\d_]+", &["è_1"], &["-"]);
}

#[test]
fn what_is_not_an_expression_is_refused() {
    for source in [
        "(",
        ")",
        "a)",
        "[",
        "[]",
        "[^]",
        "a{",
        "a{2",
        "a{3,2}",
        "a**",
        "a{2}{3}",
        "*a",
        "a|*",
        "[z-a]",
        "\\q",
        "\\",
        "\\p{Xx}",
        "\\p{IsKlingon}",
        "\\pL",
        "[a-\\d]",
        "a{,2}",
        "]",
        "}",
        "[[a]",
        "a*?",
        "a{9999999999}",
    ] {
        assert!(Pattern::compile(&[source]).is_err(), "{source}");
    }
    assert!(Pattern::compile(&[&"(".repeat(1000)]).is_err());
}

#[test]
fn a_hostile_value_costs_linear_time() {
    let pattern = Pattern::compile(&["(a*)*b|(a|a)*c|(a|aa)+d"]).unwrap();
    let started = std::time::Instant::now();
    assert!(!pattern.matches(&"a".repeat(1 << 20)));
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn an_expression_too_large_for_an_automaton_still_runs() {
    let pattern = Pattern::compile(&["[\\p{L}]{1,100}x"]).unwrap();
    assert!(pattern.matches(&format!("{}x", "è".repeat(99))));
    assert!(!pattern.matches(&"è".repeat(99)));
    assert!(Pattern::compile(&["((\\p{L}{1000}){1000}){100}"]).is_err());
}

#[test]
fn simple_forms_are_told_in_words() {
    let wanted = |sources: &[&str]| Pattern::compile(sources).unwrap().wanted().to_owned();
    assert_eq!(wanted(&["\\d{5}"]), "5 digits");
    assert_eq!(wanted(&["[A-Z]{1}\\d{3}", "[0]{4}"]), "1 capital letter, 3 digits or \"0000\"");
    assert_eq!(wanted(&["[0-9]{8,10}"]), "8 to 10 digits");
    assert_eq!(wanted(&["\\d{2}:\\d{2}"]), "2 digits, \":\", 2 digits");
    assert_eq!(wanted(&["[A-Z]{2}[0-9]{8}[A-Z]"]), "2 capital letters, 8 digits, 1 capital letter");
    assert_eq!(wanted(&["[^@]+@.+"]), "the form [^@]+@.+");
}

/// Forms that the rows take, and one each that they leave to the automaton.
const ROWS: &[&str] = &[
    "[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z]|[0-9]{11}",
    "\\d{1,6}",
    "[A-C]{1}(\\.[0-9]{2}){0,2}",
    "([0-9]\\.){3}[0-9]{1,2}",
    "",
    "a?|(b|c){2}|",
    "[^a]{2}",
    "a{0,40}",
    "[a-z-[b]]",
];

proptest::proptest! {
    #[test]
    fn rows_and_automaton_agree(number in 0..ROWS.len(), text in "([A-C0-2.]{0,12}|[abc]{0,3}|[0-9]{11}|[A-Z]{6}[0-9L]{2}[A-Z]|[1è٣]{0,4})") {
        let pattern = Pattern::compile(&[ROWS[number]]).unwrap();
        proptest::prop_assert_eq!(pattern.matches(&text), pattern.machine.matches(&text));
    }
}

#[test]
fn a_codice_fiscale_is_a_row_and_an_address_of_mail_is_not() {
    let rows = |source| Pattern::compile(&[source]).unwrap().forms.is_some();
    assert!(rows(ROWS[0]) && rows("\\d{5}"));
    assert!(!rows("[a-z]+@[a-z]+") && !rows("\\i{2}") && !rows("[0-9]{1,40}"));
}
