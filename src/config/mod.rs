//! What the operator wrote, and what of it can be used.
