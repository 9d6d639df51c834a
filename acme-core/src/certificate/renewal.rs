//! When a certificate is renewed, where its CA does not say (RFC 9773 is asked elsewhere).

use time::{Duration, OffsetDateTime};

/// Below this lifetime a certificate counts as short-lived.
const SHORT_LIVED: Duration = Duration::days(10);

/// When renewal is due: with a third of the lifetime left, or half of it for certificates that live less than ten days,
/// so that days or hours remain for another try. Never after `not_after`.
pub fn renewal_due(not_before: OffsetDateTime, not_after: OffsetDateTime) -> OffsetDateTime {
    let lifetime = (not_after - not_before).max(Duration::ZERO);
    not_after - if lifetime < SHORT_LIVED { lifetime / 2 } else { lifetime / 3 }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_third_of_the_lifetime_is_left_or_half_of_a_short_one() {
        let start = datetime!(2026-01-01 0:00 UTC);
        for (lifetime, due_after) in [
            (Duration::days(90), Duration::days(60)),
            (Duration::days(45), Duration::days(30)),
            (Duration::days(10), Duration::days(10) - Duration::days(10) / 3),
            (Duration::hours(160), Duration::hours(80)),
            (Duration::hours(24), Duration::hours(12)),
        ] {
            assert_eq!(renewal_due(start, start + lifetime), start + due_after, "{lifetime}");
        }
    }

    #[test]
    fn a_lifetime_below_zero_is_due_at_its_end() {
        let end = datetime!(2026-01-01 0:00 UTC);
        assert_eq!(renewal_due(end + Duration::DAY, end), end);
    }
}
