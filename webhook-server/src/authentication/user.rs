//! The caller, as `UserInfo` of `authentication.k8s.io/v1` describes it.

use std::collections::BTreeMap;

/// A group that everybody with an identity is in.
const AUTHENTICATED: &str = "system:authenticated";

/// Who sent a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    /// Empty where it is not known.
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// Who shows neither a certificate nor a token.
    pub(crate) fn anonymous() -> Self {
        let groups = vec!["system:unauthenticated".to_owned()];
        Self { name: "system:anonymous".to_owned(), groups, ..Self::default() }
    }

    /// The same user in the group of all that are known; discovery by the kube-apiserver comes without any group.
    pub(crate) fn authenticated(mut self) -> Self {
        let is_sorted = self
            .groups
            .iter()
            .any(|group| matches!(group.as_str(), AUTHENTICATED | "system:unauthenticated"));
        if !is_sorted {
            self.groups.push(AUTHENTICATED.to_owned());
        }
        self
    }

    pub(crate) fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|name| name == group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_known_is_in_the_group_of_all_that_are() {
        let user = User { name: "system:aggregator".to_owned(), ..User::default() };
        let user = user.authenticated();
        assert_eq!(user.groups, ["system:authenticated"]);
        assert_eq!(user.clone().authenticated(), user);
        assert!(!User::anonymous().authenticated().is_in("system:authenticated"));
    }
}
