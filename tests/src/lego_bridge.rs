//! lego's own `tencentcloud` provider, unmodified, publishing and removing single challenges at a sandbox.
//!
//! It is in the library by which certbot-dns-multi uses lego. It has no setting for the API's address, so it reaches
//! the sandbox through a proxy.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::Sandbox;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::client_home::ClientHome;
use crate::connect_proxy::ConnectProxy;
use crate::json_lines::JsonLines;
use crate::real_part::RealPart;

/// A running lego; gone when dropped.
pub struct LegoBridge {
    program: JsonLines,
    proxy: ConnectProxy,
    _home: ClientHome,
}

impl LegoBridge {
    /// Starts lego with the sandbox's credentials and its resolver.
    ///
    /// # Errors
    /// A sentence: it cannot be had or started, or refuses its configuration.
    pub async fn start(sandbox: &Sandbox) -> Result<Self, String> {
        let credentials = json!({
            "TENCENTCLOUD_SECRET_ID": sandbox.secret_id(),
            "TENCENTCLOUD_SECRET_KEY": sandbox.secret_key(),
        });
        Self::with_variables(sandbox, credentials).await
    }

    /// Starts lego with these `TENCENTCLOUD_…` variables, the credentials among them.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn with_variables(sandbox: &Sandbox, variables: Value) -> Result<Self, String> {
        Self::with_resolver(sandbox, variables, sandbox.resolver()).await
    }

    /// The same with another resolver, which lego asks where zones begin.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn with_resolver(
        sandbox: &Sandbox,
        variables: Value,
        resolver: SocketAddr,
    ) -> Result<Self, String> {
        let bridge = RealPart::LegoBridge.obtain().await.map_err(ToString::to_string)?;
        let home = ClientHome::new(&[sandbox.root_pem()]).map_err(|error| error.to_string())?;
        let proxy = ConnectProxy::to_tencent(sandbox).await.map_err(|error| error.to_string())?;
        let mut command = home.command(bridge, Some(&proxy)).map_err(|error| error.to_string())?;
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/real-parts/lego_bridge/commands.py"));
        let mut lego = Self { program: JsonLines::start(&mut command)?, proxy, _home: home };
        let configure = json!({
            "action": "configure",
            "provider": "tencentcloud",
            "credentials": variables,
            "nameservers": [resolver.to_string()],
        });
        lego.tell(&configure).await?;
        Ok(lego)
    }

    /// Publishes the [value](challenge_value) of this key authorization at `_acme-challenge.` and `domain`.
    ///
    /// # Errors
    /// lego's own text.
    pub async fn present(&mut self, domain: &str, key_authorization: &str) -> Result<(), String> {
        self.challenge("perform", domain, key_authorization).await
    }

    /// Removes what [`present`](Self::present) published.
    ///
    /// # Errors
    /// lego's own text.
    pub async fn cleanup(&mut self, domain: &str, key_authorization: &str) -> Result<(), String> {
        self.challenge("cleanup", domain, key_authorization).await
    }

    /// The proxy by which it reaches the sandbox.
    pub fn proxy(&self) -> &ConnectProxy {
        &self.proxy
    }

    async fn challenge(
        &mut self,
        action: &str,
        domain: &str,
        key_authorization: &str,
    ) -> Result<(), String> {
        let command = json!({
            "action": action,
            "domain": domain,
            "token": "token",
            "key_authorization": key_authorization,
        });
        self.tell(&command).await
    }

    async fn tell(&mut self, command: &Value) -> Result<(), String> {
        let answer = self.program.ask(command).await?;
        match answer["success"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(answer["error"].as_str().unwrap_or("lego gave no reason").to_owned()),
        }
    }
}

/// The TXT value of a key authorization (RFC 8555 §8.4).
pub fn challenge_value(key_authorization: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(key_authorization))
}
