//! Flags of Kubernetes' own aggregated servers that have no meaning here.
//!
//! People bring their arguments along from another webhook; a server that does not start for the sake of one that
//! changes nothing helps nobody.

use std::ffi::OsString;

/// Flags that are followed by a value unless it is joined by `=`.
const WITH_VALUE: &[&str] = &[
    "audit-log-batch-buffer-size",
    "audit-log-batch-max-size",
    "audit-log-batch-max-wait",
    "audit-log-batch-throttle-burst",
    "audit-log-batch-throttle-qps",
    "audit-log-format",
    "audit-log-maxage",
    "audit-log-maxbackup",
    "audit-log-maxsize",
    "audit-log-mode",
    "audit-log-path",
    "audit-log-truncate-max-batch-size",
    "audit-log-truncate-max-event-size",
    "audit-log-version",
    "audit-policy-file",
    "audit-webhook-batch-buffer-size",
    "audit-webhook-batch-max-size",
    "audit-webhook-batch-max-wait",
    "audit-webhook-batch-throttle-burst",
    "audit-webhook-batch-throttle-qps",
    "audit-webhook-config-file",
    "audit-webhook-initial-backoff",
    "audit-webhook-mode",
    "audit-webhook-truncate-max-batch-size",
    "audit-webhook-truncate-max-event-size",
    "audit-webhook-version",
    "authentication-token-webhook-cache-ttl",
    "authorization-always-allow-paths",
    "authorization-webhook-cache-authorized-ttl",
    "authorization-webhook-cache-unauthorized-ttl",
    "cert-dir",
    "debug-socket-path",
    "egress-selector-config-file",
    "feature-gates",
    "http2-max-streams-per-connection",
    "log-backtrace-at",
    "log-dir",
    "log-file",
    "log-file-max-size",
    "log-flush-frequency",
    "logging-format",
    "stderrthreshold",
    "tls-cipher-suites",
    "tls-min-version",
    "tls-sni-cert-key",
    "tracing-config-file",
    "v",
    "vmodule",
];

/// Flags that are `true` unless `=` says otherwise.
const BOOLEAN: &[&str] = &[
    "add-dir-header",
    "alsologtostderr",
    "audit-log-batch-throttle-enable",
    "audit-log-compress",
    "audit-log-truncate-enabled",
    "audit-webhook-batch-throttle-enable",
    "audit-webhook-truncate-enabled",
    "contention-profiling",
    "disable-http2-serving",
    "enable-priority-and-fairness",
    "logtostderr",
    "one-output",
    "permit-address-sharing",
    "permit-port-sharing",
    "profiling",
    "skip-headers",
    "skip-log-headers",
];

/// Splits what was typed into what is left and the names of the flags that are ignored. Words of a name may be joined
/// by `_`, as Kubernetes takes them.
pub(crate) fn without_ignored(
    typed: impl IntoIterator<Item = OsString>,
) -> (Vec<OsString>, Vec<String>) {
    let mut left = Vec::new();
    let mut ignored = Vec::new();
    let mut typed = typed.into_iter();
    while let Some(argument) = typed.next() {
        let Some(flag) = Flag::parse(&argument) else {
            left.push(argument);
            continue;
        };
        if BOOLEAN.contains(&flag.name.as_str()) {
            ignored.push(flag.name);
        } else if WITH_VALUE.contains(&flag.name.as_str()) {
            if !flag.has_value {
                typed.next();
            }
            ignored.push(flag.name);
        } else {
            left.push(argument);
        }
    }
    (left, ignored)
}

struct Flag {
    name: String,
    has_value: bool,
}

impl Flag {
    /// `--NAME`, `--NAME=VALUE`, and `-v`, of which Go knows `-v=2`, `-v 2` and `-v2`.
    fn parse(argument: &OsString) -> Option<Self> {
        let text = argument.to_str()?;
        if let Some(level) = text.strip_prefix("-v") {
            return Some(Self { name: "v".to_owned(), has_value: !level.is_empty() });
        }
        let text = text.strip_prefix("--")?;
        let (name, has_value) = match text.split_once('=') {
            Some((name, _)) => (name, true),
            None => (text, false),
        };
        Some(Self { name: name.replace('_', "-"), has_value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_meaning_here_is_left_out_with_its_value() {
        let typed = [
            "webhook",
            "--v=2",
            "-v",
            "4",
            "--secure-port",
            "8443",
            "--logtostderr",
            "--profiling=false",
            "--tls-cipher-suites",
            "TLS_AES_128_GCM_SHA256",
            "--audit_log_path=-",
            "--tls-cert-file=/tls/tls.crt",
        ];
        let (left, ignored) = without_ignored(typed.map(OsString::from));
        assert_eq!(left, ["webhook", "--secure-port", "8443", "--tls-cert-file=/tls/tls.crt"]);
        let expected =
            ["v", "v", "logtostderr", "profiling", "tls-cipher-suites", "audit-log-path"];
        assert_eq!(ignored, expected);
    }
}
