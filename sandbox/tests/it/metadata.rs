//! The metadata of an instance, which anyone on it may ask for.

use std::time::Duration;

use sandbox::Sandbox;
use serde_json::Value;

use crate::tencent_client::{HttpAnswer, Signer, address, response, send_raw, signed_by};

const ROLES: &str = "/latest/meta-data/cam/security-credentials/";

async fn read(sandbox: &Sandbox, path: &str) -> HttpAnswer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: metadata.tencentyun.com\r\n\r\n");
    send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await
}

async fn credentials(sandbox: &Sandbox) -> Value {
    let answer = read(sandbox, &format!("{ROLES}certctl")).await;
    assert_eq!(answer.status, 200);
    serde_json::from_str(&answer.body).unwrap()
}

/// The code that DNSPod answers to a request signed with these credentials.
async fn code(sandbox: &Sandbox, credentials: &Value) -> Value {
    let text = |name: &str| credentials[name].as_str().unwrap().to_owned();
    let signer =
        Signer { id: text("TmpSecretId"), key: text("TmpSecretKey"), ..Signer::account(sandbox) };
    let token = format!("X-TC-Token: {}", text("Token"));
    let request = signed_by(&signer, sandbox, "DescribeDomainList", "{}", &[&token]);
    let answer = send_raw(address(&sandbox.dnspod_endpoint()), request.as_bytes()).await;
    response(&answer)["Error"]["Code"].take()
}

#[tokio::test]
async fn an_instance_without_a_role_has_nothing_to_show() {
    let sandbox = Sandbox::start().await.unwrap();
    assert_eq!(read(&sandbox, ROLES).await.status, 404);
    assert_eq!(read(&sandbox, &format!("{ROLES}certctl")).await.status, 404);
}

#[tokio::test]
async fn an_instance_with_a_role_shows_its_name_and_credentials_that_work() {
    let sandbox = Sandbox::builder().instance_role("certctl").start().await.unwrap();
    let name = read(&sandbox, ROLES).await;
    assert_eq!((name.status, name.body.as_str()), (200, "certctl"));
    assert_eq!(read(&sandbox, &format!("{ROLES}other")).await.status, 404);
    let credentials = credentials(&sandbox).await;
    assert_eq!(credentials["Code"], "Success");
    assert_eq!(code(&sandbox, &credentials).await, Value::Null);
}

#[tokio::test]
async fn the_credentials_stay_the_same_until_half_of_their_lifetime_is_over_and_end_with_it() {
    let sandbox = Sandbox::builder().instance_role("certctl").start().await.unwrap();
    // Within what a signature's time may be off.
    sandbox.set_lifetime(Duration::from_secs(200));
    let first = credentials(&sandbox).await;
    assert_eq!(credentials(&sandbox).await, first);
    sandbox.set_clock_offset(150);
    let second = credentials(&sandbox).await;
    assert_ne!(second["TmpSecretId"], first["TmpSecretId"]);
    assert_eq!(code(&sandbox, &first).await, Value::Null);
    sandbox.set_clock_offset(220);
    assert_eq!(code(&sandbox, &first).await, "AuthFailure.TokenFailure");
    assert_eq!(code(&sandbox, &second).await, Value::Null);
}

#[tokio::test]
async fn credentials_that_could_not_be_had_say_so_in_their_code_and_the_next_are_good() {
    let sandbox = Sandbox::builder()
        .instance_role("certctl")
        .fault("metadata-not-success")
        .start()
        .await
        .unwrap();
    let refused = credentials(&sandbox).await;
    assert_ne!(refused["Code"], "Success");
    assert_eq!(refused["TmpSecretId"], Value::Null);
    assert_eq!(credentials(&sandbox).await["Code"], "Success");
}

#[tokio::test]
async fn metadata_that_hangs_does_so_once() {
    let sandbox =
        Sandbox::builder().instance_role("certctl").fault("metadata-hang").start().await.unwrap();
    let hanging = tokio::time::timeout(Duration::from_millis(200), read(&sandbox, ROLES)).await;
    assert!(hanging.is_err());
    assert_eq!(read(&sandbox, ROLES).await.body, "certctl");
}
