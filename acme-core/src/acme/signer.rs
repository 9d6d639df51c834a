//! `instant-acme` as what makes signed requests (RFC 8555 §6.2), and nothing else.
//!
//! It is made for one call after the other: it asks for its own nonces, tries again by its own rules and interprets
//! every answer. Here it never reaches the network. Its HTTP client is a [`Desk`] that answers from prepared bodies
//! until the request that is wanted comes, and keeps that request's body. Since every answer is at hand, its futures end
//! the first time they are polled, and signing is an ordinary function. Who sends the bodies, and what is made of the
//! answers, is decided in this module's neighbours.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::LOCATION;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Collected, Full};
use instant_acme::{
    AccountBuilder, BodyWrapper, BytesResponse, CertificateIdentifier, ChallengeType, Error,
    ExternalAccountKey, HttpClient, Key, NewAccount, NewOrder,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use url::Url;

use super::directory::Directory;
use super::error::AcmeError;
use super::key::AccountKey;
use crate::Identifier;

/// Addresses that only the library and the desk see.
const LOCAL: &str = "https://desk.invalid/";

/// The body of a request that must be signed.
pub(super) enum Payload<'a> {
    /// Nothing: reads the resource (POST-as-GET, RFC 8555 §6.3).
    Nothing,
    /// `{}`: answers a challenge (RFC 8555 §7.5.1).
    Answer,
    /// The contacts of an account (RFC 8555 §7.3.2). The URL is the account's.
    Contact(&'a [&'a str]),
    /// The CSR in DER for an order (RFC 8555 §7.4).
    Csr(&'a [u8]),
    /// A new order (RFC 8555 §7.4). The URL is the directory's.
    Order {
        identifiers: &'a [Identifier],
        profile: Option<&'a str>,
        /// The certificate it replaces (RFC 9773 §5).
        replaces: Option<&'a str>,
    },
}

/// Signs the requests of one account.
pub(super) struct Signer {
    account: instant_acme::Account,
    desk: Desk,
}

impl Signer {
    /// For the account at `url`.
    pub(super) fn new(
        directory: &Directory,
        url: &Url,
        key: &AccountKey,
    ) -> Result<Self, AcmeError> {
        let (desk, builder) = Desk::with_builder(directory);
        let der = PrivatePkcs8KeyDer::from(key.pkcs8_der());
        let account = builder.from_parts(url.to_string(), der, LOCAL.to_owned());
        let account = at_once(account)?.map_err(|error| unsigned(&error))?;
        Ok(Self { account, desk })
    }

    /// The TXT value that answers a DNS-01 challenge (RFC 8555 §8.4).
    pub(super) fn txt_value(&self, token: &str) -> String {
        let key_authorization = format!("{token}.{}", self.account.key_thumbprint());
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key_authorization.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(digest)
    }

    /// The signed body of a request to `url`.
    pub(super) fn sign(
        &self,
        url: &Url,
        payload: &Payload<'_>,
        nonce: &str,
    ) -> Result<Bytes, AcmeError> {
        let url = url.as_str();
        let calling = async {
            // The results are of no interest: the desk refuses the request that it keeps.
            match payload {
                Payload::Nothing => drop(self.account.order(url.to_owned()).await?),
                Payload::Answer => self.answer(url).await?,
                Payload::Contact(contacts) => self.account.update_contacts(contacts).await?,
                Payload::Csr(der) => {
                    self.account.order(LOCAL.to_owned()).await?.finalize_csr(der).await?;
                }
                Payload::Order { identifiers, profile, replaces } => {
                    self.order(identifiers, *profile, *replaces).await?;
                }
            }
            Ok(())
        };
        let steps = match payload {
            Payload::Answer => vec![local_order(LOCAL), local_authorization(url)],
            Payload::Csr(_) => vec![local_order(url)],
            _ => Vec::new(),
        };
        self.desk.take_request(nonce, &steps, calling)
    }

    async fn order(
        &self,
        identifiers: &[Identifier],
        profile: Option<&str>,
        replaces: Option<&str>,
    ) -> Result<(), Error> {
        let identifiers: Vec<_> = identifiers
            .iter()
            .map(|identifier| instant_acme::Identifier::Dns(identifier.to_string()))
            .collect();
        let mut order = NewOrder::new(&identifiers);
        if let Some(profile) = profile {
            order = order.profile(profile);
        }
        if let Some(id) = replaces {
            let (key_identifier, serial) = id.split_once('.').unwrap_or((id, ""));
            order = order.replaces(CertificateIdentifier {
                authority_key_identifier: key_identifier.into(),
                serial: serial.into(),
            });
        }
        self.account.new_order(&order).await.map(drop)
    }

