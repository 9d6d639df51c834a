//! Tencent's own SDK for Python, unmodified, calling actions of a sandbox's DNSPod API one by one.

use std::path::Path;

use sandbox::Sandbox;
use serde_json::{Value, json};
use url::Url;

use crate::client_home::ClientHome;
use crate::connect_proxy::ConnectProxy;
use crate::json_lines::JsonLines;
use crate::real_part::{RealPart, beside};

/// Which of the two SDKs: they differ in hosts, language, actions and fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// `tencentcloud-sdk-python-dnspod`, of mainland China.
    Mainland,
    /// `tencentcloud-sdk-python-intl-en`.
    International,
}

/// How the SDK gets to the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Without TLS, to an endpoint that it is told.
    Plain,
    /// With TLS, to an endpoint and with a root that it is told.
    Tls,
    /// With everything at its default, through a proxy.
    Proxied,
}

/// A class of the SDK's module `credential`, and its arguments.
#[derive(Clone, Debug)]
pub struct SdkCredential {
    /// The class.
    pub class: &'static str,
    /// The arguments by name.
    pub arguments: Value,
}

/// How to start the SDK.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which SDK.
    pub edition: Edition,
    /// How it gets to the sandbox.
    pub route: Route,
    /// `POST` or `GET`.
    pub method: &'static str,
    /// Whether its signature leaves the body out.
    pub unsigned_payload: bool,
    /// Who it is.
    pub credential: SdkCredential,
    /// Variables of its environment.
    pub variables: Vec<(&'static str, String)>,
}

/// What the SDK's exception says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SdkError {
    /// The API's error code, or one of the SDK's own.
    pub code: String,
    /// The text.
    pub message: String,
    /// The `RequestId`, where the API answered.
    pub request_id: Option<String>,
}

/// A running SDK; gone when dropped.
pub struct TencentSdk {
    program: JsonLines,
    proxy: Option<ConnectProxy>,
    _home: ClientHome,
}

impl SdkCredential {
    /// A `SecretId` and a `SecretKey`, with a session token where they are temporary.
    pub fn fixed(id: &str, key: &str, token: Option<&str>) -> Self {
        let arguments = json!({ "secret_id": id, "secret_key": key, "token": token });
        Self { class: "Credential", arguments }
    }
}

impl Options {
    /// The sandbox's account on this route, by POST.
    pub fn new(sandbox: &Sandbox, edition: Edition, route: Route) -> Self {
        let credential = SdkCredential::fixed(sandbox.secret_id(), sandbox.secret_key(), None);
        let (method, unsigned_payload) = ("POST", false);
        Self { edition, route, method, unsigned_payload, credential, variables: Vec::new() }
    }
}

impl TencentSdk {
    /// Starts the SDK; it makes its client at the first call.
    ///
    /// # Errors
    /// A sentence: it cannot be had or started.
    pub async fn start(sandbox: &Sandbox, options: Options) -> Result<Self, String> {
        let part = match options.edition {
            Edition::Mainland => RealPart::TencentSdk,
            Edition::International => RealPart::TencentSdkIntl,
        };
        let sdk = part.obtain().await.map_err(ToString::to_string)?;
        let home = ClientHome::new(&[sandbox.root_pem()]).map_err(|error| error.to_string())?;
        let proxy = match options.route {
            Route::Proxied => Some(ConnectProxy::to_tencent(sandbox).await),
            Route::Plain | Route::Tls => None,
        };
        let proxy = proxy.transpose().map_err(|error| error.to_string())?;
        let http = http_profile(sandbox, &options, home.roots())?;
        let credential = &options.credential;
        let client = json!({
            "http": http,
            "unsigned_payload": options.unsigned_payload,
            "credential": { "class": credential.class, "arguments": credential.arguments },
        });
        let mut command = home.command(sdk, proxy.as_ref()).map_err(|error| error.to_string())?;
        if options.edition == Edition::International {
            let path = [home.path().join("python"), beside(&sdk.program)];
            command.env("PYTHONPATH", std::env::join_paths(path).map_err(|e| e.to_string())?);
        }
        command
            .envs(options.variables)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/real-parts/tencent_sdk/actions.py"))
            .arg(client.to_string());
        Ok(Self { program: JsonLines::start(&mut command)?, proxy, _home: home })
    }

    /// Calls an action.
    ///
    /// # Errors
    /// What the SDK raised.
    ///
    /// # Panics
    /// Where the program that drives the SDK failed.
    pub async fn call(&mut self, action: &str, parameters: Value) -> Result<Value, SdkError> {
        let question = json!({ "action": action, "parameters": parameters });
        let mut answer = self.program.ask(&question).await.expect("the SDK answers or raises");
        let text = |field: &str| answer[field].as_str().map(ToOwned::to_owned);
        match text("code") {
            None => Ok(answer["response"].take()),
            Some(code) => Err(SdkError {
                code,
                message: text("message").unwrap_or_default(),
                request_id: text("request_id").filter(|id| !id.is_empty()),
            }),
        }
    }

    /// The proxy, on a [proxied](Route::Proxied) route.
    pub fn proxy(&self) -> Option<&ConnectProxy> {
        self.proxy.as_ref()
    }
}

fn http_profile(sandbox: &Sandbox, options: &Options, roots: &Path) -> Result<Value, String> {
    let authority = |host: &str, endpoint: String| {
        let url = Url::parse(&endpoint).map_err(|error| error.to_string())?;
        Ok::<_, String>(format!("{host}:{}", url.port().unwrap_or_default()))
    };
    let mut profile = json!({ "reqMethod": options.method, "reqTimeout": 30 });
    match options.route {
        Route::Plain => {
            profile["protocol"] = "http".into();
            profile["endpoint"] = authority("127.0.0.1", sandbox.dnspod_endpoint())?.into();
        }
        Route::Tls => {
            profile["endpoint"] = authority("localhost", sandbox.dnspod_tls_endpoint())?.into();
            profile["certification"] = roots.to_string_lossy().into();
        }
        Route::Proxied => {}
    }
    Ok(profile)
}
