//! The order in which sources are looked for.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::ChainError;
use super::file::{self, SecretFile};
use super::sdk_file;
use super::tccli_file::{self, Profile};
use crate::credential::tccli::TccliProfile;
use crate::credential::{AssumeRole, CredentialSource, InstanceRole};
use crate::login_token::LoginToken;

/// The file of the SDKs, by variable.
const SDK_FILE: &str = "TENCENTCLOUD_CREDENTIALS_FILE";
/// The profile of tccli, by variable.
const PROFILE: &str = "TCCLI_PROFILE";

/// What is allowed and added when a credential is looked for.
#[derive(Clone, Debug)]
pub struct ChainOptions {
    /// Whether the role of the instance (CVM) is used where nothing else is found. Everything on the instance has that
    /// role, so that no one should get it who has not asked for it.
    pub instance_role: Option<InstanceRole>,
    /// A role to assume with what is found, in place of one in the environment.
    pub assume_role: Option<AssumeRole>,
    /// The file of the SDKs for all users of the machine.
    pub system_file: PathBuf,
}

impl Default for ChainOptions {
    /// No role of the instance, no role of one's own, `/etc/tencentcloud/credentials`.
    fn default() -> Self {
        Self {
            instance_role: None,
            assume_role: None,
            system_file: "/etc/tencentcloud/credentials".into(),
        }
    }
}

/// A credential and where it was found.
#[non_exhaustive]
pub struct Found {
    /// What it is.
    pub credential: FoundCredential,
    /// The role that is assumed with it, if any: `qcs::cam::uin/…`.
    pub role_arn: Option<String>,
    /// Where, for people: `environment: TENCENTCLOUD_SECRET_ID, …`, `/home/you/.tencentcloud/credentials [default]`.
    pub origin: String,
    /// What should be mended though it works, a line each.
    pub warnings: Vec<String>,
}

/// Which API a credential is for.
pub enum FoundCredential {
    /// Tencent Cloud API 3.0.
    TencentCloud(CredentialSource),
    /// The legacy DNSPod API.
    LoginToken {
        /// The token.
        token: LoginToken,
        /// Whether it is of the international site, which has an endpoint of its own: `https://api.dnspod.com`.
        is_international: bool,
    },
}

/// Looks for the credential that this machine is set up with.
///
/// `lookup` gives the value of an environment variable. The first of these that is set is taken:
///
/// 1. a key in the environment: `TENCENTCLOUD_SECRET_ID` and `_SECRET_KEY` (or acme.sh's `Tencent_SecretId` and
///    `Tencent_SecretKey`), with the session token in `TENCENTCLOUD_SESSION_TOKEN`, `_SECURITY_TOKEN` or `_TOKEN`;
///    each may instead be in a file that the same variable with `_FILE` added names;
/// 2. a DNSPod token in the environment: lego's `DNSPOD_API_KEY`, acme.sh's `DP_Id` and `DP_Key`, or `DPI_Id` and
///    `DPI_Key` for the international site;
/// 3. the file that `TENCENTCLOUD_CREDENTIALS_FILE` names, and the profile of tccli that `TCCLI_PROFILE` names;
/// 4. `~/.tencentcloud/credentials`, then [`ChainOptions::system_file`]: the section `[default]`;
/// 5. `~/.tccli/default.credential`;
/// 6. the role of a pod in TKE: `TKE_PROVIDER_ID`, `TKE_ROLE_ARN`, `TKE_WEB_IDENTITY_TOKEN_FILE`, `TKE_REGION`;
/// 7. the role of the instance, if [`ChainOptions::instance_role`] allows it.
///
/// With it a role is assumed where [`ChainOptions::assume_role`], the environment (`TENCENTCLOUD_ASSUME_ROLE_ARN` with
/// `_SESSION_NAME`, `_SESSION_DURATION`, `_EXTERNAL_ID`; `TENCENTCLOUD_ROLE_ARN` with `_ROLE_SESSION_NAME`) or the file
/// names one.
///
/// # Errors
/// Where nothing is found, and where what is found is set by half or cannot be used: then nothing after it is looked
/// for. No error holds a secret.
pub fn credential_chain(
    lookup: &dyn Fn(&str) -> Option<String>,
    options: &ChainOptions,
) -> Result<Found, ChainError> {
    let mut environment = Environment { lookup, warnings: Vec::new() };
    let role = match &options.assume_role {
        Some(role) => Some(role.clone()),
        None => environment.role()?,
    };
    let mut files = Files { options, missed: Vec::new(), warnings: Vec::new() };
    let found = if let Some((credential, origin)) = environment.key()? {
        Some(Sourced::alone(credential.into(), origin))
    } else if let Some((token, is_international, origin)) = environment.login_token()? {
        if role.is_some() {
            return Err(ChainError::RoleOfLoginToken { place: origin });
        }
        let credential = FoundCredential::LoginToken { token, is_international };
        let warnings = environment.warnings;
        return Ok(Found { credential, role_arn: None, origin, warnings });
    } else {
        outside(&environment, &mut files)?
    };
    let Some(Sourced { mut source, origin, role: with_it }) = found else {
        return Err(ChainError::NotFound { files: files.missed });
    };
    let role = role.or(with_it);
    let role_arn = role.as_ref().map(|role| role.role_arn.clone());
    if let Some(role) = role {
        source = source.assume_role(role);
    }
    let warnings = [environment.warnings, files.warnings].concat();
    let credential = FoundCredential::TencentCloud(source);
    Ok(Found { credential, role_arn, origin, warnings })
}

