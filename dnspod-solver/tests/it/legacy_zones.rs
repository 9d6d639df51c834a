//! Which zone a record goes to by the legacy API.

use acme_core::dns01::{DnsProvider, DnsProviderError};
use serde_json::json;

use crate::legacy_account::{dnspod, domain, domains, status, usual};
use crate::scripted::{Reply, Scripted, txt};

const NAME: &str = "_acme-challenge.ws.example";

#[tokio::test(start_paused = true)]
async fn the_longest_zone_wins() {
    let server = Scripted::start(|call| match call.body["domain"].as_str() {
        Some(name @ ("ws.example" | "a.ws.example")) => domain(name, "enable"),
        Some(_) => status("6", "Domain name invalid"),
        None => usual(call),
    })
    .await;
    dnspod(&server).append_txt(&txt("_acme-challenge.b.a.ws.example", "v")).await.unwrap();
    let asked: Vec<_> =
        server.calls_of("Domain.Info").iter().map(|call| call.body["domain"].clone()).collect();
    assert_eq!(asked, ["_acme-challenge.b.a.ws.example", "b.a.ws.example", "a.ws.example"]);
    assert_eq!(server.calls_of("Record.Create")[0].body["sub_domain"], "_acme-challenge.b");
}

/// Others compare the ends of names: `badws.example` ends with `ws.example`.
#[tokio::test(start_paused = true)]
async fn a_zone_whose_name_is_only_the_end_of_the_name_is_not_taken() {
    let server = Scripted::start(usual).await;
    let error =
        dnspod(&server).append_txt(&txt("_acme-challenge.badws.example", "v")).await.unwrap_err();
    assert!(matches!(&error, DnsProviderError::ZoneNotFound { .. }), "{error}");
    assert!(server.calls_of("Record.Create").is_empty());
}

/// Others cut the name at the first place where the zone's name occurs in it.
#[tokio::test(start_paused = true)]
async fn a_name_that_holds_the_zones_name_twice_is_cut_at_the_end() {
    let server = Scripted::start(usual).await;
    let name = "_acme-challenge.ws.example.mirror.ws.example";
    dnspod(&server).append_txt(&txt(name, "v")).await.unwrap();
    assert_eq!(
        server.calls_of("Record.Create")[0].body["sub_domain"],
        "_acme-challenge.ws.example.mirror"
    );
}

