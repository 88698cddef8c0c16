//! One case, played: each message after the other, each answer judged.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use roxmltree::Document;

use super::case::{Answer, Case, Certificate, Message, Step};
use super::firma::{self, Keys, SigningError};
use super::judge::{self, Difference};
use super::mutate;
use super::mutation::MutationError;
use super::reply::Letta;
use super::report::{Outcome, Trouble};
use super::run::Target;
use super::stage::Stage;
use super::template::Words;
use super::wire::{Answered, ClientTlsError, Endpoint, Pool, Request, WireError};

/// How often a target that asks for it is asked again.
const RETRIES: u32 = 5;
/// The longest that it may ask for, in seconds.
const LONGEST_RETRY: u64 = 10;

/// Who is asked, and who looks.
pub(super) struct Scene {
    pub(super) target: Target,
    pub(super) stage: Option<Stage>,
}

/// How a case went.
pub(super) struct Played {
    pub(super) outcome: Outcome,
    /// Whether it asked for a delivery that nobody could see.
    pub(super) unobserved: bool,
}

/// Why a case is not run.
#[derive(Debug, thiserror::Error)]
enum Skipped {
    #[error("{0}")]
    Disabled(String),
    #[error("the target is not said to have the set-up {0} (--setup {0})")]
    NoSetup(String),
    #[error("it needs keys of parties (--keys FOLDER)")]
    NoKeys,
    #[error("it needs a target that is called by https")]
    NoTls,
    #[error("nobody plays its set-up")]
    Nobody,
}

/// Why there is no answer that could be judged.
#[derive(Debug, thiserror::Error)]
enum Unanswered {
    #[error(transparent)]
    Mutation(#[from] MutationError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Tls(#[from] ClientTlsError),
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// What the messages of one case have in common.
struct Play<'p> {
    case: &'p Case,
    endpoint: Cow<'p, Endpoint>,
    words: Words<'p>,
    /// How often each identifier had been delivered when it was last looked at.
    delivered: HashMap<String, usize>,
    unobserved: bool,
}

impl Scene {
    /// Plays a case.
    pub(super) async fn play(&self, case: &Case, pool: &mut Pool) -> Played {
        let endpoint = match self.endpoint(case) {
            Ok(endpoint) => endpoint,
            Err(reason) => {
                return Played { outcome: Outcome::Skipped(reason.to_string()), unobserved: false };
            }
        };
        let words = Words::new(&case.setup, Timestamp::now());
        let mut play = Play {
            case,
            endpoint: Cow::Borrowed(endpoint),
            words,
            delivered: HashMap::new(),
            unobserved: false,
        };
        let mut outcome = Outcome::Passed;
        for (number, step) in case.steps.iter().enumerate() {
            let differences = self.step(step, &mut play, pool).await.unwrap_or_else(|error| {
                vec![Difference {
                    what: "answer".to_owned(),
                    expected: step.expect.answer.to_string(),
                    seen: error.to_string(),
                }]
            });
            if !differences.is_empty() {
                let message = (case.steps.len() > 1).then_some(number + 1);
                outcome = Outcome::Failed(vec![Trouble { message, differences }]);
                break;
            }
        }
        Played { outcome, unobserved: play.unobserved }
    }

    /// Whom a case asks, if there is somebody.
    fn endpoint(&self, case: &Case) -> Result<&Endpoint, Skipped> {
        if let Some(reason) = &case.disabled {
            return Err(Skipped::Disabled(reason.clone()));
        }
        let endpoint = match (&self.target, &self.stage) {
            (Target::Url { endpoint, setups, .. }, _) => {
                if !case.needs_no_setup() && !setups.contains(&case.setup.name) {
                    return Err(Skipped::NoSetup(case.setup.name.clone()));
                }
                endpoint
            }
            (Target::Gateway(_), stage) => {
                stage.as_ref().and_then(|stage| stage.endpoint(&case.setup)).ok_or(Skipped::Nobody)?
            }
        };
        if case.needs_keys() && self.keys().is_none() {
            return Err(Skipped::NoKeys);
        }
        if case.certificate != Certificate::Usual && !endpoint.is_secure() {
            return Err(Skipped::NoTls);
        }
        Ok(endpoint)
    }

