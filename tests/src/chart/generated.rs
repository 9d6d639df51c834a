//! The files of the chart that are made from others.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::values::{Section, sections};
use super::{bundle_from, directory};

/// The line of README.md after which the table of values stands.
pub const VALUES_BEGIN: &str =
    "<!-- Generated from values.yaml by `cargo run -p e2e --bin chart`. -->";

/// The line after it.
pub const VALUES_END: &str = "<!-- End of what is generated. -->";

/// A file and what it has to hold.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Where it is.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
}

impl Generated {
    /// Every generated file, made anew. `rendered` is what `helm template` makes of the chart without any value, as
    /// release `cert-manager-webhook-dnspod` in the namespace `cert-manager`.
    ///
    /// # Errors
    /// A sentence: a file cannot be read, or is not written as these functions expect.
    pub fn all(rendered: &str) -> Result<Vec<Self>, String> {
        let mut files = Self::without_helm()?;
        files.push(Self {
            file: directory().with_file_name("bundle.yaml"),
            text: bundle_from(rendered),
        });
        Ok(files)
    }

    /// Those that can be made without Helm.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn without_helm() -> Result<Vec<Self>, String> {
        let chart = directory();
        let read = |name: &str| {
            let file = chart.join(name);
            std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
        };
        let values = read("values.yaml")?;
        Ok(vec![
            Self { file: chart.join("files/defaults.yaml"), text: defaults_from(&values) },
            Self {
                file: chart.join("README.md"),
                text: readme_with_values(&read("README.md")?, &sections(&values)?)?,
            },
        ])
    }

    /// Whether the file holds this text now.
    pub fn is_current(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|text| text == self.text)
    }
}

/// `values.yaml` without its comments: templates cannot read `values.yaml` itself.
pub fn defaults_from(values: &str) -> String {
    let lines = values.lines().filter(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#')
    });
    lines.fold(
        "# Generated from values.yaml by `cargo run -p e2e --bin chart`.\n".to_owned(),
        |text, line| text + line + "\n",
    )
}

/// `readme` with the table between its two marks made anew.
///
/// # Errors
/// A sentence: a mark is missing.
pub fn readme_with_values(readme: &str, sections: &[Section]) -> Result<String, String> {
    let (before, rest) = readme
        .split_once(VALUES_BEGIN)
        .ok_or_else(|| format!("README.md lacks the line {VALUES_BEGIN}"))?;
    let (_, after) = rest
        .split_once(VALUES_END)
        .ok_or_else(|| format!("README.md lacks the line {VALUES_END}"))?;
    Ok(format!("{before}{VALUES_BEGIN}\n{}\n{VALUES_END}{after}", table(sections)))
}

fn table(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        let _ = writeln!(text, "\n### {}\n\n| value | default | |\n|---|---|---|", section.title);
        for setting in &section.settings {
            let description = setting.description.replace('|', "\\|");
            let _ =
                writeln!(text, "| `{}` | `{}` | {description} |", setting.path, setting.default);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_made_anew() {
        let readme = format!("before\n{VALUES_BEGIN}\nold\n{VALUES_END}\nafter\n");
        let sections = sections("## A\n# This | that.\na: 1\n").unwrap();
        let made = readme_with_values(&readme, &sections).unwrap();
        assert!(made.starts_with("before\n") && made.ends_with("\nafter\n"), "{made}");
        assert!(made.contains("| `a` | `1` | This \\| that. |") && !made.contains("old"), "{made}");
        assert_eq!(readme_with_values(&made, &sections).unwrap(), made);
        assert!(readme_with_values("before", &sections).unwrap_err().contains("lacks the line"));
    }

    #[test]
    fn defaults_are_the_values_without_comments() {
        assert!(defaults_from("# x\n\na:\n  # y\n  b: 1\n").ends_with("\na:\n  b: 1\n"));
    }
}
