//! XSD to compiled plan, and validation against it.
