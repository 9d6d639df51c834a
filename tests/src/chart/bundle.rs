//! The chart's objects for `kubectl apply`, without what only Helm needs.

/// Labels that say which release of Helm an object belongs to. A selector without them is also that of the bundle whose
/// place this one can take, and Kubernetes lets no selector change.
const LABELS_OF_HELM: [&str; 5] =
    ["release:", "heritage:", "chart:", "helm.sh/chart:", "app.kubernetes.io/managed-by:"];

const HEADER: &str = "\
# cert-manager-webhook-dnspod without Helm: kubectl apply -f bundle.yaml
#
# For the group acme.dnspod.com, beside a cert-manager in the namespace cert-manager. Everything else takes the chart.
# Generated from it by `cargo run -p e2e --bin chart`.
";

/// The bundle, from what `helm template` printed.
pub fn bundle_from(rendered: &str) -> String {
    let documents = rendered.split("\n---\n").map(document).filter(|document| is_object(document));
    documents.fold(HEADER.to_owned(), |bundle, document| bundle + "---\n" + &document)
}

fn document(text: &str) -> String {
    let of_helm =
        |line: &str| LABELS_OF_HELM.iter().any(|label| line.trim_start().starts_with(label));
    let lines = text.lines().filter(|line| {
        !(line.trim().is_empty()
            || *line == "---"
            || line.starts_with("# Source:")
            || of_helm(line))
    });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// Whether something is to be applied: tests belong to Helm.
fn is_object(document: &str) -> bool {
    document.lines().any(|line| line.starts_with("kind:")) && !document.contains("helm.sh/hook")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_helm_needs_is_left_out() {
        let rendered = "---\n# Source: a.yaml\nkind: A\nmetadata:\n  labels:\n    app: x\n    release: x\n    heritage: Helm\n---\n# Source: b.yaml\n\n---\n# Source: c.yaml\nkind: Pod\nmetadata:\n  annotations:\n    helm.sh/hook: test\n";
        let bundle = bundle_from(rendered);
        assert_eq!(bundle, format!("{HEADER}---\nkind: A\nmetadata:\n  labels:\n    app: x\n"));
    }
}
