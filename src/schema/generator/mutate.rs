//! One or two changes that mostly make a valid document invalid.

use super::{Elem, Kid, Rng};

/// Texts that lie near the edge of some datatype.
const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "SI",
    "NO",
    "S",
    "0",
    "1",
    "-1",
    "+1",
    "01",
    "1.0",
    "1.50",
    "0.05",
    ".5",
    "5.",
    "1e3",
    "INF",
    "NaN",
    "2024-02-29",
    "2023-02-29",
    "2024-2-1",
    "2024-01-01Z",
    "2024-01-01T00:00:00",
    "2024-01-01T24:00:00",
    "2024-01-01T00:00:00.123+01:00",
    "2024-01-01T00:00:00+14:00",
    "true",
    "false",
    "TRUE",
    "12345",
    "123456",
    "1234",
    "AAAAAA00A00A000A",
    "00000000000",
    "a@b.it",
    "a@b",
    "Z404",
    "0000",
    " a",
    "a ",
    "a  b",
    "a\tb",
    "a\nb",
    "è",
    "òro",
    "2147483647",
    "2147483648",
    "-2147483648",
    "256",
    "255",
    "99999999999999999999999999",
    "--02-29",
    "---31",
    "P1Y",
    "PT1S",
    "P",
    "Q0I=",
    "Q0I",
    "0aF",
    "0aFF",
    "it-IT",
    "_a",
    "1a",
    "a:b",
    "urn:x",
    "%zz",
    "13:20:00",
    "24:00:00",
];

/// Changes a document.
pub(crate) fn mutate(document: &mut Elem, rng: &mut Rng) {
    for _ in 0..=rng.below(2) {
        let target = rng.below(document.count());
        let mut number = 0;
        let mut choice = Rng::new(rng.below(1 << 30) as u64);
        document.each(&mut |elem| {
            if number == target {
                change(elem, &mut choice);
            }
            number += 1;
        });
    }
}

fn change(elem: &mut Elem, rng: &mut Rng) {
    let kids = elem.kids.len();
    match rng.below(16) {
        0 | 1 if kids > 0 => {
            elem.kids.remove(rng.below(kids));
        }
        2 if kids > 0 => {
            let kid = elem.kids[rng.below(kids)].clone();
            let at = rng.below(kids + 1);
            elem.kids.insert(at, kid);
        }
        3 if kids > 0 => {
            let at = rng.below(kids);
            let kid = elem.kids[at].clone();
            elem.kids.insert(at, kid);
        }
        4 if kids > 1 => {
            let (a, b) = (rng.below(kids), rng.below(kids));
            elem.kids.swap(a, b);
        }
        5 => elem.local = format!("{}X", elem.local),
        6 => elem.namespace = if elem.namespace.is_empty() { "urn:altro".into() } else { String::new() },
        7 if !elem.attributes.is_empty() => {
            elem.attributes.remove(rng.below(elem.attributes.len()));
        }
        8 => elem.attributes.push((String::new(), format!("nuovo{}", rng.below(9)), "x".into())),
        9 | 10 if !elem.attributes.is_empty() => {
            let at = rng.below(elem.attributes.len());
            elem.attributes[at].2 = text(&elem.attributes[at].2, rng);
        }
        11 => elem.kids.insert(rng.below(kids + 1), Kid::Text((*rng.pick(TEXTS)).into())),
        12 => elem.kids.insert(rng.below(kids + 1), Kid::Elem(Elem::new(&elem.namespace.clone(), "Intruso"))),
        _ => {
            for kid in &mut elem.kids {
                if let Kid::Text(value) = kid {
                    *value = text(value, rng);
                }
            }
        }
    }
}

/// A value near the one it was.
fn text(value: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = value.chars().collect();
    match rng.below(6) {
        0 => (*rng.pick(TEXTS)).to_owned(),
        1 if !chars.is_empty() => {
            chars.remove(rng.below(chars.len()));
            chars.into_iter().collect()
        }
        2 => {
            chars.insert(
                rng.below(chars.len() + 1),
                *rng.pick(&['0', 'A', 'a', ' ', '.', '-', 'è', '9', '@']),
            );
            chars.into_iter().collect()
        }
        3 if !chars.is_empty() => {
            let at = rng.below(chars.len());
            chars[at] = *rng.pick(&['0', 'A', 'z', ' ', '_', 'ò']);
            chars.into_iter().collect()
        }
        4 => value.repeat(2),
        _ => value.to_lowercase(),
    }
}
