//! The one `Failure` of the gateway, and the only place where it becomes a wire reply.
