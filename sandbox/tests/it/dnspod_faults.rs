//! What goes wrong at Tencent's side when it is told to.

use std::time::Duration;

use hickory_proto::rr::RecordType;
use sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ask::{ask, txt};
use crate::tencent_client::{address, call, refusal, send_raw, signed};

/// Long enough for an answer on loopback, short enough to wait for its absence.
const SILENCE: Duration = Duration::from_millis(300);

fn txt_record() -> Value {
    json!({
        "Domain": "ws.example", "RecordType": "TXT", "RecordLine": "默认", "Value": "v", "SubDomain": "a",
    })
}

async fn with(fault: &str) -> Sandbox {
    Sandbox::builder().fault(fault).start().await.unwrap()
}

/// Lets so much time pass on the runtime's clock, with everybody at rest.
async fn pass(duration: Duration) {
    tokio::time::pause();
    tokio::time::advance(duration).await;
    tokio::time::resume();
}

/// Sends a request, waits until `is_done`, and says whether the server has not answered shortly after.
async fn stays_without_answer(
    sandbox: &Sandbox,
    request: &str,
    is_done: impl Fn() -> bool,
) -> bool {
    let mut stream = TcpStream::connect(address(&sandbox.dnspod_endpoint())).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    while !is_done() {
        tokio::task::yield_now().await;
    }
    tokio::time::timeout(SILENCE, stream.read_u8()).await.is_err()
}

#[tokio::test]
async fn lists_show_a_record_only_after_the_index_delay_and_all_else_at_once() {
    let sandbox = with("dnspod-index-delay").await;
    let id = call(&sandbox, "CreateRecord", &txt_record()).await["RecordId"].clone();
    let one = json!({ "Domain": "ws.example", "SubDomain": "a" });
    let by_filter = json!({ "Domain": "ws.example", "SubDomain": "a", "IsExactSubDomain": true });
    let lists = [("DescribeRecordList", one), ("DescribeRecordFilterList", by_filter)];
    pass(Duration::from_millis(29_900)).await;
    for (action, params) in lists.clone() {
        assert_eq!(refusal(&sandbox, action, params).await, "ResourceNotFound.NoDataOfRecord");
    }

    let by_id = json!({ "Domain": "ws.example", "RecordId": id });
    assert_eq!(call(&sandbox, "DescribeRecord", &by_id).await["RecordInfo"]["Value"], "v");
    let served = ask(sandbox.name_servers()[0], "a.ws.example.", RecordType::TXT).await;
    assert_eq!(txt(&served), ["v"]);
    assert_eq!(
        refusal(&sandbox, "CreateRecord", txt_record()).await,
        "InvalidParameter.DomainRecordExist"
    );
    let zone = call(&sandbox, "DescribeRecordList", &json!({ "Domain": "ws.example" })).await;
    assert_eq!(zone["RecordCountInfo"]["TotalCount"], 2, "the zone's own NS records");

    pass(Duration::from_millis(100)).await;
    for (action, params) in lists {
        assert_eq!(call(&sandbox, action, &params).await["RecordList"][0]["RecordId"], id);
    }
}

#[tokio::test]
async fn a_modified_record_stays_in_the_index() {
    let sandbox = with("dnspod-index-delay=5").await;
    let mut params = txt_record();
    params["RecordId"] = call(&sandbox, "CreateRecord", &params).await["RecordId"].clone();
    pass(Duration::from_secs(5)).await;
    params["Value"] = json!("w");
    call(&sandbox, "ModifyRecord", &params).await;
    let list = json!({ "Domain": "ws.example", "SubDomain": "a" });
    assert_eq!(call(&sandbox, "DescribeRecordList", &list).await["RecordList"][0]["Value"], "w");
}

#[tokio::test]
async fn refusals_come_so_often_as_told_and_change_nothing() {
    for (fault, code) in [
        ("dnspod-throttled=2", "RequestLimitExceeded"),
        ("dnspod-internal-error=2", "InternalError"),
        ("dnspod-token-expired=2", "AuthFailure.TokenFailure"),
        ("dnspod-signature-expired=2", "AuthFailure.SignatureExpire"),
        ("dnspod-zone-busy=2", "InvalidParameter.DomainIsModifyingDns"),
    ] {
        let sandbox = with(fault).await;
        for _ in 0..2 {
            assert_eq!(refusal(&sandbox, "CreateRecord", txt_record()).await, code);
        }
        assert!(sandbox.txt_values("a.ws.example").is_empty(), "{fault}");
        assert!(call(&sandbox, "CreateRecord", &txt_record()).await["RecordId"].is_u64());
        assert_eq!(sandbox.dnspod_throttled(), if fault == "dnspod-throttled=2" { 2 } else { 0 });
    }
}

