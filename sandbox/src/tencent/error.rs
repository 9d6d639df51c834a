//! The error codes of API 3.0 that the sandbox answers, each with its text in Chinese and English.

use std::borrow::Cow;

/// Stands in a text for the id of the request.
const REQUEST_ID: &str = "{RequestId}";

/// An error as the API answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) code: &'static str,
    zh: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl ApiError {
    pub(super) const fn new(code: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self { code, zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    fn about(code: &'static str, parameter: &str, zh: &str, en: &str) -> Self {
        Self {
            code,
            zh: format!("`{parameter}`{zh}").into(),
            en: format!("`{parameter}` {en}").into(),
        }
    }

    /// The text in the language that the request's `X-TC-Language` asks for; Chinese unless that is English.
    pub(super) fn message(&self, language: Option<&str>, request_id: &str) -> String {
        let text = if language == Some("en-US") { &self.en } else { &self.zh };
        text.replace(REQUEST_ID, request_id)
    }
}

/// A parameter or header that must be there is not.
pub(super) fn missing_parameter(name: &str) -> ApiError {
    ApiError::about("MissingParameter", name, "参数缺失。", "is required and missing.")
}

/// A parameter that the action does not have.
pub(super) fn unknown_parameter(name: &str) -> ApiError {
    ApiError::about("UnknownParameter", name, "是未知参数。", "is not a parameter of this action.")
}

/// A parameter that the action has and the sandbox does not act on.
pub(super) fn unsupported_parameter(name: &str) -> ApiError {
    ApiError::about(
        "UnsupportedOperation",
        name,
        "沙箱不支持此参数。",
        "is not supported by the sandbox.",
    )
}

/// A parameter of the wrong JSON type.
pub(super) fn wrong_type(name: &str) -> ApiError {
    ApiError::about("InvalidParameter", name, "参数类型错误。", "has the wrong type.")
}

/// A parameter whose value is none of those that there are.
pub(super) fn wrong_value(name: &str) -> ApiError {
    ApiError::about(
        "InvalidParameterValue",
        name,
        "参数取值错误。",
        "has a value that is not one of those allowed.",
    )
}

/// An action that CAM does not grant. The text is English whatever is asked for, and names the request.
pub(super) fn unauthorized_operation(action: &str, resource: &str) -> ApiError {
    let text = format!(
        "[request id:{REQUEST_ID}]you are not authorized to perform operation (dnspod:{action})\n\
         resource ({resource}) has no permission\n"
    );
    ApiError { code: "UnauthorizedOperation", zh: text.clone().into(), en: text.into() }
}

// Of every Tencent Cloud API 3.0.

pub(super) const INVALID_AUTHORIZATION: ApiError = ApiError::new(
    "AuthFailure.InvalidAuthorization",
    "请求头部的 Authorization 不符合腾讯云标准。",
    "The Authorization header is not in the form that Tencent Cloud asks for.",
);
pub(super) const SECRET_ID_NOT_FOUND: ApiError =
    ApiError::new("AuthFailure.SecretIdNotFound", "密钥不存在。", "There is no such SecretId.");
pub(super) const SIGNATURE_EXPIRE: ApiError = ApiError::new(
    "AuthFailure.SignatureExpire",
    "签名过期，请检查本地时间是否与标准时间同步。",
    "The signature is more than five minutes off; is the clock right?",
);
pub(super) const SIGNATURE_FAILURE: ApiError = ApiError::new(
    "AuthFailure.SignatureFailure",
    "签名错误。",
    "The signature is not the one of this request and this SecretKey.",
);
pub(super) const TOKEN_FAILURE: ApiError = ApiError::new(
    "AuthFailure.TokenFailure",
    "token 错误。",
    "The session token is not the one of this SecretId.",
);
pub(super) const REQUEST_LIMIT_EXCEEDED: ApiError = ApiError::new(
    "RequestLimitExceeded",
    "请求的次数超过了频率限制。",
    "There were more requests than the rate limit allows.",
);
pub(super) const INTERNAL_ERROR: ApiError =
    ApiError::new("InternalError", "内部错误。", "Something went wrong inside.");
pub(super) const INVALID_ACTION: ApiError =
    ApiError::new("InvalidAction", "接口不存在。", "There is no such action.");
pub(super) const NO_SUCH_VERSION: ApiError =
    ApiError::new("NoSuchVersion", "接口版本不存在。", "There is no such version of this API.");
pub(super) const REQUEST_TOO_LARGE: ApiError =
    ApiError::new("RequestSizeLimitExceeded", "请求包超过限制大小。", "The request is too large.");
pub(super) const NOT_JSON: ApiError = ApiError::new(
    "InvalidParameter",
    "请求包不是 JSON 对象。",
    "The request's body is not a JSON object.",
);

// Of DNSPod: codes and Chinese texts as documented for its actions.

pub(super) const DOMAIN_NOT_EXISTS: ApiError = ApiError::new(
    "InvalidParameterValue.DomainNotExists",
    "当前域名有误，请返回重新操作。",
    "There is no such domain.",
);
pub(super) const DOMAIN_INVALID: ApiError = ApiError::new(
    "InvalidParameter.DomainInvalid",
    "域名不正确，请输入主域名，如 dnspod.cn。",
    "The domain is not a main domain, such as dnspod.cn.",
);
pub(super) const DOMAIN_ID_INVALID: ApiError = ApiError::new(
    "InvalidParameter.DomainIdInvalid",
    "域名编号不正确。",
    "There is no domain of this id.",
);
pub(super) const DOMAIN_IS_ALIASER: ApiError = ApiError::new(
    "InvalidParameter.DomainIsAliaser",
    "此域名是其它域名的别名。",
    "The domain is an alias of another one.",
);
pub(super) const NO_PERMISSION: ApiError = ApiError::new(
    "OperationDenied.NoPermissionToOperateDomain",
    "当前域名无权限，请返回域名列表。",
    "You have no permission for this domain.",
);
pub(super) const NOT_DOMAIN_OWNER: ApiError = ApiError::new(
    "FailedOperation.NotDomainOwner",
    "域名不在您的名下。",
    "The domain is not yours.",
);
pub(super) const DOMAIN_OWNER_ALLOWED_ONLY: ApiError = ApiError::new(
    "OperationDenied.DomainOwnerAllowedOnly",
    "仅域名所有者可进行此操作。",
    "Only the domain's owner may do this.",
);
pub(super) const DOMAIN_GRADE_INVALID: ApiError = ApiError::new(
    "InvalidParameterValue.DomainGradeInvalid",
    "域名等级不正确。",
    "There is no such plan.",
);
pub(super) const DOMAIN_IS_MODIFYING_DNS: ApiError = ApiError::new(
    "InvalidParameter.DomainIsModifyingDns",
    "该域名已有同类型操作未完成，无法执行该操作。",
    "Another operation on the domain has not ended yet.",
);
pub(super) const DOMAIN_IS_LOCKED: ApiError = ApiError::new(
    "FailedOperation.DomainIsLocked",
    "锁定域名不能进行此操作。",
    "The domain is locked.",
);
pub(super) const DOMAIN_IS_SPAM: ApiError = ApiError::new(
    "FailedOperation.DomainIsSpam",
    "封禁域名不能进行此操作。",
    "The domain is banned.",
);
pub(super) const NO_DATA_OF_RECORD: ApiError = ApiError::new(
    "ResourceNotFound.NoDataOfRecord",
    "记录列表为空。",
    "The list of records is empty.",
);
pub(super) const RECORD_EXISTS: ApiError = ApiError::new(
    "InvalidParameter.DomainRecordExist",
    "记录已经存在，无需再次添加。",
    "The record exists already.",
);
pub(super) const RECORD_ID_INVALID: ApiError = ApiError::new(
    "InvalidParameter.RecordIdInvalid",
    "记录编号错误。",
    "There is no record of this id.",
);
pub(super) const RECORD_TYPE_INVALID: ApiError = ApiError::new(
    "InvalidParameter.RecordTypeInvalid",
    "记录类型不正确。",
    "There is no such type of record.",
);
pub(super) const RECORD_LINE_INVALID: ApiError = ApiError::new(
    "InvalidParameter.RecordLineInvalid",
    "记录线路不正确。",
    "There is no such line.",
);
pub(super) const RECORD_VALUE_INVALID: ApiError = ApiError::new(
    "InvalidParameter.RecordValueInvalid",
    "记录的值不正确。",
    "The value is not one of a record of this type.",
);
pub(super) const SUBDOMAIN_INVALID: ApiError = ApiError::new(
    "InvalidParameter.SubdomainInvalid",
    "子域名不正确。",
    "The subdomain is not a name.",
);
pub(super) const MX_INVALID: ApiError =
    ApiError::new("InvalidParameter.MxInvalid", "MX优先级不正确。", "The MX preference is wrong.");
pub(super) const WEIGHT_INVALID: ApiError = ApiError::new(
    "InvalidParameter.InvalidWeight",
    "权重不合法。请输入0~100的整数。",
    "The weight is not a whole number from 0 to 100.",
);
pub(super) const RECORD_TTL_LIMIT: ApiError = ApiError::new(
    "LimitExceeded.RecordTtlLimit",
    "记录的TTL值超出了限制。",
    "The TTL is not within the limits of the domain's plan.",
);
pub(super) const SUBDOMAIN_LEVEL_LIMIT: ApiError = ApiError::new(
    "LimitExceeded.SubdomainLevelLimit",
    "子域名级数超出限制。",
    "The subdomain has more levels than the domain's plan allows.",
);
pub(super) const MUST_ADD_DEFAULT_LINE_FIRST: ApiError = ApiError::new(
    "FailedOperation.MustAddDefaultLineFirst",
    "请先添加默认线路的解析记录",
    "Add the record of the default line first.",
);
pub(super) const OFFSET_EXCEEDED: ApiError =
    ApiError::new("LimitExceeded.OffsetExceeded", "分页起始数量过大。", "The offset is too large.");
pub(super) const OFFSET_INVALID: ApiError =
    ApiError::new("InvalidParameter.OffsetInvalid", "分页起始数量错误。", "The offset is wrong.");
pub(super) const LIMIT_INVALID: ApiError = ApiError::new(
    "InvalidParameterValue.LimitInvalid",
    "分页长度数量错误。",
    "The limit is wrong.",
);
pub(super) const OPERATE_FAILED: ApiError = ApiError::new(
    "InvalidParameter.OperateFailed",
    "操作失败，请稍后再试。",
    "The operation failed.",
);
