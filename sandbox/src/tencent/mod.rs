//! Tencent's side, over the sandbox's own zones: what is needed to solve DNS-01, and what hands out credentials for it.
//!
//! One port has it all. `/` is API 3.0: STS where a request names STS's version or signs for it, else DNSPod, version
//! 2021-03-23. `/Record.Create` and the like are DNSPod's legacy API, `/latest/meta-data/…` an instance's metadata.

mod actions;
mod cam;
mod domains;
mod error;
mod legacy;
mod metadata;
mod params;
mod plans;
mod rates;
mod record_lists;
mod records;
mod sessions;
mod signature;
mod sts;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use self::actions::Action;
pub use self::cam::CamPolicyError;
pub(crate) use self::cam::{Cam, CamPolicy};
use self::error::ApiError;
pub(crate) use self::legacy::{Edition, Legacy};
use self::params::Params;
pub(crate) use self::rates::Rates;
use self::sessions::Caller;
pub(crate) use self::signature::Credentials;
use self::signature::{SignedRequest, verify};
pub(crate) use self::sts::{Sts, Trust, role_arn};
use crate::clock::Clock;
use crate::dns::ZoneStore;
use crate::fault::{Fault, Faults};
use crate::front::html;

const VERSION: &str = "2021-03-23";
const SERVICE: &str = "dnspod";

/// The largest body of a request.
const LARGEST_BODY: usize = 10 << 20;

/// The largest query string of a request.
const LARGEST_QUERY: usize = 32 << 10;

/// The account that owns the sandbox's zones.
pub(crate) const UIN: &str = "100000000001";

/// What belongs to the account: who may call in its name, and what they may do.
pub(crate) struct Account {
    /// The key of API 3.0.
    pub(crate) credentials: Credentials,
    /// Its further keys, by their ids.
    pub(crate) further_credentials: BTreeMap<String, Credentials>,
    /// What the keys permit.
    pub(crate) cam: Cam,
    /// How many requests there were of each action.
    pub(crate) rates: Rates,
    /// What belongs to the legacy API alone.
    pub(crate) legacy: Legacy,
    /// The roles, and the credentials that were issued for them.
    pub(crate) sts: Sts,
}

/// The APIs over the zones of one account.
pub(crate) struct DnspodApi {
    credentials: Credentials,
    further_credentials: BTreeMap<String, Credentials>,
    legacy: Legacy,
    sts: Sts,
    zones: Arc<ZoneStore>,
    clock: Arc<Clock>,
    faults: Arc<Faults>,
    rates: Rates,
    cam: Cam,
    calls: Mutex<VecDeque<String>>,
}

/// What an action answers: the fields of `Response` without the `RequestId`.
type Outcome = Result<Value, ApiError>;

impl DnspodApi {
    /// A sandbox may run for days, so only so many calls are kept.
    const KEPT: usize = 10_000;

    /// The APIs for this account.
    pub(crate) fn new(
        account: Account,
        zones: Arc<ZoneStore>,
        clock: Arc<Clock>,
        faults: Arc<Faults>,
    ) -> Self {
        let Account { credentials, further_credentials, cam, rates, legacy, sts } = account;
        let calls = Mutex::default();
        Self {
            credentials,
            further_credentials,
            legacy,
            sts,
            zones,
            clock,
            faults,
            rates,
            cam,
            calls,
        }
    }

