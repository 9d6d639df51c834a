//! `GROUP_NAME`: the API groups that are served.

use serde_json::json;

/// Domains whose groups are those of Kubernetes and of cert-manager itself.
const TAKEN: [&str; 3] = ["cert-manager.io", "k8s.io", "kubernetes.io"];

/// Reads a list of groups, separated by commas or spaces.
pub(crate) fn parse(text: &str) -> Result<Vec<String>, String> {
    let mut groups: Vec<String> = Vec::new();
    for name in text.split([',', ' ', '\t', '\n']).filter(|name| !name.is_empty()) {
        check(name)?;
        if !groups.iter().any(|group| group == name) {
            groups.push(name.to_owned());
        }
    }
    if groups.is_empty() {
        return Err("it names no group".to_owned());
    }
    Ok(groups)
}

/// The solver of an Issuer that uses this webhook, in one line of YAML.
pub(crate) fn solver(group: &str) -> String {
    let secret = |key: &str| json!({ "name": "dnspod-credentials", "key": key });
    let config = json!({ "secretIdRef": secret("secretId"), "secretKeyRef": secret("secretKey") });
    let webhook = json!({ "groupName": group, "solverName": "dnspod", "config": config });
    json!({ "solvers": [{ "dns01": { "webhook": webhook } }] }).to_string()
}

fn check(name: &str) -> Result<(), String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(is_label) {
        return Err(format!("{name:?} is not a domain name in lower case with a dot in it"));
    }
    for taken in TAKEN {
        if name == taken || name.strip_suffix(taken).is_some_and(|rest| rest.ends_with('.')) {
            return Err(format!("{name} belongs to {taken}, which serves its own groups"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_groups_are_served_at_once() {
        let groups = parse("acme.a.example, acme.b.example,acme.a.example").unwrap();
        assert_eq!(groups, ["acme.a.example", "acme.b.example"]);
    }

    #[test]
    fn groups_of_others_are_refused() {
        for taken in [
            "cert-manager.io",
            "acme.cert-manager.io",
            "webhook.acme.cert-manager.io",
            "apps.k8s.io",
        ] {
            let error = parse(taken).unwrap_err();
            assert!(error.contains("belongs to"), "{error}");
        }
        // The second is the group of a webhook for DNSPod that people still use.
        for free in ["mycert-manager.io", "webhook-dnspod.cert-manager.com"] {
            assert!(parse(free).is_ok(), "{free}");
        }
        for wrong in ["", " ,", "acme", "Acme.example", "a..b", "-a.example", "a_b.example"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_solver_can_be_pasted() {
        assert_eq!(
            solver("acme.a.example"),
            r#"{"solvers":[{"dns01":{"webhook":{"config":{"secretIdRef":{"key":"secretId","name":"dnspod-credentials"},"secretKeyRef":{"key":"secretKey","name":"dnspod-credentials"}},"groupName":"acme.a.example","solverName":"dnspod"}}}]}"#
        );
    }
}
