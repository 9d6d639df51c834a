//! Which credential a machine is set up with, and what is said where it is set up by half.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use dnspod_solver::{
    AssumeRole, ChainError, ChainOptions, CredentialError, DnsPod, Found, FoundCredential,
    InstanceRole, credential_chain,
};

/// A home with files, and variables.
struct Machine {
    home: tempfile::TempDir,
    variables: HashMap<String, String>,
    options: ChainOptions,
}

impl Machine {
    fn new(variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut variables: HashMap<_, _> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        variables.insert("HOME".to_owned(), home.path().display().to_string());
        let options =
            ChainOptions { system_file: home.path().join("etc"), ..ChainOptions::default() };
        Self { home, variables, options }
    }

    /// Writes a file that only its owner can read.
    fn file(self, path: &str, text: &str) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn look(&self) -> Result<Found, ChainError> {
        credential_chain(&|variable| self.variables.get(variable).cloned(), &self.options)
    }

    /// Where the credential was found, with `~` for the home, and the role that is assumed with it.
    fn origin(&self) -> String {
        let found = self.look().unwrap_or_else(|e| panic!("{e}"));
        let role = found.role_arn.map(|arn| format!(", then role {arn}")).unwrap_or_default();
        (found.origin + &role).replace(&self.home.path().display().to_string(), "~")
    }

    /// What is said instead, with `~` for the home.
    fn refusal(&self) -> String {
        let error = self.look().err().expect("must be refused");
        assert!(!error.hint().is_empty());
        error.to_string().replace(&self.home.path().display().to_string(), "~")
    }
}

const KEY: [(&str, &str); 2] =
    [("TENCENTCLOUD_SECRET_ID", "AKIDenv"), ("TENCENTCLOUD_SECRET_KEY", "secret")];
const SDK_FILE: &str = ".tencentcloud/credentials";
const SDK_TEXT: &str = "[default]\nsecret_id=AKIDfile\nsecret_key=secret\n";
const TCCLI_FILE: &str = ".tccli/default.credential";
const TCCLI_TEXT: &str = r#"{"secretId":"AKIDtccli","secretKey":"secret"}"#;
const TKE: [(&str, &str); 4] = [
    ("TKE_PROVIDER_ID", "cls-abc"),
    ("TKE_REGION", "ap-shanghai"),
    ("TKE_ROLE_ARN", "qcs::cam::uin/1:roleName/r"),
    ("TKE_WEB_IDENTITY_TOKEN_FILE", "/token"),
];

#[test]
fn sources_are_taken_in_order() {
    let mut machine =
        Machine::new(&[&KEY[..], &TKE[..], &[("DNSPOD_API_KEY", "12345,abcdef")]].concat())
            .file(SDK_FILE, SDK_TEXT)
            .file("etc", SDK_TEXT)
            .file(TCCLI_FILE, TCCLI_TEXT)
            .file(".tccli/work.credential", TCCLI_TEXT)
            .file("named", SDK_TEXT);
    machine.options.instance_role = Some(InstanceRole::default());
    assert_eq!(machine.origin(), "environment: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY");
    machine.variables.retain(|name, _| !name.starts_with("TENCENTCLOUD"));
    assert_eq!(machine.origin(), "environment: DNSPOD_API_KEY");
    machine.variables.remove("DNSPOD_API_KEY");

    let named = machine.path("named").display().to_string();
    machine.variables.insert("TENCENTCLOUD_CREDENTIALS_FILE".to_owned(), named);
    machine.variables.insert("TCCLI_PROFILE".to_owned(), "work".to_owned());
    assert_eq!(machine.origin(), "~/named [default]");
    machine.variables.remove("TENCENTCLOUD_CREDENTIALS_FILE");
    assert_eq!(machine.origin(), "~/.tccli/work.credential");
    machine.variables.remove("TCCLI_PROFILE");

    assert_eq!(machine.origin(), "~/.tencentcloud/credentials [default]");
    fs::remove_file(machine.path(SDK_FILE)).unwrap();
    assert_eq!(machine.origin(), "~/etc [default]");
    fs::remove_file(machine.path("etc")).unwrap();
    assert_eq!(machine.origin(), "~/.tccli/default.credential");
    fs::remove_file(machine.path(TCCLI_FILE)).unwrap();
    assert_eq!(machine.origin(), "TKE service account: role qcs::cam::uin/1:roleName/r");
    machine.variables.retain(|name, _| !name.starts_with("TKE"));
    assert_eq!(machine.origin(), "role of this instance");

    machine.options.instance_role = None;
    assert_eq!(
        machine.refusal(),
        "no credential for Tencent Cloud: none in the environment, ~/.tencentcloud/credentials, ~/etc, \
         ~/.tccli/default.credential"
    );
}