    /// The APIs as a router.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/", any(call))
            .route("/{action}", any(legacy::call))
            .route(metadata::ROLE_PATH, get(metadata::role))
            .route(metadata::CREDENTIALS_PATH, get(metadata::credentials))
            .with_state(self)
    }

    /// What belongs to the legacy API alone.
    pub(crate) fn legacy(&self) -> &Legacy {
        &self.legacy
    }

    /// The roles of the account and the credentials that were issued for them.
    pub(crate) fn sts(&self) -> &Sts {
        &self.sts
    }

    /// How many requests there were of each action.
    pub(crate) fn rates(&self) -> &Rates {
        &self.rates
    }

    /// What the credentials permit.
    pub(crate) fn cam(&self) -> &Cam {
        &self.cam
    }

    /// The credentials that are accepted.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The actions that were asked for since the last [`DnspodApi::clear_calls`], whatever became of them.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.lock_calls().iter().cloned().collect()
    }

    /// Forgets all calls.
    pub(crate) fn clear_calls(&self) {
        self.lock_calls().clear();
    }

    fn lock_calls(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, action: &str) {
        let mut calls = self.lock_calls();
        if calls.len() == Self::KEPT {
            calls.pop_front();
        }
        calls.push_back(action.to_owned());
    }

    fn answer(&self, head: &Parts, body: &[u8]) -> Outcome {
        let action =
            header(head, "x-tc-action").ok_or_else(|| error::missing_parameter("X-TC-Action"))?;
        self.note(action);
        let request = signed_request(head, body);
        if sts::is_asked(request) {
            return self.sts_answer(action, request);
        }
        let caller = self.caller(request, SERVICE)?;

        match header(head, "x-tc-version") {
            Some(VERSION) => {}
            Some(_) => return Err(error::NO_SUCH_VERSION),
            None => return Err(error::missing_parameter("X-TC-Version")),
        }
        let params = if head.method == Method::GET {
            if request.query.len() > LARGEST_QUERY {
                return Err(error::REQUEST_TOO_LARGE);
            }
            Params::from_query(request.query)
        } else {
            Params::from_json(body)?
        };
        self.perform(&caller, action, &params)
    }

    /// Who signed a request: the owner of the account's key, or of credentials that were issued and are still valid.
    fn caller(&self, request: SignedRequest<'_>, service: &str) -> Result<Caller, ApiError> {
        let now = self.clock.now();
        let session = request.secret_id().and_then(|id| self.sts.sessions.find(id, now));
        let Some(session) = session else {
            let further = request.secret_id().and_then(|id| self.further_credentials.get(id));
            verify(request, further.unwrap_or(&self.credentials), service, now)?;
            return Ok(Caller::Account);
        };
        verify(request, &session.credentials, service, now)?;
        if session.has_ended(now) {
            return Err(error::TOKEN_FAILURE);
        }
        Ok(Caller::Session(session))
    }
}

async fn call(State(api): State<Arc<DnspodApi>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if sts::is_asked(signed_request(&head, b"")) && api.faults.take(Fault::StsHang) {
        // Ends with the connection, whose task holds this future.
        std::future::pending::<()>().await;
    }
    let action = header(&head, "x-tc-action").and_then(Action::find);
    let is_told = |fault| action.is_some() && api.faults.take(fault);
    if is_told(Fault::DnspodHang) {
        std::future::pending::<()>().await;
    }
    if is_told(Fault::DnspodHtml502) {
        return html(StatusCode::BAD_GATEWAY, "502 Bad Gateway");
    }
    let outcome = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => api.answer(&head, &body),
        Err(_) => Err(error::REQUEST_TOO_LARGE),
    };
    let has_changed = outcome.is_ok() && action.is_some_and(|action| action.is_change);
    if has_changed && is_told(Fault::DnspodTimeoutAfterCommit) {
        std::future::pending::<()>().await;
    }
    let request_id = request_id();
    let mut response = match outcome {
        Ok(fields) => fields,
        Err(error) => {
            let message = error.message(header(&head, "x-tc-language"), &request_id);
            json!({ "Error": { "Code": error.code, "Message": message } })
        }
    };
    response["RequestId"] = Value::String(request_id);
    let body = if is_told(Fault::DnspodEmptyBody) {
        String::new()
    } else {
        escaped(&json!({ "Response": response }).to_string())
    };
    // Exactly this type: with a charset the official Python SDK overlooks errors.
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn signed_request<'a>(head: &'a Parts, body: &'a [u8]) -> SignedRequest<'a> {
    let host = header(head, HOST.as_str())
        .or_else(|| head.uri.authority().map(http::uri::Authority::as_str));
    SignedRequest {
        method: &head.method,
        query: head.uri.query().unwrap_or_default(),
        host: host.unwrap_or_default(),
        headers: &head.headers,
        body,
    }
}

fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

/// A random version 4 UUID.
fn request_id() -> String {
    let random = (rand::random::<u128>() & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{random:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// `json` with everything beyond ASCII as `\uXXXX`, as Tencent's servers write it.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => out.push(char::from(byte)),
            _ => write!(out, "\\u{unit:04x}").expect("writing into a string does not fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_beyond_ascii_is_escaped_and_reads_back() {
        let value = json!({ "Line": "默认 😀" });
        let text = escaped(&value.to_string());
        assert_eq!(text, "{\"Line\":\"\\u9ed8\\u8ba4 \\ud83d\\ude00\"}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let id = request_id();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, request_id());
    }
}
