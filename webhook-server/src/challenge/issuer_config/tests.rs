use serde_json::json;

use super::*;

fn selector(field: &'static str, name: &str, key: &str) -> SecretKeySelector {
    SecretKeySelector { field, name: name.to_owned(), key: key.to_owned() }
}

fn parse(config: &Value) -> IssuerConfig {
    IssuerConfig::parse(Some(config)).unwrap_or_else(|error| panic!("{config}: {error}"))
}

fn refusal(config: &Value) -> String {
    IssuerConfig::parse(Some(config)).expect_err(&config.to_string()).to_string()
}

/// As imroc's chart 1.5 writes it.
fn api_key() -> Value {
    json!({
        "secretIdRef": { "name": "dnspod-secret", "key": "secretId" },
        "secretKeyRef": { "name": "dnspod-secret", "key": "secretKey" },
        "ttl": 600, "recordLine": "",
    })
}

#[test]
fn an_api_key_in_a_secret_is_read() {
    let config = parse(&api_key());
    let secret_id = SecretId::Ref(selector("secretIdRef", "dnspod-secret", "secretId"));
    let secret_key = selector("secretKeyRef", "dnspod-secret", "secretKey");
    assert_eq!(config.credential, CredentialConfig::ApiKey { secret_id, secret_key });
    assert_eq!(
        (config.ttl, config.record_line, config.wait_for_propagation),
        (Some(600), None, false)
    );
    assert!(config.unknown_keys.is_empty());
}

#[test]
fn an_api_key_with_its_id_in_the_issuer_is_read() {
    let config = parse(&json!({
        "secretId": " AKIDexample\n", "ttl": 600,
        "secretKeyRef": { "name": "dnspod-secret", "key": "secret-key" },
    }));
    let secret_id = SecretId::Plain("AKIDexample".to_owned());
    let secret_key = selector("secretKeyRef", "dnspod-secret", "secret-key");
    assert_eq!(config.credential, CredentialConfig::ApiKey { secret_id, secret_key });
}

#[test]
fn a_token_is_read_with_its_id_as_number_or_text() {
    for id in [json!(12345), json!("12345"), json!(" 12345\n")] {
        let config = parse(&json!({
            "apiID": id, "apiTokenSecretRef": { "name": "dnspod", "key": "api-token" },
        }));
        let token = selector("apiTokenSecretRef", "dnspod", "api-token");
        let id = "12345".to_owned();
        assert_eq!(config.credential, CredentialConfig::LoginToken { id, token });
    }
}

#[test]
fn keys_are_read_in_any_letter_case() {
    let config = parse(&json!({
        "APIID": 12345, "apiTokenSecretref": { "Name": "dnspod", "KEY": "api-token" }, "TTL": 60,
    }));
    let token = selector("apiTokenSecretRef", "dnspod", "api-token");
    assert_eq!(config.credential, CredentialConfig::LoginToken { id: "12345".to_owned(), token });
    assert_eq!(config.ttl, Some(60));
    assert_eq!(
        refusal(&json!({ "ttl": 600, "TTL": 60 })),
        "ttl stands there twice, in different letter case; keep one"
    );
}

#[test]
fn no_credential_is_one_of_the_webhook() {
    let empty = json!({ "name": "", "key": "" });
    for config in [
        json!(null),
        json!({}),
        json!({ "ttl": 600, "secretIdRef": null, "secretKeyRef": empty }),
        json!({ "apiID": 0, "apiTokenSecretRef": empty, "secretId": " " }),
    ] {
        assert_eq!(parse(&config).credential, CredentialConfig::Ambient, "{config}");
    }
    assert_eq!(IssuerConfig::parse(None).unwrap().credential, CredentialConfig::Ambient);
}

#[test]
fn two_ways_to_name_a_credential_are_refused() {
    let reference = json!({ "name": "a", "key": "b" });
    for (first, second) in [
        ("apiID", "secretKeyRef"),
        ("apiTokenSecretRef", "secretIdRef"),
        ("apiID", "secretId"),
        ("secretId", "secretIdRef"),
    ] {
        let value = |field: &str| match field {
            "apiID" => json!("1"),
            "secretId" => json!("AKIDexample"),
            _ => reference.clone(),
        };
        let error = refusal(&json!({ first: value(first), second: value(second) }));
        assert!(
            error.starts_with(&format!("{first} and {second} do not belong together; keep ")),
            "{error}"
        );
    }
}

