//! Mistakes in the files of a suite.

use std::fs;

use super::Suite;

#[test]
fn all_mistakes_are_told_at_once_each_with_its_line() {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("clauses.toml", "[[clause]]\nid = \"a\"\ntitle = \"t\"\nrule = \"r\"\n");
    write("base/uno.xml", "<a><b/></a>");
    write("setup/s/setup.toml", "mittente = \"Sole\"\ndestinatario = \"Luna\"\n");
    write("setup/s/services/parti.toml", "[[parte]]\nnome = \"Sole\"\n\n[[parte]]\nnome = \"Luna\"\n");
    write(
        "cases/c.toml",
        r#"setup = "s"
base = "uno"
clause = "a"

[[case]]
name = "one"
mutations = [{ remove = "z" }]
expect = { kind = "A" }

[[case]]
name = "two"
clause = "b"
mutations = [{ set = "b" }]
expect = { kind = "B" }

[[case]]
name = "three"
expct = { kind = "A" }

[[case]]
name = "four"
mutations = [{ cut = 1 }, { remove = "b" }]
expect = { kind = "A", busta = { Azione = true } }
"#,
    );
    let errors = Suite::load(folder.path(), None).unwrap_err();
    let mut seen: Vec<(usize, String)> =
        errors.iter().map(|e| (e.place.line.unwrap(), e.place.key.clone())).collect();
    seen.sort();
    let expected = [
        (7, "case[1].mutations[1]"),
        (12, "case[2].clause"),
        (13, "case[2].mutations[1]"),
        (14, "case[2].expect"),
        (16, "case[3].expect"),
        (18, "case[3].expct"),
        (22, "case[4].mutations[2]"),
        (23, "case[4].expect.busta"),
    ];
    assert_eq!(seen, expected.map(|(line, key)| (line, key.to_owned())), "{errors:#?}");
}
