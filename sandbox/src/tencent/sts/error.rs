//! The error codes of STS that the sandbox answers: codes as documented for its actions
//! (cloud.tencent.com/document/api/1312/48197).

use crate::tencent::error::ApiError;

pub(super) const PARAM_ERROR: ApiError = ApiError::new(
    "InvalidParameter.ParamError",
    "参数错误。",
    "A parameter is not in the form that is documented for it.",
);
pub(super) const OVER_TIME: ApiError = ApiError::new(
    "InvalidParameter.OverTimeError",
    "过期时间超过阈值。",
    "The credentials would be valid for longer than is allowed.",
);
pub(super) const POLICY_FORMAT: ApiError = ApiError::new(
    "InvalidParameter.StrategyFormatError",
    "策略语法错误。",
    "The policy is not one in CAM's language.",
);
pub(super) const POLICY_INVALID: ApiError = ApiError::new(
    "InvalidParameter.StrategyInvalid",
    "非法策略。",
    "The policy holds what a session's policy may not hold, such as a principal.",
);
pub(super) const WEB_IDENTITY_TOKEN: ApiError = ApiError::new(
    "InvalidParameter.WebIdentityTokenError",
    "WebIdentityToken参数错误。",
    "The WebIdentityToken is not valid, or not any more.",
);
pub(super) const ROLE_NOT_FOUND: ApiError = ApiError::new(
    "ResourceNotFound.RoleNotFound",
    "账号对应的角色不存在。",
    "The account has no such role.",
);
/// What [`ROLE_NOT_FOUND`] is for `AssumeRoleWithWebIdentity`, which does not list that.
pub(super) const GET_ROLE: ApiError =
    ApiError::new("InternalError.GetRoleError", "获取角色失败。", "The role could not be had.");
pub(super) const UNAUTHORIZED: ApiError = ApiError::new(
    "UnauthorizedOperation",
    "未授权操作。",
    "The role does not trust this caller to assume it.",
);
