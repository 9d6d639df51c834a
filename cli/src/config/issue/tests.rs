use std::collections::HashMap;
use std::fs;

use super::*;
use crate::args::{self, Command};
use crate::exit_code::Exit;

/// What a command line comes to with these variables, besides a home and a credential.
fn config(typed: &str, set: &[(&str, &str)]) -> Result<IssueConfig, Vec<Report>> {
    let mut variables = HashMap::from([
        ("HOME", "/home/someone"),
        ("TENCENTCLOUD_SECRET_ID", "AKIDexample"),
        ("TENCENTCLOUD_SECRET_KEY", "secret"),
    ]);
    variables.extend(set.iter().copied());
    let words = ["certctl", "issue"].into_iter().chain(typed.split_whitespace());
    match args::parse(words.map(Into::into)) {
        Ok(Command::Issue(args)) => {
            IssueConfig::new(&args, &|name| variables.get(name).map(|&value| value.to_owned()))
        }
        _ => panic!("not parsed: {typed}"),
    }
}

fn good(typed: &str, set: &[(&str, &str)]) -> (IssueRequest, Services) {
    let config = config(typed, set).unwrap_or_else(|reports| panic!("{reports:#?}"));
    let Target::Real(services) = config.target else { panic!("a sandbox") };
    (config.wanted.request(&services), *services)
}

/// The texts of all mistakes, each with its exit code's name.
fn mistakes(typed: &str, set: &[(&str, &str)]) -> Vec<String> {
    match config(typed, set) {
        Ok(_) => panic!("accepted: {typed}"),
        Err(reports) => {
            assert!(reports.iter().all(|report| !report.hint.is_empty()), "{reports:?}");
            reports
                .iter()
                .map(|report| format!("{}: {}", report.exit.name(), report.what))
                .collect()
        }
    }
}

fn mistake(typed: &str, set: &[(&str, &str)]) -> String {
    let mut mistakes = mistakes(typed, set);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    mistakes.remove(0)
}

#[test]
fn one_name_is_all_that_must_be_typed() {
    let (request, services) = good("--domain *.ws.example", &[]);
    assert_eq!(request.name, "_.ws.example");
    assert_eq!(request.ca.directory.as_str(), ca::KNOWN[0].directory);
    assert!(!request.ca.accept_tos && !request.force && !request.dry_run);
    assert_eq!((request.key_type, request.key_policy), (KeyType::P256, KeyPolicy::Rotate));
    assert!(services.http.proxy.is_none() && services.dns_servers.is_empty());
}

#[test]
fn every_option_is_understood() {
    let root = tempfile::NamedTempFile::new().unwrap();
    fs::write(root.path(), ROOT).unwrap();
    let typed = format!(
        "--domain ws.example --domain *.ws.example --ca google --ca-root {} --email a@ws.example \
         --accept-tos --eab-kid kid --key-type rsa2048 --reuse-key --profile shortlived \
         --preferred-chain X1 --dns-server 192.0.2.1 --dns-server [2001:db8::1]:5353 \
         --dnspod-endpoint https://dnspod.intl.tencentcloudapi.com --zone ws.example --name mine \
         --propagation-timeout 90s --ca-timeout 2m --force --dry-run",
        root.path().display()
    );
    let (request, services) = good(&typed, &[("CERTCTL_EAB_HMAC_KEY", " a-b_c= \n")]);
    assert_eq!(request.identifiers.len(), 2);
    assert!(request.ca.directory.as_str().contains("test-api"), "a dry run goes to the staging");
    let account = request.ca.external_account.unwrap();
    assert_eq!((account.kid.as_str(), account.hmac_key.as_str()), ("kid", "a-b_c="));
    assert_eq!(request.ca.email.as_deref(), Some("a@ws.example"));
    assert!(request.ca.accept_tos && request.force && request.dry_run);
    assert_eq!((request.key_type, request.key_policy), (KeyType::Rsa2048, KeyPolicy::Reuse));
    assert_eq!(request.profile.as_deref(), Some("shortlived"));
    assert_eq!(request.preferred_chain.as_deref(), Some("X1"));
    assert_eq!(request.name, "mine");
    assert_eq!(request.propagation_timeout, Duration::from_secs(90));
    assert_eq!(request.ca_timeout, Duration::from_secs(120));
    let servers: Vec<String> = services.dns_servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["192.0.2.1:53", "[2001:db8::1]:5353"]);
    assert_eq!(
        services.dnspod.endpoint.unwrap().host_str(),
        Some("dnspod.intl.tencentcloudapi.com")
    );
    assert_eq!(services.zone.unwrap().as_str(), "ws.example");
    assert_eq!(services.http.extra_roots, [ROOT]);
}

