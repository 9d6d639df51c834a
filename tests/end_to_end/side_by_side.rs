//! lego's own provider for Tencent Cloud and ours, each in the same trouble: what each does is what
//! `docs/side-by-side.md` says.

use std::time::Duration;

use acme_core::dns01::{DnsProvider, TxtRecord};
use acme_core::http::HttpOptions;
use dnspod_solver::{Credential, DnsPod};
use e2e::harness::Test;
use e2e::lego_bridge::{LegoBridge, challenge_value};
use e2e::real_part::RealPart::LegoBridge as Lego;
use sandbox::{Builder, Sandbox};
use serde_json::{Value, json};

pub(crate) fn tests() -> Vec<Test> {
    e2e::tests! {
        [Lego] one_of_two_values_is_removed;
        [Lego] a_record_is_removed_that_lists_do_not_show_yet;
        [Lego] the_same_value_is_published_twice;
        [Lego] others_have_150_values_at_the_name;
        [Lego] others_have_3500_values_at_the_name;
        [Lego] public_dns_knows_another_zone;
        [Lego] the_key_is_for_one_domain;
        [Lego] a_refused_key_is_tried_three_times;
        [Lego] the_zone_is_kept_in_unicode;
        [Lego] the_secret_ends_in_a_line_break;
        [Lego] the_answer_to_a_create_is_lost;
        [Lego] one_call_is_throttled;
    }
}

const DOMAIN: &str = "ws.example";
const NAME: &str = "_acme-challenge.ws.example";

async fn one_of_two_values_is_removed() {
    let removes = async |client: &mut Client, sandbox: &Sandbox| {
        client.present(DOMAIN, "apex").await.unwrap();
        client.present(DOMAIN, "wildcard").await.unwrap();
        client.cleanup(DOMAIN, "apex").await.unwrap();
        match sandbox.txt_values(NAME).as_slice() {
            [left] if *left == challenge_value("wildcard") => "the other stays".to_owned(),
            [] => "both are gone".to_owned(),
            other => format!("{other:?} is left"),
        }
    };
    compare("one of two values at a name is removed", Sandbox::builder(), removes).await;
}

async fn a_record_is_removed_that_lists_do_not_show_yet() {
    let removes = async |client: &mut Client, sandbox: &Sandbox| {
        client.present(DOMAIN, "value").await.unwrap();
        // Ours may remember nothing, as after a restart.
        let mut client = client.restarted(sandbox).await;
        let said = client.cleanup(DOMAIN, "value").await;
        let gone = sandbox.txt_values(NAME).is_empty();
        match (said, gone) {
            (Ok(()), true) => "the record is gone".to_owned(),
            (Ok(()), false) => "reports success; the record stays for ever".to_owned(),
            (Err(reason), _) => format!("fails: {reason}"),
        }
    };
    let builder = Sandbox::builder().fault("dnspod-index-delay=3");
    compare("a record is removed after a restart, before lists show it", builder, removes).await;
}

async fn the_same_value_is_published_twice() {
    let publishes = async |client: &mut Client, sandbox: &Sandbox| {
        client.present(DOMAIN, "same").await.unwrap();
        let said = client.present(DOMAIN, "same").await;
        assert_eq!(sandbox.txt_values(NAME).len(), 1);
        said.map_or_else(|reason| failure(&reason), |()| "succeeds; there is one record".to_owned())
    };
    compare("the same value is published twice", Sandbox::builder(), publishes).await;
}

async fn others_have_150_values_at_the_name() {
    compare("others have 150 values at the name", Sandbox::builder(), async |client, sandbox| {
        beside_others(client, sandbox, 150).await
    })
    .await;
}

async fn others_have_3500_values_at_the_name() {
    compare("others have 3,500 values at the name", Sandbox::builder(), async |client, sandbox| {
        beside_others(client, sandbox, 3500).await
    })
    .await;
}

async fn public_dns_knows_another_zone() {
    // What lego asks: a resolver that has heard of `example.test` only.
    let public = Sandbox::builder().zone("example.test").start().await.unwrap();
    let account = Sandbox::builder().zone("team.example.test").start().await.unwrap();
    let lego = LegoBridge::with_resolver(&account, key(&account), public.resolver()).await.unwrap();
    let mut said = Vec::new();
    for mut client in
        [Client::Lego(Box::new(lego)), Client::Ours(ours(&account, account.secret_key()))]
    {
        let published = client.present("team.example.test", "value").await;
        said.push(match published {
            Ok(()) if account.txt_values("_acme-challenge.team.example.test").len() == 1 => {
                "published in the account's zone".to_owned()
            }
            Ok(()) => "published elsewhere".to_owned(),
            Err(reason) if reason.contains("not found") => {
                "fails: the zone is not found".to_owned()
            }
            Err(reason) => failure(&reason),
        });
    }
    documented("public DNS knows another zone than the account", &said[0], &said[1]);
}

