//! The two lives of a message, one line a phase.