/// A value for each option of `certctl issue` that is right, and one that is reported as wrong where there is one.
const VALUES: &[(&str, &str, Option<&str>)] = &[
    ("domain", "ws.example,*.ws.example", Some("192.0.2.1")),
    ("ca", "zerossl", Some("letsencrpyt")),
    ("ca-root", "", Some("/nowhere/root.pem")),
    ("email", "a@ws.example", Some("a")),
    ("accept-tos", "true", Some("maybe")),
    ("eab-kid", "", Some("kid")),
    ("state-dir", "/srv/certctl", None),
    ("key-type", "p384", Some("p257")),
    ("reuse-key", "yes", Some("maybe")),
    ("profile", "shortlived", None),
    ("preferred-chain", "X1", None),
    ("name", "mine", Some("../mine")),
    ("dns-server", "192.0.2.1 192.0.2.2:5353", Some("ns1.example")),
    ("dnspod-endpoint", "https://dnspod.example", Some("dnspod")),
    ("dnspod-legacy-endpoint", "https://dnsapi.example", Some("dnsapi")),
    ("instance-role", "true", Some("maybe")),
    ("assume-role", "qcs::cam::uin/1:roleName/r", Some("certificates")),
    ("assume-role-session-name", "", Some("me")),
    ("assume-role-external-id", "", Some("id")),
    ("assume-role-policy", "", Some("/nowhere/policy.json")),
    ("sts-endpoint", "https://sts.example", Some("sts")),
    ("metadata-endpoint", "http://127.0.0.1:80", Some("metadata")),
    ("zone", "ws.example", Some("*")),
    ("propagation-timeout", "1h", Some("soon")),
    ("ca-timeout", "7", Some("0")),
    ("dry-run", "0", Some("maybe")),
    ("force", "1", Some("maybe")),
    ("json", "true", Some("maybe")),
    ("sandbox", "no", Some("maybe")),
    ("fault", "", Some("hang")),
    ("verbose", "2", Some("much")),
    ("quiet", "false", Some("maybe")),
];

#[test]
fn every_option_can_be_given_by_its_variable() {
    let issue = args::command().find_subcommand("issue").unwrap().clone();
    let options: Vec<String> = issue
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .filter(|option| option != "help")
        .collect();
    for option in &options {
        let (_, right, wrong) = VALUES
            .iter()
            .find(|(name, ..)| name == option)
            .unwrap_or_else(|| panic!("{option} needs a line in VALUES"));
        let variable = args::variable(option);
        let domain = if option == "domain" { "" } else { "--domain ws.example" };
        assert!(config(domain, &[(&variable, right)]).is_ok(), "{variable}={right}");
        if let Some(wrong) = wrong {
            let said = mistake(domain, &[(&variable, wrong)]);
            assert!(said.contains(&variable), "{said}");
        }
    }
    assert_eq!(VALUES.len(), options.len());
}