#[test]
fn half_a_credential_is_completed_by_nothing() {
    let reference = json!({ "name": "a", "key": "b" });
    for (config, error) in [
        (json!({ "apiID": 1 }), "apiID is set and apiTokenSecretRef is not; set both"),
        (
            json!({ "apiTokenSecretRef": reference }),
            "apiTokenSecretRef is set and apiID is not; set both",
        ),
        (json!({ "secretId": "AKID" }), "secretId is set and secretKeyRef is not; set both"),
        (
            json!({ "secretIdRef": reference }),
            "secretIdRef is set and secretKeyRef is not; set both",
        ),
        (
            json!({ "secretKeyRef": reference }),
            "secretKeyRef is set and secretIdRef is not; set both",
        ),
    ] {
        assert_eq!(refusal(&config), error);
    }
}

#[test]
fn a_value_that_cannot_be_used_is_named_and_never_quoted() {
    for (config, error) in [
        (json!(["leaked"]), "it is a list; write an object with secretIdRef and secretKeyRef"),
        (json!({ "ttl": ["leaked"] }), "ttl is a list; write seconds, 1 to 604800"),
        (
            json!({ "ttl": "leaked" }),
            "ttl is not a TTL that DNSPod accepts; write seconds, 1 to 604800",
        ),
        (
            json!({ "ttl": 604_801 }),
            "ttl is not a TTL that DNSPod accepts; write seconds, 1 to 604800",
        ),
        (json!({ "ttl": -1 }), "ttl is not a TTL that DNSPod accepts; write seconds, 1 to 604800"),
        (
            json!({ "apiID": "leaked" }),
            "apiID is not a whole number; write the number of the DNSPod token",
        ),
        (
            json!({ "apiID": 1.5 }),
            "apiID is not a whole number; write the number of the DNSPod token",
        ),
        (
            json!({ "secretKeyRef": "leaked" }),
            "secretKeyRef is a text; write name and key of a Secret's value",
        ),
        (
            json!({ "secretKeyRef": { "name": 7 } }),
            "secretKeyRef.name is a number; write the name of the Secret",
        ),
        (
            json!({ "secretKeyRef": { "name": "a" } }),
            "secretKeyRef.key is not set; write the key in the Secret",
        ),
        (
            json!({ "secretKeyRef": { "name": "../leaked", "key": "b" } }),
            "secretKeyRef.name is no name that a Secret can have; write the name of the Secret",
        ),
        (
            json!({ "secretKeyRef": { "name": "a", "key": "leaked\n" , "Key": "b" } }),
            "secretKeyRef.key stands there twice, in different letter case; keep one",
        ),
        (
            json!({ "recordLine": "leaked\u{7}" }),
            "recordLine is not the name of a record line; write the name of a record line of DNSPod, or leave it out",
        ),
        (json!({ "waitForPropagation": 1 }), "waitForPropagation is a number; write true or false"),
    ] {
        assert_eq!(refusal(&config), error);
    }
}

#[test]
fn numbers_and_booleans_may_be_texts() {
    let config = parse(&json!({ "ttl": " 60 ", "waitForPropagation": "True" }));
    assert_eq!((config.ttl, config.wait_for_propagation), (Some(60), true));
    let config = parse(&json!({ "ttl": 0, "waitForPropagation": "" }));
    assert_eq!((config.ttl, config.wait_for_propagation), (None, false));
}

#[test]
fn the_default_line_is_no_line() {
    for line in ["", "默认", "Default", "0", " "] {
        assert_eq!(parse(&json!({ "recordLine": line })).record_line, None, "{line}");
    }
    assert_eq!(parse(&json!({ "recordLine": "境外" })).record_line.as_deref(), Some("境外"));
}

#[test]
fn unknown_keys_are_named_and_not_too_many_of_them() {
    let mut config = api_key();
    config["secretIdRef"]["namespace"] = json!("other");
    config["endpoint"] = json!("leaked");
    config["new\nline"] = json!(1);
    assert_eq!(parse(&config).unknown_keys, ["endpoint", "new line", "secretIdRef.namespace"]);
    let many: Map<String, Value> =
        (0..100).map(|number| (format!("{number}{}", "x".repeat(100)), json!(1))).collect();
    let unknown = parse(&Value::Object(many)).unknown_keys;
    assert_eq!(unknown.len(), 8);
    assert!(unknown.iter().all(|key| key.len() == 40));
}
