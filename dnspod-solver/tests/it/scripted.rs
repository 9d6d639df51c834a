//! A server that answers each call as the test says: for answers that no honest server gives, counted to the call.
//!
//! It runs on the test's own thread, so that a paused clock moves only while nobody has anything to do.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_core::dns01::TxtRecord;
use dnspod_solver::{Credential, DnsPod, DnsPodBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `X-TC-Action`, or the path where there is none.
    pub(crate) action: String,
    /// How many calls of this action came before.
    pub(crate) number: usize,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    /// The JSON, or the fields of the form.
    pub(crate) body: Value,
}

/// What to answer.
pub(crate) enum Reply {
    /// `{"Response": …}` with status 200.
    Json(Value),
    /// This JSON as it stands, with status 200.
    Bare(Value),
    /// These bytes, head and body, and the end of the connection.
    Raw(String),
    /// The same, so much later.
    Later(Duration, Value),
    /// Nothing, ever.
    Hang,
}

type Script = dyn Fn(&Call) -> Reply + Send + Sync;

pub(crate) struct Scripted {
    pub(crate) url: Url,
    calls: Arc<Mutex<Vec<Call>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Scripted {
    pub(crate) async fn start(script: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let server = tokio::spawn({
            let calls = Arc::clone(&calls);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&calls)));
                }
            }
        });
        Self { url, calls, server }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.url.authority().to_owned()
    }

    /// A provider that calls this server.
    pub(crate) fn builder(&self) -> DnsPodBuilder {
        let credential = Credential::new("AKIDexample", "key").unwrap_or_else(|e| panic!("{e}"));
        DnsPod::builder(credential).endpoint(self.url.clone())
    }

    pub(crate) fn dnspod(&self) -> DnsPod {
        self.builder().build().unwrap_or_else(|e| panic!("{e}"))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The calls of `action`.
    pub(crate) fn calls_of(&self, action: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.action == action).collect()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Answers as an account does that has the one zone `ws.example`, accepts every record and lists none.
pub(crate) fn usual(call: &Call) -> Reply {
    if call.action == "DescribeDomainList" {
        return domain_list(&["ws.example"]);
    }
    if call.body["Domain"] != "ws.example" {
        return error("InvalidParameterValue.DomainNotExists", "");
    }
    match call.action.as_str() {
        "DescribeDomain" => domain_info("ws.example", "enable"),
        "DescribeRecordList" => records(&[]),
        "CreateRecord" => Reply::Json(json!({ "RecordId": 7000 + call.number })),
        "DeleteRecord" => Reply::Json(json!({})),
        other => panic!("{other} is not called"),
    }
}

pub(crate) fn error(code: &str, message: &str) -> Reply {
    Reply::Json(json!({ "Error": { "Code": code, "Message": message } }))
}

pub(crate) fn domain_info(domain: &str, status: &str) -> Reply {
    Reply::Json(json!({
        "DomainInfo": { "DomainId": 1923, "Domain": domain, "Status": status, "IsSubDomain": false }
    }))
}

/// A list of zones in service, their ids from 1923 on.
pub(crate) fn domain_list(names: &[&str]) -> Reply {
    let list: Vec<Value> = (1923..)
        .zip(names)
        .map(|(id, name)| {
            json!({ "DomainId": id, "Name": name, "Punycode": name, "Status": "ENABLE" })
        })
        .collect();
    Reply::Json(json!({
        "DomainCountInfo": { "DomainTotal": list.len(), "AllTotal": list.len() },
        "DomainList": list,
    }))
}

/// A list of TXT records: id, name below the zone, value.
pub(crate) fn records(records: &[(u64, &str, &str)]) -> Reply {
    let list: Vec<Value> = records
        .iter()
        .map(|(id, name, value)| {
            json!({
                "RecordId": id, "Name": name, "Type": "TXT", "Value": value, "Line": "默认", "LineId": "0",
                "Status": "ENABLE", "TTL": 600, "MX": null, "Weight": null,
            })
        })
        .collect();
    Reply::Json(json!({
        "RecordCountInfo": { "SubdomainCount": 1, "TotalCount": list.len(), "ListCount": list.len() },
        "RecordList": list,
    }))
}

pub(crate) fn txt(name: &str, value: &str) -> TxtRecord {
    TxtRecord { name: name.parse().unwrap(), value: value.to_owned() }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, calls: Arc<Mutex<Vec<Call>>>) {
    let mut unread = Vec::new();
    while let Some(mut call) = read_call(&mut stream, &mut unread).await {
        {
            let mut calls = calls.lock().unwrap();
            call.number = calls.iter().filter(|earlier| earlier.action == call.action).count();
            calls.push(call.clone());
        }
        let mut reply = script(&call);
        if let Reply::Later(delay, response) = reply {
            tokio::time::sleep(delay).await;
            reply = Reply::Json(response);
        }
        match reply {
            Reply::Later(..) => unreachable!("it was waited for"),
            Reply::Hang => std::future::pending().await,
            Reply::Raw(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                return;
            }
            Reply::Json(mut response) => {
                response["RequestId"] = json!("0d4a3f0e-request");
                if !answer(&mut stream, &json!({ "Response": response })).await {
                    return;
                }
            }
            Reply::Bare(response) => {
                if !answer(&mut stream, &response).await {
                    return;
                }
            }
        }
    }
}

/// Whether the client was still there.
async fn answer(stream: &mut TcpStream, body: &Value) -> bool {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.is_ok()
}

async fn read_call(stream: &mut TcpStream, unread: &mut Vec<u8>) -> Option<Call> {
    let head_end = loop {
        if let Some(at) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(unread).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(unread[..head_end].to_vec()).unwrap();
    let headers: HashMap<String, String> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    while unread.len() < head_end + length {
        if stream.read_buf(unread).await.ok()? == 0 {
            return None;
        }
    }
    let body = &unread[head_end..head_end + length];
    let body = if length == 0 {
        Value::Null
    } else if headers["content-type"] == "application/x-www-form-urlencoded" {
        let fields = url::form_urlencoded::parse(body);
        fields.map(|(name, value)| (name.into_owned(), json!(value))).collect()
    } else {
        serde_json::from_slice(body).unwrap()
    };
    unread.drain(..head_end + length);
    let action = headers.get("x-tc-action").cloned().unwrap_or_else(|| {
        let path = head.split(' ').nth(1).expect("a request has a path");
        path.trim_start_matches('/').to_owned()
    });
    Some(Call { action, number: 0, headers, body })
}