/// A source, where it was found, and the role that is named beside it.
struct Sourced {
    source: CredentialSource,
    origin: String,
    role: Option<AssumeRole>,
}

impl Sourced {
    fn alone(source: CredentialSource, origin: String) -> Self {
        Self { source, origin, role: None }
    }
}

/// Looks where the environment only points to, or says nothing.
fn outside(
    environment: &Environment<'_>,
    files: &mut Files<'_>,
) -> Result<Option<Sourced>, ChainError> {
    if let Some(path) = environment.text(SDK_FILE) {
        return match files.sdk(Path::new(&path), Some(SDK_FILE))? {
            None => Err(nothing_in(SDK_FILE, &path, "no secret_id in [default]")),
            found => Ok(found),
        };
    }
    let home = environment.text("HOME").map(PathBuf::from);
    let profile =
        |name: &str| Some(home.as_ref()?.join(".tccli").join(format!("{name}.credential")));
    if let Some(name) = environment.text(PROFILE) {
        let Some(path) = profile(&name).filter(|_| !name.contains('/')) else {
            return Err(nothing_in(PROFILE, &name, "there is no such profile"));
        };
        return match files.tccli(&path, Some(PROFILE))? {
            None => Err(nothing_in(PROFILE, &path.display().to_string(), "no secretId")),
            found => Ok(found),
        };
    }
    if let Some(home) = &home
        && let Some(found) = files.sdk(&home.join(".tencentcloud/credentials"), None)?
    {
        return Ok(Some(found));
    }
    if let Some(found) = files.sdk(&files.options.system_file.clone(), None)? {
        return Ok(Some(found));
    }
    if let Some(path) = profile("default")
        && let Some(found) = files.tccli(&path, None)?
    {
        return Ok(Some(found));
    }
    if let Some((identity, origin)) = environment.web_identity()? {
        return Ok(Some(Sourced::alone(identity.into(), origin)));
    }
    let role = files.options.instance_role.clone();
    Ok(role.map(|role| Sourced::alone(role.into(), INSTANCE_ROLE.to_owned())))
}

const INSTANCE_ROLE: &str = "role of this instance";

/// Reads files, and keeps in mind which were of no use.
struct Files<'a> {
    options: &'a ChainOptions,
    missed: Vec<String>,
    warnings: Vec<String>,
}

impl Files<'_> {
    fn sdk(&mut self, path: &Path, named_by: Option<&str>) -> Result<Option<Sourced>, ChainError> {
        let shown = path.display().to_string();
        let Some(text) = self.text(path, named_by)? else { return Ok(None) };
        let Some(file) = sdk_file::parse(&text.text, &shown)? else {
            self.missed.push(shown);
            return Ok(None);
        };
        self.warnings.extend(text.warning);
        Ok(Some(Sourced {
            source: file.credential.into(),
            origin: format!("{shown} [default]"),
            role: file.role,
        }))
    }

    fn tccli(
        &mut self,
        path: &Path,
        named_by: Option<&str>,
    ) -> Result<Option<Sourced>, ChainError> {
        let shown = path.display().to_string();
        let Some(text) = self.text(path, named_by)? else { return Ok(None) };
        let (source, role) = match tccli_file::parse(&text.text, &shown)? {
            Profile::Nothing => {
                self.missed.push(shown);
                return Ok(None);
            }
            Profile::InstanceRole => match &self.options.instance_role {
                Some(role) => {
                    let origin = format!("{shown}: {INSTANCE_ROLE}");
                    return Ok(Some(Sourced::alone(role.clone().into(), origin)));
                }
                None => return Err(ChainError::InstanceRoleNotAllowed { place: shown }),
            },
            Profile::Key(key) if key.ends.is_none() => (key.credential.into(), key.role),
            Profile::Key(key) => (TccliProfile { path: path.to_owned() }.into(), key.role),
        };
        self.warnings.extend(text.warning);
        Ok(Some(Sourced { source, origin: shown, role }))
    }

    fn text(
        &mut self,
        path: &Path,
        named_by: Option<&str>,
    ) -> Result<Option<SecretFile>, ChainError> {
        let text = file::read(path, named_by)?;
        if text.is_none() {
            self.missed.push(path.display().to_string());
        }
        Ok(text)
    }
}

fn nothing_in(variable: &str, place: &str, reason: &str) -> ChainError {
    ChainError::Malformed { place: format!("{variable}: {place}"), reason: reason.to_owned() }
}
