//! Which zone a record goes to.

use acme_core::dns01::{DnsProvider, DnsProviderError};

use crate::scripted::{Reply, Scripted, domain_info, error, records, txt, usual};

const NAME: &str = "_acme-challenge.ws.example";

#[tokio::test(start_paused = true)]
async fn the_longest_zone_wins() {
    let server = Scripted::start(|call| match call.body["Domain"].as_str().unwrap() {
        domain @ ("ws.example" | "a.ws.example") => match call.action.as_str() {
            "DescribeDomain" => domain_info(domain, "enable"),
            "DescribeRecordList" => records(&[]),
            _ => Reply::Json(serde_json::json!({ "RecordId": 1 })),
        },
        _ => error("InvalidParameter.DomainInvalid", ""),
    })
    .await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt("_acme-challenge.b.a.ws.example", "v")).await.unwrap();
    let create = &server.calls_of("CreateRecord")[0];
    assert_eq!(create.body["Domain"], "a.ws.example");
    assert_eq!(create.body["SubDomain"], "_acme-challenge.b");
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_may_not_be_seen_is_never_read_as_no_zone() {
    for code in [
        "UnauthorizedOperation",
        "AuthFailure.UnauthorizedOperation",
        "OperationDenied.NoPermissionToOperateDomain",
        "FailedOperation.NotDomainOwner",
    ] {
        let server = Scripted::start(move |call| match call.body["Domain"].as_str().unwrap() {
            "a.ws.example" => error(code, ""),
            _ => usual(call),
        })
        .await;
        let refused = server
            .dnspod()
            .append_txt(&txt("_acme-challenge.a.ws.example", "v"))
            .await
            .unwrap_err();
        let DnsProviderError::NotPermitted { zone, reason, .. } = &refused else {
            panic!("{code}: {refused}");
        };
        assert_eq!(zone, "a.ws.example");
        assert!(reason.starts_with(code), "{reason}");
        assert!(server.calls_of("CreateRecord").is_empty(), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_names_the_action() {
    let server = Scripted::start(|call| match call.action.as_str() {
        "DescribeDomain" => error("UnauthorizedOperation", ""),
        _ => usual(call),
    })
    .await;
    let refused = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err().to_string();
    assert!(refused.contains("allow the key the action dnspod:DescribeDomain"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn without_a_zone_the_error_says_what_was_tried_and_the_next_try_asks_again() {
    let server = Scripted::start(|call| {
        // The person adds the zone after two calls have found none.
        if call.number < 2 && call.action == "DescribeRecordList" {
            error("InvalidParameterValue.DomainNotExists", "")
        } else {
            usual(call)
        }
    })
    .await;
    let dnspod = server.dnspod();
    let error = dnspod.append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no zone for _acme-challenge.ws.example in this DNSPod account (tried _acme-challenge.ws.example, ws.example)"
    );
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_zone_set_by_hand_is_the_only_one_asked_for() {
    let server = Scripted::start(usual).await;
    let dnspod = server
        .builder()
        .zone("ws.example".parse().unwrap())
        .build()
        .unwrap_or_else(|e| panic!("{e}"));
    dnspod.append_txt(&txt("_acme-challenge.a.b.ws.example", "v")).await.unwrap();
    assert_eq!(dnspod.calls(), 3);
    assert_eq!(server.calls_of("CreateRecord")[0].body["SubDomain"], "_acme-challenge.a.b");

    let error = dnspod.append_txt(&txt("_acme-challenge.other.example", "v")).await.unwrap_err();
    assert!(matches!(&error, DnsProviderError::ZoneNotFound { .. }), "{error}");
    assert_eq!(dnspod.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn many_appends_at_once_look_for_the_zone_once() {
    let server = Scripted::start(usual).await;
    let dnspod = server.dnspod();
    let mut appends = tokio::task::JoinSet::new();
    for i in 0..50 {
        let dnspod = dnspod.clone();
        appends.spawn(async move { dnspod.append_txt(&txt(NAME, &i.to_string())).await });
    }
    for result in appends.join_all().await {
        result.unwrap();
    }
    assert_eq!(server.calls_of("DescribeRecordList").len(), 2);
    assert_eq!(server.calls_of("DescribeDomain").len(), 1);
    assert_eq!(server.calls_of("CreateRecord").len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_left_the_account_is_looked_for_again() {
    let server = Scripted::start(|call| match (call.action.as_str(), call.number) {
        ("CreateRecord", 1) => error("InvalidParameterValue.DomainNotExists", ""),
        _ => usual(call),
    })
    .await;
    let dnspod = server.dnspod();
    dnspod.append_txt(&txt(NAME, "first")).await.unwrap();
    dnspod.append_txt(&txt(NAME, "second")).await.unwrap();
    assert_eq!(server.calls_of("CreateRecord").len(), 3);
    assert_eq!(server.calls_of("DescribeDomain").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_zone_out_of_service_is_refused_with_its_own_sentence() {
    for (status, sentence) in
        [("pause", "is paused"), ("lock", "is locked"), ("spam", "is blocked for abuse")]
    {
        let server = Scripted::start(move |call| match call.action.as_str() {
            "DescribeDomain" => domain_info("ws.example", status),
            _ => usual(call),
        })
        .await;
        let error = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err();
        assert!(matches!(&error, DnsProviderError::ZoneUnusable { .. }), "{error}");
        assert!(error.to_string().contains(sentence), "{error}");
        assert!(server.calls_of("CreateRecord").is_empty(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_alias_is_refused_with_what_to_do() {
    let server = Scripted::start(|call| match call.body["Domain"].as_str().unwrap() {
        "ws.example" => error("InvalidParameter.DomainIsAliaser", "此域名是其它域名的别名。"),
        _ => usual(call),
    })
    .await;
    let error = server.dnspod().append_txt(&txt(NAME, "v")).await.unwrap_err();
    assert!(matches!(&error, DnsProviderError::ZoneUnusable { .. }), "{error}");
    assert!(error.to_string().contains("alias of another zone"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_zone_kept_in_unicode_is_found_and_called_by_that_name() {
    let server = Scripted::start(|call| {
        if call.body["Domain"] != "例子.中国" {
            return error("InvalidParameterValue.DomainNotExists", "");
        }
        match call.action.as_str() {
            "DescribeDomain" => domain_info("例子.中国", "enable"),
            "DescribeRecordList" => records(&[]),
            _ => Reply::Json(serde_json::json!({ "RecordId": 1 })),
        }
    })
    .await;
    server.dnspod().append_txt(&txt("_acme-challenge.例子.中国", "v")).await.unwrap();
    let create = &server.calls_of("CreateRecord")[0];
    assert_eq!(create.body["Domain"], "例子.中国");
    assert_eq!(create.body["SubDomain"], "_acme-challenge");
}
