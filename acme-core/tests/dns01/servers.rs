//! What one server answers, and what is made of it.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use acme_core::dns01::{Answer, AuthoritativeLookup, TxtLookup};
use hickory_proto::op::ResponseCode;
use sandbox::Sandbox;

use crate::scripted::{ScriptedServer, answer_to, txt_answer_to};
use crate::{SHORT, by_delegation, name, sandbox, values};

fn asking(servers: &[SocketAddr]) -> AuthoritativeLookup {
    AuthoritativeLookup::builder().servers(servers.iter().copied()).timeout(SHORT).build().unwrap()
}

/// What one server answers for a fixed name.
async fn answer_of(server: SocketAddr) -> Answer {
    let answers = asking(&[server]).txt(&name("_acme-challenge.ws.example")).await.unwrap();
    answers.into_iter().next().unwrap().answer
}

#[tokio::test]
async fn values_absence_of_txt_and_absence_of_the_name_are_told_apart() {
    let sandbox = sandbox().await;
    sandbox.add_record("two.ws.example", "TXT", "first").unwrap();
    sandbox.add_record("two.ws.example", "TXT", "second").unwrap();
    sandbox.add_record("none.ws.example", "A", "192.0.2.1").unwrap();
    let lookup = by_delegation(&sandbox);
    for (at, expected) in [
        ("two.ws.example", values(&["first", "second"])),
        ("none.ws.example", Answer::NoTxt),
        ("absent.ws.example", Answer::NoSuchName),
    ] {
        let answers = lookup.txt(&name(at)).await.unwrap();
        assert_eq!(answers.len(), 2);
        for server in answers {
            assert_eq!(server.answer, expected, "{at} at {}", server.server);
        }
    }
}

#[tokio::test]
async fn a_value_longer_than_one_string_comes_back_whole() {
    let sandbox = sandbox().await;
    let long = "0123456789".repeat(60);
    sandbox.add_record("long.ws.example", "TXT", &long).unwrap();
    let answers = by_delegation(&sandbox).txt(&name("long.ws.example")).await.unwrap();
    assert_eq!(answers[0].answer, values(&[&long]));
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let sandbox = sandbox().await;
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "value").unwrap();
    sandbox.set_fault("truncated-udp").unwrap();
    let lookup = by_delegation(&sandbox);
    let answers = lookup.txt(&name("_acme-challenge.ws.example")).await.unwrap();
    assert_eq!(answers[0].answer, values(&["value"]));
    assert!(sandbox.dns_query_log().iter().any(|query| query.tcp && query.kind == "TXT"));
    assert_eq!(lookup.queries(), sandbox.dns_queries(), "every question is counted once");
}

#[tokio::test]
async fn an_answer_too_long_for_udp_comes_over_tcp() {
    let sandbox = sandbox().await;
    let long = "x".repeat(5000);
    sandbox.add_record("long.ws.example", "TXT", &long).unwrap();
    let answers = by_delegation(&sandbox).txt(&name("long.ws.example")).await.unwrap();
    assert_eq!(answers[0].answer, values(&[&long]));
}

#[tokio::test]
async fn a_lame_server_is_named_beside_the_good_one() {
    let sandbox = sandbox().await;
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "value").unwrap();
    sandbox.set_fault("lame-name-server").unwrap();
    let lookup = by_delegation(&sandbox);
    let answers = lookup.txt(&name("_acme-challenge.ws.example")).await.unwrap();
    let seen: Vec<_> =
        answers.iter().map(|server| (server.server.as_str(), &server.answer)).collect();
    let refused = Answer::NotAuthoritative("REFUSED".to_owned());
    assert_eq!(
        seen,
        [("ns1.nameserver.test", &values(&["value"])), ("ns2.nameserver.test", &refused)]
    );
}

#[tokio::test]
async fn a_silent_server_holds_nobody_up_for_longer_than_the_timeout() {
    let sandbox = Sandbox::builder().fault("silent-name-server").start().await.unwrap();
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "value").unwrap();
    let lookup = asking(sandbox.name_servers());
    let start = Instant::now();
    let answers = lookup.txt(&name("_acme-challenge.ws.example")).await.unwrap();
    assert!(start.elapsed() < 10 * SHORT, "{:?}", start.elapsed());
    assert_eq!(answers[0].answer, values(&["value"]));
    let Answer::Unreachable(reason) = &answers[1].answer else { panic!("{answers:?}") };
    assert!(reason.contains("no answer within 1000 ms"), "{reason}");
}

