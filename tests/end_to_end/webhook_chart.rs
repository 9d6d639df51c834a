//! The way of a user: the chart, installed by Helm, gets a certificate for three names by cert-manager, Pebble and the
//! sandbox, renews it while the account at DNSPod becomes another one, replaces it when it is revoked, and leaves nothing
//! behind.

mod walk;

use e2e::cert_manager::renew;
use e2e::harness::Test;
use e2e::oracle::serial;
use e2e::real_part::RealPart::{CertManager, Helm, Pebble, PodRoot, RoutableAddress};
use e2e::revocation::revoke_by_own_key;

use walk::Walk;
pub(crate) use walk::free_port;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [CertManager, Helm, Pebble, RoutableAddress, PodRoot]
            the_chart_gets_a_certificate_for_three_names_renews_and_replaces_it;
    }
}

async fn the_chart_gets_a_certificate_for_three_names_renews_and_replaces_it() {
    let mut walk = Walk::start().await;
    walk.install().await;
    walk.run_pod().await;
    walk.ask_for_certificate().await;
    let first = walk.until_issued(1).await;
    // Pebble asks the first name server, and cert-manager only for SOA records.
    let second_server = walk.sandbox.name_servers()[1];
    let asked = walk.sandbox.dns_query_log();
    assert!(
        asked.iter().any(|query| query.server == second_server && query.kind == "TXT"),
        "the webhook has waited for every name server: {asked:#?}"
    );

    walk.move_zone_to_another_account().await;
    walk.sandbox.reset_counts();
    renew(walk.plane.admin(), &Walk::certificate()).await.unwrap();
    let renewed = walk.until_issued(2).await;
    let calls = walk.sandbox.dnspod_calls();
    let created = calls.iter().filter(|action| *action == "Record.Create").count();
    assert!(created >= 3, "a record for each name, in the other account: {calls:?}");

    revoke_by_own_key(&walk.pebble, &renewed).await.unwrap();
    let revoked = serial(&renewed.fullchain).unwrap();
    let status = walk.pebble.certificate_status(&revoked).await.unwrap();
    assert_eq!(status["Status"], "Revoked", "{status}");
    renew(walk.plane.admin(), &Walk::certificate()).await.unwrap();
    let replaced = walk.until_issued(3).await;

    let serials = [first, renewed, replaced].map(|issued| serial(&issued.fullchain).unwrap());
    let status = walk.pebble.certificate_status(&serials[2]).await.unwrap();
    assert_eq!(status["Status"], "Valid", "{status}");
    assert!(serials[0] != serials[1] && serials[1] != serials[2], "{serials:?}");
    walk.assert_pod_never_restarted();
}
