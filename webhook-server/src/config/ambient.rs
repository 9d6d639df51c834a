//! The webhook's own credential, found as `certctl` finds one: in the environment, in a file, by the role of the pod.

use dnspod_solver::{ChainOptions, FoundCredential, credential_chain};
use webhook_server::AmbientCredential;

use crate::report::Report;

/// Looks for the credential; without one, that is a mistake, for it was asked for. The role of the instance is not used:
/// every pod on it has that.
pub(super) fn read(
    environment: &dyn Fn(&str) -> Option<String>,
    mistakes: &mut Vec<Report>,
) -> Option<AmbientCredential> {
    let found = credential_chain(environment, &ChainOptions::default())
        .map_err(|error| {
            let problem = format_args!("--ambient-credentials: {error}").to_string();
            mistakes.push(Report::usage(problem, error.hint()));
        })
        .ok()?;
    match found.credential {
        FoundCredential::TencentCloud(source) => {
            Some(AmbientCredential::tencent_cloud(source, found.origin))
        }
        FoundCredential::LoginToken { is_international: true, .. } => {
            mistakes.push(Report::usage(
                format_args!(
                    "--ambient-credentials: {}: a token of the international site",
                    found.origin
                ),
                "use DP_Id and DP_Key with --dnspod-legacy-endpoint=https://api.dnspod.com",
            ));
            None
        }
        FoundCredential::LoginToken { token, .. } => {
            Some(AmbientCredential::login_token(token, found.origin))
        }
    }
}
