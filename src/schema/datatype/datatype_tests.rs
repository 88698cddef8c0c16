use super::*;

fn moment(kind: MomentKind, text: &str) -> bool {
    Primitive::Moment(kind).accepts(text)
}

fn order(primitive: Primitive, a: &str, b: &str) -> Option<Ordering> {
    let value = |t: &str| primitive.value(t, &|_| None).unwrap_or_else(|| panic!("{t}"));
    value(a).order(&value(b))
}

#[test]
fn dates_that_do_not_exist_are_no_dates() {
    for good in ["2024-02-29", "1970-12-08Z", "2020-01-01+14:00", "-0001-12-31", "12024-01-01", "2000-02-29"]
    {
        assert!(moment(MomentKind::Date, good), "{good}");
    }
    for bad in [
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-04-31",
        "24-01-01",
        "2024-1-1",
        "2024-01-01T",
        "2024-01-01+14:01",
        "2024-01-01+15:00",
        "2024-01-01z",
        "0000-01-01",
        "+2024-01-01",
        "02024-01-01",
        "",
        "2024/01/01",
        "2024-01-01 ",
    ] {
        assert!(!moment(MomentKind::Date, bad), "{bad}");
    }
}

#[test]
fn times_are_written_in_full() {
    for good in ["2011-04-19T00:00:00.000+01:00", "2011-04-19T24:00:00", "2011-04-19T23:59:59.999999999999Z"]
    {
        assert!(moment(MomentKind::DateTime, good), "{good}");
    }
    for bad in [
        "2011-04-19T00:00",
        "2011-04-19",
        "2011-04-19T24:00:01",
        "2011-04-19T00:00:60",
        "2011-04-19T00:00:00.",
        "2011-04-19 00:00:00",
        "2011-04-19T25:00:00",
    ] {
        assert!(!moment(MomentKind::DateTime, bad), "{bad}");
    }
    assert!(moment(MomentKind::Time, "13:20:00-05:00") && !moment(MomentKind::Time, "1:20:00"));
}

#[test]
fn parts_of_dates_have_their_own_forms() {
    let cases = [
        (MomentKind::YearMonth, "2024-02", "2024-2"),
        (MomentKind::Year, "2024Z", "24"),
        (MomentKind::MonthDay, "--02-29", "--02-30"),
        (MomentKind::Day, "---31", "--31"),
        (MomentKind::Month, "--12", "--13"),
    ];
    for (kind, good, bad) in cases {
        assert!(moment(kind, good), "{good}");
        assert!(!moment(kind, bad), "{bad}");
    }
}

#[test]
fn moments_with_and_without_zone_compare_only_when_every_zone_agrees() {
    let date_time = Primitive::Moment(MomentKind::DateTime);
    let at = |a, b| order(date_time, a, b);
    assert_eq!(at("2020-01-01T12:00:00Z", "2020-01-01T13:00:00+01:00"), Some(Ordering::Equal));
    assert_eq!(at("2020-01-01T12:00:00", "2020-01-01T12:00:00.5"), Some(Ordering::Less));
    assert_eq!(at("2020-01-01T12:00:00", "2020-01-01T12:00:00Z"), None);
    assert_eq!(at("2020-01-02T12:00:00", "2020-01-01T12:00:00Z"), Some(Ordering::Greater));
    assert_eq!(at("2020-01-01T24:00:00", "2020-01-02T00:00:00"), Some(Ordering::Equal));
}

#[test]
fn durations_are_ordered_where_every_month_agrees() {
    let at = |a, b| order(Primitive::Duration, a, b);
    assert_eq!(at("P1Y", "P12M"), Some(Ordering::Equal));
    assert_eq!(at("P1M", "P30D"), None);
    assert_eq!(at("P1M", "P32D"), Some(Ordering::Less));
    assert_eq!(at("-P1D", "PT0.5S"), Some(Ordering::Less));
    for bad in ["P", "PT", "1Y", "P1", "P1S", "P1M1Y", "P1YT", "P-1Y", "PT1.S", "P1.5Y", "PT1H1H"] {
        assert!(!Primitive::Duration.accepts(bad), "{bad}");
    }
}

#[test]
fn decimals_compare_by_value_and_keep_all_their_digits() {
    let at = |a, b| order(Primitive::Decimal, a, b);
    assert_eq!(at("1.0", "+01"), Some(Ordering::Equal));
    assert_eq!(at("-0", "0.00"), Some(Ordering::Equal));
    assert_eq!(at("-2", "-10"), Some(Ordering::Greater));
    assert_eq!(at("0.1", "0.09"), Some(Ordering::Greater));
    assert_eq!(
        at("123456789012345678901234567890", "123456789012345678901234567889.9"),
        Some(Ordering::Greater)
    );
    for bad in ["", "+", ".", "1e3", "1,5", "--1", "1.2.3", " 1"] {
        assert!(!Primitive::Decimal.accepts(bad), "{bad}");
    }
    let digits = |t| Decimal::parse(t).map(|d| (d.total_digits(), d.fraction_digits()));
    assert_eq!(digits("001.500"), Some((2, 1)));
    assert_eq!(digits("0.05"), Some((2, 2)));
    assert_eq!(digits("0"), Some((1, 0)));
}

