//! How a simulated peer misbehaves, on order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many received requests are kept for [`Control::received`].
const KEPT: usize = 200;

/// What a peer does with the requests that it gets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "behaviour", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Behaviour {
    /// Answers as it should.
    #[default]
    Normal,
    /// Acts, and answers late.
    Delay {
        /// How late.
        millis: u64,
    },
    /// Does not act; answers a problem document with this status.
    Status {
        /// The status.
        status: u16,
    },
    /// Resets the connection (TCP RST).
    Reset {
        /// At which moment.
        when: ResetWhen,
    },
    /// Does not act; answers the HTML page of a gateway.
    Html {
        /// The status, 502 unless told.
        #[serde(default = "bad_gateway")]
        status: u16,
    },
    /// Acts; announces the whole answer and closes the connection in the middle of it.
    Truncated,
    /// Does not act; answers an envelope with a negative esito.
    Ko {
        /// `X001` for the limit of invocations, or the code of an anomaly.
        codice: String,
        /// The words that go with it.
        descrizione: String,
    },
    /// Does not act; answers 503 with `Retry-After`.
    Unavailable {
        /// Seconds.
        retry_after: u32,
    },
}

/// When the connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetWhen {
    /// At the first byte of the request, which is then neither read nor recorded.
    BeforeReading,
    /// After the request was read and acted on.
    AfterReading,
}

/// A request that a peer received.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Received {
    /// When its last byte was read.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The subject of the client's certificate; `None` on a listener without TLS.
    pub client: Option<String>,
    /// The `Idempotency-Key` header.
    #[serde(rename = "idempotencyKey")]
    pub idempotency_key: Option<String>,
    /// The body: JSON as such, anything else as a string.
    pub body: Value,
    /// Whether the peer acted on it: false for a repetition, a refusal, or an ordered misbehaviour before acting.
    pub executed: bool,
}

/// The orders and the record of one peer. Shared by its listeners.
#[derive(Debug, Default)]
pub(super) struct Control {
    order: Mutex<Order>,
    received: Mutex<VecDeque<Received>>,
}

#[derive(Debug, Default)]
struct Order {
    behaviour: Behaviour,
    /// For how many more requests; `None` is until further orders.
    remaining: Option<u32>,
}

impl Control {
    pub(super) fn behave(&self, behaviour: Behaviour, count: Option<u32>) {
        *lock(&self.order) = Order { behaviour, remaining: count };
    }

    /// The behaviour for a request that was read.
    pub(super) fn next(&self) -> Behaviour {
        lock(&self.order).take()
    }

    /// Whether the connection is to be reset before a request is read.
    pub(super) fn reset_before_reading(&self) -> bool {
        let mut order = lock(&self.order);
        let reset = Behaviour::Reset { when: ResetWhen::BeforeReading };
        order.behaviour == reset && order.take() == reset
    }

    /// The present behaviour and for how many requests.
    pub(super) fn current(&self) -> (Behaviour, Option<u32>) {
        let order = lock(&self.order);
        if order.remaining == Some(0) {
            return (Behaviour::Normal, None);
        }
        (order.behaviour.clone(), order.remaining)
    }

    pub(super) fn record(&self, received: Received) {
        let mut all = lock(&self.received);
        if all.len() == KEPT {
            all.pop_front();
        }
        all.push_back(received);
    }

    pub(super) fn received(&self) -> Vec<Received> {
        lock(&self.received).iter().cloned().collect()
    }

    pub(super) fn forget(&self) {
        lock(&self.received).clear();
    }
}

impl Order {
    fn take(&mut self) -> Behaviour {
        match &mut self.remaining {
            None => self.behaviour.clone(),
            Some(0) => Behaviour::Normal,
            Some(remaining) => {
                *remaining -= 1;
                self.behaviour.clone()
            }
        }
    }
}

/// Reads an order: a [`Behaviour`] with an optional `count` beside its own members.
pub(super) fn parse_order(body: &[u8]) -> Result<(Behaviour, Option<u32>), serde_json::Error> {
    let mut order: serde_json::Map<String, Value> = serde_json::from_slice(body)?;
    let count = order.shift_remove("count").map(serde_json::from_value).transpose()?;
    Ok((serde_json::from_value(Value::Object(order))?, count.flatten()))
}

fn as_text<S: serde::Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(instant)
}

fn bad_gateway() -> u16 {
    502
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_with_a_count_wears_off() {
        let control = Control::default();
        control.behave(Behaviour::Truncated, Some(2));
        assert_eq!(control.next(), Behaviour::Truncated);
        assert!(!control.reset_before_reading());
        assert_eq!(control.next(), Behaviour::Truncated);
        assert_eq!(control.next(), Behaviour::Normal);
        assert_eq!(control.current(), (Behaviour::Normal, None));
    }

    #[test]
    fn an_order_is_read_from_json_and_a_misspelt_member_is_refused() {
        let order = parse_order(br#"{"behaviour":"delay","millis":30,"count":2}"#).unwrap();
        assert_eq!(order, (Behaviour::Delay { millis: 30 }, Some(2)));
        let order = parse_order(br#"{"behaviour":"reset","when":"before-reading"}"#).unwrap();
        assert_eq!(order, (Behaviour::Reset { when: ResetWhen::BeforeReading }, None));
        assert_eq!(parse_order(br#"{"behaviour":"html"}"#).unwrap(), (Behaviour::Html { status: 502 }, None));
        assert_eq!(parse_order(br#"{"behaviour":"normal"}"#).unwrap(), (Behaviour::Normal, None));
        assert!(parse_order(br#"{"behaviour":"delay","millis":30,"cuont":2}"#).is_err());
        assert!(parse_order(br#"{"behaviour":"delay"}"#).is_err());
    }
}
