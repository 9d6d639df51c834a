//! Another program that uses our account at a CA: what it does there, our own code must cope with.

use std::pin::Pin;

use acme_core::store::StoredAccount;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use instant_acme::{Account, AccountBuilder, BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

/// The account `stored`, at a CA whose HTTPS is trusted by `tls_root`.
///
/// # Errors
/// A sentence: the account is not registered, or the CA does not answer.
pub async fn account(stored: &StoredAccount, tls_root: &str) -> Result<Account, String> {
    let url = stored.url.as_ref().ok_or("the account is not registered")?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(stored.key_pem.as_bytes())
        .map_err(|error| error.to_string())?;
    let http = Http(crate::pebble::client(tls_root).map_err(|error| error.to_string())?);
    let builder: AccountBuilder = Account::builder_with_http(Box::new(http));
    builder
        .from_parts(url.to_string(), key, stored.directory.to_string())
        .await
        .map_err(|error| error.to_string())
}

struct Http(reqwest::Client);

impl HttpClient for Http {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(parts, body.to_bytes());
            let request =
                reqwest::Request::try_from(request).map_err(|e| Error::Other(e.into()))?;
            let answer = client.execute(request).await.map_err(|e| Error::Other(e.into()))?;
            Ok(Response::<reqwest::Body>::from(answer).into())
        })
    }
}
