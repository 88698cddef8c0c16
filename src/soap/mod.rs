//! SOAP 1.1: envelope, fault, limits.
