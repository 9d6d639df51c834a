//! An ACME CA for DNS-01: RFC 8555, RFC 9773 (renewal information) and the profiles draft.
//!
//! It keeps everything in memory, is strict about what it accepts and validates by real DNS queries. One file per
//! noun of the RFCs; [`request`] is what every POST goes through first.

mod account;
mod authorization;
mod caa;
mod certificate;
mod challenge;
mod csr;
mod directory;
mod dns_query;
mod eab;
mod finalize;
mod identifier;
mod issuance;
mod jwk;
mod jws;
mod key_change;
mod nonce;
mod order;
mod policy;
mod problem;
mod renewal_info;
mod request;
mod response;
mod revocation;
mod serve;
mod validation;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::{Duration, OffsetDateTime};

pub use policy::Policy;
pub(crate) use serve::AcmeServer;

use self::account::Account;
use self::authorization::Authorization;
use self::certificate::Certificate;
use self::issuance::Hierarchy;
use self::nonce::Nonces;
use self::order::Order;
use crate::clock::Clock;
use crate::fault::Faults;

/// The directory's path.
pub(crate) const DIRECTORY_PATH: &str = "/directory";
/// The path of fresh nonces.
pub(crate) const NEW_NONCE_PATH: &str = "/new-nonce";

/// What a CA is made from.
pub(crate) struct Config {
    /// The URL under which the router is served, without a slash at its end: `https://127.0.0.1:14000`.
    pub(crate) base_url: String,
    /// The name servers that are asked during validation: all of them, each for every name.
    pub(crate) name_servers: Vec<SocketAddr>,
    /// The sandbox's faults.
    pub(crate) faults: Arc<Faults>,
    /// The sandbox's clock.
    pub(crate) clock: Arc<Clock>,
    /// What the CA may choose.
    pub(crate) policy: Policy,
}

/// The CA. Clones are the same CA.
#[derive(Clone)]
pub(crate) struct CertificateAuthority {
    server: Arc<Server>,
}

impl CertificateAuthority {
    /// Makes the CA's keys and certificates.
    pub(crate) fn new(config: Config) -> Result<Self, rcgen::Error> {
        let hierarchy = Hierarchy::new(config.clock.now())?;
        let nonces = Nonces::default();
        let state = Mutex::default();
        Ok(Self { server: Arc::new(Server { config, hierarchy, nonces, state }) })
    }

    /// The CA's HTTP interface.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route(DIRECTORY_PATH, get(directory::directory))
            .route(NEW_NONCE_PATH, get(directory::new_nonce))
            .route("/new-account", post(account::new_account))
            .route("/account/{id}", post(account::account))
            .route("/account/{id}/orders", post(account::orders))
            .route("/key-change", post(key_change::key_change))
            .route("/new-order", post(order::new_order))
            .route("/order/{id}", post(order::order))
            .route("/finalize/{id}", post(finalize::finalize))
            .route("/authorization/{id}", post(authorization::authorization))
            .route("/challenge/{id}", post(challenge::challenge))
            .route("/certificate/{id}", post(certificate::certificate))
            .route("/certificate/{id}/alternate", post(certificate::alternate))
            .route("/revoke-cert", post(revocation::revoke_cert))
            .route("/renewal-info/{id}", get(renewal_info::renewal_info))
            .route("/", get(directory::page))
            .route(directory::TERMS_PATH, get(directory::page))
            .route("/profiles/{name}", get(directory::page))
            .fallback(response::not_found)
            .method_not_allowed_fallback(response::method_not_allowed)
            .layer(middleware::from_fn_with_state(Arc::clone(&self.server), response::finish))
            .with_state(Arc::clone(&self.server))
    }

    /// The root certificate of the default chain, in PEM.
    pub(crate) fn issuer_root_pem(&self) -> String {
        self.server.hierarchy.root_pem(0)
    }

    /// The root certificate of the alternate chain, in PEM.
    pub(crate) fn alternate_issuer_root_pem(&self) -> String {
        self.server.hierarchy.root_pem(1)
    }

    /// Suggests for every certificate to renew it in this window from now, or as usual again.
    pub(crate) fn set_renewal_window(&self, window: Option<(Duration, Duration)>) {
        let now = self.server.config.clock.now();
        self.server.state().renewal_window = window.map(|(start, end)| (now + start, now + end));
    }
}

/// What all requests share.
struct Server {
    config: Config,
    hierarchy: Hierarchy,
    nonces: Nonces,
    state: Mutex<State>,
}

/// Everything the CA remembers, by the last part of its URL.
#[derive(Default)]
struct State {
    accounts: BTreeMap<String, Account>,
    orders: BTreeMap<String, Order>,
    authorizations: BTreeMap<String, Authorization>,
    certificates: BTreeMap<String, Certificate>,
    /// What renewal information suggests for every certificate, instead of what it would.
    renewal_window: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl Server {
    /// An absolute URL.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.config.base_url)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in one request must not end the CA; what it left behind is at worst one odd order.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 128 random bits in base64url: names in URLs, nonces.
fn random_id() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}
