//! `GetCallerIdentity` (cloud.tencent.com/document/api/1312/66098).

use serde_json::json;

use super::role::uin;
use crate::tencent::params::Params;
use crate::tencent::sessions::Caller;
use crate::tencent::{DnspodApi, Outcome, UIN};

impl DnspodApi {
    #[expect(clippy::unused_self, reason = "the shape of every action")]
    pub(super) fn caller_identity(&self, caller: &Caller, params: &Params) -> Outcome {
        params.allow(&[], &[])?;
        Ok(match caller {
            Caller::Account => json!({
                "Type": "CAMUser",
                "AccountId": UIN,
                "UserId": UIN,
                "PrincipalId": UIN,
                "Arn": format!("qcs::cam:{UIN}:uin/{UIN}"),
            }),
            Caller::Session(session) => {
                let account = uin(&session.role_arn);
                json!({
                    "Type": "CAMRole",
                    "AccountId": account,
                    "UserId": format!("{}:{}", session.role_id, session.name),
                    "PrincipalId": UIN,
                    "Arn": format!("qcs::sts:{account}:assumed-role/{}", session.role_id),
                })
            }
        })
    }
}
