//! `translate`.
