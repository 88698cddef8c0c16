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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Knowledge;
    use crate::config;
    use crate::xml::Limits;

    fn lines(text: &str) -> Vec<String> {
        let directories = config::embedded(Path::new("")).unwrap().directories;
        let knowledge = Knowledge::load(&directories).unwrap();
        let giorno = jiff::civil::date(2026, 11, 21);
        let asking = Asking { knowledge: &knowledge, limits: &Limits::default(), giorno };
        findings(text.as_bytes(), asking).iter().map(ToString::to_string).collect()
    }

    const CAP: &str = include_str!("../../samples/documenti/non-validi/scheda-cap-corto.xml");
    const CAP_ENVELOPE: &str = include_str!("../../samples/rifiutati/invioSAP-scheda-non-valida.xml");

    #[test]
    fn a_violation_is_one_line_with_its_place() {
        let path = "/lavoratore/datianagrafici[1]/domicilio[1]/cap[1]";
        assert_eq!(lines(CAP), [format!("21:12: {path}: length: cap: 4 characters, 5 needed")]);
    }

    #[test]
    fn in_an_envelope_the_place_is_that_of_the_whole_file() {
        let lines = lines(CAP_ENVELOPE);
        let place: Vec<&str> = lines[0].splitn(3, ':').collect();
        let line = CAP_ENVELOPE.lines().nth(place[0].parse::<usize>().unwrap() - 1).unwrap();
        let column = place[1].parse::<usize>().unwrap() - 1;
        let before: String = line.chars().take(column).collect();
        assert!(before.ends_with("&lt;cap&gt;"), "{line:?} at {column}");
    }

    #[test]
    fn envelopes_of_every_dress_are_valid_and_replies_are_judged_by_their_contract() {
        for envelope in [
            include_str!("../../samples/invioSAP.xml"),
            include_str!("../../samples/invioSAP-cdata.xml"),
            include_str!("../../samples/invioSAP-nel-body.xml"),
            include_str!("../../samples/richiestaSAP_N00_A02.xml"),
        ] {
            assert_eq!(lines(envelope), Vec::<String>::new());
        }
        let reply = |esito: &str| {
            crate::soap::encode(
                None,
                &format!(
                    "<r:risposta_annullaSAP xmlns:r='http://servizi.lavoro.gov.it/servizicoap/types'><r:Esito>{esito}\
                     </r:Esito><r:MessaggioErrore/></r:risposta_annullaSAP>"
                ),
            )
        };
        assert_eq!(lines(&reply("OK")), Vec::<String>::new());
        assert!(lines(&reply("FORSE"))[0].contains("/risposta_annullaSAP/Esito[1]: enumeration:"));
    }

    #[test]
    fn errors_of_the_busta_are_told_beside_those_of_the_document() {
        let broken = CAP_ENVELOPE.replace("EGOV_IT_ALPIUUNAVOLTA", "MAI");
        let lines = lines(&broken);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("busta/ProfiloTrasmissione/inoltro: EGOV_IT_113: "), "{}", lines[0]);
    }

    #[test]
    fn an_unknown_root_is_told_which_are_known() {
        assert!(
            lines("<Foo/>")[0]
                .starts_with("1:1: /Foo: root: no schema has this root element; the forms are IDSAP, ")
        );
        let elsewhere = lines("<annullaSAP xmlns='urn:x'/>");
        assert!(elsewhere[0].contains("in namespace \"urn:x\", but in \"http://"), "{}", elsewhere[0]);
    }

    #[test]
    fn what_is_not_xml_is_said_in_the_same_form() {
        assert_eq!(lines("<a>\n</b>"), ["2:1: /: xml: </b> found where </a> is due"]);
        assert!(lines("{\"a\":1}")[0].contains("translate"));
    }
}
