//! `/healthz`, `/livez` and `/readyz`, as kube-apiserver has them
//! (<https://kubernetes.io/docs/reference/using-api/health-checks/>).

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::Full;

use super::response::text;

/// One of the three endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// Old charts probe it for liveness and readiness alike.
    Healthz,
    Livez,
    Readyz,
}

/// Something that has to be in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) passed: bool,
}

/// A path of one of the endpoints: all checks of it, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HealthPath<'a> {
    pub(crate) endpoint: Health,
    check: Option<&'a str>,
}

impl<'a> HealthPath<'a> {
    /// `None` for any other path.
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let (name, check) = match path.strip_prefix('/')?.split_once('/') {
            Some((name, check)) => (name, Some(check).filter(|check| !check.is_empty())),
            None => (&path[1..], None),
        };
        let endpoint = match name {
            "healthz" => Health::Healthz,
            "livez" => Health::Livez,
            "readyz" => Health::Readyz,
            _ => return None,
        };
        Some(Self { endpoint, check })
    }

    /// Answers by `checks`. `query` may hold `verbose` and `exclude=CHECK`.
    pub(crate) fn respond(&self, checks: &[Check], query: Option<&str>) -> Response<Full<Bytes>> {
        let parameters = || query.unwrap_or_default().split('&');
        let is_verbose = parameters().any(|part| part.split('=').next() == Some("verbose"));
        let excluded: Vec<&str> =
            parameters().filter_map(|part| part.strip_prefix("exclude=")).collect();
        if let Some(wanted) = self.check {
            return match checks.iter().find(|check| check.name == wanted) {
                None => text(StatusCode::NOT_FOUND, "404 page not found\n"),
                Some(check) if check.passed => text(StatusCode::OK, "ok"),
                Some(_) => text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal server error: reason withheld\n",
                ),
            };
        }
        let endpoint = self.endpoint.name();
        let mut report = String::new();
        let mut failed = false;
        for Check { name, passed } in checks {
            let line = match (excluded.contains(name), passed) {
                (true, _) => format!("[+]{name} excluded: ok\n"),
                (false, true) => format!("[+]{name} ok\n"),
                (false, false) => format!("[-]{name} failed: reason withheld\n"),
            };
            failed |= !passed && !excluded.contains(name);
            report.push_str(&line);
        }
        if failed {
            report.push_str(endpoint);
            report.push_str(" check failed\n");
            return text(StatusCode::INTERNAL_SERVER_ERROR, report);
        }
        if !is_verbose {
            return text(StatusCode::OK, "ok");
        }
        report.push_str(endpoint);
        report.push_str(" check passed\n");
        text(StatusCode::OK, report)
    }
}

impl Health {
    fn name(self) -> &'static str {
        match self {
            Self::Healthz => "healthz",
            Self::Livez => "livez",
            Self::Readyz => "readyz",
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    async fn get(path: &str, query: &str, client_ca: bool) -> (u16, String) {
        let checks =
            [Check { name: "ping", passed: true }, Check { name: "client-ca", passed: client_ca }];
        let response = HealthPath::parse(path).unwrap().respond(&checks, Some(query));
        let code = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (code, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn checks_are_listed_where_one_fails_or_somebody_asks() {
        assert_eq!(get("/healthz", "", true).await, (200, "ok".to_owned()));
        let passed = "[+]ping ok\n[+]client-ca ok\nreadyz check passed\n".to_owned();
        assert_eq!(get("/readyz", "verbose", true).await, (200, passed));
        let failed =
            "[+]ping ok\n[-]client-ca failed: reason withheld\nreadyz check failed\n".to_owned();
        assert_eq!(get("/readyz/", "timeout=1s", false).await, (500, failed));
        let excluded = "[+]ping ok\n[+]client-ca excluded: ok\nlivez check passed\n".to_owned();
        assert_eq!(get("/livez", "verbose=1&exclude=client-ca", false).await, (200, excluded));
    }

    #[tokio::test]
    async fn one_check_can_be_asked_alone() {
        assert_eq!(get("/livez/ping", "", false).await.0, 200);
        assert_eq!(get("/livez/client-ca", "", false).await.0, 500);
        assert_eq!(get("/livez/other", "", true).await.0, 404);
        assert_eq!(HealthPath::parse("/health"), None);
        assert_eq!(HealthPath::parse("healthz"), None);
    }
}
