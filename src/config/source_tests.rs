use std::path::Path;

use serde::Deserialize;

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    name: String,
    port: u16,
    inner: Inner,
    list: Vec<Inner>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Inner {
    key_password: String,
    names: Vec<String>,
    on: bool,
}

fn parse(text: &str) -> (File, Vec<String>) {
    let lookup = |name: &str| (name == "NAME").then(|| "expanded".to_owned());
    let (file, _, mistakes) = Source::new(Path::new("f.toml"), text).parse::<File>(Some(&lookup));
    (file, mistakes.iter().map(ToString::to_string).collect())
}

#[test]
fn every_mistake_of_a_file_is_found_in_one_run() {
    let text = "\
name = 3
prot = 80
port = 70000

[inner]
on = 'yes'
names = ['a', 4]
more = { a = 1 }

[[list]]
on = true

[[list]]
off = true

[other]
x = 1
";
    let (file, mistakes) = parse(text);
    let expected = [
        "f.toml:1: name: wanted a string; seen 3",
        "f.toml:2: prot: no such key; wanted name, port, inner, list (did you mean `port`?); seen 80",
        "f.toml:3: port: wanted u16; seen 70000",
        "f.toml:6: inner.on: wanted a boolean; seen 'yes'",
        "f.toml:7: inner.names[2]: wanted a string; seen 4",
        "f.toml:8: inner.more: no such key; wanted key_password, names, on; seen { a = 1 }",
        "f.toml:14: list[2].off: no such key; wanted key_password, names, on (did you mean `on`?); seen true",
        "f.toml:16: other: no such key; wanted name, port, inner, list",
    ];
    let mut sorted = mistakes.clone();
    sorted.sort_by_key(|m| m.split(':').nth(1).and_then(|line| line.parse::<u32>().ok()));
    assert_eq!(sorted.len(), expected.len(), "{sorted:#?}");
    for (seen, expected) in sorted.iter().zip(expected) {
        assert!(seen.starts_with(expected), "{seen}\nis not\n{expected}");
    }
    // What was right is still read.
    assert_eq!((file.list.len(), file.list[0].on), (2, true));
}

#[test]
fn all_syntax_errors_are_told_with_their_lines() {
    let (_, mistakes) = parse("name = \nport = 1\n[inner\nx\n");
    assert!(mistakes.len() >= 2, "{mistakes:?}");
    assert!(mistakes[0].starts_with("f.toml:1: not TOML: "), "{mistakes:?}");
}

#[test]
fn a_key_given_twice_is_a_mistake() {
    let (_, mistakes) = parse("name = 'a'\nname = 'b'\n");
    assert!(mistakes[0].starts_with("f.toml:2: not TOML: duplicate key"), "{mistakes:?}");
}

#[test]
fn secrets_and_expansions_are_not_quoted() {
    let (file, mistakes) = parse("name = '${NAME}'\n[inner]\nkey_password = 5\n");
    assert_eq!(file.name, "expanded");
    assert_eq!(mistakes, ["f.toml:3: inner.key_password: wanted a string; seen (not shown)"]);
    let (_, mistakes) = parse("port = '${NAME}'\n");
    assert_eq!(mistakes, ["f.toml:1: port: wanted u16; seen '${NAME}'"]);
    assert_eq!(hide_userinfo("\"https://u:p@host/\"".into()), "\"https://…@host/\"");
}

#[test]
fn an_absent_key_is_placed_at_the_nearest_table_above_it() {
    let text = "name = 'a'\n[inner]\non = true\n[[list]]\n[[list]]\n";
    let (_, places, _) = Source::new(Path::new("f.toml"), text).parse::<File>(None);
    assert_eq!(places.place("inner.names").line, Some(2));
    assert_eq!(places.place("list[2].on").line, Some(5));
    assert_eq!(places.place("port").line, None);
    assert_eq!(places.seen("inner.names"), "");
}

#[test]
fn a_file_that_cannot_be_read_is_one_mistake() {
    let mistake = Source::read(Path::new("/nowhere/f.toml")).unwrap_err();
    assert_eq!(mistake.to_string(), "/nowhere/f.toml: cannot be read: entity not found");
}
