//! The JSON nativo model: its envelope, its naming rule, and both directions of the translation.
