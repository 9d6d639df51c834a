//! Raw requests that unmodified clients sent, replayed byte for byte.
//!
//! The answers recorded beside them are a stand-in's, not Tencent's: a hint at the shape. So shapes, ids and codes are
//! compared, and no texts.

use std::path::{Path, PathBuf};

use sandbox::{Builder, Sandbox};
use serde_json::Value;
use time::OffsetDateTime;

use crate::tencent_client::{HttpAnswer, address, response, send_raw};

/// One test for each client whose requests are in the folder.
macro_rules! captures {
    ($($test:ident $client:literal)*) => {
        const CLIENTS: &[&str] = &[$($client),*];

        $(
            #[tokio::test]
            async fn $test() {
                replay($client).await;
            }
        )*
    };
}

captures! {
    the_official_python_sdk_is_understood "pysdk-http"
    the_official_python_sdk_is_understood_with_get_and_a_session_token "pysdk-token-get"
    the_official_python_sdk_gets_credentials_of_a_role "cred-sts"
    the_official_python_sdk_gets_credentials_of_an_instance "cred-cvmrole"
    lego_is_understood "lego551-tencentcloud"
    lego_is_understood_when_it_cleans_one_of_two_challenges "lego551-cleanone"
    lego_is_understood_when_a_list_lags "lego551-indexdelay"
    certbot_is_understood "certbot-dns-tencent"
    acme_sh_is_understood_though_it_sends_its_content_type_twice "acmesh-dns_tencent"
    acme_sh_is_understood_at_the_legacy_api "acmesh-dns_dp"
    acme_sh_is_understood_at_the_legacy_api_abroad "acmesh-dns_dpi"
}

#[test]
fn every_capture_is_replayed_by_one_test_and_has_its_answer() {
    for file in captures() {
        let name = name(&file);
        let clients: Vec<_> = CLIENTS.iter().filter(|client| is_of(&file, client)).collect();
        assert_eq!(clients.len(), 1, "{name} {clients:?}");
        recorded(&file);
    }
}

/// The account as it was that the captures were made with.
fn account(client: &str) -> Builder {
    let account = Sandbox::builder()
        .zone("example.com")
        .zone("sub.example.com")
        .zone("例子.中国")
        .login_token("12345,0123456789abcdef0123456789abcdef");
    if client == "cred-sts" {
        return account
            .credentials("AKIDFAKE", "fakekey")
            .role("qcs::cam::uin/1:roleName/r")
            .web_identity(
                "cls-abc",
                "qcs::cam::uin/100000000001:roleName/certctl",
                "eyJhbGciOiJSUzI1NiJ9.fake.fake",
            );
    }
    let account = account
        .credentials("AKIDFAKEEXAMPLE0000000000000000000000", "fakeSecretKeyEXAMPLE0000000000000")
        .instance_role("certctl-role");
    match client {
        "lego551-indexdelay" => account.fault("dnspod-index-delay"),
        "pysdk-token-get" => account.session_token("FakeSessionTokenEXAMPLE"),
        _ => account,
    }
}

async fn replay(client: &str) {
    let mut files = captures();
    files.retain(|file| is_of(file, client));
    assert!(!files.is_empty(), "no captures of {client}");
    let sandbox = account(client).start().await.unwrap();
    for file in files {
        let request = std::fs::read(&file).unwrap();
        set_clock(&sandbox, &String::from_utf8_lossy(&request));
        let answer = send_raw(address(&sandbox.dnspod_endpoint()), &request).await;
        compare(&file, &answer);
    }
}

/// Sets the clock to the time that the request was made at, where it says.
fn set_clock(sandbox: &Sandbox, request: &str) {
    let timestamp = request.lines().find_map(|line| {
        line.to_ascii_lowercase().strip_prefix("x-tc-timestamp: ").map(str::to_owned)
    });
    if let Some(timestamp) = timestamp {
        #[expect(clippy::disallowed_methods, reason = "the offset is one from the machine's clock")]
        let now = OffsetDateTime::now_utc().unix_timestamp();
        sandbox.set_clock_offset(timestamp.parse::<i64>().unwrap() - now);
    }
}

