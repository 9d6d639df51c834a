//! The proxy that DNSPod is reached through, from the variables that every program reads.

use url::Url;

use crate::report::Report;

/// The names in the order curl gives them; DNSPod is reached by HTTPS.
const PROXY: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Reads the proxy and the hosts that go without. Its address may hold a password, so no mistake quotes it.
pub(super) fn read(
    environment: &dyn Fn(&str) -> Option<String>,
    mistakes: &mut Vec<Report>,
) -> Option<(Url, String)> {
    let (variable, value) =
        PROXY.iter().find_map(|&variable| Some((variable, environment(variable)?)))?;
    let without = NO_PROXY.iter().find_map(|variable| environment(variable)).unwrap_or_default();
    let with_scheme = if value.contains("://") { value } else { format!("http://{value}") };
    match Url::parse(&with_scheme) {
        Ok(url) if url.scheme() == "http" && url.has_host() => Some((url, without)),
        _ => {
            mistakes.push(Report::usage(
                format_args!("{variable} is not the address of an HTTP proxy"),
                format!("set {variable} to http://HOST:PORT, or unset it"),
            ));
            None
        }
    }
}
