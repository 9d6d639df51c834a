//! Making a provider: which options are refused.

use acme_core::http::HttpOptions;
use dnspod_solver::{BuildError, Credential, CredentialError, DnsPod, DnsPodBuilder, LoginToken};

fn builder() -> DnsPodBuilder {
    DnsPod::builder(Credential::new("AKIDexample", "key").unwrap_or_else(|e| panic!("{e}")))
}

fn with_endpoint(endpoint: &str) -> Result<DnsPod, BuildError> {
    builder().endpoint(endpoint.parse().unwrap()).build()
}

fn legacy() -> DnsPodBuilder {
    DnsPod::legacy(LoginToken::parse("12345,0a1b2c").unwrap_or_else(|e| panic!("{e}")))
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

#[test]
fn each_api_refuses_the_others_endpoint() {
    for endpoint in ["https://dnsapi.cn", "https://api.dnspod.com"] {
        assert!(legacy().endpoint(endpoint.parse().unwrap()).build().is_ok(), "{endpoint}");
        assert_eq!(
            with_endpoint(endpoint).err(),
            Some(BuildError::EndpointOfLegacy(endpoint.to_owned()))
        );
    }
    for endpoint in
        ["https://dnspod.tencentcloudapi.com", "https://dnspod.ap-hongkong.tencentcloudapi.com"]
    {
        assert!(with_endpoint(endpoint).is_ok(), "{endpoint}");
        let refused = legacy().endpoint(endpoint.parse().unwrap()).build().err();
        assert_eq!(refused, Some(BuildError::EndpointOfV3(endpoint.to_owned())));
    }
    let refused = legacy().endpoint("http://dnsapi.cn".parse().unwrap()).build().err();
    assert_eq!(refused, Some(BuildError::Unencrypted("http://dnsapi.cn".to_owned())));
}

#[test]
fn a_contact_is_for_the_legacy_api_and_is_a_mail_address() {
    assert!(legacy().contact("ops@ws.example").build().is_ok());
    let refused = legacy().contact("ops").build().err();
    assert_eq!(refused, Some(BuildError::Contact("ops".to_owned())));
    let refused = builder().contact("ops@ws.example").build().err();
    assert_eq!(refused, Some(BuildError::OfLegacy { option: "contact" }));
}

#[test]
fn a_browsers_user_agent_is_refused_by_the_legacy_api() {
    let user_agent = "Mozilla/5.0 (X11; Linux x86_64)".to_owned();
    let http = || HttpOptions { user_agent: user_agent.clone(), ..HttpOptions::default() };
    assert!(builder().http(http()).build().is_ok());
    let refused = legacy().http(http()).build().err();
    assert_eq!(refused, Some(BuildError::UserAgent(user_agent.clone())));
}
