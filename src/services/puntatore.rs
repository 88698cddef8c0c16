//! JSON Pointer (RFC 6901), checked once and followed many times.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// A place in a JSON document. Never the whole document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pointer {
    text: String,
    tokens: Vec<String>,
}

/// A text that is not a pointer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// Does not begin with `/`.
    #[error("a JSON pointer begins with /")]
    NoSlash,
    /// `~` is followed by neither 0 nor 1.
    #[error("in a JSON pointer ~ is written ~0, and / within a name ~1")]
    Escape,
    /// A member without a name.
    #[error("a name between two / is empty")]
    EmptyName,
}

impl Pointer {
    /// What stands there; `null` is nothing.
    #[must_use]
    pub fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.pointer(&self.text).filter(|found| !found.is_null())
    }

    /// Puts a value there, making the objects above it. What is no object on the way is replaced by one.
    pub fn set(&self, root: &mut Value, value: Value) {
        let mut at = root;
        for token in &self.tokens {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Value::Object(members) = at else { return };
            at = members.entry(token.as_str()).or_insert(Value::Null);
        }
        *at = value;
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let rest = text.strip_prefix('/').ok_or(PointerError::NoSlash)?;
        let mut tokens = Vec::new();
        for token in rest.split('/') {
            if token.is_empty() {
                return Err(PointerError::EmptyName);
            }
            if token.split('~').skip(1).any(|after| !after.starts_with(['0', '1'])) {
                return Err(PointerError::Escape);
            }
            tokens.push(token.replace("~1", "/").replace("~0", "~"));
        }
        Ok(Self { text: text.to_owned(), tokens })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_somewhere_is_found_there() {
        let mut root = serde_json::json!({"esito": null, "x": "y"});
        let codice: Pointer = "/esito/codice".parse().unwrap();
        assert_eq!(codice.get(&root), None);
        codice.set(&mut root, Value::from("OK"));
        assert_eq!(codice.get(&root), Some(&Value::from("OK")));
        let odd: Pointer = "/a~1b/~01".parse().unwrap();
        odd.set(&mut root, Value::from("z"));
        assert_eq!(root, serde_json::json!({"esito": {"codice": "OK"}, "x": "y", "a/b": {"~1": "z"}}));
        assert_eq!(odd.get(&root), Some(&Value::from("z")));
    }

    #[test]
    fn null_is_nothing() {
        let root = serde_json::json!({"a": null});
        assert_eq!("/a".parse::<Pointer>().unwrap().get(&root), None);
    }

    #[test]
    fn what_is_no_pointer_is_refused() {
        let cases = [
            ("", PointerError::NoSlash),
            ("a", PointerError::NoSlash),
            ("/", PointerError::EmptyName),
            ("/a//b", PointerError::EmptyName),
            ("/a~", PointerError::Escape),
            ("/a~2", PointerError::Escape),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Pointer>(), Err(expected), "{text:?}");
        }
    }
}
