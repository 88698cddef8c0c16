//! Values of simple types, from the text of the schema.

use roxmltree::Node;

use super::{Generator, Rng};

/// The facets of a type and of all it restricts.
#[derive(Default)]
struct Facets<'t> {
    listed: Vec<&'t str>,
    patterns: Vec<&'t str>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    min: Option<(&'t str, bool)>,
    max: Option<(&'t str, bool)>,
    fraction: Option<usize>,
}

impl<'t> Generator<'t> {
    /// A value of the type that a name means where `at` stands.
    pub(super) fn typed(&mut self, at: Node<'t, 't>, name: &str) -> String {
        match self.find("type", at, name) {
            Some(of) => self.simple(of),
            None => self.builtin(name.rsplit(':').next().unwrap()),
        }
    }

    /// A value of a `simpleType`.
    pub(super) fn simple(&mut self, of: Node<'t, 't>) -> String {
        let how =
            of.children().find(|c| matches!(c.tag_name().name(), "restriction" | "list" | "union")).unwrap();
        match how.tag_name().name() {
            "list" => {
                let count = self.rng.below(4);
                let items: Vec<String> = (0..count).map(|_| self.inner(how, "itemType")).collect();
                items.join(" ")
            }
            "union" => {
                let mut members: Vec<String> = Vec::new();
                for name in how.attribute("memberTypes").unwrap_or("").split_whitespace() {
                    members.push(self.typed(how, name));
                }
                for inline in how.children().filter(|c| c.tag_name().name() == "simpleType") {
                    members.push(self.simple(inline));
                }
                self.rng.pick(&members).clone()
            }
            _ => self.restricted(how),
        }
    }

    fn inner(&mut self, how: Node<'t, 't>, attribute: &str) -> String {
        match how.children().find(|c| c.tag_name().name() == "simpleType") {
            Some(inline) => self.simple(inline),
            None => self.typed(how, how.attribute(attribute).unwrap()),
        }
    }

    fn restricted(&mut self, how: Node<'t, 't>) -> String {
        let mut facets = Facets::default();
        let base = self.collect(how, &mut facets);
        if !facets.listed.is_empty() {
            return (*self.rng.pick(&facets.listed)).to_owned();
        }
        let Some(base) = base else {
            // A list or a union, restricted.
            return self.inner(how, "base");
        };
        for _ in 0..20 {
            let value = match facets.patterns.first() {
                Some(pattern) => from_pattern(pattern, &mut self.rng),
                None => self.bounded(&base, &facets),
            };
            let length = value.chars().count();
            if facets.min_length.is_none_or(|min| length >= min)
                && facets.max_length.is_none_or(|max| length <= max)
            {
                return value;
            }
        }
        "x".repeat(facets.min_length.unwrap_or(1))
    }

    /// Collects the facets of a restriction and of its bases; gives the built-in type at the bottom.
    fn collect(&self, how: Node<'t, 't>, facets: &mut Facets<'t>) -> Option<String> {
        let mut patterns = Vec::new();
        let mut listed = Vec::new();
        for facet in how.children().filter(|c| c.is_element()) {
            let Some(value) = facet.attribute("value") else { continue };
            let number = || value.parse::<usize>().ok();
            match facet.tag_name().name() {
                "enumeration" => listed.push(value),
                "pattern" => patterns.push(value),
                "length" => (facets.min_length, facets.max_length) = (number(), number()),
                "minLength" => facets.min_length = facets.min_length.or(number()),
                "maxLength" => facets.max_length = facets.max_length.or(number()),
                "minInclusive" => facets.min = facets.min.or(Some((value, true))),
                "minExclusive" => facets.min = facets.min.or(Some((value, false))),
                "maxInclusive" => facets.max = facets.max.or(Some((value, true))),
                "maxExclusive" => facets.max = facets.max.or(Some((value, false))),
                "fractionDigits" => facets.fraction = facets.fraction.or(number()),
                _ => {}
            }
        }
        if facets.listed.is_empty() {
            facets.listed = listed;
        }
        if facets.patterns.is_empty() && !patterns.is_empty() {
            facets.patterns = vec![patterns[how.range().start % patterns.len()]];
        }
        let inline = how.children().find(|c| c.tag_name().name() == "simpleType");
        let base = inline.or_else(|| self.find("type", how, how.attribute("base")?));
        match base {
            Some(base) => {
                let next = base.children().find(|c| c.tag_name().name() == "restriction")?;
                self.collect(next, facets)
            }
            None => how.attribute("base").map(|b| b.rsplit(':').next().unwrap().to_owned()),
        }
    }

