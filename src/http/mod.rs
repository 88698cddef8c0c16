//! Listeners, TLS, limits, health: the edge towards those who call the gateway.
