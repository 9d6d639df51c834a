//! Users by headers that the front proxy, a kube-apiserver, vouches for
//! (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy>).

use acme_core::Clock;
use http::HeaderMap;
use rustls::pki_types::CertificateDer;

use super::ca_bundle::CaBundle;
use super::client_certificate::subject;
use super::user::User;

/// Whose headers are believed, and which.
#[derive(Clone, Debug)]
pub(crate) struct RequestHeader {
    pub(crate) cas: CaBundle,
    /// The common names of front proxies; empty means any that the CAs have issued for.
    pub(crate) allowed_names: Vec<String>,
    pub(crate) user: UserHeaders,
}

/// The names of headers that name a user.
#[derive(Clone, Debug)]
pub(crate) struct UserHeaders {
    pub(crate) name: Vec<String>,
    pub(crate) uid: Vec<String>,
    pub(crate) group: Vec<String>,
    /// What is behind one of these is a key of the user's extra values.
    pub(crate) extra_prefix: Vec<String>,
}

impl RequestHeader {
    /// The user that the headers name. `Ok(None)` where no certificate is shown, or an honest proxy names nobody.
    pub(super) fn authenticate(
        &self,
        certificates: &[CertificateDer<'_>],
        headers: &HeaderMap,
        clock: &dyn Clock,
    ) -> Result<Option<User>, String> {
        let Some(certificate) = certificates.first() else { return Ok(None) };
        self.cas.verify(certificates, clock)?;
        let (proxy, _) = subject(certificate)?;
        if !self.allowed_names.is_empty() && !self.allowed_names.contains(&proxy) {
            let allowed = self.allowed_names.join(", ");
            return Err(format!(
                "its common name {proxy:?} is none of requestheader-allowed-names ({allowed})"
            ));
        }
        Ok(self.user.read(headers))
    }
}

impl UserHeaders {
    /// The user that `headers` name, whoever sent them.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<User> {
        let name = first(headers, &self.name);
        if name.is_empty() {
            return None;
        }
        let groups = self.group.iter().flat_map(|header| values(headers, header)).collect();
        let mut user = User { name, groups, ..User::default() };
        user.uid = first(headers, &self.uid);
        for (header, value) in headers {
            if let Some(key) = self.extra_key(header.as_str()) {
                user.extra.entry(key).or_default().push(text(value));
            }
        }
        Some(user)
    }

    /// The key that `header`, in lower case as all headers are, holds a value for.
    fn extra_key(&self, header: &str) -> Option<String> {
        let key = self.extra_prefix.iter().find_map(|prefix| {
            let start = header.get(..prefix.len())?;
            start.eq_ignore_ascii_case(prefix).then(|| &header[prefix.len()..])
        })?;
        Some(percent_decoded(key))
    }
}

/// The first of `names` that is there and not empty.
fn first(headers: &HeaderMap, names: &[String]) -> String {
    let found = names.iter().filter_map(|name| headers.get(name.as_str())).map(text);
    found.into_iter().find(|value| !value.is_empty()).unwrap_or_default()
}

fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(text).collect()
}

/// User names may hold any character of UTF-8.
fn text(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// Keys may hold characters that headers may not. One that is not encoded well is taken as it stands, as Go does.
fn percent_decoded(key: &str) -> String {
    let mut decoded = Vec::with_capacity(key.len());
    let mut bytes = key.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return key.to_owned() };
        decoded.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
    }
    String::from_utf8(decoded).map_or_else(|_| key.to_owned(), |key| key.to_lowercase())
}

#[cfg(test)]
mod tests {
    use acme_core::ManualClock;

    use super::*;
    use crate::authentication::test_certificates::{NOW, TestCa};

    fn request_header(ca: &TestCa, allowed_names: &[&str]) -> RequestHeader {
        RequestHeader {
            cas: CaBundle::parse(&ca.pem()).unwrap(),
            allowed_names: allowed_names.iter().map(|&name| name.to_owned()).collect(),
            user: UserHeaders {
                name: vec!["X-Remote-User".to_owned()],
                uid: vec!["X-Remote-Uid".to_owned()],
                group: vec!["X-Remote-Group".to_owned()],
                extra_prefix: vec!["X-Remote-Extra-".to_owned()],
            },
        }
    }

    /// As kube-apiserver 1.36 forwards a call of cert-manager 1.21.
    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            (
                "X-Remote-Extra-Authentication.kubernetes.io%2fcredential-Id",
                "JTI=800fc2b2-ff8f-47dc-9c60-d0c2fcbb0765",
            ),
            ("X-Remote-Group", "system:serviceaccounts"),
            ("X-Remote-Group", "system:serviceaccounts:cert-manager"),
            ("X-Remote-Group", "system:authenticated"),
            ("X-Remote-Uid", "138ef7c1-077e-4aba-8507-e21c9c6d99c9"),
            ("X-Remote-User", "system:serviceaccount:cert-manager:cert-manager"),
        ] {
            let name: http::HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_user_is_who_the_front_proxy_names() {
        let ca = TestCa::new("front-proxy-ca");
        let clock = ManualClock::new(NOW);
        let proxy = [ca.client("front-proxy-client", &[])];
        let user = request_header(&ca, &["front-proxy-client"])
            .authenticate(&proxy, &headers(), &clock)
            .unwrap()
            .unwrap();
        assert_eq!(user.name, "system:serviceaccount:cert-manager:cert-manager");
        assert_eq!(user.uid, "138ef7c1-077e-4aba-8507-e21c9c6d99c9");
        assert_eq!(user.groups.len(), 3);
        let credential = &user.extra["authentication.kubernetes.io/credential-id"];
        assert_eq!(credential, &["JTI=800fc2b2-ff8f-47dc-9c60-d0c2fcbb0765"]);
    }

    #[test]
    fn headers_without_the_right_certificate_are_ignored() {
        let ca = TestCa::new("front-proxy-ca");
        let clock = ManualClock::new(NOW);
        let only_proxy = request_header(&ca, &["front-proxy-client"]);
        assert_eq!(only_proxy.authenticate(&[], &headers(), &clock), Ok(None));
        let other = TestCa::new("front-proxy-ca").client("front-proxy-client", &[]);
        assert!(only_proxy.authenticate(&[other], &headers(), &clock).is_err());
        let someone = [ca.client("someone", &[])];
        let error = only_proxy.authenticate(&someone, &headers(), &clock).unwrap_err();
        assert_eq!(
            error,
            "its common name \"someone\" is none of requestheader-allowed-names (front-proxy-client)"
        );
        let any = request_header(&ca, &[]);
        assert!(any.authenticate(&someone, &headers(), &clock).unwrap().is_some());
        assert_eq!(any.authenticate(&someone, &HeaderMap::new(), &clock), Ok(None));
    }

    #[test]
    fn keys_of_extra_values_are_decoded() {
        assert_eq!(
            percent_decoded("authentication.kubernetes.io%2fpod-name"),
            "authentication.kubernetes.io/pod-name"
        );
        for odd in ["50%", "%zz", "%f", "%ff"] {
            assert_eq!(percent_decoded(odd), odd);
        }
    }
}
