//! Clean-ups: nothing of others goes, and where there is nothing to delete, they succeed.

use serde_json::json;
use webhook_server::DnspodOptions;

use crate::scene::{Choices, Scene, api_key, payload_with};

const NAME: &str = "_acme-challenge.ws.example";

/// A request about another name.
fn about(action: &str, fqdn: &str, key: &str) -> serde_json::Value {
    let mut payload = payload_with(action, key, &api_key());
    payload["request"]["resolvedFQDN"] = json!(fqdn);
    payload
}

#[tokio::test]
async fn what_was_never_presented_is_cleaned_up() {
    let scene = Scene::start().await;
    assert_eq!(scene.outcome_with("CleanUp", &api_key()).await, Ok(()));
    assert!(scene.sandbox.txt_values(NAME).is_empty());
}

#[tokio::test]
async fn others_records_stay_however_many_there_are() {
    let scene = Scene::start().await;
    let others = 3_500;
    for number in 0..others {
        scene.sandbox.add_record(NAME, "TXT", &format!("other {number}")).unwrap();
    }
    // By another instance: this one has to look for it.
    scene.sandbox.add_record(NAME, "TXT", "value").unwrap();
    assert_eq!(scene.outcome_with("CleanUp", &api_key()).await, Ok(()));
    let left = scene.sandbox.txt_values(NAME);
    assert_eq!(left.len(), others);
    assert!(!left.contains(&"value".to_owned()));
}

#[tokio::test]
async fn a_record_that_somebody_else_deletes_first_is_cleaned_up() {
    let scene = Scene::start().await;
    for presented_here in [true, false] {
        if presented_here {
            assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
        } else {
            scene.sandbox.add_record(NAME, "TXT", "value").unwrap();
        }
        scene.sandbox.set_fault("dnspod-vanishing-record").unwrap();
        assert_eq!(scene.outcome_with("CleanUp", &api_key()).await, Ok(()));
        assert!(scene.sandbox.txt_values(NAME).is_empty());
    }
}

#[tokio::test]
async fn a_zone_that_is_gone_leaves_nothing_to_clean_up() {
    let scene = Scene::start().await;
    let name = "_acme-challenge.gone.example.";
    assert_eq!(scene.outcome(&about("CleanUp", name, "value")).await, Ok(()));
    assert_eq!(
        scene.outcome(&about("Present", name, "value")).await.unwrap_err(),
        "no zone for _acme-challenge.gone.example in this DNSPod account (tried _acme-challenge.gone.example, \
         gone.example): add the zone to the account that the credential of Secret cert-manager/dnspod belongs to, or \
         have the Issuer's selector leave this name to another solver"
    );
}

#[tokio::test]
async fn what_can_never_have_been_presented_is_cleaned_up() {
    let scene = Scene::start().await;
    for (fqdn, key) in
        [("", "value"), ("not a name.", "value"), ("_acme-challenge.ws.example.", "")]
    {
        let error = scene.outcome(&about("Present", fqdn, key)).await.unwrap_err();
        assert!(error.starts_with("the challenge's "), "{error}");
        assert_eq!(scene.outcome(&about("CleanUp", fqdn, key)).await, Ok(()));
    }
    assert!(scene.sandbox.dnspod_calls().is_empty());
}

#[tokio::test]
async fn without_its_secret_it_succeeds_only_where_that_was_asked_for() {
    let mut config = api_key();
    config["secretIdRef"]["name"] = json!("absent");
    config["secretKeyRef"]["name"] = json!("absent");
    let scene = Scene::start().await;
    let error = scene.outcome_with("CleanUp", &config).await.unwrap_err();
    assert!(error.starts_with("Secret cert-manager/absent does not exist"), "{error}");

    let dnspod = DnspodOptions { clean_up_without_secret: true, ..DnspodOptions::default() };
    let scene = Scene::start_with(Choices { dnspod, ..Choices::default() }).await;
    scene.wait_until_ready().await;
    assert_eq!(scene.outcome_with("CleanUp", &config).await, Ok(()));
    assert!(scene.outcome_with("Present", &config).await.is_err());
    scene.cluster.break_calls("secret", 403);
    assert!(scene.outcome_with("CleanUp", &config).await.is_err(), "it may be there");
}

#[tokio::test]
async fn a_clean_up_costs_two_calls_at_most_and_one_of_what_was_presented_here() {
    let scene = Scene::start().await;
    assert_eq!(scene.outcome_with("Present", &api_key()).await, Ok(()));
    let calls = async |action, key| {
        scene.sandbox.reset_counts();
        assert_eq!(scene.outcome(&payload_with(action, key, &api_key())).await, Ok(()));
        scene.sandbox.dnspod_calls()
    };
    assert_eq!(calls("Present", "second").await, ["CreateRecord"]);
    assert_eq!(calls("CleanUp", "second").await, ["DeleteRecord"]);
    scene.sandbox.add_record(NAME, "TXT", "by another instance").unwrap();
    assert_eq!(
        calls("CleanUp", "by another instance").await,
        ["DescribeRecordList", "DeleteRecord"]
    );
}
