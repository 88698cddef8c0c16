//! The busta e-Gov 1.1 header: model, reading, writing, rules, exceptions, identifiers.