    async fn answer(&self, url: &str) -> Result<(), Error> {
        let mut order = self.account.order(LOCAL.to_owned()).await?;
        let mut authorizations = order.authorizations();
        let Some(authorization) = authorizations.next().await else {
            return Err(Error::Str("no authorization"));
        };
        let mut authorization = authorization?;
        let Some(mut challenge) = authorization.challenge(ChallengeType::Dns01) else {
            return Err(Error::Str("no challenge"));
        };
        debug_assert_eq!(challenge.url, url);
        challenge.set_ready().await
    }
}

/// The signed body of a request for a new account with `key` (RFC 8555 §7.3), or for the account that has this key
/// already (§7.3.1). The library lets no contact be given here.
pub(super) fn sign_new_account(
    directory: &Directory,
    key: &AccountKey,
    only_existing: bool,
    nonce: &str,
) -> Result<Bytes, AcmeError> {
    let (desk, builder) = Desk::with_builder(directory);
    let der = PrivatePkcs8KeyDer::from(key.pkcs8_der().to_vec());
    let key = Key::from_pkcs8_der(der.clone_key()).map_err(|error| unsigned(&error))?;
    let pair = (key, PrivateKeyDer::Pkcs8(der));
    desk.take_request(nonce, &[], async {
        if only_existing {
            builder.from_key(pair, LOCAL.to_owned()).await.map(drop)
        } else {
            builder.create_from_key(pair, LOCAL.to_owned()).await.map(drop)
        }
    })
}

/// The signed body of a request for a new account that is bound to an external one (RFC 8555 §7.3.4), and the
/// account's key.
///
/// The library makes the key itself and hands it out once the account exists, which is too late: if the answer were
/// lost, so would be the account. Here it is told that the account exists, and the key is known before anything is
/// sent. A second signature needs a second key.
pub(super) fn sign_bound_account(
    directory: &Directory,
    contacts: &[&str],
    external: &ExternalAccountKey,
    nonce: &str,
) -> Result<(Bytes, AccountKey), AcmeError> {
    let (desk, builder) = Desk::with_builder(directory);
    desk.papers().account_exists = true;
    let account = NewAccount {
        contact: contacts,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let mut made = None;
    let body = desk.take_request(nonce, &[], async {
        let (_, credentials) = builder.create(&account, LOCAL.to_owned(), Some(external)).await?;
        made = Some(credentials);
        Ok(())
    })?;
    let der = made.as_ref().map(|made| made.private_key().secret_pkcs8_der().to_vec());
    let der = der.ok_or_else(|| unsigned(&"the library gave no key"))?;
    let key = AccountKey::from_pkcs8_der(der).map_err(|error| unsigned(&error))?;
    Ok((body, key))
}

fn unsigned(reason: &impl ToString) -> AcmeError {
    AcmeError::Unsigned { reason: reason.to_string() }
}

/// What a future gives the first time it is polled.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T, AcmeError> {
    future.now_or_never().ok_or_else(|| unsigned(&"the library waited for something"))
}

/// The library's HTTP client. It answers at once and sends nothing.
#[derive(Clone)]
struct Desk(Arc<Parts>);

struct Parts {
    /// Held while one request is signed.
    signing: Mutex<()>,
    papers: Mutex<Papers>,
}

struct Papers {
    /// The directory, with the addresses that the library signs for.
    directory: Bytes,
    nonce: HeaderValue,
    /// Answers to the signed requests that come before the one that is wanted.
    steps: VecDeque<Bytes>,
    /// The body of the request that is wanted.
    wanted: Option<Bytes>,
    /// Whether the wanted request is answered as if it had created an account; otherwise it fails.
    account_exists: bool,
}

fn local_order(finalize: &str) -> serde_json::Value {
    json!({ "status": "ready", "authorizations": [LOCAL], "finalize": finalize })
}

fn local_authorization(challenge: &str) -> serde_json::Value {
    json!({
        "status": "pending",
        "identifier": { "type": "dns", "value": "desk.invalid" },
        "challenges": [{ "type": "dns-01", "status": "pending", "url": challenge, "token": "-" }],
    })
}

