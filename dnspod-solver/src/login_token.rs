//! What the legacy API is called with: a DNSPod token.

use zeroize::Zeroizing;

/// A DNSPod token, as made at <https://console.dnspod.cn/account/token/token>: a number, the ID, and a secret.
///
/// It may do everything with every zone of its account; a Tencent Cloud API key can be kept to one zone and is to be
/// preferred. It has no `Debug`, so that it cannot reach a log, and is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct LoginToken {
    /// Both parts with a comma between them, as the parameter `login_token` wants them.
    whole: Zeroizing<String>,
    id_length: usize,
}

impl LoginToken {
    /// A token from its two parts, as a person pasted them: white space and line breaks around both are dropped.
    ///
    /// # Errors
    /// Refuses what DNSPod would refuse after a network round trip with a text that does not help: nothing at all, a
    /// Tencent Cloud API key in place of a token, the two parts exchanged, or a part with something else inside.
    pub fn new(id: &str, token: &str) -> Result<Self, LoginTokenError> {
        let (id, token) = (trimmed(id), trimmed(token));
        if is_secret_id(id) || is_secret_id(token) {
            return Err(LoginTokenError::ApiKey);
        }
        for (part, text) in [("ID", id), ("Token", token)] {
            if text.is_empty() {
                return Err(LoginTokenError::Empty { part });
            }
        }
        if !is_number(id) {
            return Err(if is_number(token) {
                LoginTokenError::Exchanged
            } else {
                LoginTokenError::IdIsNoNumber
            });
        }
        if !token.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b',')) {
            return Err(LoginTokenError::NotOneWord);
        }
        let mut whole = Zeroizing::new(String::with_capacity(id.len() + 1 + token.len()));
        whole.push_str(id);
        whole.push(',');
        whole.push_str(token);
        Ok(Self { whole, id_length: id.len() })
    }

    /// A token from the one text `ID,Token`, which is how DNSPod's documentation and most programs write it.
    ///
    /// # Errors
    /// As [`LoginToken::new`], and where there is no comma.
    pub fn parse(text: &str) -> Result<Self, LoginTokenError> {
        let text = trimmed(text);
        match text.split_once(',') {
            Some((id, token)) => Self::new(id, token),
            None if is_secret_id(text) => Err(LoginTokenError::ApiKey),
            None if text.is_empty() => Err(LoginTokenError::Empty { part: "ID" }),
            None => Err(LoginTokenError::NoComma),
        }
    }

    /// The ID. It names the token and is no secret.
    pub fn id(&self) -> &str {
        &self.whole[..self.id_length]
    }

    /// The value of the parameter `login_token`.
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }
}

/// Why a text is no DNSPod token. Never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginTokenError {
    /// A part is missing.
    #[error("the {part} of the DNSPod token is empty: set both, as ID,Token")]
    Empty {
        /// `ID` or `Token`.
        part: &'static str,
    },
    /// A `SecretId` of Tencent Cloud was given.
    #[error(
        "this is a Tencent Cloud API key, not a DNSPod token: use it as SecretId and SecretKey, or make a token at \
         https://console.dnspod.cn/account/token/token"
    )]
    ApiKey,
    /// One text was given and it holds no comma.
    #[error(
        "this is not a whole DNSPod token: it is ID,Token, a number and a secret with a comma between them"
    )]
    NoComma,
    /// The ID holds something else than digits.
    #[error(
        "the ID of the DNSPod token is not a number: it is shown beside the token in the DNSPod console"
    )]
    IdIsNoNumber,
    /// The token is a number and the ID is none.
    #[error("ID and Token are exchanged: the one that is a number is the ID")]
    Exchanged,
    /// White space, a comma, a quote, a control character or a character outside ASCII stands inside.
    #[error(
        "the DNSPod token holds a character that no token has: paste it again, without quotes, commas or line breaks"
    )]
    NotOneWord,
}

/// Files made on Windows begin with a byte order mark, files made with `echo` end with a line break.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// A `SecretId` begins with `AKID`, on the international site with `IKID`.
fn is_secret_id(text: &str) -> bool {
    text.starts_with("AKID") || text.starts_with("IKID")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{LoginToken, LoginTokenError};

    fn whole(token: Result<LoginToken, LoginTokenError>) -> String {
        token.map_or_else(|error| panic!("{error}"), |token| token.whole().to_owned())
    }

    fn refusal(token: Result<LoginToken, LoginTokenError>) -> LoginTokenError {
        token.err().expect("must be refused")
    }

    #[test]
    fn both_ways_to_write_it_give_the_same_token() {
        assert_eq!(whole(LoginToken::parse("12345,0a1b2c")), "12345,0a1b2c");
        assert_eq!(whole(LoginToken::parse("\u{feff} 12345 , 0a1b2c\r\n")), "12345,0a1b2c");
        assert_eq!(whole(LoginToken::new(" 12345\n", "\t0a1b2c\r\n")), "12345,0a1b2c");
        let token = LoginToken::parse("12345,0a1b2c").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(token.id(), "12345");
    }

    #[test]
    fn an_api_key_in_place_of_a_token_is_recognised() {
        for pasted in ["AKIDexample", "AKIDexample,secret", "IKIDexample", " AKIDexample\n"] {
            assert_eq!(refusal(LoginToken::parse(pasted)), LoginTokenError::ApiKey, "{pasted}");
        }
        assert_eq!(refusal(LoginToken::new("AKIDexample", "")), LoginTokenError::ApiKey);
        assert_eq!(refusal(LoginToken::new("12345", "AKIDexample")), LoginTokenError::ApiKey);
    }

    #[test]
    fn a_part_that_is_missing_is_named() {
        for (text, part) in
            [("", "ID"), (",0a1b2c", "ID"), ("12345,", "Token"), ("12345, \n", "Token")]
        {
            assert_eq!(refusal(LoginToken::parse(text)), LoginTokenError::Empty { part }, "{text}");
        }
        assert_eq!(refusal(LoginToken::parse("12345")), LoginTokenError::NoComma);
        assert_eq!(refusal(LoginToken::parse("12345，0a1b2c")), LoginTokenError::NoComma);
    }

    #[test]
    fn parts_that_are_exchanged_or_hold_something_else_are_refused() {
        assert_eq!(refusal(LoginToken::new("0a1b2c", "12345")), LoginTokenError::Exchanged);
        assert_eq!(
            refusal(LoginToken::new("me@ws.example", "0a1b2c")),
            LoginTokenError::IdIsNoNumber
        );
        for token in ["0a 1b", "\"0a1b\"", "12345,0a1b", "0a1b密", "0a\n1b"] {
            assert_eq!(
                refusal(LoginToken::new("12345", token)),
                LoginTokenError::NotOneWord,
                "{token}"
            );
        }
    }
}
