//! Programs that this project did not write, obtained when a test first needs them and kept between runs.

mod cache;
mod certbot;
mod go_module;
mod helm;
mod kubernetes;
mod lego;
mod openssl;
mod pebble;
mod pod_root;
mod python;
pub mod routable_address;
pub mod small_disk;

use std::fmt;
use std::path::PathBuf;

use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::environment::Environment;
pub(crate) use python::{beside, site_packages};

/// One of the parts that tests may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RealPart {
    /// Let's Encrypt's test CA.
    Pebble,
    /// A [`Pebble`](Self::Pebble) that knows profiles and ACME Renewal Information (2.7 and newer).
    PebbleWithProfiles,
    /// The EFF's ACME client.
    Certbot,
    /// lego's ACME client.
    Lego,
    /// Tencent's SDK for Python, of mainland China.
    TencentSdk,
    /// Tencent's SDK for Python, international.
    TencentSdkIntl,
    /// lego with all its DNS providers as a library for Python, and the certbot plugin that uses it.
    LegoBridge,
    /// A certbot plugin that uses Tencent's SDK.
    CertbotDnsTencent,
    /// A certbot plugin that signs by itself.
    CertbotDnsTencentcloud,
    /// A certbot plugin that uses DNSPod's legacy API.
    CertbotDnspod,
    /// etcd and kube-apiserver.
    KubeApiserver,
    /// Kubernetes' own controllers: what deletes namespaces and collects garbage.
    KubeControllerManager,
    /// cert-manager's controllers, cainjector and admission webhook.
    CertManager,
    /// cert-manager's conformance suite for DNS01 webhooks.
    Conformance,
    /// Helm, to check and install charts.
    Helm,
    /// OpenSSL's command.
    OpenSsl,
    /// An IPv4 address of this machine that other than loopback addresses may be in an `EndpointSlice`.
    RoutableAddress,
    /// A file system of a few kilobytes that only one program sees.
    SmallDisk,
    /// A root directory and a `resolv.conf` that only one program sees, as a pod's container has them.
    PodRoot,
}

static PARTS: [OnceCell<Result<Obtained, Missing>>; RealPart::ALL.len()] =
    [const { OnceCell::const_new() }; RealPart::ALL.len()];

/// A part that is there.
#[derive(Clone, Debug)]
pub struct Obtained {
    /// The program to start.
    pub program: PathBuf,
    /// What it is always started with.
    pub arguments: Vec<String>,
    /// Its version, as it says itself or as it was installed.
    pub version: String,
    /// Where it came from, for people.
    pub how: String,
}

impl Obtained {
    /// A command that starts it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).kill_on_drop(true);
        command
    }
}

/// Why a part is not there, in a sentence.
#[derive(Clone, Debug)]
pub struct Missing(pub String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RealPart {
    /// Every part, in the order of the closing table.
    pub const ALL: [Self; 19] = [
        Self::Pebble,
        Self::PebbleWithProfiles,
        Self::Certbot,
        Self::Lego,
        Self::TencentSdk,
        Self::TencentSdkIntl,
        Self::LegoBridge,
        Self::CertbotDnsTencent,
        Self::CertbotDnsTencentcloud,
        Self::CertbotDnspod,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::CertManager,
        Self::Conformance,
        Self::Helm,
        Self::OpenSsl,
        Self::RoutableAddress,
        Self::SmallDisk,
        Self::PodRoot,
    ];

    /// The part's name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pebble => "Pebble",
            Self::PebbleWithProfiles => "Pebble >= 2.7",
            Self::Certbot => "certbot",
            Self::Lego => "lego",
            Self::TencentSdk => "Tencent SDK",
            Self::TencentSdkIntl => "Tencent SDK, intl",
            Self::LegoBridge => "certbot-dns-multi (lego)",
            Self::CertbotDnsTencent => "certbot-dns-tencent",
            Self::CertbotDnsTencentcloud => "certbot-dns-tencentcloud",
            Self::CertbotDnspod => "certbot-dnspod",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::CertManager => "cert-manager",
            Self::Conformance => "conformance suite",
            Self::Helm => "Helm",
            Self::OpenSsl => "OpenSSL",
            Self::RoutableAddress => "routable address",
            Self::SmallDisk => "small disk",
            Self::PodRoot => "pod's root",
        }
    }

    /// The part, obtained now if this is the first time that it is asked for. All callers in the process wait for one
    /// attempt and share its outcome.
    pub async fn obtain(self) -> Result<&'static Obtained, &'static Missing> {
        PARTS[self as usize].get_or_init(|| self.obtain_once()).await.as_ref()
    }

    /// What came of [`obtain`](Self::obtain), or `None` where nobody asked.
    pub fn obtained_before(self) -> Option<Result<&'static Obtained, &'static Missing>> {
        PARTS[self as usize].get().map(Result::as_ref)
    }

    async fn obtain_once(self) -> Result<Obtained, Missing> {
        let environment = Environment::read();
        let clients = |package, program| python::CLIENTS.obtain(&environment, package, program);
        match self {
            Self::Pebble => pebble::obtain(&environment).await,
            Self::PebbleWithProfiles => Box::pin(pebble::obtain_with_profiles()).await,
            Self::Certbot => certbot::obtain(&environment).await,
            Self::Lego => lego::obtain(&environment).await,
            Self::TencentSdk => clients("tencentcloud-sdk-python-dnspod", "python").await,
            Self::TencentSdkIntl => clients("tencentcloud-sdk-python-intl-en", "python").await,
            Self::LegoBridge => clients("certbot-dns-multi", "python").await,
            Self::CertbotDnsTencent => clients("certbot-dns-tencent", "certbot").await,
            Self::CertbotDnsTencentcloud => clients("certbot-dns-tencentcloud", "certbot").await,
            Self::CertbotDnspod => {
                python::CERTBOT_DNSPOD.obtain(&environment, "certbot-dnspod", "certbot").await
            }
            Self::KubeApiserver => kubernetes::kube_apiserver(&environment).await,
            Self::KubeControllerManager => {
                kubernetes::full(&environment, "kube-controller-manager").await
            }
            Self::CertManager => kubernetes::full(&environment, "cert-manager").await,
            Self::Conformance => kubernetes::full(&environment, "conformance.test").await,
            Self::Helm => helm::obtain(&environment).await,
            Self::OpenSsl => openssl::obtain(&environment).await,
            Self::RoutableAddress => routable_address::obtain(),
            Self::SmallDisk => small_disk::obtain(&environment).await,
            Self::PodRoot => pod_root::obtain(&environment).await,
        }
    }
}
