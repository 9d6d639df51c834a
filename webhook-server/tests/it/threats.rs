//! `SECURITY.md` names the tests that show what it says: they exist.

use std::path::Path;

#[test]
fn every_test_that_the_threat_table_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let table = text.split("## Threats to the webhook").nth(1).expect("the table is there");
    let table = table.split("\n## ").next().unwrap();
    let mut named = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let tests: Vec<(&str, &str)> =
            row.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect();
        assert!(!tests.is_empty(), "no test shows this: {row}");
        for (file, test) in tests {
            let path = root.join("webhook-server").join(file);
            let source =
                std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("no file {file}"));
            let is_test =
                ["#[test]\n", "#[tokio::test]\n", "#[tokio::test(start_paused = true)]\n"]
                    .iter()
                    .flat_map(|attribute| source.split(attribute).skip(1))
                    .any(|after| {
                        let signature = after.trim_start().trim_start_matches("async ");
                        signature.starts_with(&format!("fn {test}("))
                    });
            assert!(is_test, "{file} has no test {test}");
            named += 1;
        }
    }
    assert!(named > 20, "the table is read: {named}");
}
