//! Name servers that lag, lie or say nothing, delegations by CNAME, and CAA records.

use std::time::Duration;

use acme_core::issue::{Event, IssueError};
use acme_core::{Clock as _, SystemClock};
use e2e::harness::Test;

use crate::sandbox_orders::{NAMES, issue_and_verify, scene, scene_with_fault};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [] lagging_name_server_is_waited_for;
        [] lame_name_server_is_named_when_time_is_up;
        [] silent_name_server_is_named_when_time_is_up;
        [] truncated_answers_are_asked_for_again_over_tcp;
        [] record_is_made_where_a_cname_points;
        [] caa_record_of_another_ca_stops_before_an_order;
        [] zone_of_nobody_is_reported_with_what_was_tried;
        [] idn_is_issued_in_a_labels;
    }
}

async fn lagging_name_server_is_waited_for() {
    let scene = scene_with_fault("lagging-name-server=1").await;
    issue_and_verify(&scene).await;
    assert!(scene.events().iter().any(|event| matches!(event, Event::WaitingForDns { .. })));
}

async fn named_when_time_is_up(fault: &str) {
    let scene = scene_with_fault(fault).await;
    let mut request = scene.request(&NAMES);
    // Longer than one question to a silent server takes.
    request.propagation_timeout = Duration::from_secs(6);
    let failed = scene.fail(&request).await;
    let IssueError::NotPropagated { servers, .. } = &failed else { panic!("{failed:?}") };
    let last = *scene.sandbox.name_servers().last().unwrap();
    assert!(servers.iter().any(|server| server.address == last), "{servers:?}");
    assert_eq!(scene.challenge_values(&["ws.example"]), [""; 0]);
    let challenges = scene.events().iter().any(|e| matches!(e, Event::ChallengeAnswered { .. }));
    assert!(!challenges, "no validation was spent on it");
}

async fn lame_name_server_is_named_when_time_is_up() {
    named_when_time_is_up("lame-name-server").await;
}

async fn silent_name_server_is_named_when_time_is_up() {
    named_when_time_is_up("silent-name-server").await;
}

async fn truncated_answers_are_asked_for_again_over_tcp() {
    let scene = scene_with_fault("truncated-udp").await;
    issue_and_verify(&scene).await;
    assert!(scene.sandbox.dns_query_log().iter().any(|query| query.tcp));
}

async fn record_is_made_where_a_cname_points() {
    let scene = scene().await;
    let target = "ws-challenge.mygitpod.example";
    scene.sandbox.add_record("_acme-challenge.ws.example", "CNAME", target).unwrap();
    let (issued, _) = scene.issue(&scene.request(&NAMES)).await.unwrap();
    issued.verify(&scene.sandbox.issuer_root_pem(), &NAMES, SystemClock.now()).unwrap();
    let appended = |event: &Event| match event {
        Event::TxtAppended { record, .. } => Some(record.name.to_string()),
        _ => None,
    };
    let names: Vec<_> = scene.events().iter().filter_map(appended).collect();
    assert_eq!(names, [target; 2]);
    assert_eq!(scene.sandbox.txt_values(target), [""; 0]);
}

async fn caa_record_of_another_ca_stops_before_an_order() {
    let scene = scene().await;
    scene.sandbox.add_record("ws.example", "CAA", "0 issue \"other.example\"").unwrap();
    let failed = scene.fail(&scene.request(&NAMES)).await;
    assert!(matches!(failed, IssueError::CaaForbids { .. }), "{failed:?}");
    let ordered = scene.events().iter().any(|event| matches!(event, Event::Order { .. }));
    assert!(!ordered, "no order was spent on it");
}

async fn zone_of_nobody_is_reported_with_what_was_tried() {
    let scene = scene().await;
    let failed = scene.fail(&scene.request(&["*.not-ours.example"])).await;
    let text = acme_core::issue::with_causes(&failed);
    assert!(text.contains("not-ours.example"), "{text}");
}

async fn idn_is_issued_in_a_labels() {
    let scene = scene().await;
    let (issued, _) = scene.issue(&scene.request(&["*.bücher.example"])).await.unwrap();
    let root = scene.sandbox.issuer_root_pem();
    issued.verify(&root, &["*.xn--bcher-kva.example"], SystemClock.now()).unwrap();
}
