//! `validate`: is each document what its schema wants?

use std::path::Path;

use jiff::Timestamp;

use super::arguments::ValidateArguments;
use super::finding::{Finding, START};
use super::form::{Asking, Form};
use super::stdout::print;
use super::{Exit, input, settings};
use crate::clock;
use crate::schema;
use crate::xml::encoding;

pub(super) fn run(config: Option<&Path>, arguments: &ValidateArguments) -> Exit {
    let (config, knowledge) = match settings::open(config).and_then(|config| {
        let knowledge = settings::knowledge(&config)?;
        Ok((config, knowledge))
    }) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let giorno = clock::in_rome(Timestamp::now()).date();
    let asking = Asking { knowledge: &knowledge, limits: &config.limits, giorno };
    let mut exit = Exit::Done;
    for file in &arguments.files {
        let bytes = match input::read(file) {
            Ok(bytes) => bytes,
            Err(unreadable) => {
                exit = unreadable;
                continue;
            }
        };
        let name = input::name(file);
        let findings = findings(&bytes, asking);
        if findings.is_empty() {
            print(&format!("{name}: valid\n"));
        } else {
            findings.iter().for_each(|finding| print(&format!("{name}:{finding}\n")));
            // A file that could not be read says more: nothing is known of it.
            exit = if exit == Exit::Unavailable { exit } else { Exit::Refused };
        }
    }
    exit
}

/// Everything that is wrong with a file.
fn findings(bytes: &[u8], asking: Asking<'_>) -> Vec<Finding> {
    let text = match encoding::decode(bytes, None) {
        Ok(text) => text,
        Err(error) => return vec![Finding::not_text(&error)],
    };
    if matches!(text.trim_start().chars().next(), Some('{' | '[')) {
        let hint = "this is JSON; `egov-bridge translate --to xml` validates it and shows it as XML";
        return vec![Finding::new(START, "/", "xml", hint)];
    }
    let form = match Form::recognise(&text, asking) {
        Ok(form) => form,
        Err(findings) => return findings,
    };
    let mut findings = form.findings.clone();
    findings.extend(match schema::validate(&form.plan, form.reader(asking.limits)) {
        Ok(()) => Vec::new(),
        Err(refusal) => form.refused(refusal.into(), asking.limits),
    });
    findings
}
