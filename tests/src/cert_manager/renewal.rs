//! A renewal that a person asks for.

use acme_core::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::control_plane::{KubeClient, ObjectPath};

/// How often the Certificate may be changed by cert-manager in between.
const TRIES: usize = 5;

/// Asks for a renewal of a Certificate that was issued before, by the condition that `cmctl renew` sets
/// (<https://cert-manager.io/docs/reference/cmctl/#renew>), and by the same subresource.
///
/// # Errors
/// A sentence: it was never issued, or kube-apiserver refuses.
pub async fn renew(admin: &KubeClient, certificate: &ObjectPath) -> Result<(), String> {
    let mut refusal = String::new();
    for _ in 0..TRIES {
        let mut object = admin.get(certificate).await.map_err(|error| error.to_string())?;
        set_issuing(&mut object)?;
        let path = format!("{certificate}/status");
        let body = Some(("application/json", object.to_string()));
        match admin.request(Method::PUT, &path, body).await {
            Ok(_) => return Ok(()),
            // The object has changed since it was read.
            Err(error) if error.code() == Some(409) => refusal = error.to_string(),
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(refusal)
}

fn set_issuing(certificate: &mut Value) -> Result<(), String> {
    let issuing = json!({
        "type": "Issuing",
        "status": "True",
        "reason": "ManuallyTriggered",
        "message": "Certificate re-issuance manually triggered",
        "lastTransitionTime": SystemClock.now().truncate_to_second().format(&Rfc3339).ok(),
        "observedGeneration": certificate["metadata"]["generation"],
    });
    let conditions = certificate["status"]["conditions"].as_array_mut();
    let conditions = conditions.ok_or("the Certificate has no conditions yet")?;
    conditions.retain(|condition| condition["type"] != "Issuing");
    conditions.push(issuing);
    Ok(())
}
