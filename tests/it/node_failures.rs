//! node_failures
