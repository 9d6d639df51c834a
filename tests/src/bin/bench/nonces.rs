//! How many nonces a client asks for, which CAs limit by the second.

use std::time::Duration;

use tokio::time::interval;

use crate::ca::Ca;

/// How often it is looked.
const SAMPLE: Duration = Duration::from_millis(20);

/// Requests for a nonce and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewNonces {
    pub(crate) all: usize,
    /// The most of them within one second.
    pub(crate) most_in_a_second: usize,
}

/// `run`, and the nonces that were asked for meanwhile, where the CA's log can be looked at.
pub(crate) async fn watched<T>(ca: &Ca, run: impl Future<Output = T>) -> (T, Option<NewNonces>) {
    tokio::pin!(run);
    let mut ticks = interval(SAMPLE);
    let mut counts = Vec::new();
    let result = loop {
        tokio::select! {
            result = &mut run => break result,
            _ = ticks.tick() => counts.extend(ca.new_nonces()),
        }
    };
    counts.extend(ca.new_nonces());
    let all = counts.last().copied();
    (result, all.map(|all| NewNonces { all, most_in_a_second: most_in_a_second(&counts) }))
}

/// Of a count that was looked at every [`SAMPLE`]: by how much it grew within a second, at most.
fn most_in_a_second(counts: &[usize]) -> usize {
    let second = usize::try_from(Duration::from_secs(1).as_millis() / SAMPLE.as_millis())
        .expect("fifty is a usize");
    let grown = |(index, now): (usize, &usize)| {
        let earlier = index.checked_sub(second).map_or(0, |earlier| counts[earlier]);
        now - earlier
    };
    counts.iter().enumerate().map(grown).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_second_is_found_wherever_it_is() {
        assert_eq!(most_in_a_second(&[]), 0);
        // Eight at once, nothing for two seconds, then one each sample.
        let counts: Vec<_> = std::iter::repeat_n(8, 100).chain(9..=70).collect();
        assert_eq!(most_in_a_second(&counts), 50);
    }
}
