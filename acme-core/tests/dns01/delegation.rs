//! Which servers are asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use acme_core::dns01::{Answer, AuthoritativeLookup, LookupError, TxtLookup};
use futures_util::future::join_all;
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record, RecordType};
use sandbox::Sandbox;

use crate::scripted::{ScriptedServer, absolute, answer_to, ns, soa, txt_answer_to};
use crate::{SHORT, by_delegation, name, sandbox, values};

#[tokio::test]
async fn every_address_of_every_name_server_is_asked() {
    let mut addresses: Vec<IpAddr> =
        [[127, 0, 0, 1], [127, 0, 0, 2], [127, 0, 0, 3]].map(|ip| Ipv4Addr::from(ip).into()).into();
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        addresses.push(Ipv6Addr::LOCALHOST.into());
    }
    let builder = Sandbox::builder().name_server_addresses(addresses.clone());
    let sandbox = builder.start().await.unwrap();
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "value").unwrap();
    let answers = by_delegation(&sandbox).txt(&name("_acme-challenge.ws.example")).await.unwrap();
    let asked: Vec<IpAddr> = answers.iter().map(|server| server.address.ip()).collect();
    assert_eq!(asked, addresses);
    assert!(answers.iter().all(|server| server.answer == values(&["value"])), "{answers:?}");
}

#[tokio::test]
async fn a_resolver_is_never_asked_for_the_records_or_the_challenge_name() {
    let sandbox = sandbox().await;
    sandbox.add_record("_acme-challenge.ws.example", "TXT", "value").unwrap();
    let lookup = by_delegation(&sandbox);
    lookup.txt(&name("_acme-challenge.ws.example")).await.unwrap();
    lookup.cname(&name("_acme-challenge.ws.example")).await.unwrap();
    lookup.caa(&name("ws.example")).await.unwrap();
    let log = sandbox.dns_query_log();
    let of_resolver: Vec<_> =
        log.iter().filter(|query| query.server == sandbox.resolver()).collect();
    assert!(!of_resolver.is_empty());
    for query in of_resolver {
        assert!(["SOA", "NS", "A", "AAAA"].contains(&query.kind.as_str()), "{query:?}");
        assert!(!query.name.contains("_acme-challenge"), "{query:?}");
    }
}

#[tokio::test]
async fn a_delegation_is_looked_up_once_for_all_who_ask_at_the_same_time() {
    let sandbox = sandbox().await;
    let lookup = by_delegation(&sandbox);
    let names: Vec<_> =
        (0..20).map(|n| name(&format!("_acme-challenge.h{n}.ws.example"))).collect();
    for answers in join_all(names.iter().map(|name| lookup.txt(name))).await {
        assert_eq!(answers.unwrap().len(), 2);
    }
    let log = sandbox.dns_query_log();
    let count = |kind: &str| log.iter().filter(|query| query.kind == kind).count();
    assert_eq!((count("NS"), count("A"), count("AAAA")), (1, 2, 2));
    assert_eq!(count("TXT"), 40);
}

/// The zone whose name servers are looked up for a TXT record at `challenge`.
async fn zone_asked_for(challenge: &str, aliases: &[(&str, &str)]) -> String {
    let addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), Ipv4Addr::new(127, 0, 0, 2).into()];
    let builder = Sandbox::builder().zone("ws.example").zone("deep.ws.example");
    let builder = builder.zone("example.test").name_server_addresses(addresses);
    let sandbox = builder.start().await.unwrap();
    for (alias, target) in aliases {
        sandbox.add_record(alias, "CNAME", target).unwrap();
    }
    sandbox.add_record(challenge, "TXT", "value").unwrap();
    let answers = by_delegation(&sandbox).txt(&name(challenge)).await.unwrap();
    assert_eq!(answers[0].answer, values(&["value"]));
    let log = sandbox.dns_query_log();
    let zones: Vec<_> =
        log.into_iter().filter(|query| query.kind == "NS").map(|query| query.name).collect();
    zones.join(" ")
}

#[tokio::test]
async fn the_deepest_zone_is_asked() {
    let zone = zone_asked_for("_acme-challenge.a.deep.ws.example", &[]).await;
    assert_eq!(zone, "deep.ws.example.");
}

#[tokio::test]
async fn an_alias_above_the_name_does_not_lead_to_the_zone_of_its_target() {
    for target in ["host.example.test", "host.ws.example", "ws.example"] {
        let alias = ("www.deep.ws.example", target);
        let zone = zone_asked_for("_acme-challenge.www.deep.ws.example", &[alias]).await;
        assert_eq!(zone, "deep.ws.example.", "alias of {target}");
    }
}

