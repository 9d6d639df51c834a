//! Why a provider cannot be made.

use acme_core::http::HttpError;

use crate::credential::{CredentialError, RoleError, SourceError};

/// Why a [`DnsPod`](crate::DnsPod) cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The endpoint is not of the form `https://HOST[:PORT]`.
    #[error(
        "{0} is no DNSPod endpoint: https://HOST or https://HOST:PORT is needed, without a path"
    )]
    Endpoint(String),
    /// The endpoint is `http:` and not on this machine: records and session tokens would go out in clear.
    #[error("{0} is not encrypted: http:// is for 127.0.0.1, [::1] and localhost; use https://")]
    Unencrypted(String),
    /// A DNSPod token was given, and an endpoint of API 3.0.
    #[error(
        "{0} is Tencent Cloud API 3.0, which takes no DNSPod token: leave the endpoint out, or set \
         https://api.dnspod.com for the international site"
    )]
    EndpointOfV3(String),
    /// An API key was given, and an endpoint of the legacy API.
    #[error(
        "{0} is the legacy DNSPod API, which takes no Tencent Cloud API key: leave the endpoint out, or use a DNSPod \
         token"
    )]
    EndpointOfLegacy(String),
    /// An option that the legacy API alone has was given, and an API key.
    #[error(
        "the option `{option}` is for the legacy DNSPod API: leave it out, or use a DNSPod token"
    )]
    OfLegacy {
        /// The builder's method.
        option: &'static str,
    },
    /// An option that API 3.0 alone has was given, and a DNSPod token.
    #[error("the option `{option}` is for Tencent Cloud API 3.0: leave it out, or use an API key")]
    OfV3 {
        /// The builder's method.
        option: &'static str,
    },
    /// The contact is not one mail address.
    #[error(
        "the contact {0:?} is not one mail address, which DNSPod demands of its legacy API's users"
    )]
    Contact(String),
    /// The `User-Agent` is none that the legacy API accepts.
    #[error(
        "the User-Agent {0:?} is not of the form Name/Version, or is a browser's: DNSPod's legacy API bans accounts for \
         that"
    )]
    UserAgent(String),
    /// The session token cannot be sent.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A role that is to be assumed is not described as STS wants it.
    #[error(transparent)]
    Role(#[from] RoleError),
    /// The TTL is outside what the API accepts.
    #[error("a TTL of {0} s is not accepted by DNSPod: it is 1 to 604800")]
    Ttl(u32),
    /// The options for HTTP cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl From<SourceError> for BuildError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Credential(error) => Self::Credential(error),
            SourceError::Role(error) => Self::Role(error),
        }
    }
}
