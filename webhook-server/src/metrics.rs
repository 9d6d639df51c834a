//! What is counted, in the text format of Prometheus
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! Every label has a few known values: none comes from a caller, an Issuer or DNSPod.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Upper bounds of the duration's buckets in seconds: from one that DNSPod answers at once to the time there is.
const BUCKETS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0];

/// Counts since the process started.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// By status.
    requests: BTreeMap<u16, u64>,
    /// By action and outcome.
    challenges: BTreeMap<(&'static str, &'static str), u64>,
    /// By action.
    durations: BTreeMap<&'static str, Durations>,
}

#[derive(Debug, Default)]
struct Durations {
    /// How many were in each bucket and in none above it.
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: Duration,
}

impl Metrics {
    /// Counts a request that was answered with `status`.
    pub(crate) fn count_request(&self, status: u16) {
        *self.counts().requests.entry(status).or_default() += 1;
    }

    /// Counts a challenge that took `duration`. `outcome` is `solved` or a kind of failure.
    pub(crate) fn count_challenge(
        &self,
        action: &'static str,
        outcome: &'static str,
        duration: Duration,
    ) {
        let mut counts = self.counts();
        *counts.challenges.entry((action, outcome)).or_default() += 1;
        let durations = counts.durations.entry(action).or_default();
        let seconds = duration.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            durations.buckets[bucket] += 1;
        }
        durations.count += 1;
        durations.sum += duration;
    }

    /// Everything, in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        self.counts().render().expect("writing to a string does not fail")
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let out = &mut text;
        head(out, "dnspod_webhook_build_info", "gauge", "The version that runs.")?;
        writeln!(out, "dnspod_webhook_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
        head(
            out,
            "dnspod_webhook_requests_total",
            "counter",
            "Requests answered, by HTTP status.",
        )?;
        for (status, count) in &self.requests {
            writeln!(out, "dnspod_webhook_requests_total{{code=\"{status}\"}} {count}")?;
        }
        let name = "dnspod_webhook_challenges_total";
        head(out, name, "counter", "Challenges answered, by action and outcome.")?;
        for ((action, outcome), count) in &self.challenges {
            writeln!(out, "{name}{{action=\"{action}\",outcome=\"{outcome}\"}} {count}")?;
        }
        let name = "dnspod_webhook_challenge_duration_seconds";
        head(out, name, "histogram", "Time from a challenge's arrival to its answer.")?;
        for (action, durations) in &self.durations {
            let mut sum = 0;
            for (bound, count) in BUCKETS.iter().zip(durations.buckets) {
                sum += count;
                writeln!(out, "{name}_bucket{{action=\"{action}\",le=\"{bound}\"}} {sum}")?;
            }
            let Durations { count, sum, .. } = durations;
            writeln!(out, "{name}_bucket{{action=\"{action}\",le=\"+Inf\"}} {count}")?;
            writeln!(out, "{name}_sum{{action=\"{action}\"}} {}", sum.as_secs_f64())?;
            writeln!(out, "{name}_count{{action=\"{action}\"}} {count}")?;
        }
        Ok(text)
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_rendered() {
        let metrics = Metrics::default();
        metrics.count_request(201);
        metrics.count_request(201);
        metrics.count_challenge("Present", "solved", Duration::from_millis(200));
        metrics.count_challenge("Present", "secret", Duration::from_secs(30));
        let text = metrics.render();
        for line in [
            "dnspod_webhook_requests_total{code=\"201\"} 2",
            "dnspod_webhook_challenges_total{action=\"Present\",outcome=\"secret\"} 1",
            "dnspod_webhook_challenge_duration_seconds_bucket{action=\"Present\",le=\"0.1\"} 0",
            "dnspod_webhook_challenge_duration_seconds_bucket{action=\"Present\",le=\"0.25\"} 1",
            "dnspod_webhook_challenge_duration_seconds_bucket{action=\"Present\",le=\"25\"} 1",
            "dnspod_webhook_challenge_duration_seconds_bucket{action=\"Present\",le=\"+Inf\"} 2",
            "dnspod_webhook_challenge_duration_seconds_sum{action=\"Present\"} 30.2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
