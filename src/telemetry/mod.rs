//! Events, metrics and masking.
