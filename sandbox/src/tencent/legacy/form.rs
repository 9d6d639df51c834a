//! The parameters of a request: an HTML form.

use std::collections::BTreeMap;

use super::status::Cause;

/// Parameters by name. Not `Debug`: the login token is among them.
pub(super) struct Form {
    values: BTreeMap<String, String>,
}

/// The language of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

impl Form {
    /// The parameters in a request's body, or in its query string where there is no body.
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(encoded).into_owned();
        Self { values: pairs.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// A parameter; an empty one is the same as none.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A parameter that has to be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Cause> {
        self.text(name).ok_or(Cause::Parameter)
    }

    /// A parameter that is a number if it is there, else `wrong`.
    pub(super) fn number(&self, name: &str, wrong: Cause) -> Result<Option<u64>, Cause> {
        self.text(name).map(|text| text.parse().map_err(|_| wrong)).transpose()
    }

    /// The first element and the length of a page, at most `largest`: a longer one is cut, as is the whole list.
    pub(super) fn page(&self, largest: usize) -> Result<(usize, usize), Cause> {
        let offset = self.number("offset", Cause::Offset)?.unwrap_or(0);
        let length = self.number("length", Cause::Length)?;
        let offset = usize::try_from(offset).map_err(|_| Cause::Offset)?;
        let length = length.map_or(Ok(largest), usize::try_from).map_err(|_| Cause::Length)?;
        if length == 0 {
            return Err(Cause::Length);
        }
        Ok((offset, length.min(largest)))
    }

    /// Whether an empty list is an error, which it is unless `error_on_empty` is `no`.
    pub(super) fn empty_is_error(&self) -> bool {
        self.text("error_on_empty") != Some("no")
    }

    /// Whether the answer is to be JSON; the default is XML.
    pub(super) fn wants_json(&self) -> bool {
        self.text("format") == Some("json")
    }

    /// The language of the answer: English unless `lang` is `cn`.
    pub(super) fn language(&self) -> Language {
        if self.text("lang") == Some("cn") { Language::Chinese } else { Language::English }
    }
}