    fn keys(&self) -> Option<&Keys> {
        match (&self.target, &self.stage) {
            (Target::Url { keys, .. }, _) => keys.as_deref(),
            (Target::Gateway(_), stage) => stage.as_ref().map(Stage::keys),
        }
    }

    async fn step(
        &self,
        step: &Step,
        play: &mut Play<'_>,
        pool: &mut Pool,
    ) -> Result<Vec<Difference>, Unanswered> {
        let body = self.bytes(step, &mut play.words)?;
        let words = &mut play.words;
        let headers: Vec<(String, String)> =
            step.headers.iter().map(|(name, value)| (name.clone(), words.say(value))).collect();
        let request =
            Request { method: &step.method, headers: &headers, transport: &step.transport, body: &body };
        match &play.case.certificate {
            Certificate::Usual => {}
            Certificate::None => play.endpoint = Cow::Owned(play.endpoint.showing(None)?),
            Certificate::Of(nome) => {
                let pair = self.keys().map(|keys| keys.pair(nome));
                play.endpoint = Cow::Owned(play.endpoint.showing(pair.as_ref())?);
            }
        }
        let mut found = match answer(pool, &play.endpoint, &request).await {
            Err(error) if step.expect.answer == Answer::None && error.is_turned_away() => Vec::new(),
            answered => {
                judge::judge(&step.expect, &answered?, &body, &play.case.setup, &mut play.words).into_vec()
            }
        };
        found.extend(step.expect.delivered.and_then(|due| self.delivery(due, &body, play)));
        Ok(found)
    }

    /// Whether the message reached the service, where it had to be seen.
    fn delivery(&self, due: bool, body: &[u8], play: &mut Play<'_>) -> Option<Difference> {
        let id = identificatore(body).unwrap_or_else(|| play.words.say("{id}"));
        let Some(count) = self.stage.as_ref().and_then(|stage| stage.delivered(&play.case.setup, &id)) else {
            play.unobserved = true;
            return None;
        };
        let before = play.delivered.insert(id, count).unwrap_or_default();
        let say = |yes| if yes { "delivered".to_owned() } else { "not delivered".to_owned() };
        let difference = Difference { what: "message".to_owned(), expected: say(due), seen: say(!due) };
        ((count > before) != due).then_some(difference)
    }

    /// The bytes of a message, of today.
    fn bytes(&self, step: &Step, words: &mut Words<'_>) -> Result<Vec<u8>, Unanswered> {
        let mut bytes = match &step.message {
            Message::Template(text) => {
                let mut text = words.say(text);
                firma::sign(&mut text, self.keys())?;
                text.into_bytes()
            }
            Message::Exact(bytes) => bytes.to_vec(),
        };
        for change in &step.bytes {
            mutate::bytes(&mut bytes, change)?;
        }
        Ok(bytes)
    }
}

/// The answer, for which whoever says `Retry-After` is asked again: a suite is more than a sender usually brings.
async fn answer(pool: &mut Pool, endpoint: &Endpoint, request: &Request<'_>) -> Result<Answered, WireError> {
    let mut patience = RETRIES;
    loop {
        let answered = pool.ask(endpoint, request).await?;
        let wait = answered.header("retry-after").and_then(|seconds| seconds.parse().ok());
        match wait.filter(|seconds: &u64| *seconds <= LONGEST_RETRY) {
            Some(seconds) if patience > 0 => tokio::time::sleep(Duration::from_secs(seconds)).await,
            _ => return Ok(answered),
        }
        patience -= 1;
    }
}

/// Under which identifier the message would be delivered.
fn identificatore(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let document = Document::parse(text.trim_start_matches('\u{feff}')).ok()?;
    Letta::of(&document)?.field("Messaggio/Identificatore")
}
