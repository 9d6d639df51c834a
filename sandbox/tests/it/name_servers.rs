//! Authoritative DNS.

use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{RData, RecordType};
use sandbox::{Sandbox, ZoneStatus};

use crate::ask::{PATIENCE, ask, question, send_tcp, send_udp, txt};

/// Long enough for an answer on loopback, short enough to wait for its absence.
const SILENCE: Duration = Duration::from_millis(300);

fn soa_owner(answer: &Message) -> Option<String> {
    let is_soa = |data: &RData| matches!(data, RData::SOA(_));
    answer
        .authorities
        .iter()
        .find(|record| is_soa(&record.data))
        .map(|record| record.name.to_ascii())
}

#[tokio::test]
async fn every_name_server_answers_all_txt_values_over_udp_and_tcp() {
    let sandbox = Sandbox::builder().name_servers(3).start().await.unwrap();
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "one").unwrap();
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "two").unwrap();

    assert_eq!(sandbox.name_servers().len(), 3);
    for server in sandbox.name_servers() {
        let udp = ask(*server, "_acme-challenge.ws.example.", RecordType::TXT).await;
        let tcp =
            send_tcp(*server, &question("_acme-challenge.ws.example.", RecordType::TXT)).await;
        for answer in [udp, tcp] {
            assert!(answer.metadata.authoritative && !answer.metadata.recursion_available);
            assert_eq!(txt(&answer), ["one", "two"]);
        }
    }
    assert_eq!(sandbox.dns_queries(), 6);
    assert_eq!(sandbox.dns_query_log().iter().filter(|query| query.tcp).count(), 3);
    assert_eq!(sandbox.txt_values("_acme-challenge.ws.example"), ["one", "two"]);
}

#[tokio::test]
async fn names_are_matched_without_regard_to_case_and_echoed_as_asked() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record("a.bücher.example", "TXT", "value").unwrap();
    let answer = ask(sandbox.name_servers()[0], "A.xn--BCHER-kva.eXample.", RecordType::TXT).await;
    assert_eq!(txt(&answer), ["value"]);
    assert_eq!(answer.queries[0].name().to_ascii(), "A.xn--BCHER-kva.eXample.");
}

#[tokio::test]
async fn a_name_that_is_not_there_is_nxdomain_with_the_zones_soa() {
    let sandbox = Sandbox::start().await.unwrap();
    let answer = ask(sandbox.name_servers()[0], "a.b.ws.example.", RecordType::TXT).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(soa_owner(&answer).as_deref(), Some("ws.example."));
}

#[tokio::test]
async fn another_type_and_an_empty_non_terminal_are_no_data_with_the_zones_soa() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record("a.b.ws.example", "TXT", "value").unwrap();
    for name in ["a.b.ws.example.", "b.ws.example.", "ws.example."] {
        let answer = ask(sandbox.name_servers()[0], name, RecordType::AAAA).await;
        assert_eq!(answer.metadata.response_code, ResponseCode::NoError, "{name}");
        assert!(answer.answers.is_empty(), "{name}");
        assert_eq!(soa_owner(&answer).as_deref(), Some("ws.example."), "{name}");
    }
}

#[tokio::test]
async fn the_apex_has_soa_and_ns_and_the_serial_rises_with_each_change() {
    let sandbox = Sandbox::start().await.unwrap();
    let server = sandbox.name_servers()[0];
    let serial = async || match &ask(server, "ws.example.", RecordType::SOA).await.answers[0].data {
        RData::SOA(soa) => soa.serial,
        other => panic!("not an SOA record: {other}"),
    };
    let before = serial().await;
    sandbox.add_record("ws.example", "TXT", "value").unwrap();
    assert!(serial().await > before);

    let ns = ask(server, "ws.example.", RecordType::NS).await;
    let names: Vec<String> = ns.answers.iter().map(|record| record.data.to_string()).collect();
    assert_eq!(names, ["ns1.nameserver.test.", "ns2.nameserver.test."]);
    assert_eq!(ns.additionals.len(), 2, "the servers' addresses");
}

