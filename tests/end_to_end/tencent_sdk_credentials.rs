//! Where Tencent's own SDK takes temporary credentials from: STS and the instance's metadata, as the sandbox has them.

use std::fs;
use std::time::Duration;

use e2e::harness::Test;
use e2e::real_part::RealPart::{TencentSdk as Sdk, TencentSdkIntl as SdkIntl};
use e2e::tencent_sdk::{Edition, Options, Route, SdkCredential, SdkError, TencentSdk};
use sandbox::Sandbox;
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [Sdk, SdkIntl] sdk_assumes_a_role_once_while_its_credentials_last;
        [Sdk] sdk_assumes_a_role_anew_when_its_credentials_are_about_to_end;
        [Sdk] sdk_is_told_that_there_is_no_such_role;
        [Sdk, SdkIntl] sdk_exchanges_a_web_identity_token;
        [Sdk] sdk_in_a_cluster_reads_its_token_file_again;
        [Sdk, SdkIntl] sdk_takes_the_role_of_its_instance;
    }
}

const ROLE: &str = "qcs::cam::uin/100000000001:roleName/certctl";

const STS: &str = "sts.tencentcloudapi.com:443";

/// Less than the SDK thinks worth keeping.
const SHORT: Duration = Duration::from_secs(60);

async fn sdk_assumes_a_role_once_while_its_credentials_last() {
    for edition in [Edition::Mainland, Edition::International] {
        let sandbox = Sandbox::builder().role(ROLE).start().await.unwrap();
        let mut sdk = start(&sandbox, edition, assume_role(&sandbox, ROLE)).await;
        for _ in 0..2 {
            list_domains(&mut sdk).await.unwrap();
        }
        let calls = ["AssumeRole", "DescribeDomainList", "DescribeDomainList"];
        assert_eq!(sandbox.dnspod_calls(), calls);
        assert_eq!(sdk.proxy().unwrap().targets()[0], STS);
    }
}

async fn sdk_assumes_a_role_anew_when_its_credentials_are_about_to_end() {
    let sandbox = Sandbox::builder().role(ROLE).start().await.unwrap();
    sandbox.set_lifetime(SHORT);
    let mut sdk = start(&sandbox, Edition::Mainland, assume_role(&sandbox, ROLE)).await;
    for _ in 0..2 {
        list_domains(&mut sdk).await.unwrap();
    }
    let calls = ["AssumeRole", "DescribeDomainList", "AssumeRole", "DescribeDomainList"];
    assert_eq!(sandbox.dnspod_calls(), calls);
}

async fn sdk_is_told_that_there_is_no_such_role() {
    let sandbox = Sandbox::builder().role(ROLE).start().await.unwrap();
    let other = ROLE.replace("certctl", "other");
    let mut sdk = start(&sandbox, Edition::Mainland, assume_role(&sandbox, &other)).await;
    let refused = list_domains(&mut sdk).await.unwrap_err();
    assert_eq!(refused.code, "ResourceNotFound.RoleNotFound");
    assert_eq!(sandbox.dnspod_calls(), ["AssumeRole"]);
}

async fn sdk_exchanges_a_web_identity_token() {
    for edition in [Edition::Mainland, Edition::International] {
        let sandbox = Sandbox::builder().web_identity("provider", ROLE, "token").start().await;
        let sandbox = sandbox.unwrap();
        for (token, is_accepted) in [("token", true), ("other", false)] {
            let credential = SdkCredential {
                class: "OIDCRoleArnCredential",
                arguments: json!({
                    "region": "ap-guangzhou",
                    "provider_id": "provider",
                    "web_identity_token": token,
                    "role_arn": ROLE,
                    "role_session_name": "certctl",
                }),
            };
            let mut sdk = start(&sandbox, edition, credential).await;
            let code = list_domains(&mut sdk).await.err().map(|error| error.code);
            let expected = (!is_accepted).then_some("InvalidParameter.WebIdentityTokenError");
            assert_eq!(code.as_deref(), expected);
        }
        let calls =
            ["AssumeRoleWithWebIdentity", "DescribeDomainList", "AssumeRoleWithWebIdentity"];
        assert_eq!(sandbox.dnspod_calls(), calls);
    }
}

async fn sdk_in_a_cluster_reads_its_token_file_again() {
    let sandbox = Sandbox::builder().web_identity("provider", ROLE, "first").start().await;
    let sandbox = sandbox.unwrap();
    sandbox.set_lifetime(SHORT);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    fs::write(&file, "first").unwrap();
    let credential = SdkCredential { class: "DefaultTkeOIDCRoleArnProvider", arguments: json!({}) };
    let variables = vec![
        ("TKE_REGION", "ap-guangzhou".to_owned()),
        ("TKE_PROVIDER_ID", "provider".to_owned()),
        ("TKE_ROLE_ARN", ROLE.to_owned()),
        ("TKE_WEB_IDENTITY_TOKEN_FILE", file.to_string_lossy().into_owned()),
    ];
    let options = Options::new(&sandbox, Edition::Mainland, Route::Proxied);
    let options = Options { credential, variables, ..options };
    let mut sdk = TencentSdk::start(&sandbox, options).await.unwrap();
    list_domains(&mut sdk).await.unwrap();

    sandbox.set_web_identity_token("second");
    fs::write(&file, "second").unwrap();
    list_domains(&mut sdk).await.unwrap();
}

async fn sdk_takes_the_role_of_its_instance() {
    for edition in [Edition::Mainland, Edition::International] {
        let sandbox = Sandbox::builder().instance_role("certctl").start().await.unwrap();
        let credential = SdkCredential { class: "CVMRoleCredential", arguments: json!({}) };
        let mut sdk = start(&sandbox, edition, credential).await;
        list_domains(&mut sdk).await.unwrap();
        let metadata = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/";
        let targets = sdk.proxy().unwrap().targets();
        assert_eq!(targets[..2], [metadata.to_owned(), format!("{metadata}certctl")]);
    }
}

fn assume_role(sandbox: &Sandbox, arn: &str) -> SdkCredential {
    SdkCredential {
        class: "STSAssumeRoleCredential",
        arguments: json!({
            "secret_id": sandbox.secret_id(),
            "secret_key": sandbox.secret_key(),
            "role_arn": arn,
            "role_session_name": "certctl",
        }),
    }
}

/// An SDK with these credentials and everything else at its default.
async fn start(sandbox: &Sandbox, edition: Edition, credential: SdkCredential) -> TencentSdk {
    let options = Options::new(sandbox, edition, Route::Proxied);
    TencentSdk::start(sandbox, Options { credential, ..options }).await.unwrap()
}

async fn list_domains(sdk: &mut TencentSdk) -> Result<Value, SdkError> {
    sdk.call("DescribeDomainList", json!({})).await
}
