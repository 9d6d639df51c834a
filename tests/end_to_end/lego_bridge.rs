//! lego's own provider for Tencent Cloud publishes and removes challenges at a sandbox; what it does beyond that too.

use e2e::harness::Test;
use e2e::lego_bridge::{LegoBridge, challenge_value};
use e2e::real_part::RealPart::LegoBridge as Lego;
use sandbox::Sandbox;
use serde_json::json;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [Lego] lego_publishes_a_challenge_and_removes_it;
        [Lego] lego_removes_every_txt_record_of_the_name_with_its_own;
        [Lego] lego_leaves_its_record_where_dnspod_lists_it_late;
        [Lego] lego_cannot_publish_the_same_value_twice;
        [Lego] lego_finds_no_zone_of_another_account;
        [Lego] lego_says_why_its_credentials_are_refused;
    }
}

const NAME: &str = "_acme-challenge.ws.example";

async fn lego_publishes_a_challenge_and_removes_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut lego = LegoBridge::start(&sandbox).await.unwrap();
    for (domain, name) in [
        ("ws.example", NAME),
        ("a.b.ws.example", "_acme-challenge.a.b.ws.example"),
        ("xn--bcher-kva.example", "_acme-challenge.xn--bcher-kva.example"),
    ] {
        lego.present(domain, "token.thumbprint").await.unwrap();
        assert_eq!(sandbox.txt_values(name), [challenge_value("token.thumbprint")]);
        lego.cleanup(domain, "token.thumbprint").await.unwrap();
        assert_eq!(sandbox.txt_values(name), [""; 0]);
    }
    let targets = lego.proxy().targets();
    assert!(targets.iter().all(|target| target == "dnspod.tencentcloudapi.com:443"), "{targets:?}");
}

async fn lego_removes_every_txt_record_of_the_name_with_its_own() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_record(NAME, "TXT", "of another client").unwrap();
    let mut lego = LegoBridge::start(&sandbox).await.unwrap();
    lego.present("ws.example", "apex").await.unwrap();
    lego.present("ws.example", "wildcard").await.unwrap();
    assert_eq!(sandbox.txt_values(NAME).len(), 3);
    lego.cleanup("ws.example", "apex").await.unwrap();
    assert_eq!(sandbox.txt_values(NAME), [""; 0], "one of three was to be removed");
    lego.cleanup("ws.example", "wildcard").await.unwrap();
}

async fn lego_leaves_its_record_where_dnspod_lists_it_late() {
    let sandbox = Sandbox::builder().fault("dnspod-index-delay=30").start().await.unwrap();
    let mut lego = LegoBridge::start(&sandbox).await.unwrap();
    lego.present("ws.example", "late").await.unwrap();
    lego.cleanup("ws.example", "late").await.expect("lego takes an empty list for success");
    assert_eq!(sandbox.txt_values(NAME), [challenge_value("late")], "an orphan");
}

async fn lego_cannot_publish_the_same_value_twice() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut lego = LegoBridge::start(&sandbox).await.unwrap();
    lego.present("ws.example", "same").await.unwrap();
    let reason = lego.present("ws.example", "same").await.unwrap_err();
    assert!(reason.contains("InvalidParameter.DomainRecordExist"), "{reason}");
    assert_eq!(sandbox.txt_values(NAME), [challenge_value("same")]);
}

async fn lego_finds_no_zone_of_another_account() {
    let sandbox =
        Sandbox::builder().zone("ws.example").foreign_zone("theirs.example").start().await.unwrap();
    let mut lego = LegoBridge::start(&sandbox).await.unwrap();
    let reason = lego.present("theirs.example", "value").await.unwrap_err();
    assert!(reason.contains("theirs.example") && reason.contains("not found"), "{reason}");
}

async fn lego_says_why_its_credentials_are_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    let variables = json!({
        "TENCENTCLOUD_SECRET_ID": sandbox.secret_id(),
        "TENCENTCLOUD_SECRET_KEY": "wrong",
    });
    let mut lego = LegoBridge::with_variables(&sandbox, variables).await.unwrap();
    let reason = lego.present("ws.example", "value").await.unwrap_err();
    assert!(reason.contains("AuthFailure.SignatureFailure"), "{reason}");
}