    fn bounded(&mut self, base: &str, facets: &Facets<'_>) -> String {
        let min = facets.min.and_then(|(v, inclusive)| Some((v.parse::<i64>().ok()?, inclusive)));
        let max = facets.max.and_then(|(v, inclusive)| Some((v.parse::<i64>().ok()?, inclusive)));
        if min.is_some() || max.is_some() {
            let low = min.map_or(-9, |(v, inclusive)| if inclusive { v } else { v + 1 });
            let high = max.map_or(low + 9, |(v, inclusive)| if inclusive { v } else { v - 1 });
            let value = low + (self.rng.below((high - low).unsigned_abs() as usize + 1)) as i64;
            return if facets.fraction.is_some_and(|f| f > 0) && value < high && self.rng.once(2) {
                format!("{value}.5")
            } else {
                value.to_string()
            };
        }
        if facets.min.is_some() || facets.max.is_some() {
            let (value, _) = facets.min.or(facets.max).unwrap();
            return value.to_owned();
        }
        if facets.min_length.is_some() || facets.max_length.is_some() {
            let low = facets.min_length.unwrap_or(0);
            let high = facets.max_length.unwrap_or(low + 5);
            let length = *self.rng.pick(&[low, high, (low + high) / 2]);
            return match base {
                "hexBinary" => "0A".repeat(length),
                "base64Binary" => self.builtin(base),
                "NMTOKENS" | "IDREFS" => vec!["a"; length].join(" "),
                _ => (0..length).map(|_| *self.rng.pick(&['A', 'b', '3', 'ò', '-'])).collect(),
            };
        }
        self.builtin(base)
    }

    /// A value of a built-in type.
    pub(super) fn builtin(&mut self, name: &str) -> String {
        let mut pick = |values: &[&str]| (*self.rng.pick(values)).to_owned();
        match name {
            "boolean" => pick(&["true", "false", "1", "0", " true "]),
            "decimal" => pick(&["0", "-1.50", "+3", ".5", "5.", "100000000000000000000.1"]),
            "float" | "double" => pick(&["1", "-1.5E3", "INF", "NaN", "0.1"]),
            "date" => pick(&["2026-01-31", "2024-02-29", "1970-12-08Z", "2020-01-01+01:00"]),
            "dateTime" => {
                pick(&["2026-01-31T09:30:00", "2026-01-31T09:30:00.5Z", "2026-01-31T24:00:00+02:00"])
            }
            "time" => pick(&["09:30:00", "23:59:59.999Z"]),
            "gYear" => pick(&["2026", "-0044"]),
            "gYearMonth" => pick(&["2026-01"]),
            "gMonthDay" => pick(&["--02-29"]),
            "gDay" => pick(&["---31"]),
            "gMonth" => pick(&["--12"]),
            "duration" => pick(&["P1Y", "-P1DT2H", "PT0.5S"]),
            "hexBinary" => pick(&["", "0aFF"]),
            "base64Binary" => pick(&["", "Q0I=", "QUJD"]),
            "anyURI" => pick(&["urn:x", "http://a.it/b?c#d", ""]),
            "language" => pick(&["it", "it-IT"]),
            "NMTOKEN" => pick(&["a", "1-a"]),
            "NMTOKENS" => pick(&["a b", "a"]),
            "ID" | "IDREF" | "IDREFS" => pick(&["i1", "i2"]),
            "Name" | "NCName" | "QName" => pick(&["a", "_b"]),
            "token" | "normalizedString" => pick(&["a b", "  a  b ", "a"]),
            "byte" | "short" | "int" | "long" | "integer" => pick(&["0", "-128", "127", "+1", " 5 "]),
            "negativeInteger" | "nonPositiveInteger" => pick(&["-1", "-9999"]),
            "nonNegativeInteger" | "unsignedLong" | "unsignedInt" | "unsignedShort" | "unsignedByte" => {
                pick(&["0", "255", "7"])
            }
            "positiveInteger" => pick(&["1", "0000012"]),
            _ => pick(&["testo", "", " a b ", "è", "<&>\"'", "]]>", "a\tb\nc", "x"]),
        }
    }
}

