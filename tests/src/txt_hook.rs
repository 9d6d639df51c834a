//! Lets clients that know nothing of DNSPod edit a test's zone: an HTTP server that speaks the protocol of lego's
//! `httpreq` provider.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use sandbox::{RecordError, Sandbox};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Makes a TXT record appear or disappear: name without its final dot, value, whether it is to be there.
pub type EditTxt = dyn Fn(&str, &str, bool) -> Result<(), String> + Send + Sync;

/// The server; it is gone when dropped.
#[derive(Debug)]
pub struct TxtHook {
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Deserialize)]
struct Message {
    fqdn: String,
    value: String,
}

impl TxtHook {
    /// Starts the server on a port of the system's choosing.
    pub async fn start(edit: Arc<EditTxt>) -> std::io::Result<Self> {
        let router = Router::new()
            .route("/present", post(async |state, message| edit_zone(state, message, true)))
            .route("/cleanup", post(async |state, message| edit_zone(state, message, false)))
            .with_state(edit);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // It ends when the task is aborted, and a loopback listener does not fail.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task })
    }

    /// Starts a server that edits the zones of a sandbox.
    pub async fn for_sandbox(sandbox: Arc<Sandbox>) -> std::io::Result<Self> {
        Self::start(Arc::new(move |name, value, present| {
            let edited = if present {
                sandbox.add_record(name, "TXT", value)
            } else {
                sandbox.remove_record(name, "TXT", value)
            };
            match edited {
                Err(RecordError::Exists(_)) | Ok(()) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        }))
        .await
    }

    /// What the clients are told: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for TxtHook {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn edit_zone(
    State(edit): State<Arc<EditTxt>>,
    Json(message): Json<Message>,
    present: bool,
) -> Result<(), (StatusCode, String)> {
    edit(message.fqdn.trim_end_matches('.'), &message.value, present)
        .map_err(|reason| (StatusCode::UNPROCESSABLE_ENTITY, reason))
}