#[test]
fn the_session_token_has_three_names_that_may_not_differ() {
    let names = ["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"];
    for name in names {
        // An SDK's environment provider drops the token, and the key alone is refused.
        let machine = Machine::new(&[&KEY[..], &[(name, "a\nb")]].concat());
        let refused = machine.refusal();
        assert!(refused.contains("the Tencent Cloud session token holds a character"), "{refused}");
    }
    let differ = [&KEY[..], &[(names[0], "one"), (names[2], "two")]].concat();
    assert_eq!(
        Machine::new(&differ).refusal(),
        "TENCENTCLOUD_SESSION_TOKEN and TENCENTCLOUD_TOKEN are set and differ"
    );
    let same = [&KEY[..], &[(names[0], "one"), (names[2], "one\n")]].concat();
    Machine::new(&same).origin();
}

#[test]
fn a_token_is_never_joined_with_a_key_from_elsewhere() {
    let machine = Machine::new(&[("TENCENTCLOUD_SESSION_TOKEN", "token")]).file(SDK_FILE, SDK_TEXT);
    assert_eq!(
        machine.refusal(),
        "TENCENTCLOUD_SESSION_TOKEN is set and TENCENTCLOUD_SECRET_ID is not"
    );
}

#[test]
fn what_is_set_by_half_is_an_error_though_the_next_source_is_whole() {
    for (set, missing) in [(0, 1), (1, 0)] {
        let machine = Machine::new(&KEY[set..=set]).file(SDK_FILE, SDK_TEXT);
        let refused = machine.refusal();
        assert_eq!(refused, format!("{} is set and {} is not", KEY[set].0, KEY[missing].0));
    }
    let machine = Machine::new(&[])
        .file(SDK_FILE, "[default]\nsecret_id=AKIDfile\n")
        .file(TCCLI_FILE, TCCLI_TEXT);
    assert_eq!(
        machine.refusal(),
        "~/.tencentcloud/credentials:2: secret_id is set and secret_key is not"
    );
    let machine =
        Machine::new(&[]).file(TCCLI_FILE, r#"{"secretId":"AKIDone","secretKey":"None"}"#);
    assert_eq!(
        machine.refusal(),
        "~/.tccli/default.credential: secretId is set and secretKey is not"
    );
    for half in [&TKE[..3], &TKE[1..]] {
        let refused = Machine::new(half).refusal();
        assert!(refused.contains("is set and TKE_"), "{refused}");
    }
    // A region alone is set for many reasons.
    let region = Machine::new(&TKE[1..2]).refusal();
    assert!(region.starts_with("no credential for Tencent Cloud"), "{region}");
    let acme_sh = Machine::new(&[("DP_Id", "12345")]).refusal();
    assert_eq!(acme_sh, "DP_Id is set and DP_Key is not");
}

#[test]
fn a_named_file_or_profile_must_be_there() {
    let machine = Machine::new(&[("TENCENTCLOUD_CREDENTIALS_FILE", "/nowhere/credentials")])
        .file(SDK_FILE, SDK_TEXT);
    assert_eq!(
        machine.refusal(),
        "TENCENTCLOUD_CREDENTIALS_FILE: cannot read /nowhere/credentials: No such file or directory (os error 2)"
    );
    let machine = Machine::new(&[("TCCLI_PROFILE", "work")]).file(TCCLI_FILE, TCCLI_TEXT);
    let refused = machine.refusal();
    assert!(
        refused.starts_with("TCCLI_PROFILE: cannot read ~/.tccli/work.credential"),
        "{refused}"
    );
    let outside = Machine::new(&[("TCCLI_PROFILE", "../../etc/passwd")]).refusal();
    assert_eq!(outside, "TCCLI_PROFILE: ../../etc/passwd: there is no such profile");
}

#[test]
fn a_dnspod_token_in_place_of_a_key_is_recognised_and_the_other_way_round() {
    let pasted = [("TENCENTCLOUD_SECRET_ID", "12345,abcdef"), ("TENCENTCLOUD_SECRET_KEY", "x")];
    let error = Machine::new(&pasted).look().err();
    assert!(
        matches!(error, Some(ChainError::Invalid { error: CredentialError::DnspodToken, .. })),
        "{error:?}"
    );
    let pasted = Machine::new(&[("DNSPOD_API_KEY", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3")]).refusal();
    assert!(pasted.starts_with("DNSPOD_API_KEY: "), "{pasted}");
    assert!(!pasted.contains("AKIDz8"), "{pasted}");
}

#[test]
fn dnspod_tokens_are_found_in_the_spellings_of_lego_and_acme_sh() {
    for (variables, international) in [
        (&[("DNSPOD_API_KEY", "12345,abcdef")][..], false),
        (&[("DP_Id", "12345"), ("DP_Key", "abcdef")], false),
        (&[("DPI_Id", "12345"), ("DPI_Key", "abcdef")], true),
    ] {
        let found = Machine::new(variables).look().unwrap_or_else(|e| panic!("{e}"));
        let FoundCredential::LoginToken { token, is_international } = found.credential else {
            panic!("{}", found.origin)
        };
        assert_eq!(token.id(), "12345");
        assert_eq!(is_international, international);
    }
    let role = ("TENCENTCLOUD_ROLE_ARN", "qcs::cam::uin/1:roleName/r");
    let error = Machine::new(&[("DNSPOD_API_KEY", "12345,abcdef"), role]).look().err();
    assert!(matches!(error, Some(ChainError::RoleOfLoginToken { .. })), "{error:?}");
}

#[test]
fn a_role_is_read_in_the_spellings_of_terraform_and_tccli() {
    let arn = "qcs::cam::uin/1:roleName/r";
    for role in [
        &[
            ("TENCENTCLOUD_ASSUME_ROLE_ARN", arn),
            ("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME", "s-1"),
            ("TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION", "3600"),
            ("TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID", "id"),
        ][..],
        &[("TENCENTCLOUD_ROLE_ARN", arn), ("TENCENTCLOUD_ROLE_SESSION_NAME", "s-1")],
    ] {
        let origin = Machine::new(&[&KEY[..], role].concat()).origin();
        assert!(origin.ends_with(", then role qcs::cam::uin/1:roleName/r"), "{origin}");
    }
    let file = format!("{SDK_TEXT}role_arn=qcs::cam::uin/1:roleName/of-file\n");
    let mut machine = Machine::new(&[]).file(SDK_FILE, &file);
    assert!(machine.origin().ends_with(", then role qcs::cam::uin/1:roleName/of-file"));
    machine.variables.insert("TENCENTCLOUD_ROLE_ARN".to_owned(), arn.to_owned());
    assert!(machine.origin().ends_with("[default], then role qcs::cam::uin/1:roleName/r"));
    machine.options.assume_role = Some(AssumeRole::new("qcs::cam::uin/1:roleName/option"));
    assert!(machine.origin().ends_with("[default], then role qcs::cam::uin/1:roleName/option"));

    for (variables, said) in [
        (
            &[("TENCENTCLOUD_ROLE_SESSION_NAME", "s-1")][..],
            "TENCENTCLOUD_ROLE_SESSION_NAME is set and TENCENTCLOUD_ROLE_ARN is not",
        ),
        (
            &[
                ("TENCENTCLOUD_ROLE_ARN", arn),
                ("TENCENTCLOUD_ASSUME_ROLE_ARN", "qcs::cam::uin/2:roleName/r"),
            ],
            "TENCENTCLOUD_ASSUME_ROLE_ARN and TENCENTCLOUD_ROLE_ARN are set and differ",
        ),
        (
            &[("TENCENTCLOUD_ROLE_ARN", arn), ("TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION", "2h")],
            "TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION: \"2h\" is not a number of seconds",
        ),
    ] {
        assert_eq!(Machine::new(&[&KEY[..], variables].concat()).refusal(), said);
    }
}

#[test]
fn the_role_of_the_instance_is_used_only_where_that_is_allowed() {
    let mut machine = Machine::new(&[]);
    assert!(matches!(machine.look().err(), Some(ChainError::NotFound { .. })));
    machine = machine.file(TCCLI_FILE, r#"{"type":"cvm-role"}"#);
    assert!(matches!(machine.look().err(), Some(ChainError::InstanceRoleNotAllowed { .. })));
    machine.options.instance_role = Some(InstanceRole::default());
    assert_eq!(machine.origin(), "~/.tccli/default.credential: role of this instance");
}

#[test]
fn a_file_that_others_can_read_is_a_warning() {
    let machine = Machine::new(&[]).file(SDK_FILE, SDK_TEXT);
    let warnings = |machine: &Machine| machine.look().unwrap_or_else(|e| panic!("{e}")).warnings;
    assert!(warnings(&machine).is_empty());
    let path = machine.path(SDK_FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let path = path.display();
    assert_eq!(
        warnings(&machine),
        [format!("{path} holds a secret and other users may open it: chmod 600 {path}")]
    );
}

#[test]
fn no_error_holds_a_secret() {
    for variables in [
        &[("TENCENTCLOUD_SECRET_ID", "hush hush"), ("TENCENTCLOUD_SECRET_KEY", "hush")][..],
        &[("TENCENTCLOUD_SECRET_ID", "hush"), ("TENCENTCLOUD_SECRET_KEY", "AKIDhush")],
        &[("TENCENTCLOUD_SECRET_KEY", "hush")],
        &[("TENCENTCLOUD_TOKEN", "hush"), ("TENCENTCLOUD_SECURITY_TOKEN", "hush2")],
        &[("DNSPOD_API_KEY", "hush")],
        &[("DP_Id", "hush"), ("DP_Key", "hush")],
    ] {
        let refused = Machine::new(variables).refusal();
        assert!(!refused.contains("hush"), "{refused}");
    }
    for text in ["hush", "[default]\nhush\n", "[default]\nsecret_id=hush hush\nsecret_key=hush"] {
        let refused = Machine::new(&[]).file(SDK_FILE, text).refusal();
        assert!(!refused.contains("hush"), "{refused}");
    }
    for text in
        ["hush", r#"{"secretId":["hush"]}"#, r#"{"secretId":"hush","secretKey":{"a":"hush"}}"#]
    {
        let refused = Machine::new(&[]).file(TCCLI_FILE, text).refusal();
        assert!(!refused.contains("hush"), "{refused}");
    }
}

#[test]
fn a_secret_can_be_in_a_file_that_a_variable_names() {
    let mut machine = Machine::new(&KEY[..1]).file("key", "secret\n");
    let path = machine.path("key").display().to_string();
    machine.variables.insert("TENCENTCLOUD_SECRET_KEY_FILE".to_owned(), path);
    machine.origin();
    machine.variables.insert("TENCENTCLOUD_SECRET_KEY".to_owned(), "secret".to_owned());
    assert_eq!(
        machine.refusal(),
        "TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_SECRET_KEY_FILE are both set"
    );
}

#[test]
fn what_is_found_makes_a_provider() {
    let found = Machine::new(&KEY).look().unwrap_or_else(|e| panic!("{e}"));
    let FoundCredential::TencentCloud(source) = found.credential else { panic!("a key was set") };
    assert!(DnsPod::builder(source).build().is_ok());
}
