//! Runs the transcripts of `tests/cmd`: what is typed, what is printed, how it ends.
//!
//! ```text
//! # why
//! @ zone ws.example          a sandbox in the test's process; also: foreign ZONE, fault NAME, bindings, role ARN,
//!                            instance-role NAME
//! @ set NAME=VALUE           a variable; `@ unset NAME`; `@ names N` sets CERTCTL_DOMAIN to N names in ws.example
//! @ file NAME TEXT           a file, `\n` being a line's end, which its owner alone can read
//! $ certctl issue …
//! ? 2                        the exit code, where it is not 0
//! | a line on standard output
//! ! a line on standard error
//! ```
//!
//! `[..]` stands for anything within a line, a line `...` for any number of lines, `[DIR]` for the test's directory.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use sandbox::Sandbox;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::lab::Lab;

/// Far above what any command of a transcript takes.
const LONGEST_COMMAND: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transcripts_hold() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    let files: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 5, "the transcripts are missing");
    let mut running = JoinSet::new();
    for file in files {
        running.spawn(async move {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.file_name().unwrap().to_string_lossy();
            let differing = differing(&text).await;
            differing.into_iter().map(|difference| format!("\n{name}: {difference}\n")).collect()
        });
    }
    let differences: Vec<Vec<String>> = running.join_all().await;
    let differences = differences.concat().concat();
    assert!(differences.is_empty(), "{differences}");
}

/// One command and what is expected of it.
#[derive(Debug, Default)]
struct Step {
    command: String,
    code: i32,
    stdout: Vec<String>,
    stderr: Vec<String>,
}

/// Runs a transcript; each command that does not do as written, with what it did.
async fn differing(text: &str) -> Vec<String> {
    let (setting, steps) = parse(text);
    let lab = lab(&setting).await;
    let directory = lab.path().display().to_string();
    let mut differing = Vec::new();
    for step in steps {
        let arguments = words(&step.command.replace("[DIR]", &directory));
        let output = timeout(LONGEST_COMMAND, lab.certctl(&arguments[1..]).output()).await;
        let Output { status, stdout, stderr } = output.expect("it ends in time").unwrap();
        let lines = |bytes: Vec<u8>| -> Vec<String> {
            let text = String::from_utf8(bytes).unwrap().replace(&directory, "[DIR]");
            text.lines().map(str::to_owned).collect()
        };
        let (stdout, stderr) = (lines(stdout), lines(stderr));
        let as_written = status.code() == Some(step.code)
            && matches(&step.stdout, &stdout)
            && matches(&step.stderr, &stderr);
        if !as_written {
            let mut did = format!("$ {}\n? {}\n", step.command, status.code().unwrap_or(-1));
            for (mark, lines) in [('|', &stdout), ('!', &stderr)] {
                for line in lines {
                    let _ = writeln!(did, "{mark} {line}");
                }
            }
            differing.push(format!("{step:#?}\ndid\n{did}"));
        }
    }
    differing
}

fn parse(text: &str) -> (Vec<(&str, &str)>, Vec<Step>) {
    let mut setting = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (mark, rest) = line.split_at(1);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match mark {
            "#" => {}
            "@" => setting.push(rest.split_once(' ').unwrap_or((rest, ""))),
            "$" => steps.push(Step { command: rest.to_owned(), ..Step::default() }),
            _ => {
                let step = steps.last_mut().expect("a command comes first");
                match mark {
                    "?" => step.code = rest.parse().unwrap(),
                    "|" => step.stdout.push(rest.to_owned()),
                    "!" => step.stderr.push(rest.to_owned()),
                    _ => panic!("what is {line:?}?"),
                }
            }
        }
    }
    assert!(!steps.is_empty(), "a transcript without a command");
    (setting, steps)
}

async fn lab(setting: &[(&str, &str)]) -> Lab {
    // The CA's good nonces are all accepted, so that what a command prints is the same each time.
    let mut builder = Sandbox::builder().nonce_rejection(0);
    let mut wanted = false;
    for (what, value) in setting {
        builder = match *what {
            "zone" => builder.zone(*value),
            "foreign" => builder.foreign_zone(*value),
            "fault" => builder.fault(*value),
            "bindings" => builder.require_external_account(),
            "role" => builder.role(*value),
            "instance-role" => builder.instance_role(value),
            _ => continue,
        };
        wanted = true;
    }
    let mut lab = if wanted { Lab::with(builder).await } else { Lab::empty() };
    for (what, value) in setting {
        let value = filled_in(value, &lab);
        match *what {
            "set" => {
                let (variable, value) = value.split_once('=').unwrap();
                lab.variables.insert(variable.to_owned(), value.to_owned());
            }
            "unset" => {
                lab.variables.remove(&value);
            }
            "names" => {
                let count: u32 = value.parse().unwrap();
                let names: Vec<String> = (1..=count).map(|n| format!("n{n}.ws.example")).collect();
                lab.variables.insert("CERTCTL_DOMAIN".to_owned(), names.join(","));
            }
            "file" => {
                let (name, contents) = value.split_once(' ').unwrap();
                let path = lab.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, contents.replace("\\n", "\n")).unwrap();
                std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            }
            "zone" | "foreign" | "fault" | "bindings" | "role" | "instance-role" => {}
            other => panic!("what is {other:?}?"),
        }
    }
    lab
}

/// `value` with what is known only now in place of `[DIR]`, `[SECRET_ID]`, `[SECRET_KEY]` and `[LOGIN_TOKEN]`.
fn filled_in(value: &str, lab: &Lab) -> String {
    let value = value.replace("[DIR]", &lab.path().display().to_string());
    let Some(sandbox) = &lab.sandbox else { return value };
    value
        .replace("[SECRET_ID]", sandbox.secret_id())
        .replace("[SECRET_KEY]", sandbox.secret_key())
        .replace("[LOGIN_TOKEN]", sandbox.login_token())
}

/// The words of a command, as a shell would split them: at spaces outside of single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in command.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(character),
        }
    }
    words
}

/// Whether `lines` are as written.
fn matches(written: &[String], lines: &[String]) -> bool {
    let Some((first, rest)) = written.split_first() else { return lines.is_empty() };
    if first == "..." {
        return (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..]));
    }
    match lines.split_first() {
        Some((line, others)) => line_matches(first, line) && matches(rest, others),
        None => false,
    }
}

fn line_matches(written: &str, line: &str) -> bool {
    let mut parts = written.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[test]
fn a_line_matches_only_what_is_written() {
    for (written, line, expected) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a[..]", "ab", true),
        ("a[..]c", "abc", true),
        ("a[..]c", "abcd", false),
        ("a[..]c[..]e", "abcde", true),
        ("a[..]x[..]e", "abcde", false),
    ] {
        assert_eq!(line_matches(written, line), expected, "{written:?} {line:?}");
    }
    let lines = ["a", "b", "c"].map(str::to_owned);
    assert!(matches(&["...".to_owned(), "c".to_owned()], &lines));
    assert!(!matches(&["...".to_owned(), "b".to_owned()], &lines));
}
