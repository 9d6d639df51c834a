//! From an order to a certificate.

use std::sync::Arc;

use rcgen::PublicKeyData;
use sandbox::Sandbox;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::client::{Client, pem_chain};

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
