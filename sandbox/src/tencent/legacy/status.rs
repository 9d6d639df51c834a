//! The status codes, one table for all actions.
//!
//! The manual gives small numbers another meaning for each action: 8 is a wrong record id for `Record.Remove`, a
//! foreign zone for `Domain.Info`, a wrong length for `Record.List`. Chinese meanings are the manual's. English texts
//! are the sandbox's own, but for those that acme.sh and others look for: `Operation successful`, `No records` and
//! `Domain record already exists`.

use super::form::Language;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Login,
    TooManyRequests,
    Agent,
    TooManyLogins,
    Maintenance,
    Method,
    Format,
    Unknown,
    /// A parameter is missing or wrong, the domain's id included.
    Parameter,
    /// The domain's name is not one of the account's.
    NoSuchDomain,
    NotOwner,
    DomainBanned,
    Locked,
    RecordId,
    Offset,
    Length,
    NoDomains,
    NoRecords,
    SubDomain,
    SubDomainLevel,
    Line,
    Type,
    Mx,
    Ttl,
    Value,
    Exists,
}

/// A line of the table.
#[derive(Debug)]
pub(super) struct Status {
    /// The action that the line is about; empty for all that have no line of their own.
    action: &'static str,
    cause: Cause,
    /// The code, text as in the answers.
    pub(super) code: &'static str,
    chinese: &'static str,
    english: &'static str,
}

/// The status of an action that was carried out.
pub(super) const SUCCESS: &str = "1";

impl Cause {
    /// The line of the table for this cause where `action` meets it.
    pub(super) fn status(self, action: &str) -> &'static Status {
        let line = |action| TABLE.iter().find(|row| row.cause == self && row.action == action);
        line(action).or_else(|| line("")).unwrap_or(&TABLE[0])
    }
}

impl Status {
    /// What the code means, in the language that was asked for.
    pub(super) fn message(&self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.chinese,
            Language::English => self.english,
        }
    }
}

const fn row(
    action: &'static str,
    cause: Cause,
    code: &'static str,
    chinese: &'static str,
    english: &'static str,
) -> Status {
    Status { action, cause, code, chinese, english }
}

const TABLE: &[Status] = &[
    // Of every action.
    row("", Cause::Unknown, "3", "未知错误", "Unknown error"),
    row("", Cause::Login, "-1", "登录失败", "Login failed"),
    row("", Cause::TooManyRequests, "-2", "API 使用超出限制", "API usage is limited"),
    // [unverified]: the manual says that such agents lead to a ban, and not with which code. This is the one that has
    // the word in its text, though it is meant for resellers.
    row("", Cause::Agent, "-3", "不是合法代理", "This user agent is not allowed"),
    row(
        "",
        Cause::TooManyLogins,
        "-8",
        "登录失败次数过多，帐号被暂时封禁",
        "Too many failed logins, banned for a while",
    ),
    row(
        "",
        Cause::Maintenance,
        "-99",
        "此功能暂停开放，请稍候重试",
        "This function is closed for now, try again later",
    ),
    row("", Cause::Method, "2", "只允许 POST 方法", "POST only"),
    // [unverified]: the real one answers XML; the sandbox has none to give.
    row(
        "",
        Cause::Format,
        "2",
        "沙箱只支持 format=json",
        "json only: the sandbox needs format=json",
    ),
    row("", Cause::DomainBanned, "-15", "域名已被封禁", "The domain is banned"),
    row("", Cause::Parameter, "6", "域名ID错误", "The domain id or a parameter is wrong"),
    row(
        "",
        Cause::NotOwner,
        "7",
        "不是域名所有者或没有权限",
        "Not the owner of the domain, or no permission",
    ),
    row("", Cause::RecordId, "8", "记录ID错误", "The record id is wrong"),
    // Not in the manual; seen by a user of certbot-dns-dnspod.
    row(
        "",
        Cause::NoSuchDomain,
        "13",
        "当前域名有误，请返回重新操作",
        "The domain is wrong, go back and try again",
    ),
    row("", Cause::Locked, "21", "域名被锁定", "The domain is locked"),
    row("", Cause::SubDomain, "22", "子域名不合法", "The subdomain is not a name"),
    row(
        "",
        Cause::SubDomainLevel,
        "23",
        "子域名级数超出限制",
        "The subdomain has too many levels for the plan",
    ),
    row("", Cause::Line, "26", "记录线路错误", "The record line is wrong"),
    row("", Cause::Type, "27", "记录类型错误", "The record type is wrong"),
    row("", Cause::Mx, "30", "MX 值错误，1-20", "The MX value is wrong, 1 to 20"),
    row("", Cause::Value, "34", "记录值非法", "The record value is not one of this type"),
    // Not in the manual; acme.sh matches the English text, and others have the code.
    row("", Cause::Exists, "104", "记录已经存在，无需再次添加", "Domain record already exists"),
    row("Domain.List", Cause::Offset, "6", "记录开始的偏移无效", "The offset is wrong"),
    row("Domain.List", Cause::Length, "7", "共要获取的记录的数量无效", "The length is wrong"),
    row("Domain.List", Cause::NoDomains, "9", "没有任何域名", "No domains"),
    row("Domain.Info", Cause::NotOwner, "8", "非域名所有者", "Not the owner of the domain"),
    row("Record.List", Cause::Offset, "7", "记录开始的偏移无效", "The offset is wrong"),
    row("Record.List", Cause::Length, "8", "共要获取的记录的数量无效", "The length is wrong"),
    row("Record.List", Cause::NotOwner, "9", "不是域名所有者", "Not the owner of the domain"),
    row("Record.List", Cause::NoRecords, "10", "没有记录", "No records"),
    row(
        "Record.Create",
        Cause::Parameter,
        "6",
        "缺少参数或者参数错误",
        "A parameter is missing or wrong",
    ),
    row(
        "Record.Create",
        Cause::Ttl,
        "32",
        "记录的TTL值超出了限制",
        "The TTL of the record is out of limits",
    ),
    // The manual locks a record after too many edits that change nothing, and does not say with which code: [unverified].
    row(
        "Record.Modify",
        Cause::Locked,
        "21",
        "域名或记录被锁定",
        "The domain or the record is locked",
    ),
    row("Record.Modify", Cause::Ttl, "29", "TTL 值太小", "The TTL is too small"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_has_two_meanings_for_one_action() {
        for (index, row) in TABLE.iter().enumerate() {
            let same = |other: &&Status| other.action == row.action && other.code == row.code;
            let others: Vec<&Status> = TABLE[index + 1..].iter().filter(same).collect();
            let is_format = [Cause::Method, Cause::Format].contains(&row.cause);
            assert!(others.is_empty() || is_format, "{row:?} {others:?}");
        }
    }

    #[test]
    fn the_same_number_means_different_things_for_different_actions() {
        for (action, cause, code) in [
            ("Domain.Info", Cause::NotOwner, "8"),
            ("Record.Remove", Cause::RecordId, "8"),
            ("Record.List", Cause::Length, "8"),
            ("Record.List", Cause::NotOwner, "9"),
            ("Domain.List", Cause::NoDomains, "9"),
            ("Record.Create", Cause::NotOwner, "7"),
            ("Record.Create", Cause::Ttl, "32"),
            ("Record.Modify", Cause::Ttl, "29"),
        ] {
            assert_eq!(cause.status(action).code, code, "{action} {cause:?}");
        }
    }
}
