//! Problem documents (RFC 7807, RFC 8555 §6.7) and what servers send instead of them.

use http::StatusCode;
use serde::Deserialize;

use crate::issue::{Problem, Subproblem};

/// Bounds, in characters, on what is kept of a server's text: it ends up in logs and on terminals.
const MAX_DETAIL: usize = 1000;
const MAX_EXCERPT: usize = 200;
const MAX_KIND: usize = 100;
/// Bound on the parts of a problem that are kept.
const MAX_SUBPROBLEMS: usize = 100;

/// A problem document as it stands in an answer, an order or a challenge.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawProblem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
    status: u16,
    subproblems: Vec<RawSubproblem>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSubproblem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
    identifier: Option<RawIdentifier>,
}

#[derive(Deserialize)]
struct RawIdentifier {
    value: String,
}

impl From<RawProblem> for Problem {
    fn from(raw: RawProblem) -> Self {
        let subproblems = raw.subproblems.into_iter().take(MAX_SUBPROBLEMS);
        Self {
            kind: cleaned(&raw.kind, MAX_KIND),
            detail: cleaned(&raw.detail, MAX_DETAIL),
            status: raw.status,
            subproblems: subproblems
                .map(|part| Subproblem {
                    kind: cleaned(&part.kind, MAX_KIND),
                    detail: cleaned(&part.detail, MAX_DETAIL),
                    identifier: part.identifier.map(|one| cleaned(&one.value, MAX_EXCERPT)),
                })
                .collect(),
        }
    }
}

/// What a failed answer says. A body that is no problem document (a proxy's HTML page) is quoted in short.
pub(super) fn from_answer(status: StatusCode, body: &[u8]) -> Problem {
    // `serde_json` also reads a struct from a JSON array, which no problem document is.
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    let mut problem = match serde_json::from_slice::<RawProblem>(body) {
        Ok(raw) if is_object => Problem::from(raw),
        _ => Problem { detail: excerpt(body), ..Problem::default() },
    };
    problem.status = status.as_u16();
    if problem.detail.is_empty() {
        status.canonical_reason().unwrap_or("no reason given").clone_into(&mut problem.detail);
    }
    problem
}

/// The text of a body of unknown kind without mark-up.
fn excerpt(body: &[u8]) -> String {
    let mut in_tag = false;
    let text: String = String::from_utf8_lossy(body)
        .chars()
        .filter_map(|c| {
            match c {
                '<' => in_tag = true,
                '>' if in_tag => {
                    in_tag = false;
                    return Some(' ');
                }
                _ => {}
            }
            (!in_tag).then_some(c)
        })
        .collect();
    cleaned(&text, MAX_EXCERPT)
}

/// `text` on one line, without control and direction characters, cut at `max` characters.
pub(super) fn cleaned(text: &str, max: usize) -> String {
    let visible = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let line: String = text.chars().map(|c| if visible(c) { c } else { ' ' }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_documents_are_read_with_their_parts() {
        let body = br#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"no\u001b[31m way",
            "status":499,"subproblems":[{"type":"urn:ietf:params:acme:error:caa","detail":"forbidden",
            "identifier":{"type":"dns","value":"ws.example"}}]}"#;
        let problem = from_answer(StatusCode::FORBIDDEN, body);
        assert_eq!(problem.acme_kind(), Some("rejectedIdentifier"));
        assert_eq!(problem.status, 403, "the status that was sent counts");
        assert_eq!(problem.detail, "no [31m way");
        assert_eq!(problem.subproblems[0].identifier.as_deref(), Some("ws.example"));
    }

    #[test]
    fn a_page_of_a_proxy_keeps_its_status_and_its_text() {
        let page =
            b"<html><head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>";
        let problem = from_answer(StatusCode::BAD_GATEWAY, page);
        assert_eq!((problem.status, problem.detail.as_str()), (502, "502 Bad Gateway nginx"));
        assert_eq!(problem.acme_kind(), None);
    }

    #[test]
    fn whatever_a_body_holds_there_is_a_short_text() {
        let empty = from_answer(StatusCode::SERVICE_UNAVAILABLE, b"");
        assert_eq!(empty.detail, "Service Unavailable");
        let array = from_answer(StatusCode::SERVICE_UNAVAILABLE, b"[]");
        assert_eq!(array.detail, "[]");
        let binary = from_answer(StatusCode::INTERNAL_SERVER_ERROR, &[0xff; 10_000]);
        assert!(binary.detail.chars().count() <= MAX_EXCERPT + 1);
    }
}
