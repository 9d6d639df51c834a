//! Appends a TXT record at DNSPod, and deletes it when Enter is pressed.
//!
//! ```text
//! export TENCENTCLOUD_SECRET_ID=AKID… TENCENTCLOUD_SECRET_KEY=…
//! cargo run -p dnspod-solver --example append_txt -- _acme-challenge.ws.example some-value
//! ```
//!
//! To try it without an account, take the keys and the endpoint that `certctl sandbox` prints, and put the endpoint
//! (`http://127.0.0.1:PORT`) at the end of the line.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::error::Error;
use std::process::ExitCode;

use acme_core::dns01::{DnsProvider, TxtRecord};
use dnspod_solver::{Credential, DnsPod};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, value, endpoint) = match arguments.as_slice() {
        [name, value] => (name, value, None),
        [name, value, endpoint] => (name, value, Some(endpoint.parse()?)),
        _ => return Err("usage: append_txt NAME VALUE [ENDPOINT]".into()),
    };

    let id = variable("TENCENTCLOUD_SECRET_ID")?;
    let key = variable("TENCENTCLOUD_SECRET_KEY")?;
    let mut builder = DnsPod::builder(Credential::new(&id, &key)?);
    if let Some(endpoint) = endpoint {
        builder = builder.endpoint(endpoint);
    }
    let dnspod = builder.build()?;

    let record = TxtRecord { name: name.parse()?, value: value.clone() };
    dnspod.append_txt(&record).await?;
    println!("{name} has the TXT value {value}. Press Enter to delete it.");
    std::io::stdin().read_line(&mut String::new())?;
    dnspod.delete_txt(&record).await?;
    println!("Deleted; {} calls of the API in all.", dnspod.calls());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an example has no config.rs")]
fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("set {name}"))
}
