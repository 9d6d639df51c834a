//! The actions of API 3.0 that the sandbox has, and what stands between a signed request and one of them.

use super::cam;
use super::error::{self, ApiError};
use super::params::Params;
use super::sessions::Caller;
use super::{DnspodApi, Outcome};
use crate::fault::Fault;

/// An action of API 3.0.
pub(super) struct Action {
    /// As in `X-TC-Action`.
    pub(super) name: &'static str,
    /// Whether it changes records.
    pub(super) is_change: bool,
    /// What it is about.
    scope: Scope,
    /// How many requests a second an account has, where that is published.
    pub(super) per_second: Option<u32>,
    run: fn(&DnspodApi, &Params) -> Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// One domain: CAM grants it by the domain's id.
    Domain,
    /// The whole account: CAM grants it on `*` only.
    Account,
}

/// All actions, with the rates that their pages publish: `DescribeRecordList` cloud.tencent.com/document/api/1427/56166,
/// `DescribeRecord` 56168, `DescribeDomainList` 56172, `DescribeDomain` 56173, `DescribeRecordFilterList` 95521,
/// `DeleteRecord` www.tencentcloud.com/document/product/1157/49039, `CreateRecord` 49041; `DescribeDomainPurview` has 20 too.
#[rustfmt::skip]
static ACTIONS: [Action; 14] = [
    action("DescribeDomainList", false, Scope::Account, Some(20), DnspodApi::describe_domain_list),
    action("DescribeDomain", false, Scope::Domain, Some(20), DnspodApi::describe_domain),
    action("DescribeDomainPurview", false, Scope::Domain, Some(20), DnspodApi::describe_domain_purview),
    action("DescribeRecordList", false, Scope::Domain, Some(100), DnspodApi::describe_record_list),
    action("DescribeRecordFilterList", false, Scope::Domain, Some(20), DnspodApi::describe_record_filter_list),
    action("DescribeRecord", false, Scope::Domain, Some(200), DnspodApi::describe_record),
    action("DescribeRecordLineList", false, Scope::Domain, None, DnspodApi::describe_record_line_list),
    action("DescribePackageDetail", false, Scope::Account, None, DnspodApi::describe_package_detail),
    action("DescribeUserDetail", false, Scope::Account, None, DnspodApi::describe_user_detail),
    action("CreateRecord", true, Scope::Domain, Some(500), DnspodApi::create_record),
    action("CreateTXTRecord", true, Scope::Domain, None, DnspodApi::create_txt_record),
    action("ModifyRecord", true, Scope::Domain, None, DnspodApi::modify_record),
    action("ModifyTXTRecord", true, Scope::Domain, None, DnspodApi::modify_txt_record),
    action("DeleteRecord", true, Scope::Domain, Some(500), DnspodApi::delete_record),
];

/// The faults that are errors, and what they answer.
const TOLD_REFUSALS: [(Fault, ApiError); 5] = [
    (Fault::DnspodThrottled, error::REQUEST_LIMIT_EXCEEDED),
    (Fault::DnspodInternalError, error::INTERNAL_ERROR),
    (Fault::DnspodTokenExpired, error::TOKEN_FAILURE),
    (Fault::DnspodSignatureExpired, error::SIGNATURE_EXPIRE),
    (Fault::DnspodZoneBusy, error::DOMAIN_IS_MODIFYING_DNS),
];

impl Action {
    /// The action of this name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.name == name)
    }
}

impl DnspodApi {
    /// Carries out what a signed request asks for, unless a fault, the rate limit or CAM is against it.
    pub(super) fn perform(&self, caller: &Caller, name: &str, params: &Params) -> Outcome {
        let action = Action::find(name).ok_or(error::INVALID_ACTION)?;
        let outcome = match self.admit(caller, action, params) {
            Ok(()) => (action.run)(self, params),
            Err(error) => Err(error),
        };
        if outcome.as_ref().is_err_and(|error| *error == error::REQUEST_LIMIT_EXCEEDED) {
            self.rates.note_refusal();
        }
        outcome
    }

    fn admit(&self, caller: &Caller, action: &Action, params: &Params) -> Result<(), ApiError> {
        for (fault, error) in TOLD_REFUSALS {
            let is_meant = action.is_change || fault != Fault::DnspodZoneBusy;
            if is_meant && self.faults.take(fault) {
                return Err(error);
            }
        }
        if !self.rates.admits(action) {
            return Err(error::REQUEST_LIMIT_EXCEEDED);
        }
        let resource = match action.scope {
            Scope::Account => Some("*".to_owned()),
            // What is no domain of the account has no resource: the action itself refuses it.
            Scope::Domain => {
                self.zone(params, error::NO_PERMISSION).ok().map(|zone| cam::resource(&zone))
            }
        };
        // A role may do what the account's key may, unless its caller narrowed it down.
        let is_refused = |resource: &String| {
            !self.cam.allows(action.name, resource) || !caller.may(action.name, resource)
        };
        if let Some(resource) = resource.filter(is_refused) {
            return Err(error::unauthorized_operation(action.name, &resource));
        }
        Ok(())
    }
}

const fn action(
    name: &'static str,
    is_change: bool,
    scope: Scope,
    per_second: Option<u32>,
    run: fn(&DnspodApi, &Params) -> Outcome,
) -> Action {
    Action { name, is_change, scope, per_second, run }
}
