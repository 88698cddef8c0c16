//! The message of a case, read and changed.

use std::fs;
use std::sync::Arc;

use super::Loading;
use crate::config::source::Places;
use crate::conformance::case::Message;
use crate::conformance::mutate;
use crate::conformance::mutation::{ByteChange, Mutation};
use crate::conformance::problem::Problem;
use crate::conformance::raw::RawMutation;

impl Loading {
    pub(super) fn base(&mut self, name: &str, places: &Places, key: &str) -> Option<Message> {
        if name.is_empty() {
            let wanted = "the name of a base message, or `request`, a file";
            self.wrong(places.mistake(key, Problem::Missing { wanted }));
            return None;
        }
        self.request(&format!("base/{name}.xml"), places, key)
    }

    pub(super) fn request(&mut self, name: &str, places: &Places, key: &str) -> Option<Message> {
        let read = self.find(name).ok_or(std::io::ErrorKind::NotFound);
        match read.and_then(|path| fs::read(path).map_err(|error| error.kind())) {
            Ok(bytes) => Some(match String::from_utf8(bytes) {
                Ok(text) => Message::Template(Arc::from(text)),
                Err(error) => Message::Exact(Arc::from(error.into_bytes())),
            }),
            Err(kind) => {
                self.wrong(places.mistake(key, Problem::Unreadable { file: name.to_owned(), kind }));
                None
            }
        }
    }

    pub(super) fn mutate(
        &mut self,
        message: &mut Message,
        bytes: &mut Vec<ByteChange>,
        mutations: Vec<RawMutation>,
        places: &Places,
        key: &str,
    ) {
        if mutations.is_empty() {
            return;
        }
        let mut text = match message {
            Message::Template(text) => Some(text.to_string()),
            Message::Exact(_) => None,
        };
        for (index, raw) in mutations.into_iter().enumerate() {
            let key = format!("{key}.mutations[{}]", index + 1);
            match (Mutation::read(raw), &mut text) {
                (Err(problem), _) => self.wrong(places.mistake(&key, problem)),
                (Ok(Mutation::Bytes(change)), _) => bytes.push(change),
                (Ok(Mutation::Text(change)), Some(text)) if bytes.is_empty() => {
                    if let Err(error) = mutate::text(text, &change) {
                        self.wrong(places.mistake(&key, error.into()));
                        return;
                    }
                }
                (Ok(Mutation::Text(_)), _) => {
                    let why = "the text is bytes by now; changes of bytes come last";
                    self.wrong(places.mistake(&key, Problem::Superfluous { why }));
                }
            }
        }
        if let Some(text) = text {
            *message = Message::Template(Arc::from(text));
        }
    }
}
