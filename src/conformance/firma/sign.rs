//! The words in braces that sign a message, said when all its other words have been.
//!
//! | word | is |
//! | --- | --- |
//! | `{certificate@NAME}` | the certificate of that party, base64; `stranger` has one of an authority that nobody knows |
//! | `{digest@ID}` | in a `DigestValue`: the digest of the element with that `wsu:Id` |
//! | `{signature@NAME}` | in a `SignatureValue`: the signature of the `SignedInfo` beside it by the key of that party |
//!
//! What is digested and signed is exclusive canonical text, with the `DigestMethod` and `SignatureMethod` that stand there.

use openssl::base64;
use openssl::error::ErrorStack;
use roxmltree::{Document, Node};

use super::{DS, Keys, KeysError, WSU, algorithm, canonical};

/// A message cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// There are no keys.
    #[error("there are no keys to sign with")]
    NoKeys,
    /// A key cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// OpenSSL refuses.
    #[error(transparent)]
    Refused(#[from] ErrorStack),
    /// The message cannot be read.
    #[error("what is to be signed is not XML: {0}")]
    NotXml(#[from] roxmltree::Error),
    /// There is nothing of that name.
    #[error("{{{0}}} does not stand where it means something, or names nothing")]
    Nothing(String),
}

/// Whether a message has words that sign it.
pub(in crate::conformance) fn is_signed(text: &str) -> bool {
    ["{certificate@", "{signature@"].iter().any(|word| text.contains(word))
}

/// Says the words that sign a message.
pub(in crate::conformance) fn sign(text: &mut String, keys: Option<&Keys>) -> Result<(), SigningError> {
    if !is_signed(text) {
        return Ok(());
    }
    let keys = keys.ok_or(SigningError::NoKeys)?;
    let certificate = |nome: &str, _: &Document<'_>| Ok(keys.certificate(nome)?.to_der()?);
    say(text, "certificate", &certificate)?;
    say(text, "digest", &|id, message| digest(id, message))?;
    say(text, "signature", &|nome, message| signature(nome, message, keys))
}

/// The octets that a word stands for, of what it is given and the message as it is so far.
type Saying<'s> = dyn Fn(&str, &Document<'_>) -> Result<Vec<u8>, SigningError> + 's;

/// Says all words `{what@…}`, each by what it is given.
fn say(text: &mut String, what: &str, saying: &Saying<'_>) -> Result<(), SigningError> {
    let begin = format!("{{{what}@");
    let mut said: Vec<(String, String)> = Vec::new();
    let message = Document::parse(envelope(text))?;
    for (at, _) in text.match_indices(&begin) {
        let rest = text.get(at + begin.len()..).unwrap_or_default();
        let Some((given, _)) = rest.split_once('}') else { continue };
        let value = base64::encode_block(&saying(given, &message)?);
        said.push((format!("{begin}{given}}}"), value));
    }
    for (word, value) in said {
        *text = text.replace(&word, &value);
    }
    Ok(())
}

/// The XML of a message, which may be the first part of a package.
fn envelope(text: &str) -> &str {
    let start = text.find("<?xml").unwrap_or(0);
    let end = text.rfind("Envelope>").map_or(text.len(), |at| at + "Envelope>".len());
    text.get(start..end).unwrap_or(text)
}

fn digest(id: &str, message: &Document<'_>) -> Result<Vec<u8>, SigningError> {
    let nothing = || SigningError::Nothing(format!("digest@{id}"));
    let digested = message.descendants().find(|at| at.attribute((WSU, "Id")) == Some(id));
    let word = format!("{{digest@{id}}}");
    let reference = parent_of(message, "DigestValue", &word).ok_or_else(nothing)?;
    let transforms = reference.descendants().filter(|at| at.has_tag_name((DS, "Transform")));
    let prefixes: Vec<&str> = transforms.flat_map(canonical::prefixes).collect();
    let octets = canonical::exclusive(digested.ok_or_else(nothing)?, &prefixes);
    algorithm::digest(algorithm_of(reference, "DigestMethod"), octets.as_bytes()).ok_or_else(nothing)
}

fn signature(nome: &str, message: &Document<'_>, keys: &Keys) -> Result<Vec<u8>, SigningError> {
    let nothing = || SigningError::Nothing(format!("signature@{nome}"));
    let word = format!("{{signature@{nome}}}");
    let signature = parent_of(message, "SignatureValue", &word).ok_or_else(nothing)?;
    let info = signature.children().find(|at| at.has_tag_name((DS, "SignedInfo"))).ok_or_else(nothing)?;
    let octets = canonical::exclusive(info, &[]);
    let method = algorithm_of(info, "SignatureMethod");
    Ok(algorithm::sign(method, keys.key(nome)?.as_ref(), octets.as_bytes())?)
}

/// What holds the element of XML Signature that has the word for content.
fn parent_of<'d>(message: &'d Document<'_>, name: &str, word: &str) -> Option<Node<'d, 'd>> {
    let is_it = |at: &Node<'_, '_>| at.has_tag_name((DS, name)) && at.text() == Some(word);
    message.descendants().find(is_it)?.parent()
}

fn algorithm_of<'a>(parent: Node<'a, '_>, name: &str) -> &'a str {
    let method = parent.children().find(|at| at.has_tag_name((DS, name)));
    method.and_then(|method| method.attribute("Algorithm")).unwrap_or_default()
}
