//! The credential for Tencent Cloud.

use dnspod_solver::Credential;
use zeroize::Zeroizing;

use super::setting::Settings;
use crate::report::Report;

const SECRET_ID: &str = "TENCENTCLOUD_SECRET_ID";
const SECRET_KEY: &str = "TENCENTCLOUD_SECRET_KEY";
/// The token's names in lego and our documentation, in Terraform, and in tccli.
const TOKENS: [&str; 3] =
    ["TENCENTCLOUD_SESSION_TOKEN", "TENCENTCLOUD_SECURITY_TOKEN", "TENCENTCLOUD_TOKEN"];

/// Reads the credential. `None` goes with a mistake in `settings`.
pub(super) fn read(settings: &mut Settings<'_>) -> Option<Credential> {
    let before = settings.mistakes.len();
    let secret_id = settings.secret(SECRET_ID);
    let secret_key = settings.secret(SECRET_KEY);
    let token = token(settings);
    if settings.mistakes.len() > before {
        return None;
    }
    let missing: Vec<&str> = [(SECRET_ID, secret_id.is_none()), (SECRET_KEY, secret_key.is_none())]
        .into_iter()
        .filter_map(|(variable, missing)| missing.then_some(variable))
        .collect();
    let (Some(secret_id), Some(secret_key)) = (secret_id, secret_key) else {
        settings.mistakes.push(Report::configuration(
            format_args!("no credential for Tencent Cloud: {} not set", and_verb(&missing)),
            "make an API key at https://console.cloud.tencent.com/cam/capi and set both variables, \
             or try without one: --sandbox",
        ));
        return None;
    };
    match Credential::new(&secret_id, &secret_key) {
        Ok(credential) => Some(match token {
            Some(token) => credential.with_token(&token),
            None => credential,
        }),
        Err(error) => {
            settings.mistakes.push(Report::configuration(
                format_args!("{SECRET_ID}, {SECRET_KEY}: {error}"),
                "the keys of this account are at https://console.cloud.tencent.com/cam/capi",
            ));
            None
        }
    }
}

/// The session token, whichever of its names it was given.
fn token(settings: &mut Settings<'_>) -> Option<Zeroizing<String>> {
    let mut found: Option<(&str, Zeroizing<String>)> = None;
    for variable in TOKENS {
        let Some(token) = settings.secret(variable) else { continue };
        match &found {
            Some((first, other)) if *other != token => {
                settings.mistakes.push(Report::usage(
                    format_args!("{first} and {variable} are set and differ"),
                    "unset the one that does not belong to the SecretId",
                ));
            }
            Some(_) => {}
            None => found = Some((variable, token)),
        }
    }
    found.map(|(_, token)| token)
}

fn and_verb(missing: &[&str]) -> String {
    format!("{} {}", missing.join(" and "), if missing.len() == 1 { "is" } else { "are" })
}