impl Desk {
    fn with_builder(directory: &Directory) -> (Self, AccountBuilder) {
        // `renewalInfo` is there because the library refuses `replaces` without it; whether the CA has it is for the
        // caller to know.
        let directory = json!({
            "newNonce": LOCAL,
            "newAccount": directory.new_account,
            "newOrder": directory.new_order,
            "renewalInfo": LOCAL,
        });
        let papers = Papers {
            directory: directory.to_string().into(),
            nonce: HeaderValue::from_static("-"),
            steps: VecDeque::new(),
            wanted: None,
            account_exists: false,
        };
        let desk = Self(Arc::new(Parts { signing: Mutex::default(), papers: Mutex::new(papers) }));
        let builder = instant_acme::Account::builder_with_http(Box::new(desk.clone()));
        (desk, builder)
    }

    /// Runs `calling` until it makes the request that follows `steps`, and gives that request's body.
    fn take_request(
        &self,
        nonce: &str,
        steps: &[serde_json::Value],
        calling: impl Future<Output = Result<(), Error>>,
    ) -> Result<Bytes, AcmeError> {
        let _signing = self.0.signing.lock().expect("no code panics while it holds this lock");
        {
            let mut papers = self.papers();
            papers.nonce = HeaderValue::from_str(nonce).map_err(|error| unsigned(&error))?;
            papers.steps = steps.iter().map(|step| step.to_string().into()).collect();
            papers.wanted = None;
        }
        let result = at_once(calling)?;
        self.papers().wanted.take().ok_or_else(|| match result {
            Err(error) => unsigned(&error),
            Ok(()) => unsigned(&"the library made no request"),
        })
    }

    fn answer(&self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let mut papers = self.papers();
        let answer = Response::builder().status(StatusCode::OK);
        let (answer, body) = match *request.method() {
            Method::GET => (answer, papers.directory.clone()),
            Method::HEAD => (answer.header("Replay-Nonce", papers.nonce.clone()), Bytes::new()),
            _ => {
                if let Some(step) = papers.steps.pop_front() {
                    (answer, step)
                } else {
                    let body = request.into_body().collect().now_or_never();
                    papers.wanted = body.and_then(Result::ok).map(Collected::to_bytes);
                    if !papers.account_exists {
                        return Err(Error::Str("this request is sent elsewhere"));
                    }
                    (answer.header(LOCATION, LOCAL), Bytes::new())
                }
            }
        };
        Ok(answer.body(Full::new(body))?.into())
    }

    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.0.papers.lock().expect("no code panics while it holds this lock")
    }
}

impl HttpClient for Desk {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(std::future::ready(self.answer(request)))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    /// Header and payload of a signed request.
    fn opened(body: &[u8]) -> (Value, String) {
        let body: Value = serde_json::from_slice(body).unwrap();
        let part =
            |name: &str| BASE64_URL_SAFE_NO_PAD.decode(body[name].as_str().unwrap()).unwrap();
        let header = serde_json::from_slice(&part("protected")).unwrap();
        (header, String::from_utf8(part("payload")).unwrap())
    }

