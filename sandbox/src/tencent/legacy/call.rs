//! From a request to its answer.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use super::answer::{Answer, Fields, StatusFields};
use super::edition::Edition;
use super::form::{Form, Language};
use super::status::{Cause, SUCCESS};
use crate::fault::Fault;
use crate::front::html;
use crate::tencent::domains::local_time;
use crate::tencent::{DnspodApi, LARGEST_BODY, escaped, header};

/// The version that `Info.Version` answers, in the place of a message.
const VERSION: &str = "4.6";

/// The actions that there are.
const ACTIONS: [&str; 8] = [
    "Info.Version",
    "Domain.List",
    "Domain.Info",
    "Record.List",
    "Record.Create",
    "Record.Modify",
    "Record.Remove",
    "Record.Info",
];

/// Answers one request to the legacy API.
pub(in crate::tencent) async fn call(
    State(api): State<Arc<DnspodApi>>,
    Path(action): Path<String>,
    request: Request,
) -> Response {
    if !ACTIONS.contains(&action.as_str()) {
        return html(StatusCode::NOT_FOUND, "404 Not Found");
    }
    api.note(&action);
    if api.faults.take(Fault::LegacyHtml502) {
        return html(StatusCode::BAD_GATEWAY, "502 Bad Gateway");
    }
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return html(StatusCode::PAYLOAD_TOO_LARGE, "413 Content Too Large");
    };
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let form = Form::parse(if head.method == Method::POST { &body } else { query });
    let outcome = api.legacy_outcome(&action, &head, &form);
    let changed = matches!(action.as_str(), "Record.Create" | "Record.Modify" | "Record.Remove")
        && outcome.is_ok();
    if changed && api.faults.take(Fault::LegacyTimeoutAfterCommit) {
        // Ends with the connection, whose task holds this future.
        std::future::pending::<()>().await;
    }
    api.render(&action, &form, outcome)
}

impl DnspodApi {
    fn legacy_outcome(&self, action: &str, head: &Parts, form: &Form) -> Result<Fields, Cause> {
        if head.method != Method::POST {
            return Err(Cause::Method);
        }
        for (fault, cause) in [
            (Fault::LegacyThrottled, Cause::TooManyRequests),
            (Fault::LegacyMaintenance, Cause::Maintenance),
            (Fault::LegacyUnknownError, Cause::Unknown),
        ] {
            if self.faults.take(fault) {
                return Err(cause);
            }
        }
        self.legacy.admit(header(head, USER_AGENT.as_str()), form.text("login_token"))?;
        if !form.wants_json() {
            return Err(Cause::Format);
        }
        let edition = self.edition(head);
        match action {
            "Info.Version" => Ok(Fields::Nothing {}),
            "Domain.List" => self.domain_list(form),
            "Domain.Info" => self.domain_info(form),
            "Record.List" => self.record_list(form, edition),
            "Record.Create" => self.record_create(form, edition),
            "Record.Modify" => self.record_modify(form, edition),
            "Record.Remove" => self.record_remove(form),
            "Record.Info" => self.record_info(form, edition),
            _ => Err(Cause::Unknown),
        }
    }

    fn edition(&self, head: &Parts) -> Edition {
        let host = header(head, HOST.as_str())
            .or_else(|| head.uri.authority().map(http::uri::Authority::as_str));
        self.legacy.edition(host.unwrap_or_default())
    }

    fn render(&self, action: &str, form: &Form, outcome: Result<Fields, Cause>) -> Response {
        let created_at = local_time(self.clock.now());
        let (code, message, fields) = match outcome {
            Ok(fields) => {
                let message = if action == "Info.Version" { VERSION } else { success(form) };
                (SUCCESS, message, fields)
            }
            Err(cause) => {
                let status = cause.status(action);
                (status.code, status.message(form.language()), Fields::Nothing {})
            }
        };
        if !form.wants_json() {
            return xml(code, message, &created_at);
        }
        let answer = Answer { status: StatusFields { code, message, created_at }, fields };
        let body =
            serde_json::to_string(&answer).expect("an answer is nothing but text and numbers");
        ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], escaped(&body))
            .into_response()
    }
}

fn success(form: &Form) -> &'static str {
    match form.language() {
        Language::Chinese => "操作成功",
        Language::English => "Operation successful",
    }
}

/// A status in XML, which is what who forgot `format=json` gets.
fn xml(code: &str, message: &str, created_at: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<dnspod><status><code>{code}</code>\
         <message>{message}</message><created_at>{created_at}</created_at></status></dnspod>"
    );
    ([(CONTENT_TYPE, HeaderValue::from_static("application/xml"))], body).into_response()
}