#[test]
fn what_is_typed_outweighs_its_variable() {
    let set = [("CERTCTL_DOMAIN", "other.example"), ("CERTCTL_KEY_TYPE", "nonsense")];
    let (request, _) = good("--domain ws.example --key-type p384", &set);
    assert_eq!(request.name, "ws.example");
    assert_eq!(request.key_type, KeyType::P384);
}

#[test]
fn all_mistakes_are_reported_together_each_with_the_option_it_is_in() {
    let typed = "--domain 192.0.2.1 --domain a..example --ca nowhere --key-type p257 --email me \
                 --dns-server ns1 --zone * --propagation-timeout soon --fault hang --name ../x";
    let said = mistakes(typed, &[("CERTCTL_FORCE", "perhaps"), ("TENCENTCLOUD_SECRET_KEY", "")]);
    for part in [
        "--domain: 192.0.2.1 is an IP address",
        "--domain: \"a..example\"",
        "--ca: \"nowhere\"",
        "--key-type: unknown key type \"p257\": use p256,",
        "--email: \"me\"",
        "--dns-server: \"ns1\"",
        "--zone: \"*\"",
        "--propagation-timeout: \"soon\"",
        "--fault: only the sandbox",
        "--name: \"../x\"",
        "CERTCTL_FORCE: \"perhaps\"",
        "configuration: TENCENTCLOUD_SECRET_ID is set and TENCENTCLOUD_SECRET_KEY is not",
    ] {
        assert_eq!(said.iter().filter(|said| said.contains(part)).count(), 1, "{part}: {said:#?}");
    }
    assert_eq!(said.len(), 12, "{said:#?}");
}

#[test]
fn no_name_and_too_many_are_reported() {
    assert!(mistake("", &[]).contains("no domain name is given"));
    let many: Vec<String> = (0..101).map(|n| format!("--domain n{n}.example")).collect();
    assert!(mistake(&many.join(" "), &[]).contains("101 names are given"));
}

#[test]
fn a_name_given_twice_counts_once_and_is_noted() {
    let config = config("--domain ws.example --domain WS.example.", &[]).ok().unwrap();
    assert_eq!(config.wanted.identifiers.len(), 1);
    assert_eq!(config.repeated.len(), 1);
}

#[test]
fn the_session_token_has_three_names_that_may_not_differ() {
    for variable in
        ["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"]
    {
        good("--domain ws.example", &[(variable, "token")]);
    }
    let differ = [("TENCENTCLOUD_TOKEN", "a"), ("TENCENTCLOUD_SESSION_TOKEN", "b")];
    assert!(mistake("--domain ws.example", &differ).contains("are set and differ"));
}

#[test]
fn secrets_can_come_from_files_and_not_from_both() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "secret\n").unwrap();
    let path = file.path().to_str().unwrap();
    let from_file = [("TENCENTCLOUD_SECRET_KEY", ""), ("TENCENTCLOUD_SECRET_KEY_FILE", path)];
    good("--domain ws.example", &from_file);
    let said = mistake("--domain ws.example", &from_file[1..]);
    assert!(said.contains("TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_SECRET_KEY_FILE are both set"));
    let absent = [("TENCENTCLOUD_SECRET_KEY", ""), ("TENCENTCLOUD_SECRET_KEY_FILE", "/nowhere")];
    assert!(mistake("--domain ws.example", &absent).contains("cannot read /nowhere: No such file"));
}

#[test]
fn no_mistake_shows_a_secret() {
    let secrets = [
        ("TENCENTCLOUD_SECRET_ID", "hush-1 hush-1"),
        ("TENCENTCLOUD_SECRET_KEY", "AKIDhush-2"),
        ("CERTCTL_EAB_HMAC_KEY", "hush-3!"),
        ("HTTPS_PROXY", "socks5://user:hush-4@proxy.example:1080"),
        ("TENCENTCLOUD_TOKEN", "hush-5"),
        ("TENCENTCLOUD_SESSION_TOKEN", "hush-6"),
    ];
    let said = mistakes("--domain ws.example --eab-kid kid", &secrets).join("\n");
    assert!(said.lines().count() >= 3 && !said.contains("hush"), "{said}");
}

