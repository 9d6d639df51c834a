//! Documents name the tests that show what they say: they exist.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_test_that_the_threat_table_names_exists() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let table = text.split("## Threats to the webhook").nth(1).expect("the table is there");
    let table = table.split("\n## ").next().unwrap();
    assert!(tests_named_in(table, &root().join("webhook-server")) > 20);
}

#[test]
fn every_test_that_the_comparison_with_the_go_webhooks_names_exists() {
    let text = fs::read_to_string(root().join("docs/go-webhooks.md")).unwrap();
    assert!(tests_named_in(&text, &root()) > 50);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// How many tests the rows of the tables in `text` name, each as a file below `dir` and a function of it.
fn tests_named_in(text: &str, dir: &Path) -> usize {
    let mut named = 0;
    let is_row = |line: &&str| line.starts_with("| ") && !line.ends_with("| shown by |");
    for row in text.lines().filter(is_row) {
        let tests: Vec<(&str, &str)> =
            row.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect();
        assert!(!tests.is_empty(), "no test shows this: {row}");
        for (file, test) in tests {
            let source =
                fs::read_to_string(dir.join(file)).unwrap_or_else(|_| panic!("no file {file}"));
            assert!(is_test(&source, test), "{file} has no test {test}");
            named += 1;
        }
    }
    named
}

/// Whether `source` has this test, marked as one or, end to end, in its list.
fn is_test(source: &str, test: &str) -> bool {
    ["#[test]\n", "#[tokio::test]\n", "#[tokio::test(start_paused = true)]\n"]
        .iter()
        .flat_map(|attribute| source.split(attribute).skip(1))
        .any(|after| {
            let signature = after.trim_start().trim_start_matches("async ");
            signature.starts_with(&format!("fn {test}("))
        })
        || source.split("e2e::tests! {").skip(1).any(|list| {
            let list = list.split('}').next().unwrap_or_default();
            list.lines().any(|line| line.ends_with(&format!("] {test};")))
        })
}
