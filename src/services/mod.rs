//! The catalogue of services and actions, loaded from services/*.toml.