async fn the_key_is_for_one_domain() {
    let publishes = async |client: &mut Client, sandbox: &Sandbox| {
        let domain = sandbox.domain_id(DOMAIN).unwrap();
        let policy = json!({ "version": "2.0", "statement": [{
            "effect": "allow",
            "action": ["dnspod:DescribeDomain", "dnspod:DescribeRecordList", "dnspod:CreateRecord", "dnspod:DeleteRecord"],
            "resource": [format!("qcs::dnspod::uin/{}:domain/{domain}", sandbox.uin())],
        }]});
        sandbox.set_cam_policy(&policy.to_string()).unwrap();
        let said = client.present(DOMAIN, "value").await;
        said.map_or_else(|reason| failure(&reason), |()| "published".to_owned())
    };
    compare(
        "the key may only describe, list, create and delete on one domain",
        Sandbox::builder(),
        publishes,
    )
    .await;
}

async fn a_refused_key_is_tried_three_times() {
    let mut said = Vec::new();
    for is_lego in [true, false] {
        let sandbox = Sandbox::start().await.unwrap();
        let wrong = json!({ "TENCENTCLOUD_SECRET_ID": sandbox.secret_id(), "TENCENTCLOUD_SECRET_KEY": "wrong" });
        let mut client = if is_lego {
            Client::Lego(Box::new(LegoBridge::with_variables(&sandbox, wrong).await.unwrap()))
        } else {
            Client::Ours(ours(&sandbox, "wrong"))
        };
        for _ in 0..3 {
            let reason = client.present(DOMAIN, "value").await.unwrap_err();
            assert!(reason.contains("AuthFailure.SignatureFailure"), "{reason}");
        }
        said.push(format!("refused calls: {}", sandbox.dnspod_calls().len()));
    }
    documented("a refused key is tried three times", &said[0], &said[1]);
}

async fn the_zone_is_kept_in_unicode() {
    const DOMAIN: &str = "xn--bcher-kva.example";
    let publishes = async |client: &mut Client, sandbox: &Sandbox| {
        client.present(DOMAIN, "value").await.unwrap();
        let published = sandbox.txt_values(&format!("_acme-challenge.{DOMAIN}")).len();
        client.cleanup(DOMAIN, "value").await.unwrap();
        let left = sandbox.txt_values(&format!("_acme-challenge.{DOMAIN}")).len();
        format!("published: {published}, left after removal: {left}")
    };
    let builder = Sandbox::builder().zone("bücher.example");
    compare("the zone is kept in Unicode", builder, publishes).await;
}

async fn the_secret_ends_in_a_line_break() {
    let mut said = Vec::new();
    for is_lego in [true, false] {
        let sandbox = Sandbox::start().await.unwrap();
        let pasted = format!("{}\n", sandbox.secret_key());
        let published = if is_lego {
            let key = json!({ "TENCENTCLOUD_SECRET_ID": sandbox.secret_id(), "TENCENTCLOUD_SECRET_KEY": pasted });
            match LegoBridge::with_variables(&sandbox, key).await {
                Ok(mut lego) => lego.present(DOMAIN, "value").await,
                Err(reason) => Err(reason),
            }
        } else {
            Client::Ours(ours(&sandbox, &pasted)).present(DOMAIN, "value").await
        };
        said.push(published.map_or_else(|reason| failure(&reason), |()| "published".to_owned()));
    }
    documented("the secret ends in a line break", &said[0], &said[1]);
}

async fn the_answer_to_a_create_is_lost() {
    let publishes = async |client: &mut Client, sandbox: &Sandbox| {
        sandbox.set_fault("dnspod-timeout-after-commit=1").unwrap();
        let said = client.present(DOMAIN, "value").await;
        let records = sandbox.txt_values(NAME).len();
        match said {
            Ok(()) => format!("published; records: {records}"),
            Err(_) => format!("fails; records: {records}"),
        }
    };
    compare("the answer to a create is lost", Sandbox::builder(), publishes).await;
}

async fn one_call_is_throttled() {
    let publishes = async |client: &mut Client, sandbox: &Sandbox| {
        sandbox.set_fault("dnspod-throttled=1").unwrap();
        let said = client.present(DOMAIN, "value").await;
        said.map_or_else(|reason| failure(&reason), |()| "published".to_owned())
    };
    compare("one call is throttled", Sandbox::builder(), publishes).await;
}

/// One of the two providers, told the same in the same words.
enum Client {
    Lego(Box<LegoBridge>),
    Ours(DnsPod),
}

