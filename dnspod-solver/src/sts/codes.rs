//! What the error codes of STS mean: one table, to be read beside Tencent's list
//! (<https://cloud.tencent.com/document/api/1312/48200>). Codes that all products have stand in API 3.0's own.

use crate::api3;
use crate::class::{Class, Meaning};

/// What `code` means.
pub(super) fn meaning(code: &str) -> Meaning {
    let line = TABLE.iter().find(|(wanted, ..)| *wanted == code);
    line.map_or_else(|| api3::meaning(code), |&(_, class, advice)| Meaning { class, advice })
}

const POLICY: &str = "correct the session's policy";

const TABLE: &[(&str, Class, &str)] = &[
    (
        "AuthFailure.AccessKeyIllegal",
        Class::Credential,
        "the key is not accepted; check it at https://console.cloud.tencent.com/cam/capi",
    ),
    (
        "FailedOperation.TempKeyNotAllowed",
        Class::NotPermitted,
        "a temporary credential may not do this; begin with a key of a sub-account",
    ),
    ("InternalError.IllegalRole", Class::Request, "STS does not accept this role"),
    (
        "InvalidParameter.AccessKeyNotSupport",
        Class::NotPermitted,
        "a key of this kind may not assume roles; begin with a key of a sub-account",
    ),
    (
        "InvalidParameter.AccountNotAvaliable",
        Class::NotPermitted,
        "the account is not there or is not available",
    ),
    ("InvalidParameter.ExtendStrategyOverSize", Class::Request, POLICY),
    (
        "InvalidParameter.GrantOtherResource",
        Class::Request,
        "the session's policy names something of another account",
    ),
    ("InvalidParameter.OverLimit", Class::Throttled, "too many sessions are asked for"),
    (
        "InvalidParameter.OverTimeError",
        Class::Request,
        "the session is longer than the role allows; ask for a shorter one",
    ),
    (
        "InvalidParameter.ParamError",
        Class::Request,
        "check the role, the session's name and the external id",
    ),
    ("InvalidParameter.PolicyTooLong", Class::Request, POLICY),
    ("InvalidParameter.ResouceError", Class::Request, POLICY),
    ("InvalidParameter.StrategyFormatError", Class::Request, POLICY),
    ("InvalidParameter.StrategyInvalid", Class::Request, POLICY),
    (
        "InvalidParameter.WebIdentityTokenError",
        Class::Credential,
        "the service account's token has ended or is not of this identity provider; check the provider and its client \
         id (audience) at https://console.cloud.tencent.com/cam/idp",
    ),
    (
        "ResourceNotFound.RoleNotFound",
        Class::NotPermitted,
        "there is no such role; compare it with https://console.cloud.tencent.com/cam/role",
    ),
    (
        "UnauthorizedOperation",
        Class::NotPermitted,
        "the role must trust who assumes it, and that one must be allowed sts:AssumeRole on the role",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_sts_come_first_and_those_of_all_products_after() {
        assert_eq!(meaning("ResourceNotFound.RoleNotFound").class, Class::NotPermitted);
        assert_eq!(meaning("InternalError.IllegalRole").class, Class::Request);
        assert_eq!(meaning("InternalError.DbError").class, Class::Server);
        assert_eq!(meaning("AuthFailure.SignatureExpire").class, Class::Clock);
        assert_eq!(meaning("RequestLimitExceeded").class, Class::Throttled);
        assert_eq!(meaning("New.Thing"), Meaning::UNKNOWN);
    }
}
