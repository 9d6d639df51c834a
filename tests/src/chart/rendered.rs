//! What the chart makes of values.

use std::path::PathBuf;

use serde_json::Value;

use super::{Object, directory, objects};
use crate::helm::{self, Release};

/// The chart as release `cert-manager-webhook-dnspod` in the namespace `cert-manager`, which are the names that its
/// README uses.
pub fn release(values: Value) -> Release {
    release_of(directory(), values)
}

/// As [`release`], of another chart.
pub fn release_of(chart: PathBuf, values: Value) -> Release {
    let name = "cert-manager-webhook-dnspod".to_owned();
    Release { chart, name, namespace: "cert-manager".to_owned(), values }
}

/// The objects of a release.
#[derive(Clone, Debug)]
pub struct Rendered(pub Vec<Object>);

impl Rendered {
    /// What `helm template` makes of [`release`].
    ///
    /// # Errors
    /// What Helm complains of, or what is not YAML.
    pub async fn with(values: Value) -> Result<Self, String> {
        Self::of(&release(values)).await
    }

    /// What `helm template` makes of a release.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub async fn of(release: &Release) -> Result<Self, String> {
        Ok(Self(objects(&helm::template(release).await?)?))
    }

    /// The objects of a kind.
    pub fn all(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.0.iter().filter(move |object| object.kind() == kind)
    }

    /// The names of the objects of a kind.
    pub fn names(&self, kind: &str) -> Vec<&str> {
        self.all(kind).map(Object::name).collect()
    }

    /// The one object of a kind.
    ///
    /// # Errors
    /// A sentence, where there is none or several.
    pub fn only(&self, kind: &str) -> Result<&Object, String> {
        match self.all(kind).collect::<Vec<_>>()[..] {
            [object] => Ok(object),
            _ => Err(format!("not one {kind} but {:?}", self.names(kind))),
        }
    }

    /// The object of a kind with this name; where several namespaces have it, the first.
    ///
    /// # Errors
    /// A sentence, where there is none.
    pub fn named(&self, kind: &str, name: &str) -> Result<&Object, String> {
        let found = self.all(kind).find(|object| object.name() == name);
        found.ok_or_else(|| format!("no {kind} {name} but {:?}", self.names(kind)))
    }
}
