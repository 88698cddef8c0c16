//! `${NAME}` in the strings of the configuration.
//!
//! `${NAME}` must be set; `${NAME:-default}` need not; `${NAME:?message}` says why it must; `$${` is a plain `${`.
//! A value with a control character is refused: a variable must not bring lines of its own into a file or a log.

use std::borrow::Cow;

/// Answers what a variable is.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// Not set, and without a default.
    #[error("the environment variable {name} is not set{}", .message.as_deref().map(|m| format!(": {m}")).unwrap_or_default())]
    Unset {
        /// Its name.
        name: String,
        /// What the file says of it.
        message: Option<String>,
    },
    /// Holds a line end or another control character.
    #[error("the environment variable {name} holds a control character")]
    Control {
        /// Its name.
        name: String,
    },
    /// `${` without a name and a `}`.
    #[error("wanted ${{NAME}}, ${{NAME:-default}} or ${{NAME:?message}} (a plain ${{ is written $${{)")]
    Malformed,
}

/// The text with its variables replaced.
///
/// # Errors
/// A variable is unset, unusable, or not well written.
pub fn expand<'t>(text: &'t str, lookup: Lookup<'_>) -> Result<Cow<'t, str>, VariableError> {
    if !text.contains("${") {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = from.get(2..).unwrap_or_default();
            continue;
        }
        out.push_str(before);
        let end = from.find('}').ok_or(VariableError::Malformed)?;
        let value = resolve(from.get(2..end).unwrap_or_default(), lookup)?;
        out.push_str(&value);
        rest = from.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// Whether the text is one variable and nothing else, without a default: the only way to write a secret in a file.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    text.strip_prefix("${").and_then(|t| t.strip_suffix('}')).is_some_and(|inner| {
        let name = inner.split_once(":?").map_or(inner, |(name, _)| name);
        is_name(name) && !inner.contains('}')
    })
}

fn resolve(inner: &str, lookup: Lookup<'_>) -> Result<String, VariableError> {
    let (name, otherwise) = match inner.split_once(':') {
        Some((name, otherwise)) => (name, Some(otherwise)),
        None => (inner, None),
    };
    if !is_name(name) {
        return Err(VariableError::Malformed);
    }
    let (default, message) = match otherwise.map(|o| (o.strip_prefix('-'), o.strip_prefix('?'))) {
        None => (None, None),
        Some((None, None)) => return Err(VariableError::Malformed),
        Some(found) => found,
    };
    let value = lookup(name)
        .or_else(|| default.map(str::to_owned))
        .ok_or_else(|| VariableError::Unset { name: name.to_owned(), message: message.map(str::to_owned) })?;
    if value.chars().any(char::is_control) {
        return Err(VariableError::Control { name: name.to_owned() });
    }
    Ok(value)
}

fn is_name(name: &str) -> bool {
    name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str) -> Option<String> {
        match name {
            "HOST" => Some("nodo.example".into()),
            "LINES" => Some("a\nb".into()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_replaced_wherever_they_stand() {
        let cases = [
            ("https://${HOST}/x", "https://nodo.example/x"),
            ("${HOST}${HOST}", "nodo.examplenodo.example"),
            ("${PORT:-8080}", "8080"),
            ("${HOST:-8080}", "nodo.example"),
            ("$${HOST}", "${HOST}"),
            ("$HOST $", "$HOST $"),
        ];
        for (text, expected) in cases {
            assert_eq!(expand(text, &given).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let unset = expand("${PORT:?the port of the node}", &given).unwrap_err();
        assert_eq!(unset.to_string(), "the environment variable PORT is not set: the port of the node");
        assert!(matches!(expand("${PORT}", &given), Err(VariableError::Unset { message: None, .. })));
        assert!(matches!(expand("${LINES}", &given), Err(VariableError::Control { .. })));
        for text in ["${", "${}", "${1A}", "${A:x}", "${A B}"] {
            assert_eq!(expand(text, &given), Err(VariableError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_secret_is_one_variable_and_nothing_else() {
        assert!(is_reference("${A}") && is_reference("${A:?why}"));
        for text in ["hunter2", "x${A}", "${A}x", "${A:-hunter2}", "${A}${B}", "$${A}", ""] {
            assert!(!is_reference(text), "{text}");
        }
    }
}
