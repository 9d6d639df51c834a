//! Certificates as issued: checked against the request before anything is stored.
