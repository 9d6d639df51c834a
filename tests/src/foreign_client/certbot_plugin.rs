//! certbot with plugins of others for DNSPod, unmodified: their servers are fixed, so they reach a sandbox through a
//! proxy.

use sandbox::Sandbox;
use url::Url;

use super::certbot::{FILES, ask_for_certificate};
use super::prepared::Prepared;
use crate::client_home::ClientHome;
use crate::connect_proxy::ConnectProxy;
use crate::real_part::{Obtained, RealPart};

/// A plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertbotPlugin {
    /// certbot-dns-multi with lego's `tencentcloud` provider.
    DnsMulti,
    /// certbot-dns-tencent, which uses Tencent's SDK.
    DnsTencent,
    /// certbot-dns-tencentcloud, which signs by itself.
    DnsTencentcloud,
    /// certbot-dnspod, which uses DNSPod's legacy API.
    Dnspod,
}

/// A CA, and what a plugin needs to get a certificate from it.
#[derive(Clone, Copy)]
pub struct PluginOrder<'a> {
    /// The CA's directory, on loopback.
    pub directory: &'a Url,
    /// The root, in PEM, that the CA's HTTPS is trusted by.
    pub tls_root: &'a str,
    /// Whose zones the names are in.
    pub sandbox: &'a Sandbox,
    /// Behind it the sandbox is Tencent.
    pub proxy: &'a ConnectProxy,
    /// The names.
    pub names: &'a [&'a str],
}

impl CertbotPlugin {
    /// The part that has it.
    pub fn part(self) -> RealPart {
        match self {
            Self::DnsMulti => RealPart::LegoBridge,
            Self::DnsTencent => RealPart::CertbotDnsTencent,
            Self::DnsTencentcloud => RealPart::CertbotDnsTencentcloud,
            Self::Dnspod => RealPart::CertbotDnspod,
        }
    }

    /// Its name as an authenticator, with which its options begin.
    fn name(self) -> &'static str {
        match self {
            Self::DnsMulti => "dns-multi",
            Self::DnsTencent => "dns-tencent",
            Self::DnsTencentcloud => "dns-tencentcloud",
            Self::Dnspod => "certbot-dnspod",
        }
    }

    /// Its file of credentials.
    fn credentials(self, sandbox: &Sandbox) -> String {
        let (id, key) = (sandbox.secret_id(), sandbox.secret_key());
        match self {
            Self::DnsMulti => format!(
                "dns_multi_provider = tencentcloud\n\
                 TENCENTCLOUD_SECRET_ID = {id}\n\
                 TENCENTCLOUD_SECRET_KEY = {key}\n"
            ),
            Self::DnsTencent => {
                format!("dns_tencent_secret_id = {id}\ndns_tencent_secret_key = {key}\n")
            }
            Self::DnsTencentcloud => {
                format!("dns_tencentcloud_secret_id = {id}\ndns_tencentcloud_secret_key = {key}\n")
            }
            Self::Dnspod => {
                let (id, token) = sandbox.login_token().split_once(',').unwrap_or_default();
                format!("certbot_dnspod_token_id = {id}\ncertbot_dnspod_token = {token}\n")
            }
        }
    }
}

/// certbot with a plugin, which waits for nothing once the records are made.
///
/// # Errors
/// A sentence: it cannot be had.
pub async fn certbot_with(
    plugin: CertbotPlugin,
    order: PluginOrder<'_>,
) -> Result<Prepared, String> {
    let part = plugin.part().obtain().await.map_err(ToString::to_string)?;
    let roots = [order.tls_root, order.sandbox.root_pem()];
    let home = ClientHome::new(&roots).map_err(|error| error.to_string())?;
    let credentials = home.write_secret("credentials.ini", &plugin.credentials(order.sandbox));
    let credentials = credentials.map_err(|error| error.to_string())?;
    let certbot = Obtained { program: part.program.with_file_name("certbot"), ..part.clone() };
    let mut command =
        home.command(&certbot, Some(order.proxy)).map_err(|error| error.to_string())?;
    ask_for_certificate(&mut command, &home, order.directory, order.names);
    let name = plugin.name();
    command
        .args(["--authenticator", name])
        .args([&format!("--{name}-propagation-seconds"), "0"])
        .arg(format!("--{name}-credentials"))
        .arg(credentials);
    if plugin == CertbotPlugin::DnsMulti {
        let resolver = order.sandbox.resolver().to_string();
        command.args(["--dns-multi-nameservers", &resolver]);
    }
    Ok(Prepared { command, home, files: FILES })
}
