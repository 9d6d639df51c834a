//! The credential for Tencent Cloud or DNSPod: where it is looked for, and what is wrong with it.

use std::path::Path;

use dnspod_solver::{AssumeRole, ChainError, ChainOptions, Found, InstanceRole, credential_chain};

use super::setting::Settings;
use crate::args::CredentialArgs;
use crate::exit_code::Exit;
use crate::report::Report;

/// What Tencent's audit log calls our sessions.
const SESSION_NAME: &str = "certctl";

/// Looks for the credential. `None` goes with a mistake in `settings`.
pub(super) fn find(settings: &mut Settings<'_>, args: &CredentialArgs) -> Option<Found> {
    let options = ChainOptions {
        instance_role: settings
            .flag("instance-role", args.instance_role)
            .then(InstanceRole::default),
        assume_role: role(settings, args)?,
        ..ChainOptions::default()
    };
    let lookup = |variable: &str| settings.foreign(variable);
    match credential_chain(&lookup, &options) {
        Ok(found) => Some(found),
        Err(error) => {
            settings.mistakes.push(report(&error));
            None
        }
    }
}

/// The role to assume by our own options; the inner `None` where they name none.
#[expect(clippy::option_option, reason = "a mistake is told from no role, within this file")]
fn role(settings: &mut Settings<'_>, args: &CredentialArgs) -> Option<Option<AssumeRole>> {
    let text = |settings: &Settings<'_>, option, typed: &Option<String>| {
        settings.text(option, typed.as_deref())
    };
    let arn = text(settings, "assume-role", &args.assume_role);
    let session_name = text(settings, "assume-role-session-name", &args.assume_role_session_name);
    let external_id = text(settings, "assume-role-external-id", &args.assume_role_external_id);
    let policy = text(settings, "assume-role-policy", &args.assume_role_policy);
    let Some(arn) = arn else {
        if let Some(alone) = session_name.or(external_id).or(policy) {
            settings.mistakes.push(Report::usage(
                format_args!("{}: there is no role to assume", alone.origin),
                "add --assume-role ARN, or leave it out",
            ));
            return None;
        }
        return Some(None);
    };
    let policy = match policy {
        Some(file) => Some(settings.file(&file.origin, Path::new(&file.value))?),
        None => None,
    };
    let role = AssumeRole {
        session_name: session_name.map_or_else(|| SESSION_NAME.to_owned(), |name| name.value),
        external_id: external_id.map(|id| id.value),
        policy,
        ..AssumeRole::new(arn.value)
    };
    if let Err(error) = role.check() {
        settings.mistakes.push(Report::usage(
            format_args!("{}: {error}", arn.origin),
            "roles are at https://console.cloud.tencent.com/cam/role",
        ));
        return None;
    }
    Some(Some(role))
}

fn report(error: &ChainError) -> Report {
    let exit = match error {
        ChainError::Contradiction { .. } | ChainError::SetTwice { .. } => Exit::Usage,
        _ => Exit::Configuration,
    };
    let mut hint = error.hint().to_owned();
    match error {
        ChainError::NotFound { .. } => {
            hint.push_str(", or try without an account: certctl issue --sandbox");
        }
        ChainError::InstanceRoleNotAllowed { .. } => {
            hint.push_str("; it is allowed by --instance-role");
        }
        _ => {}
    }
    Report::new(exit, error.to_string(), hint)
}
