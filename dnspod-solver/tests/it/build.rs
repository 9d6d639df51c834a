//! Making a provider: which options are refused.

use dnspod_solver::{BuildError, Credential, CredentialError, DnsPod, DnsPodBuilder};

fn builder() -> DnsPodBuilder {
    DnsPod::builder(Credential::new("AKIDexample", "key").unwrap_or_else(|e| panic!("{e}")))
}

fn with_endpoint(endpoint: &str) -> Result<DnsPod, BuildError> {
    builder().endpoint(endpoint.parse().unwrap()).build()
}

#[test]
fn an_endpoint_is_https_or_on_this_machine() {
    for endpoint in [
        "https://dnspod.intl.tencentcloudapi.com",
        "https://127.0.0.1:18443/",
        "http://127.0.0.1:18080",
        "http://[::1]:18080",
        "http://localhost:18080",
    ] {
        assert!(with_endpoint(endpoint).is_ok(), "{endpoint}");
    }
    let refused = |endpoint: &str| with_endpoint(endpoint).err().expect("must be refused");
    assert_eq!(
        refused("http://dnspod.tencentcloudapi.com"),
        BuildError::Unencrypted("http://dnspod.tencentcloudapi.com".to_owned())
    );
    for endpoint in
        ["https://host/path", "https://user:secret@host", "https://host/?a=b", "ftp://host"]
    {
        let error = refused(endpoint);
        assert!(matches!(error, BuildError::Endpoint(_)), "{endpoint}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn a_session_token_that_cannot_be_sent_is_refused() {
    let credential = Credential::new("AKIDexample", "key").unwrap_or_else(|e| panic!("{e}"));
    let error = DnsPod::builder(credential.with_token("a\nb")).build().err();
    assert_eq!(
        error,
        Some(BuildError::Credential(CredentialError::NotOneWord { part: "session token" }))
    );
}

#[test]
fn a_ttl_the_api_never_accepts_is_refused() {
    assert_eq!(builder().ttl(0).build().err(), Some(BuildError::Ttl(0)));
    assert_eq!(builder().ttl(604_801).build().err(), Some(BuildError::Ttl(604_801)));
    assert!(builder().ttl(604_800).build().is_ok());
}
