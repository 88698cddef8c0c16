//! The HTTP header `SOAPAction` (SOAP 1.1 §6.1.1).

/// What came in the header. Its presence is what is asked of a sender; its value is compared with nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SoapAction {
    /// No such header.
    Absent,
    /// Nothing, white space, or an empty pair of quotes: no intent stated.
    Blank,
    /// A value, quotes removed.
    Value(String),
}

impl SoapAction {
    /// Reads the header's value.
    #[must_use]
    pub fn read(header: Option<&str>) -> Self {
        let Some(header) = header else { return Self::Absent };
        let value = header.trim_matches([' ', '\t']);
        let bare = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        if bare.trim().is_empty() { Self::Blank } else { Self::Value(bare.to_owned()) }
    }

    /// Whether the header was there at all.
    #[must_use]
    pub fn is_present(&self) -> bool {
        *self != Self::Absent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_not_absent() {
        assert!(!SoapAction::read(None).is_present());
        for blank in ["", " ", "\"\"", "\" \""] {
            assert_eq!(SoapAction::read(Some(blank)), SoapAction::Blank, "{blank:?}");
        }
        for value in ["\"invioSAP\"", "invioSAP", " \"invioSAP\" "] {
            assert_eq!(SoapAction::read(Some(value)), SoapAction::Value("invioSAP".into()));
        }
        assert_eq!(SoapAction::read(Some("\"x")), SoapAction::Value("\"x".into()));
    }
}