fn compare(file: &Path, answer: &HttpAnswer) {
    let (name, recorded_text) = (name(file), recorded(file));
    let Ok(recorded) = serde_json::from_str::<Value>(&recorded_text) else {
        return assert_eq!(answer.body, recorded_text, "{name}");
    };
    if recorded.get("Response").is_some() {
        compare_api_3(name, &response(answer), &recorded["Response"]);
    } else if recorded.get("status").is_some() {
        compare_legacy(name, answer, &recorded);
    } else {
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer["Code"], recorded["Code"], "{name}");
        assert_eq!(shape_of(&answer), shape_of(&recorded), "{name}");
    }
}

fn compare_api_3(name: &str, answer: &Value, recorded: &Value) {
    let code = answer["Error"]["Code"].as_str();
    // acme.sh looks for a zone at a name inside one: which code that gets is not documented.
    if recorded["Error"]["Code"] == "InvalidParameterValue.DomainNotExists" {
        assert!(code.unwrap().contains(".Domain"), "{name}: {answer}");
        return;
    }
    assert_eq!(code, recorded["Error"]["Code"].as_str(), "{name}: {answer}");
    assert_eq!(answer["RecordId"], recorded["RecordId"], "{name}");
    assert_eq!(shape_of(answer), shape_of(recorded), "{name}");
}

/// The manual shows more fields than the stand-in had, so none that was recorded may be missing. Nor is the name of the
/// line compared: the stand-in answers 默认 abroad too, where the documents have Default.
fn compare_legacy(name: &str, answer: &HttpAnswer, recorded: &Value) {
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
    assert!(!answer.body.contains("\": "), "acme.sh takes no spaces: {}", answer.body);
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["status"]["code"], recorded["status"]["code"], "{name}: {json}");
    assert_eq!(json["status"]["message"], recorded["status"]["message"], "acme.sh looks for it");
    for id in ["/domain/id", "/record/id", "/records/0/id", "/records/1/id"] {
        assert_eq!(json.pointer(id), recorded.pointer(id), "{name} {id}");
    }
    if let Some(records) = recorded["records"].as_array() {
        assert_eq!(answer.body.matches("{\"id\":\"").count(), records.len(), "{}", answer.body);
    }
    let shape = shape_of(&json);
    for field in shape_of(recorded) {
        assert!(shape.contains(&field), "{name}: {field} is not in {shape:?}");
    }
}

/// All requests, in order.
fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|kind| kind == "http")).collect();
    files.sort();
    files
}

fn name(file: &Path) -> &str {
    file.file_name().unwrap().to_str().unwrap()
}

/// Whether a file is named `CLIENT-NN-…`.
fn is_of(file: &Path, client: &str) -> bool {
    name(file).strip_prefix(client).and_then(|rest| rest.strip_prefix('-')).is_some_and(|rest| {
        rest.split('-').next().is_some_and(|number| number.parse::<u32>().is_ok())
    })
}

/// The answer that is kept beside a request.
fn recorded(file: &Path) -> String {
    let answers = ["response.json", "response.txt"].map(|kind| file.with_extension(kind));
    let answer = answers.iter().find_map(|answer| std::fs::read_to_string(answer).ok());
    answer.unwrap_or_else(|| panic!("{} has no answer beside it", name(file)))
}

/// Every name in an answer with the JSON type it stands for; of a list, its first element's.
fn shape(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                shape(value, &format!("{path}.{name}"), out);
            }
        }
        Value::Array(values) => match values.first() {
            Some(first) => shape(first, &format!("{path}[]"), out),
            None => out.push(format!("{path}[]")),
        },
        Value::String(_) => out.push(format!("{path} string")),
        Value::Number(_) => out.push(format!("{path} number")),
        Value::Bool(_) => out.push(format!("{path} bool")),
        Value::Null => out.push(format!("{path} null")),
    }
}

fn shape_of(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    shape(value, "", &mut out);
    out.sort();
    out
}
