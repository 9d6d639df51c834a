//! What a caller sends, for the target `challenge` of fuzz/.

use serde_json::Value;

use super::issuer_config::{CredentialConfig, IssuerConfig, SecretId, SecretKeySelector};
use super::payload::{failed, read};

/// The longest text that a mistake in a payload or a config may make.
const LONGEST: usize = 500;

/// Reads `body` as a payload and as the config of an Issuer.
pub(crate) fn challenge(body: &[u8]) {
    match read(body) {
        Err(status) => assert_is_line(&status.message),
        Ok(payload) => {
            if let Some(namespace) = payload.request.namespace() {
                assert_is_part_of_path(namespace);
            }
            read_config(payload.request.config.as_ref());
            assert!(
                failed(&payload, "").status().is_success(),
                "a failure is said within a success"
            );
        }
    }
    if let Ok(config) = serde_json::from_slice(body) {
        read_config(Some(&config));
    }
}

fn read_config(config: Option<&Value>) {
    let config = match IssuerConfig::parse(config) {
        Ok(config) => config,
        Err(error) => return assert_is_line(&error.to_string()),
    };
    config.unknown_keys.iter().for_each(|key| assert!(!key.chars().any(char::is_control)));
    let selectors: Vec<SecretKeySelector> = match config.credential {
        CredentialConfig::Ambient => Vec::new(),
        CredentialConfig::LoginToken { id, token } => {
            assert!(id.bytes().all(|byte| byte.is_ascii_digit()));
            vec![token]
        }
        CredentialConfig::ApiKey { secret_id: SecretId::Plain(_), secret_key } => vec![secret_key],
        CredentialConfig::ApiKey { secret_id: SecretId::Ref(secret_id), secret_key } => {
            vec![secret_id, secret_key]
        }
    };
    for selector in selectors {
        assert_is_part_of_path(&selector.name);
        assert!(!selector.key.is_empty() && selector.key.is_ascii());
    }
}

/// What is said is one line, and no longer than people read.
fn assert_is_line(text: &str) {
    assert!(!text.is_empty() && text.len() <= LONGEST, "{text:?}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

fn assert_is_part_of_path(name: &str) {
    assert!(!name.is_empty() && !name.contains(['/', '?', '#', '%']), "{name:?}");
    assert!(!matches!(name, "." | ".."), "{name:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values as they stand in Issuers, right and wrong.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            "[a-z./]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 16, 4, |inner| {
            let key = prop_oneof!["(?i)(name|key|ttl)", ".{0,8}"];
            prop::collection::btree_map(key, inner, 0..4)
                .prop_map(|object| object.into_iter().collect())
        })
    }

    proptest! {
        #[test]
        fn whatever_an_issuer_holds_makes_one_line_or_names_that_are_no_paths(
            object in prop::collection::btree_map(
                prop_oneof![
                    "(?i)(apiID|apiTokenSecretRef|secretId|secretIdRef|secretKeyRef)",
                    "(?i)(ttl|recordLine|waitForPropagation)",
                    ".{0,60}",
                ],
                value(),
                0..5,
            ),
            namespace in ".{0,8}",
        ) {
            let config: Value = object.into_iter().collect();
            let payload = serde_json::json!({
                "request": { "action": "Present", "resourceNamespace": namespace, "config": config },
            });
            challenge(payload.to_string().as_bytes());
            challenge(config.to_string().as_bytes());
        }

        #[test]
        fn whatever_is_sent_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
            challenge(&body);
        }
    }
}
