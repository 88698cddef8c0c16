//! The name that an attribute or a child element has in the JSON nativo.
//!
//! It is the property name that the XJC compiler gives: parts joined in camel case, leading capitals lowered. The
//! published examples know two exceptions, which are data here. The rule stands with the schemas and not with the
//! translation because two members of one name in one type are an error of the schema, found when it is loaded.

/// XML names whose JSON name is not the rule's.
const EXCEPTIONS: [(&str, &str); 2] = [("e-mail", "email"), ("e-mailDelegato", "emailDelegato")];

/// The member that holds the text of an element that also has attributes.
pub(crate) const VALUE: &str = "value";
/// The member that says that an element is nil.
pub(crate) const NIL: &str = "nil";
/// The member that holds an element verbatim.
pub(crate) const XML: &str = "xml";

/// The JSON name of an XML name.
pub(crate) fn of(local: &str) -> String {
    if let Some((_, name)) = EXCEPTIONS.iter().find(|(xml, _)| *xml == local) {
        return (*name).to_owned();
    }
    let mut joined = String::with_capacity(local.len());
    for part in local.split(['-', '_', '.']).filter(|p| !p.is_empty()) {
        let mut chars = part.chars();
        match chars.next() {
            Some(first) if !joined.is_empty() => joined.extend(first.to_uppercase()),
            Some(first) => joined.push(first),
            None => {}
        }
        joined.push_str(chars.as_str());
    }
    if joined.is_empty() {
        // A name of separators only has no camel case.
        return local.to_owned();
    }
    lower_leading_capitals(&joined)
}

/// A run of capitals is lowered, save its last one where a small letter follows: that one begins the next word. A run
/// of one is lowered in either case.
fn lower_leading_capitals(name: &str) -> String {
    let capitals = name.chars().take_while(|c| c.is_uppercase()).count();
    let word_follows = name.chars().nth(capitals).is_some_and(char::is_lowercase);
    let lowered = if word_follows && capitals > 1 { capitals - 1 } else { capitals };
    let mut out = String::with_capacity(name.len());
    for (index, c) in name.chars().enumerate() {
        if index < lowered {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn names_are_those_of_the_published_examples() {
        for (xml, json) in [
            ("codice-fiscale", "codiceFiscale"),
            ("PatINAIL", "patINAIL"),
            ("TipologiaContrattuale", "tipologiaContrattuale"),
            ("CFSoggettoPromotore", "cfSoggettoPromotore"),
            ("extraCE", "extraCE"),
            ("dataScadenzaPS", "dataScadenzaPS"),
            ("ModelloQ", "modelloQ"),
            ("e-mail", "email"),
            ("e-mailDelegato", "emailDelegato"),
            ("voceTariffa_1", "voceTariffa1"),
            ("PECemail", "peCemail"),
            ("PATEnteAssicurativo", "patEnteAssicurativo"),
            ("dicuiinforzaal17012000", "dicuiinforzaal17012000"),
            ("politiche_attive_lst", "politicheAttiveLst"),
            ("ID", "id"),
            ("N00", "n00"),
            ("_x", "x"),
            ("_", "_"),
        ] {
            assert_eq!(of(xml), json);
        }
    }
}
