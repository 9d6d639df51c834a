//! What stands in front of a router: the log of requests, and the faults that belong to HTTP and not to ACME.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;

use crate::clock::Clock;
use crate::fault::{Fault, Faults};

/// How long the first half of a truncated body is given to arrive.
const BREAK_OFF_AFTER: Duration = Duration::from_millis(20);

/// A request that a server of the sandbox received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
}

/// The newest requests of one server.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: Mutex<VecDeque<LoggedRequest>>,
}

impl RequestLog {
    /// A sandbox may run for days, so only so many requests are kept.
    const KEPT: usize = 10_000;

    /// The requests since the last [`RequestLog::clear`], oldest first.
    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        self.lock().iter().cloned().collect()
    }

    /// Forgets all requests.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn add(&self, request: &Request) {
        let mut requests = self.lock();
        if requests.len() == Self::KEPT {
            requests.pop_front();
        }
        requests.push_back(LoggedRequest {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LoggedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the front needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    /// The sandbox's faults.
    pub(crate) faults: Arc<Faults>,
    /// The sandbox's clock, for dates in headers.
    pub(crate) clock: Arc<Clock>,
    /// Where requests are noted.
    pub(crate) log: Arc<RequestLog>,
    /// `None`: only `round-trip` happens to this server. Otherwise all faults of HTTP do, except on these paths.
    pub(crate) faultless_paths: Option<&'static [&'static str]>,
}

impl Front {
    /// Puts this in front of `router`.
    pub(crate) fn before(self, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(Arc::new(self), pass))
    }

    fn is_faulty(&self, path: &str) -> bool {
        self.faultless_paths.is_some_and(|faultless| !faultless.contains(&path))
    }
}

