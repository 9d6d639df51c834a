//! Waiting for objects, by watching them (<https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>).

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::client::{KubeClient, KubeError};
use super::object::ObjectPath;

/// The pause before a watch that failed is begun anew: kube-apiserver may be restarting.
const REPEAT: Duration = Duration::from_millis(50);

impl KubeClient {
    /// Waits until `condition` holds of the object (`None` while there is none) and returns it; `what` says in words
    /// what is waited for. A kube-apiserver that is away meanwhile is waited for too.
    ///
    /// # Errors
    /// A sentence, when the time is up: with the object as it was last seen.
    pub async fn until(
        &self,
        object: &ObjectPath,
        what: &str,
        limit: Duration,
        mut condition: impl FnMut(Option<&Value>) -> bool,
    ) -> Result<Option<Value>, String> {
        let deadline = Instant::now() + limit;
        let mut last = None;
        let seen = async {
            loop {
                match self.watch(object, &mut last, &mut condition).await {
                    Ok(true) => return,
                    Ok(false) => {}
                    Err(_) => sleep(REPEAT).await,
                }
            }
        };
        if timeout_at(deadline, seen).await.is_ok() {
            return Ok(last);
        }
        let last = last.map_or_else(|| "absent".to_owned(), |found| describe(object, found));
        Err(format!("{object}: not {what} within {} s; it is {last}", limit.as_secs()))
    }

    /// Waits until the object's condition `kind` has the status `True`, and returns the object.
    ///
    /// # Errors
    /// As [`until`](Self::until).
    pub async fn until_condition(
        &self,
        object: &ObjectPath,
        kind: &str,
        limit: Duration,
    ) -> Result<Value, String> {
        let holds = |object: Option<&Value>| {
            object.is_some_and(|object| condition(object, kind) == Some("True"))
        };
        let found = self.until(object, kind, limit, holds).await?;
        Ok(found.unwrap_or_default())
    }

    /// Waits until the object is gone.
    ///
    /// # Errors
    /// As [`until`](Self::until).
    pub async fn until_gone(&self, object: &ObjectPath, limit: Duration) -> Result<(), String> {
        self.until(object, "gone", limit, |object| object.is_none()).await.map(drop)
    }

    /// Follows an object until the condition holds (`true`) or kube-apiserver ends the watch.
    async fn watch(
        &self,
        object: &ObjectPath,
        last: &mut Option<Value>,
        condition: &mut impl FnMut(Option<&Value>) -> bool,
    ) -> Result<bool, KubeError> {
        let collection =
            format!("{}?fieldSelector=metadata.name%3D{}", object.collection, object.name);
        let mut found = self.request(Method::GET, &collection, None).await?;
        *last = found["items"].as_array_mut().and_then(Vec::pop);
        if condition(last.as_ref()) {
            return Ok(true);
        }
        let version = found["metadata"]["resourceVersion"].as_str().unwrap_or("0");
        let path = format!("{collection}&watch=true&resourceVersion={version}");
        let mut events = self.send(Method::GET, &path, None, None).await?;
        let mut text = Vec::new();
        loop {
            let chunk = events.chunk().await;
            let chunk = chunk.map_err(|source| KubeError::Unreachable {
                method: Method::GET,
                path: path.clone(),
                source,
            })?;
            let Some(chunk) = chunk else { return Ok(false) };
            text.extend_from_slice(&chunk);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                let Ok(mut event) = serde_json::from_slice::<Value>(&line) else {
                    return Ok(false);
                };
                match event["type"].as_str() {
                    Some("ADDED" | "MODIFIED") => *last = Some(event["object"].take()),
                    Some("DELETED") => *last = None,
                    // Too old a version, for example: begin anew.
                    _ => return Ok(false),
                }
                if condition(last.as_ref()) {
                    return Ok(true);
                }
            }
        }
    }
}

/// The status of an object's condition: `True`, `False` or `Unknown`.
pub fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = object["status"]["conditions"].as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)?["status"].as_str()
}

/// An object for people: without what only kube-apiserver needs, and without secrets.
fn describe(path: &ObjectPath, mut object: Value) -> String {
    if path.collection.ends_with("/secrets") {
        object["data"] = Value::Null;
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    format!("{object:#}")
}
