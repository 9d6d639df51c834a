//! What is written twice about the chart says the same.

use std::fs;

use e2e::chart::{Generated, Object, Rendered, directory, objects, release, sections};
use e2e::harness::Test;
use e2e::helm;
use e2e::real_part::RealPart;
use serde_json::Value;

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [] the_readme_and_the_defaults_are_those_of_the_values;
        [] every_value_is_described_by_the_schema_and_the_schema_describes_no_other;
        [] the_application_is_of_this_version;
        [RealPart::Helm] the_bundle_is_what_the_chart_makes;
        [RealPart::Helm] the_bundle_needs_no_helm;
    }
}

/// What is out of date, by name, with the command that mends it.
fn current(files: &[Generated]) {
    for file in files {
        assert!(
            file.is_current(),
            "{} is out of date: cargo run -p e2e --bin chart",
            file.file.display()
        );
    }
}

async fn the_readme_and_the_defaults_are_those_of_the_values() {
    current(&Generated::without_helm().unwrap());
}

async fn the_bundle_is_what_the_chart_makes() {
    current(&Generated::all(&helm::template(&release(Value::Null)).await.unwrap()).unwrap());
}

async fn every_value_is_described_by_the_schema_and_the_schema_describes_no_other() {
    let read = |name: &str| fs::read_to_string(directory().join(name)).unwrap();
    let schema: Value = serde_json::from_str(&read("values.schema.json")).unwrap();
    let settings: Vec<String> = sections(&read("values.yaml"))
        .unwrap()
        .into_iter()
        .flat_map(|section| section.settings)
        .map(|setting| setting.path)
        .collect();
    let mut described = Vec::new();
    describe(&schema, "", &mut described);
    // What others' values may hold and the chart does not read.
    described.retain(|path| !["cert-manager", "global", "enabled"].contains(&path.as_str()));
    // One may say more of a value than the other: a map is free in the schema, or written as `{}` in values.yaml.
    let meet = |a: &str, b: &str| a == b || within(a, b) || within(b, a);
    for path in &described {
        let found = settings.iter().any(|setting| meet(path, setting));
        assert!(found, "the schema describes {path}, and values.yaml has no such value");
    }
    for setting in &settings {
        let found = described.iter().any(|path| meet(path, setting));
        assert!(found, "values.yaml has {setting}, and the schema does not describe it");
    }
}

/// Whether a path leads further than another.
fn within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// The paths of what has no properties of its own.
fn describe(schema: &Value, path: &str, paths: &mut Vec<String>) {
    match schema["properties"].as_object() {
        Some(properties) => {
            for (key, value) in properties {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                describe(value, &path, paths);
            }
        }
        None => paths.push(path.to_owned()),
    }
}

async fn the_application_is_of_this_version() {
    let chart = fs::read_to_string(directory().join("Chart.yaml")).unwrap();
    let version = concat!("appVersion: \"", env!("CARGO_PKG_VERSION"), "\"");
    assert!(chart.lines().any(|line| line == version), "Chart.yaml does not say {version}");
}

async fn the_bundle_needs_no_helm() {
    let bundle = fs::read_to_string(directory().with_file_name("bundle.yaml")).unwrap();
    let bundle = objects(&bundle).unwrap();
    let rendered = Rendered::with(Value::Null).await.unwrap();
    let identities = |objects: &[Object]| {
        let mut all: Vec<String> = objects.iter().map(Object::to_string).collect();
        all.sort();
        all
    };
    let kept: Vec<Object> =
        rendered.0.iter().filter(|object| object.kind() != "Pod").cloned().collect();
    assert_eq!(identities(&bundle), identities(&kept));
    for object in &bundle {
        assert!(!object.0.to_string().contains("helm"), "{object}");
        // The selector of the bundle that imroc publishes.
        if object.kind() == "Deployment" {
            let app = serde_json::json!({"app": "cert-manager-webhook-dnspod"});
            assert_eq!(*object.at("/spec/selector/matchLabels"), app);
            assert_eq!(*object.at("/spec/template/metadata/labels"), app);
        }
    }
}
