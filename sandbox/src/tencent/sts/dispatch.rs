//! Which requests are for STS, and which action answers them.

use http::Method;

use crate::fault::Fault;
use crate::tencent::error;
use crate::tencent::params::Params;
use crate::tencent::signature::SignedRequest;
use crate::tencent::{DnspodApi, Outcome};

const VERSION: &str = "2018-08-13";
pub(super) const SERVICE: &str = "sts";

/// Whether a request is for STS: it names STS's version, or claims to be signed for it.
pub(in crate::tencent) fn is_asked(request: SignedRequest<'_>) -> bool {
    request.header("x-tc-version") == Some(VERSION) || request.service() == Some(SERVICE)
}

impl DnspodApi {
    /// What STS answers.
    pub(in crate::tencent) fn sts_answer(
        &self,
        action: &str,
        request: SignedRequest<'_>,
    ) -> Outcome {
        if self.faults.take(Fault::StsUnavailable) {
            return Err(error::INTERNAL_ERROR);
        }
        // The one action that needs no signature: who calls it has no key yet.
        let caller = match action {
            "AssumeRoleWithWebIdentity" if request.header("authorization") == Some("SKIP") => None,
            "AssumeRoleWithWebIdentity" => return Err(error::INVALID_AUTHORIZATION),
            _ => Some(self.caller(request, SERVICE)?),
        };
        match request.header("x-tc-version") {
            Some(VERSION) => {}
            Some(_) => return Err(error::NO_SUCH_VERSION),
            None => return Err(error::missing_parameter("X-TC-Version")),
        }
        // Unlike DNSPod, STS lists the region as required for each action.
        request.header("x-tc-region").ok_or_else(|| error::missing_parameter("X-TC-Region"))?;
        let params = if request.method == Method::GET {
            Params::from_query(request.query)
        } else {
            Params::from_json(request.body)?
        };
        match (action, caller) {
            ("AssumeRole", _) => self.assume_role(&params),
            ("AssumeRoleWithWebIdentity", _) => self.assume_role_with_web_identity(&params),
            ("GetCallerIdentity", Some(caller)) => self.caller_identity(&caller, &params),
            _ => Err(error::INVALID_ACTION),
        }
    }
}
