//! `journal`.
