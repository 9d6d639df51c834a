//! How many connections the calls need.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use acme_core::dns01::DnsProvider;
use acme_core::http::HttpOptions;
use dnspod_solver::{Credential, DnsPod};
use sandbox::Sandbox;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::scripted::txt;

/// Passes connections on to a server and counts them.
struct Relay {
    port: u16,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Relay {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                let mut server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { port, connections, task }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn provider(sandbox: &Sandbox, endpoint: &str) -> DnsPod {
    let credential = Credential::new(sandbox.secret_id(), sandbox.secret_key()).unwrap();
    let http =
        HttpOptions { extra_roots: vec![sandbox.root_pem().to_owned()], ..HttpOptions::default() };
    DnsPod::builder(credential).endpoint(endpoint.parse().unwrap()).http(http).build().unwrap()
}

/// Appends and deletes so many records, one after the other.
async fn one_by_one(dnspod: &DnsPod, records: usize) {
    for i in 0..records {
        let record = txt("_acme-challenge.ws.example", &i.to_string());
        dnspod.append_txt(&record).await.unwrap();
        dnspod.delete_txt(&record).await.unwrap();
    }
}

#[tokio::test]
async fn one_tls_connection_serves_many_calls_at_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let relay = Relay::to(sandbox.dnspod_tls_endpoint().replace("https://", "")).await;
    let dnspod = provider(&sandbox, &format!("https://127.0.0.1:{}", relay.port));
    one_by_one(&dnspod, 10).await;
    let mut appends = tokio::task::JoinSet::new();
    for i in 0..50 {
        let dnspod = dnspod.clone();
        appends.spawn(async move {
            dnspod.append_txt(&txt("_acme-challenge.ws.example", &format!("together {i}"))).await
        });
    }
    for appended in appends.join_all().await {
        appended.unwrap();
    }
    assert!(dnspod.calls() > 70);
    // By HTTP/2, which the sandbox offers: fifty requests at once share the connection that ten had before them.
    assert_eq!(relay.connections(), 1);
}

#[tokio::test]
async fn without_http_2_a_connection_is_used_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let relay = Relay::to(sandbox.dnspod_endpoint().replace("http://", "")).await;
    let dnspod = provider(&sandbox, &format!("http://127.0.0.1:{}", relay.port));
    one_by_one(&dnspod, 10).await;
    assert!(dnspod.calls() > 20);
    assert_eq!(relay.connections(), 1);
}
