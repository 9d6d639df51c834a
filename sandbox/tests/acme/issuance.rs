//! From an order to a certificate.

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, PublicKeyData, SanType};
use sandbox::Sandbox;
use serde_json::json;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

use crate::client::{AccountKey, Client, csr, identifiers, pem_chain};

fn parse(der: &[u8]) -> X509Certificate<'_> {
    X509Certificate::from_der(der).unwrap().1
}

fn names<'a>(certificate: &'a X509Certificate<'a>) -> Vec<&'a str> {
    let alternatives = certificate.subject_alternative_name().unwrap().unwrap();
    alternatives
        .value
        .general_names
        .iter()
        .map(|name| match name {
            GeneralName::DNSName(name) => *name,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn an_apex_and_its_wildcard_get_a_certificate_below_the_published_root() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let order = client.order(&["*.ws.example", "ws.example"]).await;

    let wildcards: Vec<bool> = order
        .authorizations()
        .await
        .iter()
        .map(|(_, authorization)| {
            assert_eq!(authorization["identifier"]["value"], "ws.example");
            authorization["wildcard"] == true
        })
        .collect();
    assert_eq!(wildcards, [true, false]);

    let issued = order.issue(&["ws.example", "*.ws.example"]).await;
    assert_eq!(issued.answer.header("content-type"), "application/pem-certificate-chain");
    let [leaf, intermediate] = issued.chain.as_slice() else { panic!("not two certificates") };
    let (leaf, intermediate) = (parse(leaf), parse(intermediate));
    assert_eq!(names(&leaf), ["*.ws.example", "ws.example"]);
    assert_eq!(leaf.public_key().raw, issued.key.subject_public_key_info());
    leaf.verify_signature(Some(intermediate.public_key())).unwrap();
    let root = pem_chain(&sandbox.issuer_root_pem()).remove(0);
    intermediate.verify_signature(Some(parse(&root).public_key())).unwrap();
}

#[tokio::test]
async fn the_alternate_chain_ends_at_the_other_root() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let url = issued.answer.link("alternate").unwrap();
    let alternate = client.get(&url).await.success();
    assert_eq!(alternate.link("alternate"), Some(issued.url));
    let chain = pem_chain(&alternate.body);
    assert_eq!(chain[0], issued.chain[0]);
    let root = pem_chain(&sandbox.alternate_issuer_root_pem()).remove(0);
    parse(&chain[1]).verify_signature(Some(parse(&root).public_key())).unwrap();
    parse(&chain[0]).verify_signature(Some(parse(&chain[1]).public_key())).unwrap();
}

#[tokio::test]
async fn a_name_that_is_refused_is_named_in_the_subproblems() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let answer = client.new_order(&["ws.example", "a.blocked.example"]).await;
    let problem = answer.problem(400, "rejectedIdentifier");
    let subproblems = problem["subproblems"].as_array().unwrap();
    assert_eq!(subproblems.len(), 1);
    assert_eq!(subproblems[0]["identifier"]["value"], "a.blocked.example");
    assert_eq!(subproblems[0]["type"], "urn:ietf:params:acme:error:rejectedIdentifier");
}

#[tokio::test]
async fn certificates_have_what_a_tls_server_needs_and_nothing_else() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let issued = client.order(&["*.ws.example"]).await.issue(&["*.ws.example"]).await;
    let leaf = parse(&issued.chain[0]);
    let validity = leaf.validity();
    let lifetime = validity.not_after.timestamp() - validity.not_before.timestamp() + 1;
    assert_eq!(lifetime, 90 * 24 * 3600);
    assert!(validity.is_valid());
    assert!(!leaf.is_ca());
    assert_eq!(leaf.subject().iter().count(), 0);
    let serial = leaf.raw_serial();
    assert!((16..=17).contains(&serial.len()) && serial[0] < 0x80);
    let extended = leaf.extended_key_usage().unwrap().unwrap();
    assert!(extended.value.server_auth && !extended.value.client_auth && !extended.value.any);
    let usage = leaf.key_usage().unwrap().unwrap();
    assert!(usage.value.digital_signature() && !usage.value.key_encipherment());
    let mut key_identifiers = 0;
    for extension in leaf.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(_)
            | ParsedExtension::SubjectKeyIdentifier(_) => {
                key_identifiers += 1;
            }
            _ => {}
        }
    }
    assert_eq!(key_identifiers, 2);
}

