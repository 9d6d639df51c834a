//! The table itself, to be read beside Tencent's lists of codes
//! (<https://cloud.tencent.com/document/api/1427/56192> and the common ones at `/56191`).
//!
//! A code that has no line, and whose family has none, is a [`Class::Request`] with Tencent's own words:
//! `error-codes.md` of this crate shows what becomes of each documented code.

use crate::class::Class;

/// Codes of one class, each with what a person should know or do.
pub(super) type Lines = &'static [(&'static str, &'static str)];

pub(super) const TABLE: &[(Class, Lines)] = &[
    (Class::AlreadyThere, &[("InvalidParameter.DomainRecordExist", "the record is there already")]),
    (
        Class::Gone,
        &[
            ("InvalidParameter.RecordIdInvalid", "no record has this id"),
            ("ResourceNotFound.NoDataOfRecord", "no record has this name and type"),
        ],
    ),
    (
        Class::NotMyZone,
        &[
            ("InvalidParameterValue.DomainNotExists", "the account has no such zone"),
            ("InvalidParameter.DomainInvalid", "the account has no such zone"),
            ("InvalidParameter.DomainIdInvalid", "the account has no zone of this id"),
            ("ResourceNotFound.NoDataOfDomain", "the account has no such zone"),
        ],
    ),
    (
        Class::NotPermitted,
        &[
            ("FailedOperation.NotDomainOwner", NOT_YOURS),
            ("FailedOperation.NotResourceOwner", NOT_YOURS),
            ("OperationDenied.NotResourceOwner", NOT_YOURS),
            ("OperationDenied.NoPermissionToOperateDomain", NOT_YOURS),
            (
                "OperationDenied.DomainOwnerAllowedOnly",
                "only the zone's owner may do this; use a key of that account",
            ),
            (
                "OperationDenied.NotGrantedByOwner",
                "the zone's owner has not shared it with this account",
            ),
            ("OperationDenied.AccessDenied", ""),
            ("OperationDenied.NotAdmin", ""),
            ("OperationDenied.NotAgent", ""),
            ("OperationDenied.NotManagedUser", ""),
            ("InvalidParameter.PermissionDenied", ""),
            ("UnauthorizedOperation", ""),
            ("AuthFailure.UnauthorizedOperation", ""),
            (
                "IpNotInWhitelist",
                "the account accepts no calls from this machine's address; allow it in the CAM console",
            ),
            (
                "InvalidParameter.RequestIpLimited",
                "the account accepts no calls from this machine's address; allow it in the DNSPod console",
            ),
        ],
    ),
    (
        Class::Credential,
        &[
            ("AuthFailure", MAKE_A_KEY),
            (
                "AuthFailure.SecretIdNotFound",
                "there is no such SecretId, or it is disabled; check it at \
                 https://console.cloud.tencent.com/cam/capi (a DNSPod token is no SecretId)",
            ),
            (
                "AuthFailure.InvalidSecretId",
                "this is no SecretId of Tencent Cloud API; it begins with AKID",
            ),
            (
                "AuthFailure.SignatureFailure",
                "the SecretKey does not belong to the SecretId; paste it again",
            ),
            ("AuthFailure.InvalidAuthorization", MAKE_A_KEY),
            (
                "AuthFailure.MFAFailure",
                "the key needs a second factor; use a key of a sub-account without one",
            ),
            (
                "AuthFailure.TokenFailure",
                "the session token has expired or does not belong to the key; get new temporary credentials",
            ),
            ("InvalidParameter.InvalidSecretId", MAKE_A_KEY),
            ("InvalidParameter.InvalidSignature", MAKE_A_KEY),
            ("InvalidParameter.LoginTokenIdError", MAKE_A_KEY),
            ("InvalidParameter.LoginTokenNotExists", MAKE_A_KEY),
            ("InvalidParameter.LoginTokenValidateFailed", MAKE_A_KEY),
            ("InvalidParameter.UserNotExists", MAKE_A_KEY),
            ("InvalidParameterValue.UserIdInvalid", MAKE_A_KEY),
            (
                "FailedOperation.LoginAreaNotAllowed",
                "the account refuses logins from this place; change that in the DNSPod console",
            ),
            ("FailedOperation.LoginFailed", MAKE_A_KEY),
            ("FailedOperation.LoginTimeout", MAKE_A_KEY),
            ("LimitExceeded.FailedLoginLimitExceeded", BANNED),
        ],
    ),
    (
        Class::Clock,
        &[("AuthFailure.SignatureExpire", TOO_FAR), ("InvalidParameter.TimestampExpired", TOO_FAR)],
    ),
    (
        Class::Throttled,
        &[
            ("RequestLimitExceeded", TOO_MANY),
            ("FailedOperation.FrequencyLimit", TOO_MANY),
            ("InvalidParameter.Common", TOO_MANY),
        ],
    ),
    (
        Class::TooFrequent,
        &[("InvalidParameter.OperationIsTooFrequent", "DNSPod asks to wait one minute")],
    ),
    (
        Class::Server,
        &[
            ("InternalError", LATER),
            ("ServiceUnavailable", LATER),
            ("ResourceUnavailable", LATER),
            ("FailedOperation.UnknowError", LATER),
            ("FailedOperation.TemporaryError", LATER),
            ("InvalidParameter.OperateFailed", LATER),
        ],
    ),
    (
        Class::Busy,
        &[
            ("InvalidParameter.DomainIsModifyingDns", CHANGING),
            ("InvalidParameter.DomainTaskNotFinished", CHANGING),
            ("InvalidParameter.DomainNotAllowedModifyRecords", CHANGING),
            ("InvalidParameter.DomainInEffectOrInvalidated", CHANGING),
        ],
    ),
    (
        Class::Permanent,
        &[
            ("InvalidParameter.DomainIsAliaser", ALIAS),
            ("InvalidParameter.DomainIsMyAlias", ALIAS),
            ("FailedOperation.DomainIsLocked", LOCKED),
            (
                "FailedOperation.DomainIsSpam",
                "the zone is blocked for abuse; ask Tencent's support to lift that",
            ),
            ("FailedOperation.AccountIsLocked", "the account is locked; ask Tencent's support"),
            ("FailedOperation.NotRealNamedUser", VERIFY),
            ("FailedOperation.MobileNotVerified", VERIFY),
            (
                "FailedOperation.TencentCloudForbid",
                "records of this zone cannot be changed by its users",
            ),
            ("InvalidParameter.AccountIsBanned", "the account is banned; ask Tencent's support"),
            ("InvalidParameter.UnrealNameUser", VERIFY),
            ("InvalidParameter.EmailNotVerified", VERIFY),
            ("InvalidParameter.MobileNotVerified", VERIFY),
            (
                "InvalidParameter.DomainInBlackList",
                "the zone is on Tencent's list of unlawful domains",
            ),
            (
                "OperationDenied.IPInBlacklistNotAllowed",
                "Tencent has this address on its list of blocked ones",
            ),
            ("IpInBlacklist", "Tencent has this address on its list of blocked ones"),
            ("InvalidParameter.UserAlreadyLocked", "the account is locked; ask Tencent's support"),
            (
                "OperationDenied.VipDomainAllowed",
                "the zone needs a paid plan; upgrade it in the DNSPod console",
            ),
        ],
    ),
    (
        Class::TtlLimit,
        &[("LimitExceeded.RecordTtlLimit", "the zone's plan does not permit this TTL; set 600")],
    ),
    (
        Class::Request,
        &[
            (
                "LimitExceeded.SubdomainLevelLimit",
                "the name has more labels below the zone than the zone's plan permits; upgrade the plan, or point \
                 the name by CNAME at a shorter one",
            ),
            (
                "LimitExceeded.SubdomainRollLimit",
                "the name has as many records as the zone's plan permits",
            ),
            (
                "LimitExceeded.SubdomainWcardLimit",
                "the zone's plan does not permit this wildcard level",
            ),
            ("InvalidParameter.RecordLineInvalid", LINE),
            (
                "FailedOperation.MustAddDefaultLineFirst",
                "a record on this line needs one on the default line beside it; leave the line out",
            ),
            ("InvalidParameter.SubdomainInvalid", "DNSPod does not accept this record name"),
            ("InvalidParameter.RecordValueInvalid", "DNSPod does not accept this value"),
            (
                "InvalidParameter.RecordValueLengthInvalid",
                "the value is longer than DNSPod permits",
            ),
            ("InvalidParameter.RecordTypeInvalid", "DNSPod does not accept TXT records here"),
        ],
    ),
];

/// Families whose members all mean what the bare code means, unless they have a line of their own.
pub(super) const FAMILIES: &[&str] = &[
    "AuthFailure",
    "InternalError",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "UnauthorizedOperation",
];

const MAKE_A_KEY: &str =
    "check SecretId and SecretKey at https://console.cloud.tencent.com/cam/capi";
const BANNED: &str = "the account or this machine's address is banned after too many refused logins; \
                      correct the credential and wait an hour";
const NOT_YOURS: &str = "the zone belongs to another account or is not shared with this one; use a key of \
                         the account that holds it";
const ALIAS: &str = "the zone is an alias of another zone; use the zone that it is an alias of, or end the \
                     alias in the DNSPod console";
const LOCKED: &str = "the zone is locked; unlock it in the DNSPod console";
const VERIFY: &str =
    "the account's real name, mail or phone is not verified; verify it in the console";
const TOO_FAR: &str = "this machine's clock is more than five minutes off; set it (NTP)";
const TOO_MANY: &str = "the account or this machine makes too many calls";
const LATER: &str = "Tencent's side failed; this is tried again later";
const CHANGING: &str =
    "another change of the zone is still taking effect; this is tried again later";
const LINE: &str = "the record line is not accepted; records are created on the default line, id 0";
