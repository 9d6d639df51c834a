//! Roles against the sandbox, which has its own idea of STS, of the metadata service, and of when a session ends.

use std::time::Duration;

use acme_core::dns01::{DnsProvider, DnsProviderError};
use dnspod_solver::{AssumeRole, Credential, CredentialSource, DnsPod, InstanceRole, WebIdentity};
use sandbox::{Builder, Sandbox};

use crate::scripted::txt;

const NAME: &str = "_acme-challenge.ws.example";
const ARN: &str = "qcs::cam::uin/100000000001:roleName/certificates";

async fn started(builder: Builder) -> Sandbox {
    builder.zone("ws.example").start().await.unwrap()
}

fn key(sandbox: &Sandbox) -> CredentialSource {
    let key = Credential::new(sandbox.secret_id(), sandbox.secret_key());
    key.unwrap_or_else(|e| panic!("{e}")).into()
}

fn provider(sandbox: &Sandbox, source: impl Into<CredentialSource>) -> DnsPod {
    let endpoint: url::Url = sandbox.dnspod_endpoint().parse().unwrap();
    DnsPod::builder(source)
        .endpoint(endpoint.clone())
        .sts_endpoint(endpoint.clone())
        .metadata_endpoint(endpoint)
        .build()
        .unwrap_or_else(|e| panic!("{e}"))
}

#[tokio::test]
async fn an_assumed_role_writes_records_and_says_who_it_is() {
    let sandbox = started(Sandbox::builder().role(ARN)).await;
    let dnspod = provider(&sandbox, key(&sandbox).assume_role(AssumeRole::new(ARN)));
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(sandbox.txt_values(NAME), ["v"]);
    let caller = dnspod.caller_identity().await.unwrap().expect("a role has a caller");
    assert_eq!((caller.account_id.as_str(), caller.kind.as_str()), ("100000000001", "CAMRole"));
    assert!(caller.ends.is_some());
    assert_ne!(caller.secret_id, sandbox.secret_id());
    let calls = sandbox.dnspod_calls();
    assert_eq!(calls.iter().filter(|call| *call == "AssumeRole").count(), 1, "{calls:?}");
}

#[tokio::test]
async fn a_session_that_has_ended_is_replaced_though_the_clocks_differ() {
    let sandbox = started(Sandbox::builder().role(ARN)).await;
    let dnspod = provider(&sandbox, key(&sandbox).assume_role(AssumeRole::new(ARN)));
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    // For the sandbox the session ends; for us no time has passed.
    sandbox.set_clock_offset(3 * 3600);
    dnspod.append_txt(&txt(NAME, "w")).await.unwrap();
    assert_eq!(sandbox.txt_values(NAME).len(), 2);
}

#[tokio::test]
async fn a_policy_narrows_a_session_down_to_one_zone() {
    let sandbox = started(Sandbox::builder().zone("other.example").role(ARN)).await;
    let policy = provider(&sandbox, key(&sandbox)).policy_for(&NAME.parse().unwrap()).await;
    let role = AssumeRole { policy: policy.unwrap(), ..AssumeRole::new(ARN) };
    assert!(role.policy.is_some());
    let dnspod = provider(&sandbox, key(&sandbox).assume_role(role));
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    let error = dnspod.append_txt(&txt("_acme-challenge.other.example", "v")).await;
    assert!(matches!(error, Err(DnsProviderError::NotPermitted { .. })), "{error:?}");
}

#[tokio::test]
async fn the_token_of_a_service_account_may_be_replaced_at_any_time() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "first\n").unwrap();
    let sandbox = started(Sandbox::builder().web_identity("cls-abc", ARN, "first")).await;
    // So short that every call needs a session of its own.
    sandbox.set_lifetime(Duration::from_secs(0));
    let source = WebIdentity::new("cls-abc", ARN, file.path(), "ap-guangzhou");
    let dnspod = provider(&sandbox, source);
    let identity = dnspod.caller_identity().await;
    assert!(
        matches!(identity, Err(DnsProviderError::CredentialRefused { .. })),
        "a session that has ended is refused: {identity:?}"
    );
    sandbox.set_lifetime(Duration::from_secs(3600));
    sandbox.set_web_identity_token("second");
    std::fs::write(file.path(), "second\n").unwrap();
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(sandbox.txt_values(NAME), ["v"]);
}

#[tokio::test]
async fn the_instance_has_a_role_or_none() {
    let sandbox = started(Sandbox::builder().instance_role("certctl-role")).await;
    let dnspod = provider(&sandbox, InstanceRole::default());
    dnspod.append_txt(&txt(NAME, "v")).await.unwrap();
    assert_eq!(sandbox.txt_values(NAME), ["v"]);

    let without = started(Sandbox::builder()).await;
    let error = provider(&without, InstanceRole::default()).append_txt(&txt(NAME, "v")).await;
    assert!(matches!(error, Err(DnsProviderError::NoCredential { .. })), "{error:?}");
}
