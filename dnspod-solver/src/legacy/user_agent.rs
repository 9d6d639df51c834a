//! The `User-Agent` that the legacy API demands, `Name/Version (mail)`: it bans accounts that send none, or a browser's.

use crate::BuildError;

/// Where nobody has given an address: of a domain that can never exist (RFC 2606), so that no stranger gets the mail.
pub(crate) const NOBODY: &str = "nobody@certctl.invalid";

/// `product`, which is a `User-Agent` for any server, with `contact` in place of its comment.
pub(crate) fn user_agent(product: &str, contact: Option<&str>) -> Result<String, BuildError> {
    let contact = contact.unwrap_or(NOBODY);
    check_contact(contact)?;
    let name_and_version = product.split('(').next().unwrap_or_default().trim();
    let acceptable = name_and_version
        .rsplit_once('/')
        .is_some_and(|(name, version)| is_text(name) && is_text(version))
        && !name_and_version.starts_with("Mozilla/");
    if !acceptable {
        return Err(BuildError::UserAgent(product.to_owned()));
    }
    Ok(format!("{name_and_version} ({contact})"))
}

/// Whether `address` is one that [`DnsPodBuilder::contact`](crate::DnsPodBuilder::contact) takes, for those who want to
/// know before there is a token.
///
/// # Errors
/// Where it is not one mail address.
pub fn check_contact(address: &str) -> Result<(), BuildError> {
    if is_address(address) { Ok(()) } else { Err(BuildError::Contact(address.to_owned())) }
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
}

fn is_address(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>,;\"\\".contains(&b))
        && text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::{BuildError, user_agent};

    #[test]
    fn it_is_name_version_and_mail() {
        for (product, expected) in [
            ("certctl/0.1.0", "certctl/0.1.0 (ops@ws.example)"),
            ("certctl/0.1.0 (+https://ws.example)", "certctl/0.1.0 (ops@ws.example)"),
            ("Our DNS tool/2.1", "Our DNS tool/2.1 (ops@ws.example)"),
        ] {
            assert_eq!(user_agent(product, Some("ops@ws.example")).as_deref(), Ok(expected));
        }
        assert_eq!(
            user_agent("certctl/0.1.0", None).as_deref(),
            Ok("certctl/0.1.0 (nobody@certctl.invalid)")
        );
    }

    #[test]
    fn what_dnspod_bans_for_is_refused() {
        for product in ["", "certctl", "/1", "certctl/", "Mozilla/5.0 (X11)", "certctl/1\r\nx: y"] {
            let refused = user_agent(product, None);
            assert_eq!(refused, Err(BuildError::UserAgent(product.to_owned())), "{product}");
        }
        for contact in ["", "ops", "@ws.example", "ops@", "a@b@c", "a b@c", "(a@b)", "a@b, c@d"] {
            let refused = user_agent("certctl/1", Some(contact));
            assert_eq!(refused, Err(BuildError::Contact(contact.to_owned())), "{contact}");
        }
    }
}