#[test]
fn binary_values_are_counted_in_octets() {
    assert_eq!(Primitive::HexBinary.length("0aFF"), 2);
    assert!(!Primitive::HexBinary.accepts("0aF"));
    assert_eq!(Primitive::Base64Binary.length("Q U J D RA=="), 4);
    for bad in ["Q", "QQ", "QQ=", "QR==", "QUI", "QUJ=", "=QQQ", "Q*==", "QQ==QQ=="] {
        assert!(!Primitive::Base64Binary.accepts(bad), "{bad}");
    }
    let decoded = Primitive::Base64Binary.value("QUJD", &|_| None);
    assert_eq!(decoded, Some(Value::Binary(b"ABC".as_slice().into())));
    assert_eq!(Primitive::HexBinary.value("4142", &|_| None), Some(Value::Binary(b"AB".as_slice().into())));
}

#[test]
fn floats_are_those_of_the_standard_and_not_of_rust() {
    for good in ["1", "-1.5E3", "+.5e-2", "INF", "-INF", "NaN", "1."] {
        assert!(Primitive::Double.accepts(good), "{good}");
    }
    for bad in ["inf", "infinity", "nan", "+INF", "1e", "e1", "0x10", ""] {
        assert!(!Primitive::Double.accepts(bad), "{bad}");
    }
    let not_a_number = Primitive::Float.value("NaN", &|_| None).unwrap();
    assert!(not_a_number.same(&not_a_number));
}

#[test]
fn names_and_languages() {
    assert!(Lexical::Language.accepts("it-IT") && !Lexical::Language.accepts("it_IT"));
    assert!(
        Lexical::NmToken.accepts("1a:b") && !Lexical::NmToken.accepts("a b") && !Lexical::NmToken.accepts("")
    );
    assert!(Lexical::Name.accepts("a:b:c") && !Lexical::Name.accepts("1a"));
    assert!(Lexical::NcName.accepts("_a") && !Lexical::NcName.accepts("a:b"));
    assert!(Lexical::Integer.accepts("-12") && !Lexical::Integer.accepts("12.0"));
    assert!(Primitive::AnyUri.accepts("http://a/b c#d") && Primitive::AnyUri.accepts("urn:x:è"));
    assert!(
        !Primitive::AnyUri.accepts("a#b#c")
            && !Primitive::AnyUri.accepts("%zz")
            && !Primitive::AnyUri.accepts(":a")
    );
    let resolve = |prefix: &str| (prefix == "p").then(|| "u".to_owned());
    assert_eq!(Primitive::QName.value("p:a", &resolve), Some(Value::QName("u".into(), "a".into())));
    assert_eq!(Primitive::QName.value("q:a", &resolve), None);
}

#[test]
fn square_brackets_in_a_uri_hold_an_address_of_ipv6_and_nothing_else() {
    for good in ["http://[::1]", "http://[::1]/", "http://u@[2001:db8::1]:80/a?b#c", "//[::ffff:10.0.0.1]:/"]
    {
        assert!(Primitive::AnyUri.accepts(good), "{good}");
    }
    for bad in [
        "[",
        "]",
        "a[b]",
        "http://[",
        "http://a/[b]",
        "http://[::1].",
        "http://[::1]:a/",
        "http://[::1]/[",
        "http://[::1]?a]",
        "http://[::1]#[::1]",
        "http://[a]/",
        "http://[]/",
        "urn:[::1]",
        "a//[::1]/",
    ] {
        assert!(!Primitive::AnyUri.accepts(bad), "{bad}");
    }
}

#[test]
fn durations_are_compared_to_the_last_digit() {
    let order = |a: &str, b: &str| order(Primitive::Duration, a, b);
    assert_eq!(order("PT0.0000000001S", "PT0S"), Some(Ordering::Greater));
    assert_eq!(order("-PT0.0000000001S", "PT0S"), Some(Ordering::Less));
    assert_eq!(order("PT0S", "-PT0.0000000001S"), Some(Ordering::Greater));
    assert_eq!(order("-PT1.12345678902S", "-PT1.12345678901S"), Some(Ordering::Less));
    assert_eq!(order("PT1.12345678901S", "PT1.1234567890100S"), Some(Ordering::Equal));
    assert_eq!(order("PT0.9S", "PT0.10S"), Some(Ordering::Greater));
    assert_eq!(order("-PT0.9S", "PT0.1S"), Some(Ordering::Less));
}
