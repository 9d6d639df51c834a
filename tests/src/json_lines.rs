//! Programs that answer each line of JSON with a line of JSON.

use std::io::{Read as _, Seek as _};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::process::last_lines;

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(90);

/// Such a program, running; dropping it kills it.
pub struct JsonLines {
    _child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// What it wrote to standard error.
    errors: std::fs::File,
}

impl JsonLines {
    /// Starts the program.
    ///
    /// # Errors
    /// A sentence: it could not be started.
    pub fn start(command: &mut Command) -> Result<Self, String> {
        let program = command.as_std().get_program().to_string_lossy().into_owned();
        let failed = |error: std::io::Error| format!("{program} could not be started: {error}");
        let errors = tempfile::tempfile().map_err(failed)?;
        let mut child = command
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let questions = child.stdin.take().expect("it was just piped");
        let answers = child.stdout.take().expect("it was just piped");
        let answers = BufReader::new(answers).lines();
        Ok(Self { _child: child, questions, answers, errors })
    }

    /// Writes `question` as a line and returns the next line that the program writes.
    ///
    /// # Errors
    /// A sentence: it ended, took too long or wrote no JSON; with the end of what it wrote to standard error.
    pub async fn ask(&mut self, question: &Value) -> Result<Value, String> {
        match timeout(ANSWER_LIMIT, self.exchange(question)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(reason)) => Err(format!("{reason}; it said:\n{}", self.last_errors())),
            Err(_) => Err(format!(
                "there was no answer within {} s; it said:\n{}",
                ANSWER_LIMIT.as_secs(),
                self.last_errors()
            )),
        }
    }

    async fn exchange(&mut self, question: &Value) -> Result<Value, String> {
        let line = format!("{question}\n");
        let written = self.questions.write_all(line.as_bytes()).await;
        written.map_err(|error| format!("it takes no questions: {error}"))?;
        let answer = self.answers.next_line().await.map_err(|error| error.to_string())?;
        let answer = answer.ok_or("it ended")?;
        serde_json::from_str(&answer).map_err(|error| format!("{answer:?} is no JSON: {error}"))
    }

    fn last_errors(&mut self) -> String {
        let mut said = String::new();
        let read = self.errors.rewind().and_then(|()| self.errors.read_to_string(&mut said));
        if let Err(error) = read {
            return error.to_string();
        }
        last_lines(&said)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shell(script: &str) -> JsonLines {
        JsonLines::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[tokio::test]
    async fn each_question_gets_the_next_line() {
        let mut echo = shell("cat");
        for number in [1, 2] {
            assert_eq!(echo.ask(&json!({ "n": number })).await, Ok(json!({ "n": number })));
        }
    }

    #[tokio::test]
    async fn a_program_that_ends_is_quoted() {
        let mut ended = shell("read line; echo the reason >&2");
        let reason = ended.ask(&json!(1)).await.unwrap_err();
        assert!(reason.starts_with("it ended") && reason.contains("the reason"), "{reason}");
    }

    #[tokio::test]
    async fn what_is_no_json_is_shown() {
        let reason = shell("read line; echo hello").ask(&json!(1)).await.unwrap_err();
        assert!(reason.contains("hello"), "{reason}");
    }
}