async fn pass(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    front.log.add(&request);
    let mut response = if front.is_faulty(request.uri().path()) {
        match refuse(&front).await {
            Some(response) => response,
            None => spoil(&front.faults, next.run(request).await).await,
        }
    } else {
        next.run(request).await
    };
    if let Some(milliseconds) = front.faults.value(Fault::RoundTrip) {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    // Clients set their clocks by it, and the HTTP library would take the machine's.
    let date = httpdate::fmt_http_date(SystemTime::from(front.clock.now()));
    let date = HeaderValue::from_str(&date).expect("an HTTP date is a header value");
    response.headers_mut().insert(DATE, date);
    response
}

/// The answer of something that keeps the request from the router.
async fn refuse(front: &Front) -> Option<Response> {
    let faults = &front.faults;
    if faults.take(Fault::Hang) {
        // Ends with the connection, whose task holds this future.
        std::future::pending::<()>().await;
    }
    if faults.take(Fault::Html502) {
        return Some(html(StatusCode::BAD_GATEWAY, "502 Bad Gateway"));
    }
    if faults.take(Fault::Redirect) {
        return Some((StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/redirected")]).into_response());
    }
    let retry_after = if let Some(left) = faults.remaining(Fault::OverloadedSeconds) {
        left.as_secs_f64().ceil().to_string()
    } else {
        let left = faults.remaining(Fault::OverloadedDate)?;
        // The format has whole seconds and cuts off the rest, so round up.
        let until = SystemTime::from(front.clock.now()) + left + Duration::from_millis(999);
        httpdate::fmt_http_date(until)
    };
    let mut response = html(StatusCode::SERVICE_UNAVAILABLE, "503 Service Unavailable");
    response.headers_mut().insert(
        RETRY_AFTER,
        HeaderValue::from_str(&retry_after).expect("a number or an HTTP date is a header value"),
    );
    Some(response)
}

/// A page such as proxies make, with nothing in it but its title.
pub(crate) fn html(status: StatusCode, title: &str) -> Response {
    let page = format!(
        "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\r\n"
    );
    (status, [(CONTENT_TYPE, "text/html")], page).into_response()
}

/// Spoils the body of the router's answer; its status and headers, the fresh nonce among them, stay.
async fn spoil(faults: &Faults, response: Response) -> Response {
    if faults.take(Fault::GiantBody) {
        let piece = Bytes::from(vec![b' '; 1 << 16]);
        return with_stream(
            response,
            None,
            stream::iter(std::iter::repeat_n(piece, 1 << 14).map(Ok)),
        );
    }
    if faults.take(Fault::BadUtf8) {
        let body = Bytes::from_static(b"{\"status\":\"\xff\xfe\"}");
        return with_stream(response, Some(body.len()), stream::iter([Ok(body)]));
    }
    if faults.take(Fault::TruncatedBody) {
        let (response, body) = take_body(response).await;
        let promised = body.len().max(2);
        let half = body.slice(..body.len() / 2);
        let break_off = async {
            // HTTP/2's reset overtakes what is still queued, and the first half has to arrive.
            tokio::time::sleep(BREAK_OFF_AFTER).await;
            Err(io::Error::other("the sandbox breaks this answer off, as it was told to"))
        };
        let pieces = stream::iter([Ok(half)]).chain(stream::once(break_off));
        return with_stream(response, Some(promised), pieces);
    }
    if let Some(milliseconds) = faults.value(Fault::SlowBody) {
        let pause = Duration::from_millis(milliseconds) / 10;
        let (response, body) = take_body(response).await;
        let length = body.len();
        let piece = length.div_ceil(10).max(1);
        return with_stream(
            response,
            Some(length),
            stream::unfold(body, move |mut rest| async move {
                if rest.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let next = rest.split_to(piece.min(rest.len()));
                Some((Ok(next), rest))
            }),
        );
    }
    response
}

async fn take_body(response: Response) -> (Response, Bytes) {
    let (head, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    (Response::from_parts(head, Body::empty()), body)
}

fn with_stream(
    mut response: Response,
    length: Option<usize>,
    body: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    response.headers_mut().remove(CONTENT_LENGTH);
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Body::from_stream(body);
    response
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::routing::any;
    use reqwest::Client;

    use super::*;
    use crate::serve::{Bound, HttpServer};
    use crate::tls::ServerTls;

    const BODY: &str =
        "{\"status\":\"valid\",\"fill\":\"0123456789012345678901234567890123456789\"}";

    /// A server whose `/order` answers [`BODY`] and a nonce, with faults set.
    struct Site {
        client: Client,
        order: String,
        directory: String,
        log: Arc<RequestLog>,
        faults: Arc<Faults>,
        server: HttpServer,
    }

    impl Site {
        async fn with(faults_set: &[&str]) -> Self {
            let (clock, faults) = (Arc::new(Clock::default()), Arc::new(Faults::default()));
            for spec in faults_set {
                faults.set(spec).unwrap();
            }
            let log = Arc::new(RequestLog::default());
            let front = Front {
                faults: Arc::clone(&faults),
                clock: Arc::clone(&clock),
                log: Arc::clone(&log),
                faultless_paths: Some(&["/dir"]),
            };
            let answer = || async { ([("replay-nonce", "fresh")], BODY) };
            let router = Router::new().route("/order", any(answer)).route("/dir", any(answer));
            let tls = ServerTls::new(clock.now()).unwrap();
            let bound = Bound::new().await.unwrap();
            let url = format!("https://{}", bound.address());
            let server = bound.serve(front.before(router), Some(tls.config), Arc::clone(&faults));

            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            let root = reqwest::Certificate::from_pem(tls.root_pem.as_bytes()).unwrap();
            let client = Client::builder()
                .tls_certs_only([root])
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .timeout(Duration::from_secs(10))
                .build()
                .unwrap();
            let (order, directory) = (format!("{url}/order"), format!("{url}/dir"));
            Self { client, order, directory, log, faults, server }
        }

        async fn order(&self) -> reqwest::Response {
            self.client.post(&self.order).send().await.unwrap()
        }
    }

    #[tokio::test]
    async fn without_faults_requests_pass_over_http_2_and_are_noted() {
        let site = Site::with(&[]).await;
        let answer = site.order().await;
        assert_eq!(answer.version(), http::Version::HTTP_2);
        assert_eq!(answer.text().await.unwrap(), BODY);
        let expected = LoggedRequest { method: "POST".to_owned(), path: "/order".to_owned() };
        assert_eq!(site.log.requests(), [expected]);
        site.log.clear();
        assert!(site.log.requests().is_empty());
    }

    #[tokio::test]
    async fn the_directory_is_spared() {
        let site = Site::with(&["html-502=9", "overloaded-seconds=60"]).await;
        let answer = site.client.get(&site.directory).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    #[tokio::test]
    async fn html_502_is_a_proxys_page_without_a_nonce_and_ends() {
        let site = Site::with(&["html-502"]).await;
        let answer = site.order().await;
        assert_eq!((answer.status().as_u16(), answer.headers().get("replay-nonce")), (502, None));
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/html");
        assert!(answer.text().await.unwrap().contains("502 Bad Gateway"));
        assert_eq!(site.order().await.status(), 200);
    }

    #[tokio::test]
    async fn overloaded_is_503_in_html_with_the_time_left_in_both_forms() {
        let site = Site::with(&["overloaded-seconds=60"]).await;
        for _ in 0..2 {
            let answer = site.order().await;
            assert_eq!(answer.status(), 503);
            let seconds: u64 = answer.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds), "{seconds}");
        }
        site.faults.clear("overloaded-seconds").unwrap();
        assert_eq!(site.order().await.status(), 200);

        site.faults.set("overloaded-date=60").unwrap();
        let asked = SystemTime::from(Clock::default().now());
        let answer = site.order().await;
        let until =
            httpdate::parse_http_date(answer.headers()[RETRY_AFTER].to_str().unwrap()).unwrap();
        let wait = until.duration_since(asked).unwrap();
        assert!((55..=70).contains(&wait.as_secs()), "{wait:?}");
    }

    #[tokio::test]
    async fn a_redirect_leads_to_a_path_that_the_log_would_show() {
        let site = Site::with(&["redirect"]).await;
        let answer = site.order().await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[LOCATION]),
            (307, &HeaderValue::from_static("/redirected"))
        );
    }

    #[tokio::test]
    async fn a_hanging_request_is_never_answered_and_the_next_one_is() {
        let site = Site::with(&["hang"]).await;
        let hanging =
            site.client.post(&site.order).timeout(Duration::from_millis(300)).send().await;
        assert!(hanging.unwrap_err().is_timeout());
        assert_eq!(site.order().await.status(), 200);
    }

    #[tokio::test]
    async fn a_truncated_body_breaks_off_after_its_headers() {
        let site = Site::with(&["truncated-body"]).await;
        let answer = site.order().await;
        assert_eq!(answer.headers()["replay-nonce"], "fresh");
        assert_eq!(answer.content_length(), Some(BODY.len() as u64));
        assert!(answer.text().await.is_err());
        assert_eq!(site.order().await.text().await.unwrap(), BODY);
    }

    #[tokio::test]
    async fn bad_utf8_is_bytes_that_are_no_text() {
        let site = Site::with(&["bad-utf8"]).await;
        let body = site.order().await.bytes().await.unwrap();
        assert!(body.starts_with(b"{\"status\"") && std::str::from_utf8(&body).is_err());
    }

    #[tokio::test]
    async fn a_slow_body_is_whole_and_takes_its_time() {
        let site = Site::with(&["slow-body=200"]).await;
        let started = Instant::now();
        assert_eq!(site.order().await.text().await.unwrap(), BODY);
        assert!(started.elapsed() >= Duration::from_millis(200));
    }

    #[tokio::test]
    async fn a_giant_body_does_not_say_its_length_and_does_not_end() {
        let site = Site::with(&["giant-body"]).await;
        let mut answer = site.order().await;
        assert_eq!(answer.content_length(), None);
        let mut read = 0;
        while read < 8 << 20 {
            read += answer.chunk().await.unwrap().expect("it ended").len();
        }
    }

    #[tokio::test]
    async fn a_round_trip_is_paid_by_each_answer_and_thrice_with_a_new_connection() {
        let site = Site::with(&["round-trip=50"]).await;
        let started = Instant::now();
        site.order().await;
        assert!(started.elapsed() >= Duration::from_millis(150));
        let started = Instant::now();
        site.order().await;
        assert!(started.elapsed() >= Duration::from_millis(50));
    }

    #[tokio::test]
    async fn a_dropped_server_closes_its_connections_and_its_port() {
        let site = Site::with(&["hang"]).await;
        let request = site.client.post(&site.order).send();
        let address = site.order.split('/').nth(2).unwrap().to_owned();
        let drop_it = async {
            while site.log.requests().is_empty() {
                tokio::task::yield_now().await;
            }
            drop(site.server);
        };
        let (answer, ()) = tokio::join!(request, drop_it);
        assert!(!answer.unwrap_err().is_timeout());
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }
}
