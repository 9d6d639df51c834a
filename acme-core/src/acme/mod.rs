//! The ACME protocol. `instant-acme` is used here and nowhere else.
