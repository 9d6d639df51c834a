//! The webhook's own credential, from the variables of Tencent's tools.

use dnspod_solver::Credential;
use webhook_server::AmbientCredential;

use crate::report::Report;

const SECRET_ID: &str = "TENCENTCLOUD_SECRET_ID";
const SECRET_KEY: &str = "TENCENTCLOUD_SECRET_KEY";

/// Reads the key that is set; without one, that is a mistake, for it was asked for.
pub(super) fn read(
    environment: &dyn Fn(&str) -> Option<String>,
    mistakes: &mut Vec<Report>,
) -> Option<AmbientCredential> {
    let set = environment(SECRET_ID).zip(environment(SECRET_KEY));
    let Some((id, key)) = set else {
        mistakes.push(Report::usage(
            format_args!("--ambient-credentials: {SECRET_ID} and {SECRET_KEY} are not both set"),
            "set them, or leave --ambient-credentials out",
        ));
        return None;
    };
    match Credential::new(&id, &key) {
        Ok(credential) => {
            Some(AmbientCredential::api_key(credential, format!("environment: {SECRET_ID}")))
        }
        Err(error) => {
            mistakes.push(Report::usage(
                format_args!("{SECRET_ID}, {SECRET_KEY}: {error}"),
                "the keys of this account are at https://console.cloud.tencent.com/cam/capi",
            ));
            None
        }
    }
}