#[test]
fn the_proxy_comes_from_the_usual_variables() {
    let proxy = |set: &[(&str, &str)]| good("--domain ws.example", set).1.http.proxy.unwrap();
    let (url, without) = proxy(&[("HTTPS_PROXY", "proxy.example:3128"), ("NO_PROXY", "a.example")]);
    assert_eq!((url.as_str(), without.as_str()), ("http://proxy.example:3128/", "a.example"));
    let (url, _) = proxy(&[("https_proxy", "http://a:1"), ("ALL_PROXY", "http://b:1")]);
    assert_eq!(url.host_str(), Some("a"));
    let socks = [("all_proxy", "socks5://proxy.example:1080")];
    assert!(
        mistake("--domain ws.example", &socks).contains("all_proxy is not the address of an HTTP")
    );
}

#[test]
fn an_external_account_needs_both_its_parts() {
    let alone = mistake("--domain ws.example --eab-kid kid", &[]);
    assert!(alone.contains("--eab-kid is given and CERTCTL_EAB_HMAC_KEY is not set"), "{alone}");
    let alone = mistake("--domain ws.example", &[("CERTCTL_EAB_HMAC_KEY", "key")]);
    assert!(alone.contains("CERTCTL_EAB_HMAC_KEY is set and --eab-kid is not given"), "{alone}");
    let wrong = [("CERTCTL_EAB_HMAC_KEY", "a/b+c")];
    assert!(mistake("--domain ws.example --eab-kid kid", &wrong).contains("is not base64url"));
}

#[test]
fn the_state_is_in_the_usual_place_and_the_sandbox_has_its_own() {
    let state = |typed: &str, set: &[(&str, &str)]| {
        config(typed, set).ok().unwrap().state_dir.display().to_string()
    };
    let usual = if rustix::process::geteuid().is_root() {
        "/var/lib/certctl"
    } else {
        "/home/someone/.local/state/certctl"
    };
    assert_eq!(state("--domain ws.example", &[]), usual);
    assert_eq!(state("--domain ws.example --state-dir /srv/x", &[]), "/srv/x");
    assert_eq!(state("--domain ws.example --sandbox --state-dir /srv/x", &[]), "/srv/x/sandbox");
}

#[test]
fn the_sandbox_needs_no_credential_and_brings_its_own_servers() {
    let unset = [("TENCENTCLOUD_SECRET_ID", ""), ("TENCENTCLOUD_SECRET_KEY", "")];
    let config = config("--domain ws.example --sandbox --fault hang --fault html-502=2", &unset);
    let Ok(IssueConfig { target: Target::Sandbox(faults), .. }) = config else { panic!() };
    assert_eq!(faults, ["hang", "html-502=2"]);
    let beside = mistakes("--domain ws.example --sandbox --ca zerossl --zone ws.example", &[]);
    assert_eq!(beside.len(), 2, "{beside:?}");
    assert!(beside[0].contains("--ca does not go with --sandbox"));
}

#[test]
fn a_root_that_is_no_certificate_is_reported() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "hello").unwrap();
    let said = mistake(&format!("--domain ws.example --ca-root {}", file.path().display()), &[]);
    assert!(said.starts_with("configuration: --ca-root: ") && said.contains("PEM"), "{said}");
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    assert!(mistake("--domain ws.example -q -v", &[]).contains("contradict"));
}

#[test]
fn usage_outweighs_configuration() {
    let reports = config("--domain 192.0.2.1", &[("TENCENTCLOUD_SECRET_ID", "")]).err().unwrap();
    assert!(reports.iter().any(|report| report.exit == Exit::Configuration));
    assert_eq!(crate::exit_of(&reports), Exit::Usage);
}

/// The certificate of RFC 9773, appendix A.
const ROOT: &str = "-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
";