#[tokio::test]
async fn a_cname_is_followed_inside_its_zone_only_and_the_resolver_follows_it_everywhere() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record("_acme-challenge.ws.example", "CNAME", "inside.ws.example").unwrap();
    sandbox.add_record("inside.ws.example", "CNAME", "outside.example.test").unwrap();
    sandbox.add_record("outside.example.test", "TXT", "value").unwrap();

    let server = sandbox.name_servers()[0];
    let answer = ask(server, "_acme-challenge.ws.example.", RecordType::TXT).await;
    let targets: Vec<String> =
        answer.answers.iter().map(|record| record.data.to_string()).collect();
    assert_eq!(targets, ["inside.ws.example.", "outside.example.test."]);
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);

    let resolved = ask(sandbox.resolver(), "_acme-challenge.ws.example.", RecordType::TXT).await;
    assert!(resolved.metadata.recursion_available && !resolved.metadata.authoritative);
    assert_eq!((resolved.answers.len(), txt(&resolved)), (3, vec!["value".to_owned()]));
    let alone = ask(server, "_acme-challenge.ws.example.", RecordType::CNAME).await;
    assert_eq!(alone.answers.len(), 1);
}

#[tokio::test]
async fn a_cname_to_nothing_in_its_zone_is_nxdomain_and_a_loop_ends() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record("gone.ws.example", "CNAME", "nothing.ws.example").unwrap();
    sandbox.add_record("a.ws.example", "CNAME", "b.ws.example").unwrap();
    sandbox.add_record("b.ws.example", "CNAME", "a.ws.example").unwrap();
    let server = sandbox.name_servers()[0];
    let gone = ask(server, "gone.ws.example.", RecordType::TXT).await;
    assert_eq!((gone.metadata.response_code, gone.answers.len()), (ResponseCode::NXDomain, 1));
    let looped = ask(server, "a.ws.example.", RecordType::TXT).await;
    assert!(looped.answers.len() >= 2);
}

#[tokio::test]
async fn a_wildcard_answers_names_that_are_not_there_and_only_those() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record("*.ws.example", "TXT", "wild").unwrap();
    sandbox.add_record("there.ws.example", "A", "192.0.2.1").unwrap();
    sandbox.add_record("deep.empty.ws.example", "A", "192.0.2.1").unwrap();
    let server = sandbox.name_servers()[0];
    for (name, expected) in [
        ("any.ws.example.", &["wild"][..]),
        ("a.b.c.ws.example.", &["wild"]),
        ("there.ws.example.", &[]),
        ("below.there.ws.example.", &[]),
        ("empty.ws.example.", &[]),
        ("other.empty.ws.example.", &[]),
    ] {
        assert_eq!(txt(&ask(server, name, RecordType::TXT).await), expected, "{name}");
    }
    let below = ask(server, "below.there.ws.example.", RecordType::TXT).await;
    assert_eq!(below.metadata.response_code, ResponseCode::NXDomain);
}

#[tokio::test]
async fn a_name_delegated_elsewhere_is_referred() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record("sub.ws.example", "NS", "ns.elsewhere.example").unwrap();
    let answer =
        ask(sandbox.name_servers()[0], "_acme-challenge.sub.ws.example.", RecordType::TXT).await;
    assert!(!answer.metadata.authoritative && answer.answers.is_empty());
    assert_eq!(answer.authorities[0].name.to_ascii(), "sub.ws.example.");
    assert_eq!(answer.authorities[0].data.to_string(), "ns.elsewhere.example.");
}

#[tokio::test]
async fn the_zone_with_the_longest_name_answers() {
    let sandbox = Sandbox::builder().zone("example").zone("sub.example").start().await.unwrap();
    let answer = ask(sandbox.name_servers()[0], "x.sub.example.", RecordType::TXT).await;
    assert_eq!(soa_owner(&answer).as_deref(), Some("sub.example."));
}

#[tokio::test]
async fn caa_and_address_records_are_served() {
    let sandbox = Sandbox::start().await.unwrap();
    for (kind, value) in [
        ("CAA", "0 issue \"ca.example\""),
        ("A", "192.0.2.7"),
        ("AAAA", "2001:db8::7"),
        ("MX", "mail.ws.example"),
    ] {
        sandbox.add_record("ws.example", kind, value).unwrap();
        let answer = ask(sandbox.name_servers()[0], "ws.example.", kind.parse().unwrap()).await;
        let data = answer.answers[0].data.to_string();
        assert!(data.contains(value.split(' ').next_back().unwrap().trim_matches('"')), "{data}");
    }
}

