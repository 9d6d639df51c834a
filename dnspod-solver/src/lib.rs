//! dnspod-solver
