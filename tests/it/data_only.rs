//! data_only
