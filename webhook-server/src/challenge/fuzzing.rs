//! What a caller sends, for the target `challenge` of fuzz/.

use serde_json::Value;

use super::issuer_config::{CredentialConfig, IssuerConfig, SecretId, SecretKeySelector};
use super::payload::{failed, read};

/// The longest text that a mistake in a payload or a config may make.
const LONGEST: usize = 500;

/// Reads `body` as a payload and as the config of an Issuer.
pub fn challenge(body: &[u8]) {
    match read(body) {
        Err(status) => assert_is_line(&status.message),
        Ok(payload) => {
            if let Some(namespace) = payload.request.namespace() {
                assert_is_part_of_path(namespace);
            }
            read_config(payload.request.config.as_ref());
            assert!(failed(payload, "").status().is_success(), "a failure is said within a success");
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
