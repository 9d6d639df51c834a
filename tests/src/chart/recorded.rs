//! Releases of other charts, recorded in `tests/fixtures/charts`.

use std::path::Path;

use serde_json::{Value, json};

use super::Object;

/// What another chart made of some values.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The chart's own values.
    pub defaults: Value,
    /// The values that were given.
    pub values: Value,
    /// What Helm printed.
    pub objects: Vec<Object>,
    version: String,
}

impl Recorded {
    /// imroc's chart, 1.5.3, with a `ClusterIssuer` and a key of API 3.0.
    ///
    /// # Errors
    /// A sentence: the recording cannot be read.
    pub fn imroc() -> Result<Self, String> {
        Self::read(include_str!("../../fixtures/charts/imroc-1.5.3.json"))
    }

    /// qqshfox's chart, 0.3.3, with a `ClusterIssuer` and a DNSPod token.
    ///
    /// # Errors
    /// As [`imroc`](Self::imroc).
    pub fn qqshfox() -> Result<Self, String> {
        Self::read(include_str!("../../fixtures/charts/qqshfox-0.3.3.json"))
    }

    fn read(recorded: &str) -> Result<Self, String> {
        let mut recorded: Value =
            serde_json::from_str(recorded).map_err(|error| error.to_string())?;
        let objects = recorded["objects"].as_array_mut().map(std::mem::take).unwrap_or_default();
        Ok(Self {
            defaults: recorded["defaults"].take(),
            values: recorded["values"].take(),
            objects: objects.into_iter().map(Object).collect(),
            version: recorded["version"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// The values that were given, over the chart's own: a `values.yaml` that was copied whole and edited.
    pub fn copied_values(&self) -> Value {
        let mut values = self.defaults.clone();
        merge(&mut values, &self.values);
        values
    }

    /// Writes a chart to `dir` that makes the recorded objects, whatever its values, and has the recorded defaults.
    ///
    /// # Errors
    /// A sentence: `dir` cannot be written to.
    pub fn write_chart(&self, dir: &Path) -> Result<(), String> {
        let chart = json!({"apiVersion": "v2", "name": "cert-manager-webhook-dnspod", "version": self.version});
        let list: Vec<String> =
            self.objects.iter().map(|object| format!("---\n{}\n", object.0)).collect();
        std::fs::create_dir_all(dir.join("templates"))
            .and_then(|()| std::fs::write(dir.join("Chart.yaml"), chart.to_string()))
            .and_then(|()| std::fs::write(dir.join("values.yaml"), self.defaults.to_string()))
            .and_then(|()| std::fs::write(dir.join("templates/objects.yaml"), list.concat()))
            .map_err(|error| format!("{}: {error}", dir.display()))
    }
}

/// Puts `from` over `into`, map by map, as Helm does with values.
pub fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
