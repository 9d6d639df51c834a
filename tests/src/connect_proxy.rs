//! An HTTP proxy that takes every host for one on this machine: clients whose servers are fixed reach a test's.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sandbox::Sandbox;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

/// No head of a request is longer.
const LONGEST_HEAD: usize = 16 * 1024;

/// The proxy; it and its connections are gone when dropped.
#[derive(Debug)]
pub struct ConnectProxy {
    address: SocketAddr,
    targets: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl ConnectProxy {
    /// Starts a proxy that takes each of these ports, of whatever host, for that address.
    pub async fn start(addresses: BTreeMap<u16, SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let targets = Arc::default();
        let task = tokio::spawn(accept(listener, Arc::new(addresses), Arc::clone(&targets)));
        Ok(Self { address, targets, task })
    }

    /// Starts a proxy behind which every host is the Tencent side of a sandbox, with TLS on 443 and without on 80.
    pub async fn to_tencent(sandbox: &Sandbox) -> io::Result<Self> {
        let tls = socket_address(&sandbox.dnspod_tls_endpoint())?;
        let plain = socket_address(&sandbox.dnspod_endpoint())?;
        Self::start(BTreeMap::from([(443, tls), (80, plain)])).await
    }

    /// What the clients are told: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What clients asked for, oldest first: `host:443` of a CONNECT (RFC 9110 §9.3.6), or the URL of a plain request.
    pub fn targets(&self) -> Vec<String> {
        lock(&self.targets).clone()
    }

    /// How many times a client asked for a tunnel.
    pub fn connects(&self) -> usize {
        lock(&self.targets).iter().filter(|target| !target.contains("://")).count()
    }
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        // The task owns the listener and every connection's task.
        self.task.abort();
    }
}

type Addresses = BTreeMap<u16, SocketAddr>;

fn socket_address(endpoint: &str) -> io::Result<SocketAddr> {
    let url = Url::parse(endpoint).map_err(io::Error::other)?;
    let addresses = url.socket_addrs(|| None)?;
    addresses.into_iter().next().ok_or(io::ErrorKind::NotFound.into())
}

fn lock(targets: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    targets.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: TcpListener,
    addresses: Arc<Addresses>,
    targets: Arc<Mutex<Vec<String>>>,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (addresses, targets) = (Arc::clone(&addresses), Arc::clone(&targets));
        connections.spawn(async move {
            // Either side's end is no error here: each tells its own.
            let _ = serve(stream, &addresses, &targets).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    mut client: TcpStream,
    addresses: &Addresses,
    targets: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let head = read_head(&mut client).await?;
    let text = String::from_utf8_lossy(&head);
    let mut words = text.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_tunnel = method == "CONNECT";
    let port = if is_tunnel {
        target.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    } else {
        Url::parse(target).ok().and_then(|url| url.port_or_known_default())
    };
    lock(targets).push(target.to_owned());
    let Some(address) = port.and_then(|port| addresses.get(&port)) else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n").await;
    };
    let mut server = TcpStream::connect(address).await?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    if is_tunnel {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        // A server takes a request in absolute form as it is (RFC 9112 §3.2.2).
        server.write_all(&head).await?;
    }
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Reads up to the empty line; of a CONNECT nothing follows it until it is answered.
async fn read_head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if client.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxy: &ConnectProxy, sandbox: &Sandbox) -> reqwest::Client {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(sandbox.root_pem().as_bytes()).unwrap();
        let proxy = reqwest::Proxy::all(proxy.url()).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).proxy(proxy).build().unwrap()
    }

    #[tokio::test]
    async fn both_ports_of_any_host_lead_to_the_sandbox() {
        let sandbox = Sandbox::start().await.unwrap();
        let proxy = ConnectProxy::to_tencent(&sandbox).await.unwrap();
        let client = client(&proxy, &sandbox);
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://dnspod.tencentcloudapi.com/");
            let answer = client.post(url).header("x-tc-action", scheme).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
        assert_eq!(sandbox.dnspod_calls(), ["https", "http"]);
        let targets = ["dnspod.tencentcloudapi.com:443", "http://dnspod.tencentcloudapi.com/"];
        assert_eq!(proxy.targets(), targets);
        assert_eq!(proxy.connects(), 1);
    }

    #[tokio::test]
    async fn another_port_leads_nowhere() {
        let sandbox = Sandbox::start().await.unwrap();
        let proxy = ConnectProxy::to_tencent(&sandbox).await.unwrap();
        let client = client(&proxy, &sandbox);
        assert!(client.get("https://dnspod.tencentcloudapi.com:8443/").send().await.is_err());
        let plain = client.get("http://dnspod.tencentcloudapi.com:8080/").send().await.unwrap();
        assert_eq!(plain.status(), 502);
    }
}
