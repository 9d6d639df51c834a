//! The legacy API against the sandbox: an account with its own idea of what that API does.

use std::sync::Arc;
use std::time::Duration;

use ::sandbox::{Builder, Sandbox, ZoneStatus};
use acme_core::DnsName;
use acme_core::dns01::{DnsProvider, DnsProviderError, contract};
use acme_core::http::HttpOptions;
use dnspod_solver::{DnsPod, DnsPodBuilder, LoginToken};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::sandbox::values;
use crate::scripted::txt;

/// More values of others at one name than the 500 that the international site lists at once.
const CROWD: usize = 1100;

fn name(text: &str) -> DnsName {
    text.parse().unwrap()
}

fn builder(login_token: &str) -> DnsPodBuilder {
    DnsPod::legacy(LoginToken::parse(login_token).unwrap_or_else(|e| panic!("{e}")))
}

fn provider(sandbox: &Sandbox) -> DnsPod {
    builder(sandbox.login_token())
        .endpoint(sandbox.dnspod_endpoint().parse().unwrap())
        .build()
        .unwrap()
}

/// Checks the contract on providers that `new` makes from a token and the sandbox.
async fn runs_the_contract(sandbox: Sandbox, new: impl Fn(&Sandbox, &str) -> DnsPod) {
    let crowded = name("_acme-challenge.crowd.ws.example");
    for i in 0..CROWD {
        sandbox.add_record(crowded.as_str(), "TXT", &format!("foreign-{i}")).unwrap();
    }
    let sandbox = Arc::new(sandbox);
    let view = Arc::clone(&sandbox);
    let mut subject = contract::Subject::new(
        Arc::new(new(&sandbox, sandbox.login_token())),
        name("ws.example"),
        move |zone, name| {
            let sandbox = Arc::clone(&view);
            async move { Ok(values(&sandbox, &zone, &name).await) }
        },
    );
    subject.second = Some(Arc::new(new(&sandbox, sandbox.login_token())));
    subject.nested_zone = Some(name("team.ws.example"));
    subject.idn_zone = Some(name("bücher.example"));
    subject.crowded_name = Some(crowded);
    let counted = Arc::clone(&sandbox);
    subject.refused = Some(contract::RefusedCredential {
        provider: Arc::new(new(&sandbox, "12345,wrong")),
        requests: Arc::new(move || counted.dnspod_calls().len() as u64),
    });

    let report = contract::check(&subject).await;
    report.assert();
    assert_eq!(report.not_applicable().count(), 0, "{report}");
    assert_eq!(sandbox.refused_agents(), 0);
}

fn with_zones() -> Builder {
    Sandbox::builder().zone("ws.example").zone("team.ws.example").zone("bücher.example")
}

#[tokio::test]
async fn the_contract_is_kept() {
    let sandbox = with_zones().start().await.unwrap();
    runs_the_contract(sandbox, |sandbox, token| {
        builder(token).endpoint(sandbox.dnspod_endpoint().parse().unwrap()).build().unwrap()
    })
    .await;
}

#[tokio::test]
async fn the_contract_is_kept_on_dnsapi_cn() {
    let sandbox = with_zones().start().await.unwrap();
    let proxy = proxy_to(&sandbox.dnspod_tls_endpoint()).await;
    runs_the_contract(sandbox, |sandbox, token| {
        builder(token).http(through(&proxy, sandbox)).build().unwrap()
    })
    .await;
}

#[tokio::test]
async fn the_contract_is_kept_on_the_international_site() {
    let sandbox = with_zones().start().await.unwrap();
    let proxy = proxy_to(&sandbox.dnspod_tls_endpoint()).await;
    runs_the_contract(sandbox, |sandbox, token| {
        builder(token)
            .endpoint("https://api.dnspod.com".parse().unwrap())
            .http(through(&proxy, sandbox))
            .build()
            .unwrap()
    })
    .await;
}

#[tokio::test]
async fn one_challenge_costs_three_calls_cold_and_two_warm() {
    let sandbox = Sandbox::start().await.unwrap();
    let dnspod = provider(&sandbox);
    dnspod.append_txt(&txt("_acme-challenge.ws.example", "first")).await.unwrap();
    assert_eq!(sandbox.dnspod_calls(), ["Domain.Info", "Domain.Info", "Record.Create"]);

    sandbox.reset_counts();
    dnspod.append_txt(&txt("_acme-challenge.ws.example", "second")).await.unwrap();
    dnspod.delete_txt(&txt("_acme-challenge.ws.example", "second")).await.unwrap();
    assert_eq!(sandbox.dnspod_calls(), ["Record.Create", "Record.Remove"]);
}