    fn directory() -> Directory {
        let body =
            br#"{"newNonce":"https://ca.example/nonce","newAccount":"https://ca.example/account",
            "newOrder":"https://ca.example/order"}"#;
        Directory::parse(body, false).unwrap()
    }

    fn signer(key: &AccountKey) -> Signer {
        Signer::new(&directory(), &"https://ca.example/account/1".parse().unwrap(), key).unwrap()
    }

    /// Whether the library still polls its HTTP client in the caller's task and waits for nothing else: all that
    /// signing rests on. Each payload, because each goes another way through the library.
    #[test]
    fn every_request_is_signed_without_waiting_and_with_its_own_url_nonce_and_payload() {
        let signer = signer(&AccountKey::generate().unwrap());
        let identifiers =
            [Identifier::parse("ws.example").unwrap(), Identifier::parse("*.ws.example").unwrap()];
        let order =
            |profile, replaces| Payload::Order { identifiers: &identifiers, profile, replaces };
        let cases = [
            ("authz/1", Payload::Nothing, ""),
            ("challenge/1", Payload::Answer, "{}"),
            (
                "account/1",
                Payload::Contact(&["mailto:a@ws.example"]),
                r#"{"contact":["mailto:a@ws.example"]}"#,
            ),
            ("order/1/finalize", Payload::Csr(b"\x30\xff"), r#"{"csr":"MP8"}"#),
            (
                "order",
                order(None, None),
                r#"{"identifiers":[{"type":"dns","value":"ws.example"},{"type":"dns","value":"*.ws.example"}]}"#,
            ),
            (
                "order",
                order(Some("shortlived"), Some("a-_1.b2")),
                r#"{"replaces":"a-_1.b2","identifiers":[{"type":"dns","value":"ws.example"},{"type":"dns","value":"*.ws.example"}],"profile":"shortlived"}"#,
            ),
        ];
        for (number, (path, payload, expected)) in cases.into_iter().enumerate() {
            let url: Url = format!("https://ca.example/{path}").parse().unwrap();
            let nonce = format!("nonce-{number}");
            let (header, sent) = opened(&signer.sign(&url, &payload, &nonce).unwrap());
            assert_eq!(header["url"], url.as_str());
            assert_eq!(header["nonce"], nonce);
            assert_eq!(header["kid"], "https://ca.example/account/1");
            assert_eq!(sent, expected);
        }
    }

    #[test]
    fn one_account_signs_for_many_threads_at_once() {
        let signer = signer(&AccountKey::generate().unwrap());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let signer = &signer;
                scope.spawn(move || {
                    for number in 0..50 {
                        let url: Url =
                            format!("https://ca.example/{thread}/{number}").parse().unwrap();
                        let nonce = format!("{thread}-{number}");
                        let body = signer.sign(&url, &Payload::Answer, &nonce).unwrap();
                        let (header, _) = opened(&body);
                        assert_eq!(
                            (&header["url"], &header["nonce"]),
                            (&url.as_str().into(), &nonce.into())
                        );
                    }
                });
            }
        });
    }

    #[test]
    fn a_new_account_is_asked_for_with_the_key_itself() {
        let key = AccountKey::generate().unwrap();
        let (header, payload) = opened(&sign_new_account(&directory(), &key, false, "n").unwrap());
        assert_eq!(header["url"], "https://ca.example/account");
        assert_eq!(header["jwk"]["kty"], "EC");
        assert_eq!(payload, r#"{"contact":[],"termsOfServiceAgreed":true}"#);
        let (_, payload) = opened(&sign_new_account(&directory(), &key, true, "n").unwrap());
        assert!(payload.contains(r#""onlyReturnExisting":true"#), "{payload}");
    }

    #[test]
    fn the_key_of_a_bound_account_is_known_before_the_request_is_sent() {
        let external = ExternalAccountKey::new("kid-1".to_owned(), b"secret");
        let contacts = ["mailto:a@ws.example"];
        let (body, key) = sign_bound_account(&directory(), &contacts, &external, "n").unwrap();
        let (header, payload) = opened(&body);
        let payload: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(payload["contact"][0], contacts[0]);
        let binding = serde_json::to_vec(&payload["externalAccountBinding"]).unwrap();
        let (binding_header, bound_key) = opened(&binding);
        assert_eq!(binding_header["kid"], "kid-1");
        assert_eq!(serde_json::from_str::<Value>(&bound_key).unwrap(), header["jwk"]);

        // The signature is this key's.
        let body: Value = serde_json::from_slice(&body).unwrap();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(text("signature")).unwrap();
        let signed = format!("{}.{}", text("protected"), text("payload"));
        let pair = aws_lc_rs::signature::EcdsaKeyPair::from_pkcs8(
            &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            key.pkcs8_der(),
        )
        .unwrap();
        let public = aws_lc_rs::signature::KeyPair::public_key(&pair);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
            .verify(signed.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn the_txt_value_is_the_digest_of_the_key_authorization() {
        let key = AccountKey::generate().unwrap();
        let (header, _) = opened(&sign_new_account(&directory(), &key, false, "n").unwrap());
        let jwk = |member: &str| header["jwk"][member].as_str().unwrap();
        // RFC 7638 §3: the required members in lexicographic order.
        let members =
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, jwk("x"), jwk("y"));
        let sha256 = |text: &str| {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
            BASE64_URL_SAFE_NO_PAD.encode(digest)
        };
        let expected = sha256(&format!("token-1.{}", sha256(&members)));
        assert_eq!(signer(&key).txt_value("token-1"), expected);
    }
}