#[tokio::test]
async fn one_good_server_is_enough_for_cname_and_caa() {
    let sandbox = Sandbox::builder().fault("silent-name-server").start().await.unwrap();
    sandbox.add_record("www.ws.example", "CNAME", "ws.example").unwrap();
    let [good, silent] = sandbox.name_servers() else { panic!("two servers are the default") };
    let lookup = AuthoritativeLookup::builder()
        .servers([*silent, *good])
        .timeout(Duration::from_secs(3600))
        .build()
        .unwrap();
    let asked = async {
        assert_eq!(lookup.cname(&name("www.ws.example")).await, Ok(Some(name("ws.example"))));
        assert_eq!(lookup.caa(&name("ws.example")).await, Ok(Vec::new()));
    };
    tokio::time::timeout(Duration::from_secs(30), asked).await.unwrap();
}

#[tokio::test]
async fn a_closed_port_is_reported_without_waiting() {
    let closed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let lookup = AuthoritativeLookup::builder()
        .servers([closed])
        .timeout(Duration::from_secs(3600))
        .build()
        .unwrap();
    let answers = lookup.txt(&name("_acme-challenge.ws.example")).await.unwrap();
    let Answer::Unreachable(reason) = &answers[0].answer else { panic!("{answers:?}") };
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn an_address_without_ipv6_route_is_told_from_a_server_that_is_silent() {
    // A documentation address: nobody answers there, and most machines that test have no route to it.
    let address: SocketAddr = "[2001:db8::53]:53".parse().unwrap();
    let has_route = UdpSocket::bind("[::]:0").and_then(|socket| socket.connect(address)).is_ok();
    let answer = answer_of(address).await;
    match answer {
        Answer::NoIpv6Route => assert!(!has_route),
        Answer::Unreachable(_) => assert!(has_route),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn forged_answers_are_passed_over() {
    let server = ScriptedServer::on_loopback(|question| {
        let mut other_id = txt_answer_to(question, "forged id");
        other_id.metadata.id = !question.metadata.id;
        let mut other_name = question.clone();
        other_name.queries[0].name = crate::scripted::absolute("other.example.");
        let other_name = txt_answer_to(&other_name, "forged name");
        let mut truncated = other_id.clone();
        truncated.metadata.truncation = true;
        let echo = question.clone();
        vec![other_id, truncated, other_name, echo, txt_answer_to(question, "real")]
    })
    .await;
    assert_eq!(answer_of(server.address).await, values(&["real"]));
}

#[tokio::test]
async fn a_server_from_before_edns_is_asked_without() {
    let server = ScriptedServer::on_loopback(|question| {
        if question.edns.is_none() {
            return vec![txt_answer_to(question, "plain")];
        }
        let mut refused = answer_to(question);
        refused.queries.clear();
        refused.metadata.response_code = ResponseCode::FormErr;
        vec![refused]
    })
    .await;
    assert_eq!(answer_of(server.address).await, values(&["plain"]));
}

#[tokio::test]
async fn a_lost_datagram_is_sent_again() {
    let seen = std::sync::atomic::AtomicU32::new(0);
    let server = ScriptedServer::on_loopback(move |question| {
        match seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => vec![],
            _ => vec![txt_answer_to(question, "second time")],
        }
    })
    .await;
    assert_eq!(answer_of(server.address).await, values(&["second time"]));
}

#[tokio::test]
async fn servers_given_by_hand_are_asked_to_recurse_and_need_no_authority() {
    let server = ScriptedServer::on_loopback(|question| {
        let mut answer = txt_answer_to(question, "recursed");
        answer.metadata.authoritative = false;
        if !question.metadata.recursion_desired {
            answer.metadata.response_code = ResponseCode::Refused;
        }
        vec![answer]
    })
    .await;
    assert_eq!(answer_of(server.address).await, values(&["recursed"]));
}
