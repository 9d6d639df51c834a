//! `values.yaml` as its README shows it: every value with its default and the comment above it.

/// Spaces by which a level of `values.yaml` is indented.
const INDENT: usize = 2;

/// A part of `values.yaml` below a line that starts with `##`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What the line says.
    pub title: String,
    /// The values up to the next section.
    pub settings: Vec<Setting>,
}

/// One value that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its keys from the top, with dots between them, as `--set` takes it.
    pub path: String,
    /// Its default as it is written, in YAML's short form.
    pub default: String,
    /// The comment above it as one line; empty where the name says it.
    pub description: String,
}

/// Reads the sections of `values.yaml`, which has to be written as its first lines say.
///
/// # Errors
/// A sentence that names the line: a value outside every section, a comment above a key that only holds others, or
/// what this reader does not know.
pub fn sections(values: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for (number, line) in values.lines().enumerate() {
        let trimmed = line.trim_start();
        if let Some(title) = line.strip_prefix("## ") {
            sections.push(Section { title: title.to_owned(), settings: Vec::new() });
        } else if let Some(text) = trimmed.strip_prefix("# ") {
            comment.push(text);
            continue;
        } else if !trimmed.is_empty() {
            let at =
                |reason: &str| format!("values.yaml, line {}: {reason}: {trimmed}", number + 1);
            let (key, default) = trimmed.split_once(':').ok_or_else(|| at("no key"))?;
            keys.truncate((line.len() - trimmed.len()) / INDENT);
            keys.push(key);
            if default.is_empty() {
                if !comment.is_empty() {
                    return Err(at("a comment above a key that only holds others"));
                }
            } else {
                let section = sections.last_mut().ok_or_else(|| at("outside every section"))?;
                section.settings.push(Setting {
                    path: keys.join("."),
                    default: default.trim().to_owned(),
                    description: comment.join(" "),
                });
            }
        }
        comment.clear();
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_of_the_key_below_them() {
        let values = "# Of the file.\n\n## First\n\n# What it\n# is.\na: 1\nb:\n  c: \"\"\n  d:\n    e: {}\n## Second\nf: [x]\n";
        let setting = |path: &str, default: &str, description: &str| Setting {
            path: path.to_owned(),
            default: default.to_owned(),
            description: description.to_owned(),
        };
        let first = vec![
            setting("a", "1", "What it is."),
            setting("b.c", "\"\"", ""),
            setting("b.d.e", "{}", ""),
        ];
        assert_eq!(
            sections(values).unwrap(),
            [
                Section { title: "First".to_owned(), settings: first },
                Section { title: "Second".to_owned(), settings: vec![setting("f", "[x]", "")] },
            ]
        );
    }

    #[test]
    fn what_no_reader_of_the_table_would_see_is_refused() {
        assert!(sections("a: 1\n").unwrap_err().contains("line 1: outside every section"));
        assert!(
            sections("## A\n# Lost.\na:\n  b: 1\n")
                .unwrap_err()
                .contains("line 3: a comment above")
        );
        assert!(sections("## A\n- a\n").unwrap_err().contains("line 2: no key"));
    }
}
