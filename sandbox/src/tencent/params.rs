//! The parameters of an action: a JSON object, or the query string of a GET request.

use serde_json::{Map, Value};

use super::error::{self, ApiError};

/// Parameters by name. `null` is the same as not given.
#[derive(Debug)]
pub(super) struct Params {
    values: Map<String, Value>,
    /// In a query string everything is text.
    are_text: bool,
}

impl Params {
    /// The parameters of a POST request.
    pub(super) fn from_json(body: &[u8]) -> Result<Self, ApiError> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(mut values)) => {
                values.retain(|_, value| !value.is_null());
                Ok(Self { values, are_text: false })
            }
            _ => Err(error::NOT_JSON),
        }
    }

    /// The parameters of a GET request; `Name.0`, `Name.1`, … are the elements of a list.
    pub(super) fn from_query(query: &str) -> Self {
        let mut values = Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = Value::String(value.into_owned());
            match name.split_once('.') {
                Some((list, index)) if index.parse::<usize>().is_ok() => {
                    let list = values.entry(list).or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(list) = list {
                        list.push(value);
                    }
                }
                _ => {
                    values.insert(name.into_owned(), value);
                }
            }
        }
        Self { values, are_text: true }
    }

    /// Refuses any parameter that is neither in `known` nor in `unsupported`, and those in `unsupported`.
    pub(super) fn allow(&self, known: &[&str], unsupported: &[&str]) -> Result<(), ApiError> {
        for name in self.values.keys().map(String::as_str) {
            if unsupported.contains(&name) {
                return Err(error::unsupported_parameter(name));
            }
            if !known.contains(&name) {
                return Err(error::unknown_parameter(name));
            }
        }
        Ok(())
    }

    /// Whether there is a parameter that is not in `names`.
    pub(super) fn has_other_than(&self, names: &[&str]) -> bool {
        self.values.keys().any(|name| !names.contains(&name.as_str()))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(error::wrong_type(name)),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)?.ok_or_else(|| error::missing_parameter(name))
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let number = match self.values.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) if self.are_text => text.parse().ok(),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| error::wrong_type(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            // Python's SDK writes `True` into a query string.
            Some(Value::String(text)) if self.are_text => {
                match text.to_ascii_lowercase().as_str() {
                    "true" => Ok(Some(true)),
                    "false" => Ok(Some(false)),
                    _ => Err(error::wrong_type(name)),
                }
            }
            Some(_) => Err(error::wrong_type(name)),
        }
    }

    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, ApiError> {
        let Some(value) = self.values.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| error::wrong_type(name))?;
        list.iter()
            .map(|text| text.as_str().ok_or_else(|| error::wrong_type(name)))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The first element and the length of a page: `Offset` and `Limit`.
    pub(super) fn page(&self, default: usize, largest: usize) -> Result<(usize, usize), ApiError> {
        let offset = self.number("Offset")?.unwrap_or(0);
        let offset = usize::try_from(offset).map_err(|_| error::OFFSET_INVALID)?;
        let limit = match self.number("Limit")? {
            None => default,
            Some(limit) => usize::try_from(limit)
                .ok()
                .filter(|limit| (1..=largest).contains(limit))
                .ok_or(error::LIMIT_INVALID)?,
        };
        Ok((offset, limit))
    }
}