/// A text that matches an expression, as far as this small reader of expressions goes.
fn from_pattern(pattern: &str, rng: &mut Rng) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    choice(&chars, &mut 0, rng, &mut out, true);
    out
}

/// Reads alternatives up to `)` or the end; writes one of them.
fn choice(chars: &[char], at: &mut usize, rng: &mut Rng, out: &mut String, keep: bool) {
    let mut texts = Vec::new();
    loop {
        let mut text = String::new();
        while *at < chars.len() && chars[*at] != '|' && chars[*at] != ')' {
            piece(chars, at, rng, &mut text);
        }
        texts.push(text);
        if chars.get(*at) != Some(&'|') {
            break;
        }
        *at += 1;
    }
    if keep {
        let chosen = rng.pick(&texts).clone();
        out.push_str(&chosen);
    }
}

fn piece(chars: &[char], at: &mut usize, rng: &mut Rng, out: &mut String) {
    let start = *at;
    let mut one = String::new();
    atom(chars, at, rng, &mut one);
    let (min, max) = quantifier(chars, at);
    let after = *at;
    let times = match rng.below(3) {
        0 => min,
        1 => max,
        _ => min + rng.below(max - min + 1),
    };
    for _ in 0..times {
        *at = start;
        one.clear();
        atom(chars, at, rng, &mut one);
        out.push_str(&one);
    }
    *at = after;
}

fn quantifier(chars: &[char], at: &mut usize) -> (usize, usize) {
    let bounds = match chars.get(*at) {
        Some('?') => (0, 1),
        Some('*') => (0, 3),
        Some('+') => (1, 4),
        Some('{') => {
            let end = *at + chars[*at..].iter().position(|c| *c == '}').unwrap();
            let inside: String = chars[*at + 1..end].iter().collect();
            *at = end;
            let (min, max) = inside.split_once(',').unwrap_or((&inside, &inside));
            let min: usize = min.parse().unwrap();
            (min, max.parse().unwrap_or(min + 3))
        }
        _ => return (1, 1),
    };
    *at += 1;
    bounds
}

fn atom(chars: &[char], at: &mut usize, rng: &mut Rng, out: &mut String) {
    let c = chars[*at];
    *at += 1;
    match c {
        '(' => {
            choice(chars, at, rng, out, true);
            *at += 1;
        }
        '[' => out.push(class(chars, at, rng)),
        '.' => out.push(*rng.pick(&['a', '.', '5', 'è'])),
        '\\' => out.push(escape(chars, at, rng)),
        c => out.push(c),
    }
}

fn escape(chars: &[char], at: &mut usize, rng: &mut Rng) -> char {
    let c = chars[*at];
    *at += 1;
    match c {
        'd' => *rng.pick(&['0', '1', '5', '9']),
        's' => ' ',
        'S' | 'w' | 'i' | 'c' => *rng.pick(&['a', 'Z']),
        'D' | 'W' => '-',
        'n' => '\n',
        't' => '\t',
        'p' | 'P' => {
            *at += chars[*at..].iter().position(|c| *c == '}').unwrap() + 1;
            'A'
        }
        c => c,
    }
}

fn class(chars: &[char], at: &mut usize, rng: &mut Rng) -> char {
    let negated = chars[*at] == '^';
    let mut members = Vec::new();
    while chars[*at] != ']' {
        let mut first = chars[*at];
        *at += 1;
        if first == '\\' {
            first = escape(chars, at, rng);
        }
        if chars[*at] == '-' && chars[*at + 1] != ']' && chars[*at + 1] != '[' {
            *at += 1;
            let mut last = chars[*at];
            *at += 1;
            if last == '\\' {
                last = escape(chars, at, rng);
            }
            members.extend([first, last]);
        } else if chars[*at] == '-' && chars[*at + 1] == '[' {
            *at += 2;
            class(chars, at, rng);
        } else {
            members.push(first);
        }
    }
    *at += 1;
    if negated { 'q' } else { *rng.pick(&members) }
}