#[tokio::test]
async fn a_busy_zone_can_be_read() {
    let sandbox = with("dnspod-zone-busy").await;
    let domain = json!({ "Domain": "ws.example" });
    assert!(call(&sandbox, "DescribeDomain", &domain).await["DomainInfo"].is_object());
    refusal(&sandbox, "CreateRecord", txt_record()).await;
}

#[tokio::test]
async fn a_wrong_signature_is_not_hidden_by_a_fault() {
    let sandbox = with("dnspod-throttled").await;
    let request = signed(&sandbox, "DescribeDomainList", "{}", &[]).replace("{}", "{ }");
    let request = request.replace("Content-Length: 2", "Content-Length: 3");
    let answer = send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await;
    assert!(answer.body.contains("AuthFailure.SignatureFailure"), "{}", answer.body);
    assert_eq!(refusal(&sandbox, "DescribeDomainList", json!({})).await, "RequestLimitExceeded");
}

#[tokio::test]
async fn a_change_may_be_carried_out_and_never_answered() {
    let sandbox = with("dnspod-timeout-after-commit").await;
    // Neither what changes nothing nor what is refused is meant.
    call(&sandbox, "DescribeDomainList", &json!({})).await;
    refusal(&sandbox, "CreateRecord", json!({ "Domain": "ws.example" })).await;
    let request = signed(&sandbox, "CreateRecord", &txt_record().to_string(), &[]);
    let is_done = || sandbox.txt_values("a.ws.example") == ["v"];
    assert!(stays_without_answer(&sandbox, &request, is_done).await);
    assert_eq!(
        refusal(&sandbox, "CreateRecord", txt_record()).await,
        "InvalidParameter.DomainRecordExist"
    );
}

#[tokio::test]
async fn a_request_may_be_taken_and_never_answered_nor_carried_out() {
    let sandbox = with("dnspod-hang").await;
    let request = signed(&sandbox, "CreateRecord", &txt_record().to_string(), &[]);
    assert!(stays_without_answer(&sandbox, &request, || true).await);
    assert!(sandbox.txt_values("a.ws.example").is_empty());
    assert!(call(&sandbox, "CreateRecord", &txt_record()).await["RecordId"].is_u64());
}

#[tokio::test]
async fn an_answer_may_be_a_proxys_page_or_empty() {
    let sandbox = with("dnspod-html-502").await;
    let request = signed(&sandbox, "CreateRecord", &txt_record().to_string(), &[]);
    let server = address(&sandbox.dnspod_endpoint());
    let page = send_raw(server, request.as_bytes()).await;
    assert_eq!((page.status, page.content_type.as_str()), (502, "text/html"));
    assert!(sandbox.txt_values("a.ws.example").is_empty());

    sandbox.set_fault("dnspod-empty-body").unwrap();
    let empty = send_raw(server, request.as_bytes()).await;
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
    assert_eq!(sandbox.txt_values("a.ws.example"), ["v"], "the action is carried out");
}

#[tokio::test]
async fn a_record_may_vanish_just_before_it_is_deleted() {
    let sandbox = with("dnspod-vanishing-record").await;
    let id = call(&sandbox, "CreateRecord", &txt_record()).await["RecordId"].clone();
    let params = json!({ "Domain": "ws.example", "RecordId": id });
    assert_eq!(refusal(&sandbox, "DeleteRecord", params).await, "InvalidParameter.RecordIdInvalid");
    assert!(sandbox.txt_values("a.ws.example").is_empty());
}

#[tokio::test]
async fn faults_of_the_ca_do_not_concern_the_api() {
    let mut builder = Sandbox::builder();
    for fault in ["hang=9", "html-502=9", "redirect=9", "overloaded-seconds=60", "truncated-body=9"]
    {
        builder = builder.fault(fault);
    }
    let sandbox = builder.start().await.unwrap();
    assert!(call(&sandbox, "CreateRecord", &txt_record()).await["RecordId"].is_u64());
}

#[tokio::test]
async fn the_date_of_every_answer_is_that_of_the_sandboxs_clock() {
    let sandbox = with("dnspod-html-502").await;
    let server = address(&sandbox.dnspod_endpoint());
    let request = signed(&sandbox, "DescribeDomainList", "{}", &[]);
    sandbox.set_clock_offset(-86_400 * 365);
    #[expect(clippy::disallowed_methods, reason = "the offset is one from the machine's clock")]
    let expected = std::time::SystemTime::now() - Duration::from_secs(86_400 * 365);
    for status in [502, 200] {
        let answer = send_raw(server, request.as_bytes()).await;
        assert_eq!(answer.status, status);
        let date = httpdate::parse_http_date(&answer.date).unwrap();
        let off = expected.duration_since(date).unwrap_or_else(|error| error.duration());
        assert!(off < Duration::from_secs(60), "{}", answer.date);
    }
}
