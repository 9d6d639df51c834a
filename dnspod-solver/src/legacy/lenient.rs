//! Numbers as the legacy API writes them: `1923` in one answer, `"1923"` in another, for the same thing.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// An id or a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub(super) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(Text)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("a number is not one"))
    }
}

/// A status code: a number, or a text where the code of API 3.0 shines through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Code(pub(super) String);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text).map(Self)
    }
}

/// The text of a string or of a whole number.
struct Text;

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a string")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Number};

    #[test]
    fn a_number_is_read_with_and_without_quotes() {
        for text in ["1923", "\"1923\"", "\" 1923 \""] {
            assert_eq!(serde_json::from_str::<Number>(text).unwrap(), Number(1923), "{text}");
        }
        for text in ["-1", "\"\"", "\"one\"", "1.5", "null", "true", "[1]", "99999999999999999999"]
        {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_code_is_read_with_and_without_quotes() {
        for (text, code) in [("1", "1"), ("\"1\"", "1"), ("-1", "-1"), ("\"-1\"", "-1")] {
            assert_eq!(serde_json::from_str::<Code>(text).unwrap().0, code, "{text}");
        }
    }
}
