//! What a key needs to be allowed for one zone.

use serde_json::json;

/// All that is called for a zone.
const ACTIONS: [&str; 4] = [
    "dnspod:DescribeDomain",
    "dnspod:DescribeRecordList",
    "dnspod:CreateRecord",
    "dnspod:DeleteRecord",
];

/// The CAM policy that allows what is needed for one zone and nothing else, as JSON: for a sub-account's key, a role,
/// or the [`policy`](crate::AssumeRole::policy) of a session
/// (<https://cloud.tencent.com/document/product/598/99243>).
///
/// `account` is the number (UIN) of the main account, `zone_id` what the console shows as the domain's id.
pub fn zone_policy(account: &str, zone_id: u64) -> String {
    json!({
        "version": "2.0",
        "statement": [{
            "effect": "allow",
            "action": ACTIONS,
            "resource": [format!("qcs::dnspod::uin/{account}:domain/{zone_id}")],
        }],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_policy_is_the_one_of_the_readme() {
        let readme = include_str!("../../README.md");
        let (_, rest) = readme.split_once("```json\n").expect("the README has a policy");
        let (policy, _) = rest.split_once("```").expect("the policy ends");
        let documented: Value = serde_json::from_str(policy).expect("the policy is JSON");
        let made: Value = serde_json::from_str(&zone_policy("100000000001", 1923)).unwrap();
        assert_eq!(made, documented);
    }
}
