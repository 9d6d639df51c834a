//! Which form of a document a client wants (RFC 9110 §12.5.1, with the parameters of Kubernetes).

use http::HeaderMap;
use http::header::ACCEPT;

/// A form that discovery can be given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `APIGroupList` and the like.
    Plain,
    /// `APIGroupDiscoveryList` of `apidiscovery.k8s.io/v2`.
    AggregatedV2,
    /// The same of `v2beta1`, for kube-apiservers before 1.30.
    AggregatedV2Beta1,
}

/// The form that the client wants most; of equal ones the first. `None` where it takes none of ours.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<Form> {
    let mut best: Option<(Form, u16)> = None;
    let mut asked = false;
    for header in headers.get_all(ACCEPT) {
        for media_range in header.to_str().unwrap_or_default().split(',') {
            if media_range.trim().is_empty() {
                continue;
            }
            asked = true;
            if let Some((form, weight)) = read(media_range)
                && weight > best.map_or(0, |(_, weight)| weight)
            {
                best = Some((form, weight));
            }
        }
    }
    if asked { best.map(|(form, _)| form) } else { Some(Form::Plain) }
}

/// The form that one media range means, and its weight in thousandths.
fn read(media_range: &str) -> Option<(Form, u16)> {
    let mut parts = media_range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let (mut group, mut version, mut kind, mut weight) = ("", "", "", 1000);
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim() {
            "g" => group = value,
            "v" => version = value,
            "as" => kind = value,
            "q" => weight = thousandths(value),
            _ => {}
        }
    }
    if !matches!(media_type.as_str(), "application/json" | "application/*" | "*/*") {
        return None;
    }
    let form = match (group, version, kind) {
        ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList") => Form::AggregatedV2,
        ("apidiscovery.k8s.io", "v2beta1", "APIGroupDiscoveryList") => Form::AggregatedV2Beta1,
        (_, _, "") => Form::Plain,
        _ => return None,
    };
    Some((form, weight))
}

fn thousandths(quality: &str) -> u16 {
    let (whole, fraction) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit.wrapping_sub(b'0') % 10));
    if whole == "0" { fraction } else { 1000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        wanted(&headers)
    }

    /// As kube-apiserver 1.36 sends it.
    const AGGREGATOR: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
        application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

    #[test]
    fn the_first_of_equal_forms_is_taken() {
        assert_eq!(form(AGGREGATOR), Some(Form::AggregatedV2));
        let reversed: Vec<&str> = AGGREGATOR.split(',').rev().collect();
        assert_eq!(form(&reversed.join(",")), Some(Form::AggregatedV2Beta1));
        assert_eq!(form(&format!("application/json, {AGGREGATOR}")), Some(Form::Plain));
    }

    #[test]
    fn weights_are_obeyed() {
        let accept = format!("application/json;q=0.9, {AGGREGATOR}");
        assert_eq!(form(&accept), Some(Form::AggregatedV2));
        let kind = "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let accept = format!("application/json;{kind};q=0.25, application/json;q=0.5");
        assert_eq!(form(&accept), Some(Form::Plain));
        assert_eq!(form("application/json;q=0"), None);
    }

    #[test]
    fn who_asks_for_nothing_or_anything_gets_the_plain_form() {
        assert_eq!(wanted(&HeaderMap::new()), Some(Form::Plain));
        for accept in ["*/*", "application/json, */*", "text/html, */*;q=0.8"] {
            assert_eq!(form(accept), Some(Form::Plain), "{accept}");
        }
        assert_eq!(form("application/vnd.kubernetes.protobuf"), None);
        assert_eq!(form("application/json;g=meta.k8s.io;v=v1;as=Table"), None);
    }
}
