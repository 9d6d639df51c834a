//! `--json` against its documentation.

use std::collections::{BTreeMap, BTreeSet};

use sandbox::Sandbox;
use serde_json::Value;

use crate::lab::Lab;

const DOCUMENTATION: &str = include_str!("../../../docs/json-events.md");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_of_real_runs_is_documented_with_its_fields_and_every_documented_one_occurs() {
    let documented = documented();
    let mut seen = BTreeSet::new();
    for event in events_of_real_runs().await {
        let name = event["event"].as_str().unwrap().to_owned();
        let example =
            documented.get(&name).unwrap_or_else(|| panic!("{name} is not documented: {event}"));
        assert_eq!(fields(&event), fields(example), "{event}");
        seen.insert(name);
    }
    assert_eq!(seen, documented.into_keys().collect());
}

/// A run with everything in its way that still succeeds, the same again, and one that fails.
async fn events_of_real_runs() -> Vec<Value> {
    let builder = Sandbox::builder().zone("ws.example").fault("lagging-name-server=1");
    let lab = Lab::with(builder.fault("processing=1")).await;
    let issue = ["issue", "--json", "--domain", "ws.example", "--preferred-chain", "Nobody"];
    let mut events = events(&lab, &issue, 0).await;
    events.extend(self::events(&lab, &issue, 0).await);
    lab.sandbox().set_fault("rate-limited-seconds").unwrap();
    let other = ["issue", "--json", "--domain", "other.ws.example"];
    events.extend(self::events(&lab, &other, 75).await);
    events
}

async fn events(lab: &Lab, arguments: &[&str], code: i32) -> Vec<Value> {
    let output = lab.certctl(arguments).output().await.unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The example of each event.
fn documented() -> BTreeMap<String, Value> {
    let sections = DOCUMENTATION.split("\n### `").skip(1);
    let examples = sections.map(|section| {
        let (name, text) = section.split_once('`').unwrap();
        let example = text.split("```json\n").nth(1).expect("an example");
        let example: Value = serde_json::from_str(example.lines().next().unwrap()).unwrap();
        assert_eq!(example["event"], name);
        (name.to_owned(), example)
    });
    examples.collect()
}

/// The paths of all fields. An answer of a name server has several forms, which the page describes.
fn fields(event: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![(String::new(), event)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(fields) if !path.ends_with("/answer") => {
                open.extend(fields.iter().map(|(name, value)| (format!("{path}/{name}"), value)));
            }
            Value::Array(items) => open.extend(items.iter().map(|item| (path.clone(), item))),
            _ => {
                found.insert(path);
            }
        }
    }
    found
}
