//! An account of the legacy API for the scripted server: what it answers unless a test says otherwise.

use dnspod_solver::{DnsPod, DnsPodBuilder, LoginToken};
use serde_json::{Value, json};

use crate::scripted::{Call, Reply, Scripted};

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A provider that calls `server` by the legacy API.
pub(crate) fn builder(server: &Scripted) -> DnsPodBuilder {
    let token = LoginToken::new("12345", SECRET).unwrap_or_else(|e| panic!("{e}"));
    DnsPod::legacy(token).endpoint(server.url.clone())
}

pub(crate) fn dnspod(server: &Scripted) -> DnsPod {
    builder(server).build().unwrap_or_else(|e| panic!("{e}"))
}

/// Answers as an account does that has the one zone `ws.example`, accepts every record and lists none.
pub(crate) fn usual(call: &Call) -> Reply {
    match call.action.as_str() {
        "Domain.Info" if call.body["domain"] == "ws.example" => domain("ws.example", "enable"),
        "Domain.Info" => status("13", "当前域名有误，请返回重新操作。"),
        "Domain.List" => domains(&["ws.example"], 1),
        "Record.List" => records(&[]),
        "Record.Create" => created(7000 + call.number),
        "Record.Remove" => status("1", "Operation successful"),
        other => panic!("{other} is not called"),
    }
}

/// An answer that holds no more than its status.
pub(crate) fn status(code: &str, message: &str) -> Reply {
    Reply::Bare(json!({
        "status": { "code": code, "message": message, "created_at": "2024-07-01 00:00:00" }
    }))
}

/// What `Domain.Info` answers: the id in quotes.
pub(crate) fn domain(name: &str, state: &str) -> Reply {
    done(json!({
        "domain": { "id": "1923", "name": name, "punycode": name, "grade": "DP_Free", "status": state,
                    "ttl": "600", "remark": false, "owner": "a@b.c" }
    }))
}

/// A page of `Domain.List`, of `total` zones: ids without quotes, from 1923 on.
pub(crate) fn domains(names: &[&str], total: usize) -> Reply {
    let list: Vec<Value> = (1923..)
        .zip(names)
        .map(|(id, name)| json!({ "id": id, "name": name, "punycode": name, "status": "enable" }))
        .collect();
    done(json!({ "info": { "domain_total": total, "all_total": total }, "domains": list }))
}

/// A page of `Record.List` that is the whole list: id, name below the zone, value. Ids and counts are in quotes.
pub(crate) fn records(records: &[(u64, &str, &str)]) -> Reply {
    page(records, records.len())
}

/// The same, of `total` records.
pub(crate) fn page(records: &[(u64, &str, &str)], total: usize) -> Reply {
    let list: Vec<Value> = records
        .iter()
        .map(|(id, name, value)| {
            json!({
                "id": id.to_string(), "ttl": "600", "value": value, "enabled": "1", "status": "enabled",
                "name": name, "line": "默认", "line_id": "0", "type": "TXT", "weight": null, "mx": "0",
            })
        })
        .collect();
    done(json!({
        "domain": { "id": 1923, "name": "ws.example" },
        "info": { "sub_domains": total.to_string(), "record_total": total.to_string(),
                  "records_num": list.len().to_string() },
        "records": list,
    }))
}

/// What `Record.Create` answers.
pub(crate) fn created(id: usize) -> Reply {
    done(json!({
        "record": { "id": id.to_string(), "name": "_acme-challenge", "status": "enable", "weight": null }
    }))
}

fn done(mut answer: Value) -> Reply {
    answer["status"] =
        json!({ "code": "1", "message": "操作已经成功完成", "created_at": "2024-07-01 00:00:00" });
    Reply::Bare(answer)
}