#[tokio::test(start_paused = true)]
async fn the_zones_id_is_read_with_and_without_quotes() {
    for id in [json!("1923"), json!(1923)] {
        let server = Scripted::start(move |call| match usual(call) {
            Reply::Bare(mut answer) if answer["domain"]["id"] == "1923" => {
                answer["domain"]["id"] = id.clone();
                Reply::Bare(answer)
            }
            other => other,
        })
        .await;
        dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap();
        assert_eq!(server.calls_of("Record.Create")[0].body["domain_id"], "1923");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_for_another_zone_is_not_taken() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Domain.Info" => domain("other.example", "enable"),
        _ => usual(call),
    })
    .await;
    let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(&error, DnsProviderError::ZoneNotFound { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_of_another_account_is_never_read_as_no_zone() {
    let server = Scripted::start(|call| match call.body["domain"].as_str() {
        Some("a.ws.example") => status("8", "非域名所有者"),
        _ => usual(call),
    })
    .await;
    let refused = dnspod(&server).append_txt(&txt("_acme-challenge.a.ws.example", "v")).await;
    let Err(DnsProviderError::NotPermitted { zone, reason, .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert_eq!(zone, "a.ws.example");
    assert!(reason.starts_with("code 8: the zone belongs to another account"), "{reason}");
    assert!(server.calls_of("Record.Create").is_empty());
}

/// A code that nobody has documented yet is not guessed at by its words: the list of zones is asked, all pages of it.
#[tokio::test(start_paused = true)]
async fn a_name_refused_with_an_unknown_code_is_looked_for_in_the_list_of_zones() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Domain.Info" if call.body["domain"] != "ws.example" => {
            status("4711", "当前域名未添加解析，请返回域名列表")
        }
        "Domain.List" => {
            let offset: usize = call.body["offset"].as_str().unwrap().parse().unwrap();
            let names: Vec<String> = (offset..1200.min(offset + 500))
                .map(
                    |i| if i == 1199 { "a.ws.example".to_owned() } else { format!("n{i}.example") },
                )
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            domains(&names, 1200)
        }
        _ => usual(call),
    })
    .await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(server.calls_of("Record.Create")[0].body["domain_id"], "1923");
    assert_eq!(server.calls_of("Domain.List").len(), 3);
    assert_eq!(server.calls_of("Domain.List")[2].body["offset"], "1000");

    dnspod.append_txt(&txt("_acme-challenge.a.ws.example", "v")).await.unwrap();
    assert_eq!(server.calls_of("Record.Create")[1].body["domain_id"], (1923 + 199).to_string());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_code_is_reported_where_the_list_of_zones_is_refused_too() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "Domain.Info" => status("4711", "something new"),
        "Domain.List" => status("-7", "无权使用此接口"),
        _ => usual(call),
    })
    .await;
    let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "DNSPod rejected the record _acme-challenge.ws.example: code 4711: Domain.Info failed \
         (DNSPod says: something new)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_zone_out_of_service_is_refused_with_its_own_sentence() {
    for (state, sentence) in
        [("pause", "is paused"), ("lock", "is locked"), ("spam", "is blocked for abuse")]
    {
        let server = Scripted::start(move |call| match call.body["domain"].as_str() {
            Some("ws.example") => domain("ws.example", state),
            _ => usual(call),
        })
        .await;
        let error = dnspod(&server).append_txt(&txt(NAME, "v")).await.unwrap_err();
        assert!(matches!(&error, DnsProviderError::ZoneUnusable { .. }), "{error}");
        assert!(error.to_string().contains(sentence), "{error}");
        assert!(server.calls_of("Record.Create").is_empty(), "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_kept_in_unicode_is_found_by_either_form() {
    for known in ["例子.中国", "xn--fsqu00a.xn--fiqs8s"] {
        let server = Scripted::start(move |call| match call.body["domain"].as_str() {
            Some(name) if name == known => domain("例子.中国", "enable"),
            _ => usual(call),
        })
        .await;
        dnspod(&server).append_txt(&txt("_acme-challenge.例子.中国", "v")).await.unwrap();
        let create = &server.calls_of("Record.Create")[0];
        assert_eq!(create.body["domain_id"], "1923", "{known}");
        assert_eq!(create.body["sub_domain"], "_acme-challenge", "{known}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_left_the_account_is_looked_for_again() {
    let server = Scripted::start(|call| match (call.action.as_str(), call.number) {
        ("Record.Create", 1) => status("6", "域名编号不正确"),
        _ => usual(call),
    })
    .await;
    let dnspod = dnspod(&server);
    dnspod.append_txt(&txt(NAME, "first")).await.unwrap();
    dnspod.append_txt(&txt(NAME, "second")).await.unwrap();
    assert_eq!(server.calls_of("Record.Create").len(), 3);
}

/// Others keep a client for each token id in a table, where a new token with the same id never arrives.
#[tokio::test(start_paused = true)]
async fn a_new_token_of_the_same_id_is_used_at_once() {
    let server = Scripted::start(|call| {
        if call.body["login_token"] == "12345,new" {
            usual(call)
        } else {
            status("-1", "Login fail")
        }
    })
    .await;
    let with = |token: &str| {
        let token = dnspod_solver::LoginToken::new("12345", token).unwrap();
        dnspod_solver::DnsPod::legacy(token).endpoint(server.url.clone()).build().unwrap()
    };
    with("old").append_txt(&txt(NAME, "v")).await.unwrap_err();
    with("new").append_txt(&txt(NAME, "v")).await.unwrap();
}
