//! The metadata of an instance (CVM): the role that it was given, and credentials for it, asked for without any.
//!
//! The paths are those below `http://metadata.tencentyun.com` (cloud.tencent.com/document/product/213/4934).

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use super::DnspodApi;
use super::sessions::{Session, SessionRequest};
use super::sts::Role;
use crate::fault::Fault;

/// Where the name of the instance's role is.
pub(super) const ROLE_PATH: &str = "/latest/meta-data/cam/security-credentials/";

/// Where credentials for a role are.
pub(super) const CREDENTIALS_PATH: &str = "/latest/meta-data/cam/security-credentials/{role}";

/// How long credentials are valid, as in recorded answers.
const LIFETIME: Duration = Duration::from_secs(7200);

/// Answers the name of the instance's role.
pub(super) async fn role(State(api): State<Arc<DnspodApi>>) -> Response {
    hang(&api).await;
    match api.sts.instance_role() {
        Some(role) => role.name().to_owned().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Answers credentials for the instance's role: the same ones until half of their lifetime is over.
pub(super) async fn credentials(
    State(api): State<Arc<DnspodApi>>,
    Path(name): Path<String>,
) -> Response {
    hang(&api).await;
    let Some(role) = api.sts.instance_role().filter(|role| role.name() == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if api.faults.take(Fault::MetadataNotSuccess) {
        // [unverified]: the documents only say that `Code` is `Success` when it is one.
        return Json(json!({ "Code": "Failed" })).into_response();
    }
    let session = api.instance_session(role);
    let expiration =
        session.ends_at.format(&Rfc3339).expect("a time of this era has an RFC 3339 form");
    Json(json!({
        "TmpSecretId": session.credentials.id,
        "TmpSecretKey": session.credentials.key,
        "ExpiredTime": session.ends_at.unix_timestamp(),
        "Expiration": expiration,
        "Token": session.credentials.token,
        "Code": "Success",
    }))
    .into_response()
}

impl DnspodApi {
    fn instance_session(&self, role: &Role) -> Arc<Session> {
        let now = self.clock.now();
        let mut kept = self.sts.lock_instance_session();
        if let Some(session) = &*kept
            && now - session.issued_at < session.ends_at - now
        {
            return Arc::clone(session);
        }
        let request = SessionRequest {
            role_arn: role.arn.clone(),
            role_id: role.id,
            name: "instance".to_owned(),
            policy: None,
            lifetime: LIFETIME,
        };
        let session = self.sts.sessions.issue(request, now);
        *kept = Some(Arc::clone(&session));
        session
    }
}

async fn hang(api: &DnspodApi) {
    if api.faults.take(Fault::MetadataHang) {
        // Ends with the connection, whose task holds this future.
        std::future::pending::<()>().await;
    }
}
