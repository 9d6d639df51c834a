//! `~/.tencentcloud/credentials`, the file of Tencent's SDKs.

use zeroize::Zeroizing;

use super::error::ChainError;
use crate::credential::{AssumeRole, Credential};

/// The one section that SDKs read.
const SECTION: &str = "default";

/// What the section `[default]` sets.
pub(super) struct SdkFile {
    pub(super) credential: Credential,
    /// A role to assume with it.
    pub(super) role: Option<AssumeRole>,
}

/// A value and its line, from 1.
struct Value {
    line: usize,
    text: Zeroizing<String>,
}

/// Reads the text of the file at `path`; `None` where the section is absent or sets nothing.
///
/// It is an INI file: `key = value` or `key: value`, comments after `#` or `;` at the start of a line, quotes around
/// a value dropped.
pub(super) fn parse(text: &str, path: &str) -> Result<Option<SdkFile>, ChainError> {
    let mut section = None;
    let [mut secret_id, mut secret_key, mut token, mut role_arn] = [const { None::<Value> }; 4];
    for (line, content) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let (line, content) = (line + 1, content.trim());
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = content.strip_prefix('[') {
            let Some(name) = header.strip_suffix(']') else {
                return Err(malformed(path, line, "the section's name has no closing bracket"));
            };
            section = Some(name.trim());
            continue;
        }
        let Some((key, value)) = content.split_once(['=', ':']) else {
            return Err(malformed(path, line, "this is neither [section] nor key = value"));
        };
        let place = match key.trim().to_ascii_lowercase().as_str() {
            "secret_id" => &mut secret_id,
            "secret_key" => &mut secret_key,
            "token" => &mut token,
            "role_arn" => &mut role_arn,
            _ => continue,
        };
        match section {
            None => {
                let reason = format!("this stands in no section: put [{SECTION}] above it");
                return Err(malformed(path, line, &reason));
            }
            Some(SECTION) => {
                let text = unquoted(value.trim());
                *place = (!text.is_empty())
                    .then(|| Value { line, text: Zeroizing::new(text.to_owned()) });
            }
            Some(_) => {}
        }
    }
    let set = |key: &str, value: &Value| format!("{path}:{}: {key}", value.line);
    let incomplete = |set: String, missing: &str| {
        Err(ChainError::Incomplete { set, missing: missing.to_owned() })
    };
    let (secret_id, secret_key) = match (secret_id, secret_key) {
        (Some(secret_id), Some(secret_key)) => (secret_id, secret_key),
        (Some(id), None) => return incomplete(set("secret_id", &id), "secret_key"),
        (None, Some(key)) => return incomplete(set("secret_key", &key), "secret_id"),
        (None, None) => match (token, role_arn) {
            (Some(token), _) => return incomplete(set("token", &token), "secret_id"),
            (None, Some(role)) => return incomplete(set("role_arn", &role), "secret_id"),
            (None, None) => return Ok(None),
        },
    };
    let mut credential = Credential::new(&secret_id.text, &secret_key.text);
    if let Some(token) = &token {
        credential = credential.map(|credential| credential.with_token(&token.text));
    }
    let credential =
        credential.and_then(|credential| credential.check_token().map(|()| credential)).map_err(
            |error| ChainError::Invalid { place: format!("{path}:{}", secret_id.line), error },
        )?;
    let role = role_arn
        .map(|arn| {
            let role = AssumeRole::new(arn.text.as_str());
            let place = || format!("{path}:{}", arn.line);
            role.check().map(|()| role).map_err(|error| ChainError::Role { place: place(), error })
        })
        .transpose()?;
    Ok(Some(SdkFile { credential, role }))
}

fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
        .trim()
}

fn malformed(path: &str, line: usize, reason: &str) -> ChainError {
    ChainError::Malformed { place: format!("{path}:{line}"), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> SdkFile {
        parse(text, "f").unwrap_or_else(|e| panic!("{e}")).expect("there is a credential")
    }

    fn refusal(text: &str) -> String {
        parse(text, "f").err().expect("must be refused").to_string()
    }

    #[test]
    fn the_forms_that_sdks_read_are_read() {
        for text in [
            "[default]\nsecret_id = AKIDone\nsecret_key = two\n",
            "\u{feff}# mine\r\n[default]\r\nSecret_Id=\"AKIDone\"\r\n; or\r\nSECRET_KEY: 'two'\r\n",
            "[other]\nsecret_id=AKIDother\nsecret_key=o\n[default]\nsecret_id=AKIDone\nsecret_key=two",
        ] {
            let file = parsed(text);
            assert_eq!(file.credential.secret_id(), "AKIDone", "{text}");
            assert_eq!(file.credential.secret_key(), "two", "{text}");
            assert_eq!(file.credential.token(), None);
            assert!(file.role.is_none());
        }
        let with_all = "[default]\nsecret_id=AKIDone\nsecret_key=two\ntoken=three=\nrole_arn=qcs::cam::uin/1:roleName/r";
        let file = parsed(with_all);
        assert_eq!(file.credential.token(), Some("three="));
        assert_eq!(file.role.expect("a role").role_arn, "qcs::cam::uin/1:roleName/r");
    }

    #[test]
    fn a_file_that_sets_nothing_is_passed_over() {
        for text in [
            "",
            "# nothing\n",
            "[default]\nregion = ap-guangzhou\n",
            "[other]\nsecret_id=AKIDo\nsecret_key=o\n",
            "[default]\nsecret_id=\"\"\nsecret_key=\"\"\n",
        ] {
            assert!(parse(text, "f").unwrap_or_else(|e| panic!("{e}")).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, said) in [
            ("[default]\nsecret_id=AKIDone\n", "f:2: secret_id is set and secret_key is not"),
            ("[default]\n\nsecret_key=two\n", "f:3: secret_key is set and secret_id is not"),
            ("[default]\ntoken=three\n", "f:2: token is set and secret_id is not"),
            ("secret_id=AKIDone\n", "f:1: this stands in no section: put [default] above it"),
            ("[default\n", "f:1: the section's name has no closing bracket"),
            ("[default]\nAKIDone\n", "f:2: this is neither [section] nor key = value"),
        ] {
            assert_eq!(refusal(text), said);
        }
        let token = refusal("[default]\nsecret_id=12345,abcdef\nsecret_key=x\n");
        assert!(token.starts_with("f:2: this is a DNSPod token"), "{token}");
        let role = refusal("[default]\nsecret_id=AKIDo\nsecret_key=t\nrole_arn=certificates\n");
        assert!(role.starts_with("f:4: \"certificates\" is not a role"), "{role}");
    }
}