#[tokio::test]
async fn short_lived_certificates_live_six_days() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let payload = json!({ "identifiers": identifiers(&["ws.example"]), "profile": "shortlived" });
    let order = client.post(&client.url("newOrder"), &payload).await.success();
    let issued = client.existing_order(order.header("location")).issue(&["ws.example"]).await;
    let leaf = parse(&issued.chain[0]);
    let validity = leaf.validity();
    assert_eq!(validity.not_after.timestamp() - validity.not_before.timestamp() + 1, 6 * 24 * 3600);
}

#[tokio::test]
async fn keys_of_three_kinds_are_certified() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    for algorithm in
        [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_RSA_SHA256]
    {
        let order = client.order(&["ws.example"]).await;
        order.authorize().await;
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let order = order.finalize(&csr(&["ws.example"], &key)).await.success().json();
        let pem = client.get(order["certificate"].as_str().unwrap()).await.success().body;
        let chain = pem_chain(&pem);
        assert_eq!(parse(&chain[0]).public_key().raw, key.subject_public_key_info());
    }
}

#[tokio::test]
async fn a_csr_has_to_fit_the_order() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let names = ["*.ws.example", "ws.example"];
    let order = client.order(&names).await;
    let key = rcgen::KeyPair::generate().unwrap();
    order.finalize(&csr(&names, &key)).await.problem(403, "orderNotReady");
    order.authorize().await;

    let good = csr(&names, &key);
    let mut forged = good.clone();
    // The last byte belongs to the signature.
    *forged.last_mut().unwrap() ^= 1;
    let with_rest = [good.as_slice(), &[0]].concat();
    let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let mut common_name = CertificateParams::new(names.map(str::to_owned)).unwrap();
    common_name.distinguished_name.push(DnType::CommonName, "other.ws.example");
    let mut address = CertificateParams::new(names.map(str::to_owned)).unwrap();
    address.distinguished_name = DistinguishedName::new();
    address.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into()));
    let AccountKey::P256(account_pair) = &client.key else { panic!("a new key is on P-256") };
    let account_pkcs8 = account_pair.to_pkcs8v1().unwrap();
    let account_key = rcgen::KeyPair::try_from(account_pkcs8.as_ref()).unwrap();
    for (what, bad) in [
        ("no CSR", b"not a CSR".to_vec()),
        ("nothing", Vec::new()),
        ("a forged signature", forged),
        ("something behind it", with_rest),
        ("a name too few", csr(&["ws.example"], &key)),
        ("a name too many", csr(&["*.ws.example", "ws.example", "a.ws.example"], &key)),
        ("no names", csr(&[], &key)),
        ("another common name", common_name.serialize_request(&key).unwrap().der().to_vec()),
        ("an address", address.serialize_request(&key).unwrap().der().to_vec()),
        ("an Ed25519 key", csr(&names, &ed25519)),
        ("the account's key", csr(&names, &account_key)),
    ] {
        let problem = order.finalize(&bad).await.problem(400, "badCSR");
        assert_eq!(order.fetch().await["status"], "ready", "{what}: {problem:#}");
    }
    let upper = csr(&["WS.example", "*.ws.example"], &key);
    let finalized = order.finalize(&upper).await.success().json();
    assert_eq!(finalized["status"], "valid");
    order.finalize(&good).await.problem(403, "orderNotReady");
}

#[tokio::test]
async fn a_certificate_is_given_to_its_account_only() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let issued = client.order(&["ws.example"]).await.issue(&["ws.example"]).await;
    let other = Client::new(&sandbox).await;
    other.get(&issued.url).await.problem(404, "malformed");
    other.get(&format!("{}/alternate", issued.url)).await.problem(404, "malformed");
    client.post(&issued.url, &json!({})).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_hundred_names_and_an_idn_fit_into_one_certificate() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let client = Client::new(&sandbox).await;
    let mut all: Vec<String> = (0..99).map(|number| format!("n{number:02}.ws.example")).collect();
    all.push("*.xn--bcher-kva.example".to_owned());
    all.sort();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let issued = client.order(&all).await.issue(&all).await;
    assert_eq!(names(&parse(&issued.chain[0])), all);
}
