//! lego's ACME client.

use super::prepared::{Order, Prepared};
use crate::client_home::ClientHome;
use crate::real_part::RealPart;

/// lego with its `httpreq` provider and its own waits.
///
/// # Errors
/// A sentence: it cannot be had.
pub async fn lego(order: Order<'_>) -> Result<Prepared, String> {
    let obtained = RealPart::Lego.obtain().await.map_err(ToString::to_string)?;
    let home = ClientHome::new(&[order.tls_root]).map_err(|error| error.to_string())?;
    let mut command = obtained.command();
    command
        .args(["-server", order.directory.as_str(), "-email", "a@ws.example"])
        .args(["-domains", &order.names.join(",")])
        .args(["-resolver", &order.resolver.to_string(), "-out"])
        .arg(home.path())
        .env("LEGO_CA_CERTIFICATES", home.roots())
        .env("HTTPREQ_ENDPOINT", order.hook.endpoint());
    if let Some((kid, key)) = order.external_account {
        command.args(["-eab-kid", kid, "-eab-hmac", key]);
    }
    Ok(Prepared { command, home, files: ["fullchain.pem", "privkey.pem"] })
}
