//! What a request asks for, as Kubernetes reads a method and a path.

use http::Method;

/// What is asked for, in the words of an authorization rule
/// (<https://kubernetes.io/docs/reference/access-authn-authz/authorization/#review-your-request-attributes>).
///
/// Authorization and dispatch both look at this and at nothing else of the path, so they cannot differ about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestInfo {
    /// `create`, `get`, …; for a path the method in lower case.
    pub(crate) verb: &'static str,
    pub(crate) target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An object or a collection below `/apis/GROUP/VERSION`.
    Resource(Resource),
    /// Any other path, such as discovery.
    Path(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    /// Empty where the request has none.
    pub(crate) namespace: String,
    /// The plural name; for a webhook the solver's name.
    #[expect(clippy::struct_field_names, reason = "the name that the API has for it")]
    pub(crate) resource: String,
    /// Empty for a collection.
    pub(crate) name: String,
    /// Empty where the request has none.
    pub(crate) subresource: String,
}

impl RequestInfo {
    /// Reads `path`, which is taken as it was sent: what is percent-encoded is found nowhere.
    pub(crate) fn new(method: &Method, path: &str) -> Self {
        match resource(path) {
            Some(resource) => {
                let verb = resource_verb(method, resource.name.is_empty());
                Self { verb, target: Target::Resource(resource) }
            }
            None => Self { verb: path_verb(method), target: Target::Path(path.to_owned()) },
        }
    }
}

/// Splits `/apis/GROUP/VERSION/[namespaces/NAMESPACE/]RESOURCE[/NAME[/SUBRESOURCE…]]`. One slash at the end is no part.
fn resource(path: &str) -> Option<Resource> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut parts = path.strip_prefix("/apis/")?.split('/');
    let (group, version, mut resource) = (parts.next()?, parts.next()?, parts.next()?);
    let mut namespace = "";
    let mut rest: Vec<&str> = parts.collect();
    if resource == "namespaces" && rest.len() >= 2 {
        namespace = rest.remove(0);
        resource = rest.remove(0);
    }
    if group.is_empty() || version.is_empty() || resource.is_empty() {
        return None;
    }
    let name = if rest.is_empty() { "" } else { rest.remove(0) };
    Some(Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace: namespace.to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
        subresource: rest.join("/"),
    })
}

fn resource_verb(method: &Method, is_collection: bool) -> &'static str {
    match (method.as_str(), is_collection) {
        ("POST", _) => "create",
        ("GET" | "HEAD", true) => "list",
        ("GET" | "HEAD", false) => "get",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        _ => "unknown",
    }
}

fn path_verb(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "get",
        "HEAD" => "head",
        "POST" => "post",
        "PUT" => "put",
        "PATCH" => "patch",
        "DELETE" => "delete",
        "OPTIONS" => "options",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(parts: [&str; 6]) -> Target {
        let [group, version, namespace, resource, name, subresource] = parts.map(str::to_owned);
        Target::Resource(Resource { group, version, namespace, resource, name, subresource })
    }

    fn info(method: &str, path: &str) -> (&'static str, Target) {
        let info = RequestInfo::new(&method.parse().unwrap(), path);
        (info.verb, info.target)
    }

    #[test]
    fn a_challenge_creates_the_solver() {
        let solver = resource(["acme.a.example", "v1alpha1", "", "dnspod", "", ""]);
        for path in
            ["/apis/acme.a.example/v1alpha1/dnspod", "/apis/acme.a.example/v1alpha1/dnspod/"]
        {
            assert_eq!(info("POST", path), ("create", solver.clone()), "{path}");
        }
    }

    #[test]
    fn names_namespaces_and_subresources_are_told_apart() {
        let named = resource(["a.example", "v1", "", "dnspod", "x", "status"]);
        assert_eq!(info("PUT", "/apis/a.example/v1/dnspod/x/status"), ("update", named));
        let namespaced = resource(["a.example", "v1", "ns", "dnspod", "", ""]);
        assert_eq!(info("GET", "/apis/a.example/v1/namespaces/ns/dnspod"), ("list", namespaced));
        let namespace = resource(["a.example", "v1", "", "namespaces", "ns", ""]);
        assert_eq!(info("DELETE", "/apis/a.example/v1/namespaces/ns"), ("delete", namespace));
    }

    #[test]
    fn what_is_no_resource_is_a_path() {
        for path in
            ["/", "/apis", "/apis/", "/apis/a.example", "/apis/a.example/v1", "/apis/a.example/v1/"]
        {
            assert_eq!(info("GET", path), ("get", Target::Path(path.to_owned())), "{path}");
        }
        for path in ["/apis//v1/dnspod", "//apis/a.example/v1/dnspod", "/metrics", "/apis///"] {
            assert_eq!(info("POST", path), ("post", Target::Path(path.to_owned())), "{path}");
        }
    }
}
