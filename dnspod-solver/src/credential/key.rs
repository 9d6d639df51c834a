//! What requests are signed with: a `SecretId`, a `SecretKey` and, for temporary credentials, a session token.

use zeroize::Zeroizing;

/// A Tencent Cloud API key, as made at <https://console.cloud.tencent.com/cam/capi>.
///
/// It has no `Debug`, so that it cannot reach a log, and the secret parts are wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Credential {
    secret_id: String,
    secret_key: Zeroizing<String>,
    token: Option<Zeroizing<String>>,
}

impl Credential {
    /// A credential from what a person pasted: white space and line breaks around both parts are dropped.
    ///
    /// # Errors
    /// Refuses what Tencent Cloud would refuse after a network round trip with a text that does not help: nothing at
    /// all, a DNSPod token in place of a `SecretId`, the two parts exchanged, or a part with white space inside.
    pub fn new(secret_id: &str, secret_key: &str) -> Result<Self, CredentialError> {
        let secret_id = trimmed(secret_id);
        let secret_key = trimmed(secret_key);
        if secret_id.is_empty() {
            return Err(CredentialError::Empty { part: "SecretId" });
        }
        if is_dnspod_token(secret_id) {
            return Err(CredentialError::DnspodToken);
        }
        if secret_key.is_empty() {
            return Err(CredentialError::Empty { part: "SecretKey" });
        }
        if secret_key.starts_with("AKID") && !secret_id.starts_with("AKID") {
            return Err(CredentialError::Exchanged);
        }
        // '/' and ',' separate the fields of the Authorization header that the SecretId stands in.
        if !is_one_word(secret_id) || secret_id.contains(['/', ',']) {
            return Err(CredentialError::NotOneWord { part: "SecretId" });
        }
        if !is_one_word(secret_key) {
            return Err(CredentialError::NotOneWord { part: "SecretKey" });
        }
        Ok(Self {
            secret_id: secret_id.to_owned(),
            secret_key: Zeroizing::new(secret_key.to_owned()),
            token: None,
        })
    }

    /// The same credential with the session token that temporary keys come with (header `X-TC-Token`). White space
    /// around it is dropped; an empty token is none. One that cannot be sent is refused when the provider is built.
    pub fn with_token(mut self, token: &str) -> Self {
        let token = trimmed(token);
        self.token = (!token.is_empty()).then(|| Zeroizing::new(token.to_owned()));
        self
    }

    /// Whether the token, if any, can stand in a header.
    pub(crate) fn check_token(&self) -> Result<(), CredentialError> {
        match self.token() {
            Some(token) if !is_one_word(token) => {
                Err(CredentialError::NotOneWord { part: "session token" })
            }
            _ => Ok(()),
        }
    }

    /// The `SecretId`. It names the key and is sent in clear in every request; it is no secret.
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// Whether it is the other one, token included.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.secret_id == other.secret_id && self.token == other.token
    }

    pub(crate) fn secret_key(&self) -> &str {
        &self.secret_key
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref().map(String::as_str)
    }
}

/// Why a text is no Tencent Cloud API key. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A part is missing.
    #[error("the Tencent Cloud {part} is empty: set both SecretId and SecretKey")]
    Empty {
        /// `SecretId` or `SecretKey`.
        part: &'static str,
    },
    /// A DNSPod token (`id,token`, the id a number) was given.
    #[error(
        "this is a DNSPod token, not a Tencent Cloud API key: a SecretId begins with AKID and is made at \
         https://console.cloud.tencent.com/cam/capi"
    )]
    DnspodToken,
    /// The `SecretKey` begins as a `SecretId` does, and the `SecretId` does not.
    #[error("SecretId and SecretKey are exchanged: the one that begins with AKID is the SecretId")]
    Exchanged,
    /// White space, a control character or a character outside ASCII stands inside.
    #[error(
        "the Tencent Cloud {part} holds a character that no {part} has: paste it again, without quotes or line breaks"
    )]
    NotOneWord {
        /// `SecretId`, `SecretKey` or `session token`.
        part: &'static str,
    },
}

/// Files made on Windows begin with a byte order mark, files made with `echo` end with a line break.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// `12345` or `12345,0123456789abcdef`: the id and the token of the older DNSPod API.
fn is_dnspod_token(secret_id: &str) -> bool {
    let id = secret_id.split_once(',').map_or(secret_id, |(id, _)| id.trim_end());
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())
}

fn is_one_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\'')
}

#[cfg(test)]
mod tests {
    use super::{Credential, CredentialError};

    fn refusal(secret_id: &str, secret_key: &str) -> CredentialError {
        Credential::new(secret_id, secret_key).err().expect("must be refused")
    }

    #[test]
    fn white_space_and_line_breaks_around_the_parts_are_dropped() {
        let credential = Credential::new("\u{feff} AKIDexample\r\n", "\tsecret\n")
            .unwrap_or_else(|e| panic!("{e}"))
            .with_token(" token\n");
        assert_eq!(credential.secret_id(), "AKIDexample");
        assert_eq!(credential.secret_key(), "secret");
        assert_eq!(credential.token(), Some("token"));
    }

    #[test]
    fn an_empty_token_is_no_token() {
        let credential = Credential::new("AKIDexample", "secret").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(credential.with_token(" \n").token(), None);
    }

    #[test]
    fn an_empty_part_is_named() {
        assert_eq!(refusal(" \n", "k"), CredentialError::Empty { part: "SecretId" });
        assert_eq!(refusal("AKIDexample", "\n"), CredentialError::Empty { part: "SecretKey" });
    }

    #[test]
    fn a_dnspod_token_in_place_of_a_secret_id_is_recognised() {
        for pasted in ["12345", "12345,0123456789abcdef0123456789abcdef", " 12345 , 0123\n"] {
            assert_eq!(refusal(pasted, "key"), CredentialError::DnspodToken, "{pasted}");
            assert_eq!(refusal(pasted, ""), CredentialError::DnspodToken, "{pasted}");
        }
    }

    #[test]
    fn exchanged_parts_are_recognised() {
        assert_eq!(
            refusal("Gu5t9xGARNpq86cd98joQYCN3", "AKIDz8krbsJ5"),
            CredentialError::Exchanged
        );
    }

    #[test]
    fn a_part_with_something_else_inside_is_refused() {
        for id in ["AKID exa", "AKID\nexa", "\"AKIDexa\"", "AKID/exa", "AKID密"] {
            assert_eq!(refusal(id, "k"), CredentialError::NotOneWord { part: "SecretId" }, "{id}");
        }
        assert_eq!(refusal("AKIDexa", "a b"), CredentialError::NotOneWord { part: "SecretKey" });
    }
}