impl Client {
    async fn present(&mut self, domain: &str, key_authorization: &str) -> Result<(), String> {
        match self {
            Self::Lego(lego) => lego.present(domain, key_authorization).await,
            Self::Ours(dnspod) => {
                let record = record(domain, key_authorization);
                dnspod.append_txt(&record).await.map_err(|error| error.to_string())
            }
        }
    }

    async fn cleanup(&mut self, domain: &str, key_authorization: &str) -> Result<(), String> {
        match self {
            Self::Lego(lego) => lego.cleanup(domain, key_authorization).await,
            Self::Ours(dnspod) => {
                let record = record(domain, key_authorization);
                dnspod.delete_txt(&record).await.map_err(|error| error.to_string())
            }
        }
    }

    /// The same provider in a process that remembers nothing.
    async fn restarted(&self, sandbox: &Sandbox) -> Self {
        match self {
            Self::Lego(_) => Self::Lego(Box::new(lego(sandbox).await)),
            Self::Ours(_) => Self::Ours(ours(sandbox, sandbox.secret_key())),
        }
    }
}

/// Runs the same with each provider, at a sandbox of its own, and holds the page to what it says.
async fn compare(
    trouble: &str,
    builder: Builder,
    run: impl AsyncFn(&mut Client, &Sandbox) -> String,
) {
    let theirs = builder.clone().start().await.unwrap();
    let mut lego = Client::Lego(Box::new(lego(&theirs).await));
    let lego = run(&mut lego, &theirs).await;
    let sandbox = builder.start().await.unwrap();
    let mut ours = Client::Ours(ours(&sandbox, sandbox.secret_key()));
    let ours = run(&mut ours, &sandbox).await;
    documented(trouble, &lego, &ours);
}

/// The page has this row and no other of this trouble.
fn documented(trouble: &str, lego: &str, ours: &str) {
    let page = include_str!("../../docs/side-by-side.md");
    let row = format!("| {trouble} | {lego} | {ours} |");
    let kept: Vec<&str> =
        page.lines().filter(|line| line.starts_with(&format!("| {trouble} |"))).collect();
    assert_eq!(kept, [row], "docs/side-by-side.md");
}

async fn beside_others(client: &mut Client, sandbox: &Sandbox, others: usize) -> String {
    for n in 0..others {
        sandbox.add_record(NAME, "TXT", &format!("of others {n}")).unwrap();
    }
    client.present(DOMAIN, "value").await.unwrap();
    let said = client.cleanup(DOMAIN, "value").await;
    let left = sandbox.txt_values(NAME);
    let of_others = left.iter().filter(|value| value.starts_with("of others")).count();
    let own = if left.len() > of_others { "its own stays" } else { "its own is gone" };
    let said = if said.is_ok() { "reports success" } else { "fails" };
    format!("{said}; {own}, {} of theirs are gone", others - of_others)
}

async fn lego(sandbox: &Sandbox) -> LegoBridge {
    LegoBridge::with_variables(sandbox, key(sandbox)).await.unwrap()
}

fn key(sandbox: &Sandbox) -> Value {
    json!({
        "TENCENTCLOUD_SECRET_ID": sandbox.secret_id(),
        "TENCENTCLOUD_SECRET_KEY": sandbox.secret_key(),
        // Of one request, in seconds; so that a lost answer is given up soon.
        "TENCENTCLOUD_HTTP_TIMEOUT": "2",
    })
}

fn ours(sandbox: &Sandbox, secret_key: &str) -> DnsPod {
    let credential = Credential::new(sandbox.secret_id(), secret_key).unwrap();
    let http = HttpOptions {
        extra_roots: vec![sandbox.root_pem().to_owned()],
        timeout: Duration::from_secs(2),
        ..HttpOptions::default()
    };
    let endpoint = sandbox.dnspod_tls_endpoint().parse().unwrap();
    DnsPod::builder(credential).endpoint(endpoint).http(http).build().unwrap()
}

fn record(domain: &str, key_authorization: &str) -> TxtRecord {
    TxtRecord {
        name: format!("_acme-challenge.{domain}").parse().unwrap(),
        value: challenge_value(key_authorization),
    }
}

/// A failure by its code, which is what is the same each time.
fn failure(reason: &str) -> String {
    let code = reason.split([' ', ',', ':', '=', ')']).find(|word| {
        word.split_once('.').is_some_and(|(family, rest)| {
            [family, rest].iter().all(|part| {
                part.starts_with(char::is_uppercase) && part.chars().all(char::is_alphabetic)
            })
        }) || matches!(*word, "RequestLimitExceeded" | "UnauthorizedOperation")
    });
    format!("fails: {}", code.unwrap_or(reason))
}
