//! Secrets: which are read, how often, and what is said about those that cannot be used.

use dnspod_solver::Credential;
use serde_json::{Value, json};
use webhook_server::{AmbientCredential, DnspodOptions};

use crate::scene::{Choices, SECRET_ID, SECRET_KEY, Scene, api_key, payload_with};

fn of_namespace(namespace: &str, key: &str) -> Value {
    let mut payload = payload_with("Present", key, &api_key());
    payload["request"]["resourceNamespace"] = json!(namespace);
    payload
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_named_with_its_namespace() {
    let scene = Scene::start().await;
    let mut config = api_key();
    config["secretIdRef"]["name"] = json!("absent");
    assert_eq!(
        scene.outcome_with("Present", &config).await.unwrap_err(),
        "Secret cert-manager/absent does not exist, and the Issuer asks for it (secretIdRef): create it in namespace \
         cert-manager, or correct the Issuer"
    );
}

#[tokio::test]
async fn keys_that_are_missing_stand_beside_those_that_are_there() {
    let scene = Scene::start().await;
    scene.cluster.put_secret("cert-manager/dnspod", &[("api-key", "x"), ("other", "y")]);
    assert_eq!(
        scene.outcome_with("Present", &api_key()).await.unwrap_err(),
        "Secret cert-manager/dnspod has keys [api-key, other]; the Issuer asks for [secretId, secretKey]: add what is \
         missing, or correct secretIdRef.key, secretKeyRef.key in the Issuer"
    );
    scene.cluster.put_secret("cert-manager/dnspod", &[("secretId", "AKIDexample")]);
    assert_eq!(
        scene.outcome_with("Present", &api_key()).await.unwrap_err(),
        "Secret cert-manager/dnspod has keys [secretId]; the Issuer asks for [secretKey]: add what is missing, or \
         correct secretKeyRef.key in the Issuer"
    );
}

#[tokio::test]
async fn a_secret_that_may_not_be_read_or_cannot_says_so_without_what_changes() {
    let scene = Scene::start().await;
    scene.cluster.break_calls("secret", 403);
    assert_eq!(
        scene.outcome_with("Present", &api_key()).await.unwrap_err(),
        "Secret cert-manager/dnspod may not be read by the webhook: allow its ServiceAccount to get Secrets in \
         namespace cert-manager (a Role and a RoleBinding there)"
    );
    scene.cluster.break_calls("secret", 500);
    assert_eq!(
        scene.outcome_with("Present", &api_key()).await.unwrap_err(),
        "Secret cert-manager/dnspod could not be read: secret is refused by the test (cert-manager asks again)"
    );
    scene.cluster.mend_calls("secret");
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
}

#[tokio::test]
async fn white_space_around_values_is_dropped() {
    let scene = Scene::start().await;
    let (id, key) = (scene.sandbox.secret_id(), scene.sandbox.secret_key());
    let values =
        [("secretId", &*format!(" {id}\r\n")), ("secretKey", &*format!("\u{feff}{key}\n"))];
    scene.cluster.put_secret("cert-manager/dnspod", &values);
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
}

#[tokio::test]
async fn values_that_are_no_credential_are_refused_without_a_call_and_never_quoted() {
    let scene = Scene::start().await;
    for (id, key, reason) in [
        (
            "AKIDexample",
            "leaked leaked",
            "the Tencent Cloud SecretKey holds a character that no SecretKey has",
        ),
        ("leaked", "AKIDexample", "SecretId and SecretKey are exchanged"),
        ("12345", "leaked", "this is a DNSPod token, not a Tencent Cloud API key"),
        ("AKIDexample", "", "the Tencent Cloud SecretKey is empty"),
    ] {
        scene.cluster.put_secret("cert-manager/dnspod", &[("secretId", id), ("secretKey", key)]);
        let error = scene.outcome_with("Present", &api_key()).await.unwrap_err();
        assert!(error.starts_with(&format!("Secret cert-manager/dnspod: {reason}")), "{error}");
        assert!(!error.contains("leaked"), "{error}");
    }
    assert!(scene.sandbox.dnspod_calls().is_empty());
}

#[tokio::test]
async fn a_call_reads_each_secret_once() {
    let scene = Scene::start().await;
    for action in ["Present", "CleanUp"] {
        assert_eq!(scene.outcome_with(action, &api_key()).await, Ok(()));
    }
    assert_eq!(scene.cluster.calls("secret").len(), 2);
    let sandbox = &scene.sandbox;
    scene.cluster.put_secret("cert-manager/id", &[("secretId", sandbox.secret_id())]);
    let mut config = api_key();
    config["secretIdRef"]["name"] = json!("id");
    assert_eq!(scene.outcome_with("Present", &config).await, Ok(()));
    assert_eq!(scene.cluster.calls("secret").len(), 4);
}

#[tokio::test]
async fn a_secret_that_is_replaced_takes_effect_at_once() {
    let scene = Scene::start().await;
    let good = [("secretId", scene.sandbox.secret_id()), ("secretKey", scene.sandbox.secret_key())];
    let wrong = [("secretId", "AKIDgone"), ("secretKey", "x")];
    let path = "cert-manager/dnspod";
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
    scene.cluster.put_secret(path, &wrong);
    let error = scene.outcome_with("CleanUp", &api_key()).await.unwrap_err();
    assert!(
        error.starts_with("DNSPod refused the credential: AuthFailure.SecretIdNotFound"),
        "{error}"
    );
    assert!(error.ends_with("(credential of Secret cert-manager/dnspod)"), "{error}");
    scene.cluster.put_secret(path, &good);
    assert_eq!(scene.outcome_with("CleanUp", &api_key()).await, Ok(()));
}

#[tokio::test]
async fn a_namespace_has_its_own_secrets_and_no_others() {
    let scene = Scene::start().await;
    assert_eq!(scene.outcome(&of_namespace("cert-manager", "a")).await, Ok(()));
    let error = scene.outcome(&of_namespace("tenant", "b")).await.unwrap_err();
    assert!(error.starts_with("Secret tenant/dnspod does not exist"), "{error}");
    // The same account by name, and not its key.
    let values = [("secretId", scene.sandbox.secret_id()), ("secretKey", "guessed")];
    scene.cluster.put_secret("tenant/dnspod", &values);
    let error = scene.outcome(&of_namespace("tenant", "b")).await.unwrap_err();
    assert!(error.starts_with("DNSPod refused the credential"), "{error}");
    assert_eq!(scene.outcome(&of_namespace("cert-manager", "c")).await, Ok(()));
    for namespace in ["", "..", "a/b"] {
        let error = scene.outcome(&of_namespace(namespace, "d")).await.unwrap_err();
        assert!(error.contains("resourceNamespace"), "{error}");
    }
    let read: Vec<Value> =
        scene.cluster.calls("secret").into_iter().map(|call| call.body).collect();
    assert_eq!(
        read,
        ["cert-manager/dnspod", "tenant/dnspod", "tenant/dnspod", "cert-manager/dnspod"]
    );
}

#[tokio::test]
async fn an_issuer_without_a_credential_is_told_how_to_name_one() {
    let scene = Scene::start().await;
    for config in [json!(null), json!({}), json!({ "ttl": 600 })] {
        let mut payload = payload_with("Present", "value", &config);
        let error = scene.outcome(&payload).await.unwrap_err();
        assert_eq!(
            error,
            "the Issuer's webhook config names no credential, and the webhook has none of its own: set secretIdRef and \
             secretKeyRef, or start the webhook with --ambient-credentials"
        );
        payload["request"]["allowAmbientCredentials"] = json!(false);
        let error = scene.outcome(&payload).await.unwrap_err();
        assert_eq!(
            error,
            "the Issuer's webhook config names no credential, and cert-manager does not let this Issuer use that of the \
             webhook: set secretIdRef and secretKeyRef, or start cert-manager with --issuer-ambient-credentials"
        );
    }
}

#[tokio::test]
async fn the_credential_of_the_webhook_is_for_those_whom_cert_manager_allows_it() {
    let own = |id: &str, key: &str| {
        let credential = Credential::new(id, key).unwrap_or_else(|error| panic!("{error}"));
        let ambient = Some(AmbientCredential::tencent_cloud(credential, "environment: SECRET_ID"));
        DnspodOptions { ambient, ..DnspodOptions::default() }
    };
    let dnspod = own(SECRET_ID, SECRET_KEY);
    let scene = Scene::start_with(Choices { dnspod, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    let mut payload = payload_with("Present", "value", &json!({}));
    assert_eq!(scene.outcome(&payload).await, Ok(()));
    assert!(scene.cluster.calls("secret").is_empty());
    payload["request"]["allowAmbientCredentials"] = json!(false);
    let error = scene.outcome(&payload).await.unwrap_err();
    assert!(error.contains("cert-manager does not let this Issuer use"), "{error}");

    let dnspod = own("AKIDgone", "x");
    let scene = Scene::start_with(Choices { dnspod, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    payload["request"]["allowAmbientCredentials"] = json!(true);
    let error = scene.outcome(&payload).await.unwrap_err();
    assert!(error.ends_with("(credential of the webhook, environment: SECRET_ID)"), "{error}");
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()), "who has one uses that");
}

#[tokio::test]
async fn issuers_of_one_account_share_what_is_known_of_it() {
    let scene = Scene::start().await;
    let values = [("secretId", SECRET_ID), ("secretKey", SECRET_KEY)];
    scene.cluster.put_secret("tenant/dnspod", &values);
    assert_eq!(scene.outcome(&of_namespace("cert-manager", "a")).await, Ok(()));
    scene.sandbox.reset_counts();
    let mut of_tenant = of_namespace("tenant", "b");
    of_tenant["request"]["config"]["ttl"] = json!(1200);
    assert_eq!(scene.outcome(&of_tenant).await, Ok(()));
    assert_eq!(scene.sandbox.dnspod_calls(), ["CreateRecord"], "the zone is known");
}
