//! The head of a request, for the target `request_head` of fuzz/.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::accept::wanted;
use super::request_info::{RequestInfo, Resource, Target};
use crate::authentication::UserHeaders;

/// Reads `head`, a line with a method and a path and then a line for each header, as what is asked for and by whom.
pub(crate) fn request_head(head: &[u8]) {
    let mut lines = head.split(|&byte| byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (method, path) = first.split_once(' ').unwrap_or(("GET", &first));
    if let Ok(method) = method.parse::<Method>() {
        read_path(&method, path);
    }
    let headers: HeaderMap = lines.filter_map(header).collect();
    let _ = wanted(&headers);
    // The names that kube-apiserver publishes.
    let names = |name: &str| vec![name.to_owned()];
    let user = UserHeaders {
        name: names("X-Remote-User"),
        uid: names("X-Remote-Uid"),
        group: names("X-Remote-Group"),
        extra_prefix: names("X-Remote-Extra-"),
    };
    let Some(user) = user.read(&headers) else { return };
    assert!(headers.contains_key("x-remote-user") && !user.name.is_empty());
    assert_eq!(user.groups.len(), headers.get_all("x-remote-group").iter().count());
    for key in user.extra.keys() {
        assert!(!key.is_empty() || headers.contains_key("x-remote-extra-"), "{key:?}");
        assert_eq!(*key, key.to_lowercase(), "kube-apiserver takes them in lower case");
    }
}

/// What is allowed for one path is not carried out for another: a path has one reading, and it can be made again from it.
fn read_path(method: &Method, path: &str) {
    let info = RequestInfo::new(method, path);
    assert!(!info.verb.is_empty());
    match info.target {
        Target::Path(read) => assert_eq!(read, path),
        Target::Resource(read) => {
            let Resource { group, version, namespace, resource, name, subresource } = &read;
            let mut made = format!("/apis/{group}/{version}/namespaces/{namespace}/{resource}");
            if !name.is_empty() || !subresource.is_empty() {
                made.extend(["/", name]);
            }
            if !subresource.is_empty() {
                made.extend(["/", subresource]);
            }
            // One slash at the end is no part.
            made.push('/');
            let read_again = RequestInfo::new(method, &made);
            assert_eq!(read_again.target, Target::Resource(read), "{path:?}, {made:?}");
            assert_eq!(read_again.verb, info.verb);
        }
    }
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((HeaderName::from_bytes(&line[..colon]).ok()?, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::request_head;

    proptest! {
        #[test]
        fn a_head_has_one_reading(
            method in "GET|POST|DELETE|X",
            path in "(/(apis|namespaces|acme.a.example|v1alpha1|dnspod|%2e|[a-z]?)){0,9}/?",
            headers in prop::collection::vec((
                "(?i)x-remote-(user|uid|group|extra-[a-z%0-9]{0,6})|accept",
                "[ -~]{0,12}",
            ), 0..6),
        ) {
            let mut head = format!("{method} {path}");
            for (name, value) in headers {
                head.extend(["\n", &name, ": ", &value]);
            }
            request_head(head.as_bytes());
        }

        #[test]
        fn whatever_is_sent_is_read(head in prop::collection::vec(any::<u8>(), 0..200)) {
            request_head(&head);
        }
    }
}
