//! How times and name servers read to people.

use std::time::Duration;

use acme_core::dns01::{Answer, ServerAnswer};
use time::OffsetDateTime;
use time::macros::format_description;

/// `2026-11-23 12:00 UTC`.
pub(crate) fn date(at: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_else(|_| at.to_string())
}

/// How far off a time is, in its largest unit: `45 s`, `59 min`, `7 h`, `89 days`.
pub(crate) fn until(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let seconds = (at - now).whole_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..5400 => format!("{} min", seconds / 60),
        5400..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A time that passed: `120 ms`, `3.4 s`, `75 s`.
pub(crate) fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1..10 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{seconds} s"),
    }
}

/// `1 name`, `2 names`.
pub(crate) fn count(number: u64, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

/// `ns2.example (192.0.2.1:53): no TXT record`.
pub(crate) fn server(server: &ServerAnswer) -> String {
    let said = match &server.answer {
        Answer::NoIpv6Route => "no IPv6 route from this machine",
        Answer::NoSuchName => "no such name",
        Answer::NoTxt => "no TXT record",
        Answer::NotAuthoritative(code) => &format!("not authoritative ({code})"),
        Answer::Unreachable(reason) => &format!("no answer ({reason})"),
        Answer::Values(_) => "other TXT values",
    };
    let address = server.address.to_string();
    if server.server == address || server.server == server.address.ip().to_string() {
        format!("{address}: {said}")
    } else {
        format!("{} ({address}): {said}", server.server)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_read_in_their_largest_unit() {
        let now = datetime!(2026-11-23 12:00 UTC);
        for (seconds, text) in
            [(-5, "0 s"), (59, "59 s"), (3599, "59 min"), (7200, "2 h"), (7_776_000, "90 days")]
        {
            assert_eq!(until(now + time::Duration::seconds(seconds), now), text);
        }
        assert_eq!(date(datetime!(2026-11-23 14:05:09 +2)), "2026-11-23 12:05 UTC");
        for (millis, text) in [(123, "123 ms"), (3_449, "3.4 s"), (75_400, "75 s")] {
            assert_eq!(elapsed(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn a_name_server_given_by_address_is_named_once() {
        let answer = |server: &str| ServerAnswer {
            server: server.to_owned(),
            address: "192.0.2.1:53".parse().unwrap(),
            answer: Answer::NoTxt,
        };
        assert_eq!(server(&answer("ns1.example")), "ns1.example (192.0.2.1:53): no TXT record");
        assert_eq!(server(&answer("192.0.2.1")), "192.0.2.1:53: no TXT record");
    }
}
