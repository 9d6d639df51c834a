//! `certctl sandbox` and `certctl issue --sandbox`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use acme_core::Identifier;
use acme_core::http::HttpOptions;
use acme_core::issue::with_causes;
use dnspod_solver::{Credential, FoundCredential};
use sandbox::{FAULTS, Sandbox, StartError};
use url::Url;

use crate::config::{Dnspod, SandboxConfig, Screen, Services, USER_AGENT};
use crate::exit_code::Exit;
use crate::report::Report;
use crate::signals::Signals;
use crate::{logging, runtime, stdout};

/// The role that STS and the instance's metadata hand credentials out for, and its name.
const ROLE: &str = "qcs::cam::uin/100000000001:roleName/certctl";
const ROLE_NAME: &str = "certctl";

/// Prints every fault there is.
pub(crate) fn list_faults() -> Result<(), Report> {
    let lines: Vec<String> = FAULTS.iter().map(|fault| format!("{fault}\n")).collect();
    stdout::write(&lines.concat())
}

/// Starts a sandbox that has a zone for each of the names, and says how to reach it. It is gone when dropped.
pub(crate) async fn start(
    identifiers: &[Identifier],
    faults: Vec<String>,
) -> Result<(Sandbox, Services), Report> {
    let zones: BTreeSet<String> = identifiers.iter().map(zone).collect();
    let sandbox = started(zones, faults).await?;
    let credential = Credential::new(sandbox.secret_id(), sandbox.secret_key())
        .map_err(|error| Report::internal(format_args!("the sandbox's credential: {error}")))?;
    let services = Services {
        directory: url(sandbox.directory_url())?,
        accept_tos: true,
        external_account: None,
        http: HttpOptions {
            extra_roots: vec![sandbox.root_pem().to_owned()],
            user_agent: USER_AGENT.to_owned(),
            ..HttpOptions::default()
        },
        dnspod: Dnspod {
            credential: FoundCredential::TencentCloud(credential.into()),
            origin: "the sandbox".to_owned(),
            role_arn: None,
            warnings: Vec::new(),
            endpoint: Some(url(&sandbox.dnspod_tls_endpoint())?),
            legacy_endpoint: None,
            sts_endpoint: Some(url(&sandbox.dnspod_tls_endpoint())?),
            metadata_endpoint: None,
        },
        zone: None,
        dns_servers: sandbox.name_servers().to_vec(),
    };
    Ok((sandbox, services))
}

/// Runs a sandbox until a signal, and prints how to use it.
pub(crate) fn run(config: &SandboxConfig, screen: Screen) -> Result<Exit, Report> {
    logging::start(config.verbose, screen.colour);
    runtime::block_on(async {
        let mut signals = Signals::listen().map_err(|error| {
            Report::internal(format_args!("cannot listen for signals: {error}"))
        })?;
        let sandbox = started(config.zones.clone(), config.faults.clone()).await?;
        let files = tempfile::Builder::new().prefix("certctl-sandbox-").tempdir();
        let files = files.map_err(|error| no_directory(&error))?;
        print(&sandbox, config, files.path())?;
        // The way it is meant to end: a success, whichever signal it is.
        signals.next().await;
        Ok(Exit::Success)
    })
}

async fn started(
    zones: impl IntoIterator<Item = String>,
    faults: Vec<String>,
) -> Result<Sandbox, Report> {
    let mut builder = Sandbox::builder().role(ROLE).instance_role(ROLE_NAME);
    for zone in zones {
        builder = builder.zone(zone);
    }
    for fault in faults {
        builder = builder.fault(fault);
    }
    builder.start().await.map_err(|error| match error {
        StartError::Fault(error) => Report::usage(
            format_args!("--fault: {error}"),
            "`certctl sandbox --list-faults` says what each does",
        ),
        StartError::Zone(_) => {
            Report::usage(format_args!("--zone: {error}"), "zones look like ws.example")
        }
        error => Report::internal(with_causes(&error)),
    })
}

/// A zone that holds the name: its last two labels.
fn zone(identifier: &Identifier) -> String {
    let mut zone = identifier.base().clone();
    while let Some(parent) = zone.parent().filter(|parent| parent.as_str().contains('.')) {
        zone = parent;
    }
    zone.to_string()
}

fn url(text: &str) -> Result<Url, Report> {
    Url::parse(text).map_err(|error| {
        Report::internal(format_args!("the sandbox gave the URL {text:?}: {error}"))
    })
}

/// Prints what to paste, as data, and around it what it is for.
fn print(sandbox: &Sandbox, config: &SandboxConfig, files: &Path) -> Result<(), Report> {
    let root = files.join("root.pem");
    fs::write(&root, sandbox.root_pem()).map_err(|error| no_directory(&error))?;
    let root = root.display();
    let servers: Vec<String> = sandbox.name_servers().iter().map(ToString::to_string).collect();
    let zone = config.zones.first().map_or("ws.example", String::as_str);
    let directory = sandbox.directory_url();
    let dnspod = sandbox.dnspod_tls_endpoint();
    say(
        "A CA, name servers and the DNSPod API run here until Ctrl-C. Paste this into another terminal:",
    );
    stdout::write(&format!(
        "export CERTCTL_CA={directory}\n\
         export CERTCTL_CA_ROOT={root}\n\
         export CERTCTL_ACCEPT_TOS=true\n\
         export CERTCTL_DNS_SERVER={}\n\
         export CERTCTL_DNSPOD_ENDPOINT={dnspod}\n\
         export CERTCTL_DNSPOD_LEGACY_ENDPOINT={dnspod}\n\
         export CERTCTL_STS_ENDPOINT={dnspod}\n\
         export CERTCTL_METADATA_ENDPOINT={}\n\
         export CERTCTL_STATE_DIR={}\n\
         export TENCENTCLOUD_SECRET_ID={}\n\
         export TENCENTCLOUD_SECRET_KEY={}\n",
        servers.join(","),
        sandbox.dnspod_endpoint(),
        files.join("state").display(),
        sandbox.secret_id(),
        sandbox.secret_key(),
    ))?;
    say(&format!(
        "\nand then, for instance:\n  \
           certctl issue --domain {zone} --domain '*.{zone}'\n\n\
         Other ACME clients reach the same CA if they trust {root}\n\
         (REQUESTS_CA_BUNDLE for certbot, LEGO_CA_CERTIFICATES for lego). SDKs of Tencent Cloud reach the\n\
         DNSPod API and STS at {} too, and a recursive resolver answers at {}.\n\
         The legacy DNSPod API is there too, for the login token {};\n\
         the role that STS and the instance's metadata have is {ROLE}.\n\
         All of it, the state directory included, is gone when the sandbox ends.",
        sandbox.dnspod_endpoint(),
        sandbox.resolver(),
        sandbox.login_token(),
    ));
    Ok(())
}

fn no_directory(error: &std::io::Error) -> Report {
    Report::configuration(
        format_args!("cannot make a directory for the sandbox's files: {error}"),
        "set TMPDIR to a directory that this user may write",
    )
}

fn say(text: &str) {
    // Where standard error is gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_has_a_zone_for_every_name() {
        for (name, expected) in [
            ("ws.example", "ws.example"),
            ("*.ws.example", "ws.example"),
            ("a.b.ws.example", "ws.example"),
            ("*.例子.中国", "xn--fsqu00a.xn--fiqs8s"),
        ] {
            assert_eq!(zone(&Identifier::parse(name).unwrap()), expected);
        }
    }
}
