//! `certctl doctor` at a real kube-apiserver and a real cert-manager: one thing is broken at a time, until each of its
//! causes has been seen.

mod challenges;
mod orders;
mod renewal;
mod requests;
mod stage;
mod way_to_the_webhook;
mod what_the_webhook_says;

use e2e::harness::Test;

pub(crate) fn tests() -> Vec<Test> {
    [
        challenges::tests(),
        orders::tests(),
        renewal::tests(),
        requests::tests(),
        way_to_the_webhook::tests(),
        what_the_webhook_says::tests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
