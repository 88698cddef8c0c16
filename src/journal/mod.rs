//! The durable record of every message.
