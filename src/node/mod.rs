//! Client of the national REST node.