#[tokio::test]
async fn a_zone_of_someone_else_is_named_as_such() {
    let sandbox =
        Sandbox::builder().zone("ws.example").foreign_zone("other.example").start().await.unwrap();
    let error = provider(&sandbox)
        .append_txt(&txt("_acme-challenge.other.example", "v"))
        .await
        .unwrap_err();
    let DnsProviderError::NotPermitted { zone, .. } = &error else { panic!("{error}") };
    assert_eq!(zone, "other.example");
    assert!(error.to_string().contains("belongs to another account"), "{error}");
}

#[tokio::test]
async fn a_paused_zone_takes_no_new_record_and_lets_old_ones_go() {
    let sandbox = Sandbox::start().await.unwrap();
    let record = txt("_acme-challenge.ws.example", "v");
    provider(&sandbox).append_txt(&record).await.unwrap();

    assert!(sandbox.set_zone_status("ws.example", ZoneStatus::Pause));
    let second = provider(&sandbox);
    let error = second.append_txt(&txt("_acme-challenge.ws.example", "w")).await.unwrap_err();
    assert!(error.to_string().contains("the zone is paused"), "{error}");
    second.delete_txt(&record).await.unwrap();
    assert!(sandbox.txt_values("_acme-challenge.ws.example").is_empty());
}

#[tokio::test]
async fn what_goes_wrong_for_a_moment_does_no_harm() {
    for fault in [
        "legacy-html-502",
        "legacy-maintenance",
        "legacy-unknown-error",
        "legacy-timeout-after-commit",
    ] {
        let sandbox = Sandbox::start().await.unwrap();
        let http = HttpOptions { timeout: Duration::from_secs(1), ..HttpOptions::default() };
        let endpoint = sandbox.dnspod_endpoint().parse().unwrap();
        let dnspod = builder(sandbox.login_token()).endpoint(endpoint).http(http).build().unwrap();
        let name = "_acme-challenge.ws.example";
        dnspod.append_txt(&txt(name, "first")).await.unwrap();
        sandbox.set_fault(fault).unwrap();
        dnspod.append_txt(&txt(name, "second")).await.unwrap();
        assert_eq!(sandbox.txt_values(name).len(), 2, "{fault}");
        dnspod.delete_txt(&txt(name, "second")).await.unwrap();
        assert_eq!(sandbox.txt_values(name), ["first"], "{fault}");
    }
}

/// Another process has created the record; the list is two seconds late, and the answer to a second create tells.
#[tokio::test]
async fn a_record_that_lists_do_not_show_yet_is_deleted_all_the_same() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.set_fault("dnspod-index-delay=2").unwrap();
    let record = txt("_acme-challenge.ws.example", "v");
    provider(&sandbox).append_txt(&record).await.unwrap();
    provider(&sandbox).delete_txt(&record).await.unwrap();
    assert!(sandbox.txt_values("_acme-challenge.ws.example").is_empty());
}

#[tokio::test]
async fn a_hundred_names_are_appended_and_deleted_at_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let dnspod = provider(&sandbox);
    for append in [true, false] {
        let mut calls = tokio::task::JoinSet::new();
        for i in 0..100 {
            let dnspod = dnspod.clone();
            calls.spawn(async move {
                let record = txt(&format!("_acme-challenge.n{i}.ws.example"), "v");
                if append {
                    dnspod.append_txt(&record).await
                } else {
                    dnspod.delete_txt(&record).await
                }
            });
        }
        for result in calls.join_all().await {
            result.unwrap();
        }
        let expected = usize::from(append);
        assert_eq!(sandbox.txt_values("_acme-challenge.n0.ws.example").len(), expected);
        assert_eq!(sandbox.txt_values("_acme-challenge.n99.ws.example").len(), expected);
    }
}

/// How DNSPod's own hosts are reached where they are the sandbox: by a proxy, with the sandbox's root trusted.
fn through(proxy: &Url, sandbox: &Sandbox) -> HttpOptions {
    HttpOptions {
        extra_roots: vec![sandbox.root_pem().to_owned()],
        proxy: Some((proxy.clone(), String::new())),
        ..HttpOptions::default()
    }
}

/// A proxy that leads every CONNECT to `endpoint`, whatever host is asked for.
async fn proxy_to(endpoint: &str) -> Url {
    let target = Url::parse(endpoint).unwrap().authority().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let target = target.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                assert!(head.starts_with(b"CONNECT "), "{}", String::from_utf8_lossy(&head));
                let mut server = TcpStream::connect(target).await?;
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    url
}