#[tokio::test]
async fn zones_that_are_not_held_are_refused_and_unknown_to_the_resolver() {
    let sandbox = Sandbox::start().await.unwrap();
    let refused = ask(sandbox.name_servers()[0], "ws.elsewhere.", RecordType::TXT).await;
    assert_eq!(refused.metadata.response_code, ResponseCode::Refused);
    for (name, code) in
        [("ws.elsewhere.", ResponseCode::NXDomain), ("example.", ResponseCode::NoError)]
    {
        let answer = ask(sandbox.resolver(), name, RecordType::NS).await;
        assert_eq!(
            (answer.metadata.response_code, soa_owner(&answer).as_deref()),
            (code, Some(".")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_does_not_fit_into_udp_is_truncated_and_whole_over_tcp() {
    let sandbox = Sandbox::start().await.unwrap();
    let long: Vec<String> = (0..20).map(|number| format!("{number:0>300}")).collect();
    for value in &long {
        sandbox.add_record("long.ws.example", "TXT", value).unwrap();
    }
    let server = sandbox.name_servers()[0];
    let mut without_edns = question("long.ws.example.", RecordType::TXT);
    without_edns.edns = None;
    for message in [question("long.ws.example.", RecordType::TXT), without_edns] {
        let udp = send_udp(server, &message, PATIENCE).await.unwrap();
        assert!(udp.metadata.truncation);
        assert!(txt(&udp).len() < long.len());
        let tcp = send_tcp(server, &message).await;
        assert!(!tcp.metadata.truncation);
        assert_eq!(txt(&tcp), long);
    }
}

#[tokio::test]
async fn edns_is_answered_with_edns_and_an_unknown_version_with_badvers() {
    let sandbox = Sandbox::start().await.unwrap();
    let server = sandbox.name_servers()[0];
    let mut message = question("ws.example.", RecordType::SOA);
    assert!(send_udp(server, &message, PATIENCE).await.unwrap().edns.is_some());
    message.edns.as_mut().unwrap().set_version(1);
    let answer = send_udp(server, &message, PATIENCE).await.unwrap();
    // 16 is BADVERS here; hickory reads it as TSIG's BADSIG, which has the same number.
    assert_eq!(u16::from(answer.metadata.response_code), 16);
    message.edns = None;
    assert!(send_udp(server, &message, PATIENCE).await.unwrap().edns.is_none());
}

#[tokio::test]
async fn what_is_no_plain_question_is_refused_politely() {
    let sandbox = Sandbox::start().await.unwrap();
    let server = sandbox.name_servers()[0];
    let notify = Message::new(1, MessageType::Query, OpCode::Notify);
    let answer = send_udp(server, &notify, PATIENCE).await.unwrap();
    assert_eq!(answer.metadata.response_code, ResponseCode::NotImp);
    let answer = ask(server, "ws.example.", RecordType::AXFR).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::Refused);
}

#[tokio::test]
async fn a_paused_zone_is_not_served_and_a_locked_one_is() {
    let sandbox = Sandbox::start().await.unwrap();
    let server = sandbox.name_servers()[0];
    for (status, code) in [
        (ZoneStatus::Pause, ResponseCode::Refused),
        (ZoneStatus::Spam, ResponseCode::Refused),
        (ZoneStatus::Lock, ResponseCode::NoError),
        (ZoneStatus::Enable, ResponseCode::NoError),
    ] {
        assert!(sandbox.set_zone_status("ws.example", status));
        assert_eq!(ask(server, "ws.example.", RecordType::SOA).await.metadata.response_code, code);
    }
    assert!(!sandbox.set_zone_status("a.ws.example", ZoneStatus::Pause));
}

#[tokio::test]
async fn a_delegation_can_be_followed_where_addresses_share_a_port() {
    let addresses = ["127.0.0.1", "127.0.0.2", "::1"].map(|address| address.parse().unwrap());
    let sandbox =
        Sandbox::builder().name_server_addresses(addresses.to_vec()).start().await.unwrap();
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "value").unwrap();
    let port = sandbox.name_servers()[0].port();

    let ns = ask(sandbox.resolver(), "ws.example.", RecordType::NS).await;
    let mut found = Vec::new();
    for server in &ns.answers {
        let RData::NS(name) = &server.data else { panic!("not an NS record: {server}") };
        for kind in [RecordType::A, RecordType::AAAA] {
            let answer = ask(sandbox.resolver(), &name.0.to_ascii(), kind).await;
            found.extend(answer.answers.iter().filter_map(|record| record.data.ip_addr()));
        }
    }
    assert_eq!(found, addresses);
    for address in found {
        let answer =
            ask((address, port).into(), "_acme-challenge.ws.example.", RecordType::TXT).await;
        assert_eq!(txt(&answer), ["value"]);
    }
}

#[tokio::test]
async fn a_lame_name_server_refuses_while_the_others_answer() {
    let sandbox = Sandbox::builder().fault("lame-name-server").start().await.unwrap();
    let [first, last] = sandbox.name_servers() else { panic!("two servers by default") };
    let good = ask(*first, "ws.example.", RecordType::SOA).await;
    let lame = ask(*last, "ws.example.", RecordType::SOA).await;
    assert_eq!(good.metadata.response_code, ResponseCode::NoError);
    assert_eq!(
        (lame.metadata.response_code, lame.metadata.authoritative),
        (ResponseCode::Refused, false)
    );
    sandbox.clear_fault("lame-name-server").unwrap();
    let answer = ask(*last, "ws.example.", RecordType::SOA).await;
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
}

#[tokio::test]
async fn a_silent_name_server_never_answers() {
    let sandbox = Sandbox::builder().fault("silent-name-server").start().await.unwrap();
    let [first, last] = sandbox.name_servers() else { panic!("two servers by default") };
    let message = question("ws.example.", RecordType::SOA);
    assert!(send_udp(*first, &message, PATIENCE).await.is_some());
    assert!(send_udp(*last, &message, SILENCE).await.is_none());
}

#[tokio::test]
async fn truncated_udp_makes_every_answer_a_reason_for_tcp() {
    let sandbox = Sandbox::builder().fault("truncated-udp").start().await.unwrap();
    sandbox.add_record("ws.example", "TXT", "value").unwrap();
    for server in sandbox.name_servers() {
        let message = question("ws.example.", RecordType::TXT);
        let udp = send_udp(*server, &message, PATIENCE).await.unwrap();
        assert!(udp.metadata.truncation && udp.answers.is_empty());
        assert_eq!(txt(&send_tcp(*server, &message).await), ["value"]);
    }
}

#[tokio::test]
async fn a_lagging_name_server_shows_each_change_later() {
    let sandbox = Sandbox::builder().fault("lagging-name-server=1").start().await.unwrap();
    let [first, last] = sandbox.name_servers() else { panic!("two servers by default") };
    assert_eq!(
        ask(*last, "ws.example.", RecordType::NS).await.answers.len(),
        2,
        "there from the start"
    );
    sandbox.add_record("a.ws.example", "TXT", "value").unwrap();
    let added = std::time::Instant::now();
    assert_eq!(txt(&ask(*first, "a.ws.example.", RecordType::TXT).await), ["value"]);
    assert_eq!(
        ask(*last, "a.ws.example.", RecordType::TXT).await.metadata.response_code,
        ResponseCode::NXDomain
    );
    while txt(&ask(*last, "a.ws.example.", RecordType::TXT).await).is_empty() {
        assert!(added.elapsed() < PATIENCE, "the server never caught up");
        tokio::task::yield_now().await;
    }
    assert!(added.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_frozen_name_server_shows_what_it_did_until_it_is_released() {
    let sandbox = Sandbox::start().await.unwrap();
    let [first, last] = sandbox.name_servers() else { panic!("two servers by default") };
    sandbox.add_record("a.ws.example", "TXT", "old").unwrap();
    assert!(sandbox.freeze_name_server(1));
    sandbox.add_record("a.ws.example", "TXT", "new").unwrap();
    sandbox.remove_record("a.ws.example", "TXT", "old").unwrap();
    assert_eq!(txt(&ask(*first, "a.ws.example.", RecordType::TXT).await), ["new"]);
    assert_eq!(txt(&ask(*last, "a.ws.example.", RecordType::TXT).await), ["old"]);
    assert!(sandbox.release_name_server(1));
    assert_eq!(txt(&ask(*last, "a.ws.example.", RecordType::TXT).await), ["new"]);
    assert!(!sandbox.freeze_name_server(2));
}

#[tokio::test]
async fn dropping_the_sandbox_closes_its_dns_ports() {
    let sandbox = Sandbox::start().await.unwrap();
    let servers = sandbox.name_servers().to_vec();
    drop(sandbox);
    for server in servers {
        let freed = async {
            while tokio::net::UdpSocket::bind(server).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, freed).await.expect("the port is still taken");
    }
}
