//! The result of the suite.

use std::fmt;

/// What each check of the suite found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    checks: Vec<Check>,
}

/// One check and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The behaviour, in words.
    pub name: &'static str,
    /// Whether the provider has it.
    pub outcome: Outcome,
}

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider behaves otherwise: what was seen.
    Failed(String),
    /// The [`Subject`](super::Subject) lacks what this check needs: what that is.
    NotApplicable(&'static str),
    /// The provider behaves so.
    Passed,
}

impl Report {
    pub(super) fn new(checks: Vec<Check>) -> Self {
        Self { checks }
    }

    /// Every check, in the order they ran.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| matches!(check.outcome, Outcome::Failed(_)))
    }

    /// The checks that the subject lacked something for.
    pub fn not_applicable(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| matches!(check.outcome, Outcome::NotApplicable(_)))
    }

    /// Ends a test with the whole report where a check failed.
    ///
    /// # Panics
    ///
    /// Where a check failed: that is its purpose.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.failed().next().is_none(), "the provider breaks its contract\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Check { name, outcome } in &self.checks {
            match outcome {
                Outcome::Failed(seen) => writeln!(f, "FAILED  {name}: {seen}")?,
                Outcome::NotApplicable(lacking) => writeln!(f, "n/a     {name}: {lacking}")?,
                Outcome::Passed => writeln!(f, "passed  {name}")?,
            }
        }
        Ok(())
    }
}