#[tokio::test]
async fn a_domain_that_nobody_serves_is_an_error_that_names_it() {
    let sandbox = sandbox().await;
    let error =
        by_delegation(&sandbox).txt(&name("_acme-challenge.absent.invalid")).await.unwrap_err();
    assert!(matches!(error, LookupError::NoNameServer { .. }), "{error:?}");
    assert!(error.to_string().contains("_acme-challenge.absent.invalid"), "{error}");
}

#[tokio::test]
async fn a_resolver_that_is_down_is_passed_over_and_named_if_there_is_no_other() {
    let sandbox = sandbox().await;
    let down = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let with_resolvers = |resolvers: &[SocketAddr]| {
        AuthoritativeLookup::builder()
            .resolvers(resolvers.iter().copied())
            .port(sandbox.name_servers()[0].port())
            .timeout(SHORT)
            .build()
            .unwrap()
    };
    let challenge = name("_acme-challenge.ws.example");
    let lookup = with_resolvers(&[down, sandbox.resolver()]);
    assert_eq!(lookup.txt(&challenge).await.unwrap().len(), 2);
    let error = with_resolvers(&[down]).txt(&challenge).await.unwrap_err().to_string();
    assert!(error.contains(&down.to_string()), "{error}");
}

/// A resolver that knows `ws.example`, its name server at 127.0.0.1 and another host at 127.0.0.2.
async fn scripted_resolver() -> ScriptedServer {
    ScriptedServer::on_loopback(|question| {
        let query = &question.queries[0];
        let mut answer = answer_to(question);
        answer.metadata.authoritative = false;
        match query.query_type() {
            RecordType::SOA => {
                answer.add_answer(soa("ws.example."));
            }
            RecordType::NS => {
                answer.add_answer(ns("ws.example.", "parent.ns.example."));
            }
            RecordType::A => {
                let last = if *query.name() == absolute("parent.ns.example.") { 1 } else { 2 };
                let address = RData::A(A::new(127, 0, 0, last));
                answer.add_answer(Record::from_rdata(query.name().clone(), 60, address));
            }
            _ => {}
        }
        vec![answer]
    })
    .await
}

/// A server at 127.0.0.1 that refers every question to the zone `cut`.
async fn referring_server(cut: &'static str) -> ScriptedServer {
    ScriptedServer::on_loopback(move |question| {
        let mut referral = answer_to(question);
        referral.metadata.authoritative = false;
        referral.add_authority(ns(cut, "child.ns.example."));
        vec![referral]
    })
    .await
}

fn lookup_through(resolver: &ScriptedServer, server: &ScriptedServer) -> AuthoritativeLookup {
    AuthoritativeLookup::builder()
        .resolvers([resolver.address])
        .port(server.address.port())
        .timeout(SHORT)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_delegation_of_the_challenge_name_itself_is_followed_and_remembered() {
    let resolver = scripted_resolver().await;
    let parent = referring_server("_acme-challenge.ws.example.").await;
    let child = SocketAddr::from(([127, 0, 0, 2], parent.address.port()));
    let _child = ScriptedServer::start(child, |question| match question.queries[0].query_type() {
        RecordType::TXT => vec![txt_answer_to(question, "delegated")],
        _ => vec![answer_to(question)],
    })
    .await;
    let lookup = lookup_through(&resolver, &parent);
    let challenge = name("_acme-challenge.ws.example");
    let answers = lookup.txt(&challenge).await.unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].server, "child.ns.example");
    assert_eq!(answers[0].answer, values(&["delegated"]));
    let before = lookup.queries();
    lookup.txt(&challenge).await.unwrap();
    assert_eq!(lookup.queries() - before, 1, "the child is asked without a detour");
    assert_eq!(lookup.cname(&challenge).await, Ok(None));
}

#[tokio::test]
async fn a_server_that_refers_to_its_own_zone_is_lame() {
    let resolver = scripted_resolver().await;
    let server = referring_server("ws.example.").await;
    let lookup = lookup_through(&resolver, &server);
    let answers = lookup.txt(&name("_acme-challenge.ws.example")).await.unwrap();
    let expected = Answer::NotAuthoritative("NOERROR without authority".to_owned());
    assert_eq!(answers[0].answer, expected);
}
