//! Clients as programs, each getting a certificate.

use std::time::Duration;

use e2e::certctl::Certctl;
use e2e::foreign_client::{self, Order};
use e2e::real_part::RealPart;
use e2e::txt_hook::TxtHook;
use serde_json::Value;

use crate::ca::Ca;
use crate::figures::{Row, Run};
use crate::{binary, measured, nonces};

/// The rows of `certctl`.
pub(crate) const NEW: &str = "certctl, new account";
pub(crate) const KNOWN: &str = "certctl, account there";

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// One wildcard.
    One,
    /// A zone's apex and two wildcards.
    Three,
    /// As many as one certificate holds.
    Hundred,
}

impl Names {
    pub(crate) const ALL: [Self; 3] = [Self::One, Self::Three, Self::Hundred];

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "one wildcard",
            Self::Three => "three names",
            Self::Hundred => "100 names",
        }
    }

    /// How many they are.
    pub(crate) fn count(self) -> usize {
        self.list().len()
    }

    fn list(self) -> Vec<String> {
        match self {
            Self::One => vec!["*.ws.mygitpod.example".to_owned()],
            Self::Three => {
                ["", "*.", "*.ws."].map(|prefix| format!("{prefix}mygitpod.example")).into()
            }
            Self::Hundred => (0..100).map(|n| format!("*.n{n}.mygitpod.example")).collect(),
        }
    }
}

/// A client that this project did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    Lego,
    Certbot,
}

impl Foreign {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lego => "lego",
            Self::Certbot => "certbot",
        }
    }
}

/// `certctl issue`: first each time with an empty state, then each time with the account that it has from there.
pub(crate) async fn certctl(ca: &Ca, names: Names, runs: usize) -> Result<[Row; 2], String> {
    let names_list = names.list();
    let names_list: Vec<_> = names_list.iter().map(String::as_str).collect();
    let directory = ca.directory()?;
    let roots = [ca.tls_root(), ca.sandbox.root_pem()].concat();
    let [mut new, mut known] = [Vec::new(), Vec::new()];
    for _ in 0..runs {
        let mut certctl = Certctl::new(&ca.sandbox, directory.as_str(), &roots)
            .map_err(|error| error.to_string())?;
        // As DNSPod's own, it is reached over TLS alone.
        certctl.set("CERTCTL_DNSPOD_ENDPOINT", ca.sandbox.dnspod_tls_endpoint());
        new.push(certctl_once(ca, &certctl, &names_list).await?);
        certctl.set("CERTCTL_FORCE", "true");
        known.push(certctl_once(ca, &certctl, &names_list).await?);
    }
    Ok([Row::new(ca, NEW, names, new), Row::new(ca, KNOWN, names, known)])
}

async fn certctl_once(ca: &Ca, certctl: &Certctl, names: &[&str]) -> Result<Run, String> {
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (file, outer) = measured::outer(dir.path())?;
    let mut command = certctl.command_of(binary::path().await?, Some(outer), names);
    ca.reset();
    let before = ca.requests();
    let (ran, new_nonces) = nonces::watched(ca, measured::run(&file, &mut command)).await;
    let (cost, stdout) = ran?;
    let requests = ca.requests() - before;
    let mut events = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let issued = events.rfind(|event| event["event"] == "issued");
    let issued = issued.ok_or_else(|| format!("certctl did not issue: {stdout}"))?;
    if issued["acme_requests"] != requests {
        return Err(format!("{} took {requests} requests, certctl counts {issued}", ca.name));
    }
    let propagation = issued["phases_ms"]["propagate"].as_u64().unwrap_or_default();
    let propagation = Some(Duration::from_millis(propagation));
    Ok(Run { cost, requests, propagation, new_nonces })
}

/// One run of another client, with an account that it registers.
///
/// # Errors
/// Where it cannot be had, or fails.
pub(crate) async fn foreign(ca: &Ca, client: Foreign, names: Names) -> Result<Row, String> {
    let part = match client {
        Foreign::Lego => RealPart::Lego,
        Foreign::Certbot => RealPart::Certbot,
    };
    part.obtain().await.map_err(|missing| format!("{}: {missing}", client.name()))?;
    let names_list = names.list();
    let names_list: Vec<_> = names_list.iter().map(String::as_str).collect();
    let hook = TxtHook::for_sandbox(ca.sandbox.clone()).await.map_err(|error| error.to_string())?;
    let directory = ca.directory()?;
    let order = Order {
        directory: &directory,
        tls_root: ca.tls_root(),
        hook: &hook,
        resolver: ca.sandbox.resolver(),
        names: &names_list,
        external_account: None,
    };
    let prepared = match client {
        Foreign::Lego => foreign_client::lego(order).await?,
        Foreign::Certbot => foreign_client::certbot(order).await?,
    };
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (file, mut command) = measured::outer(dir.path())?;
    let inner = prepared.command.as_std();
    command.arg(inner.get_program()).args(inner.get_args());
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    ca.reset();
    let before = ca.requests();
    let run = measured::run(&file, &mut command).await;
    let (cost, _) = run.map_err(|reason| format!("{} at {}: {reason}", client.name(), ca.name))?;
    prepared.issued()?;
    let requests = ca.requests() - before;
    Ok(Row::new(
        ca,
        client.name(),
        names,
        vec![Run { cost, requests, propagation: None, new_nonces: None }],
    ))
}
