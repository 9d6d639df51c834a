//! The value of an `issue` or `issuewild` property (RFC 8659 §4.2).

/// `ca.example; accounturi=https://…; validationmethods=dns-01`, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IssueValue<'a> {
    /// The CA's domain name; `None` permits nobody.
    pub(super) issuer: Option<&'a str>,
    pub(super) parameters: Parameters<'a>,
}

/// Tags and values, in the order they stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameters<'a>(Vec<(&'a str, &'a str)>);

impl<'a> IssueValue<'a> {
    /// Parses by the grammar, or `None`, which RFC 8659 §4.2 treats as permitting nobody.
    ///
    /// One `;` too many at the end is passed over: people write it, and whether it matters is for the CA to say.
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        let (issuer, rest) = match value.split_once(';') {
            Some((issuer, rest)) => (issuer.trim_matches(WSP), Some(rest)),
            None => (value.trim_matches(WSP), None),
        };
        if !issuer.is_empty() && !issuer.split('.').all(is_label) {
            return None;
        }
        let parameters = match rest.map(|rest| rest.trim_matches(WSP)) {
            None | Some("") => Vec::new(),
            Some(rest) => {
                let rest = rest.strip_suffix(';').unwrap_or(rest);
                rest.split(';').map(parameter).collect::<Option<_>>()?
            }
        };
        let issuer = (!issuer.is_empty()).then_some(issuer);
        Some(Self { issuer, parameters: Parameters(parameters) })
    }
}

impl<'a> Parameters<'a> {
    /// Every value of `tag`, which is compared without regard to case.
    pub(super) fn all(&self, tag: &str) -> Vec<&'a str> {
        let tagged = self.0.iter().filter(|(found, _)| found.eq_ignore_ascii_case(tag));
        tagged.map(|(_, value)| *value).collect()
    }
}

fn parameter(text: &str) -> Option<(&str, &str)> {
    let (tag, value) = text.split_once('=')?;
    let (tag, value) = (tag.trim_matches(WSP), value.trim_matches(WSP));
    let value_is_printable = value.bytes().all(|byte| matches!(byte, 0x21..=0x7e));
    (is_label(tag) && value_is_printable).then_some((tag, value))
}

/// Letters, digits and hyphens, with no hyphen at either end: the grammar's `label`, and its `tag` too.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

const WSP: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value<'a>(issuer: Option<&'a str>, parameters: &[(&'a str, &'a str)]) -> IssueValue<'a> {
        IssueValue { issuer, parameters: Parameters(parameters.to_vec()) }
    }

    #[test]
    fn values_of_the_rfcs_are_parsed() {
        for (text, issuer, parameters) in [
            ("ca1.example.net", Some("ca1.example.net"), vec![]),
            (";", None, vec![]),
            ("", None, vec![]),
            (" \t", None, vec![]),
            ("ca1.example.net;", Some("ca1.example.net"), vec![]),
            (
                "ca1.example.net; account=230123",
                Some("ca1.example.net"),
                vec![("account", "230123")],
            ),
            (
                "example.net;accounturi=https://example.net/account/1234 ; validationmethods=dns-01",
                Some("example.net"),
                vec![
                    ("accounturi", "https://example.net/account/1234"),
                    ("validationmethods", "dns-01"),
                ],
            ),
            ("; policy = ev", None, vec![("policy", "ev")]),
            ("example.net; a=1;", Some("example.net"), vec![("a", "1")]),
            ("example.net; empty=", Some("example.net"), vec![("empty", "")]),
            ("example.net; twice=a=b", Some("example.net"), vec![("twice", "a=b")]),
        ] {
            assert_eq!(IssueValue::parse(text), Some(value(issuer, &parameters)), "{text:?}");
        }
    }

    #[test]
    fn values_outside_the_grammar_are_refused() {
        for value in [
            "%%%%%",
            "two words",
            "ca.example.",
            "-ca.example",
            "ca.example; policy",
            "ca.example; a=1;;b=2",
            "ca.example; a b=1",
            "ca.example; a=1 2",
            "ca.example; -a=1",
            "ca.example; a=\u{e9}",
        ] {
            assert_eq!(IssueValue::parse(value), None, "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(value in "\\PC*|[ -~\t]*") {
            let _ = IssueValue::parse(&value);
        }

        #[test]
        fn what_follows_the_grammar_is_parsed_to_its_parts(
            issuer in proptest::option::of("[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?(\\.[a-z0-9]{1,4}){0,3}"),
            parameters in proptest::collection::vec(
                ("[a-zA-Z0-9]{1,8}(-[a-z0-9]{1,3}){0,2}", "[!-:<-~]{0,12}"), 0..4),
            space in "[ \t]{0,2}",
        ) {
            let mut text = format!("{space}{}{space};", issuer.as_deref().unwrap_or(""));
            let shown: Vec<String> = parameters
                .iter()
                .map(|(tag, value)| format!("{space}{tag}{space}={space}{value}{space}"))
                .collect();
            text.push_str(&shown.join(";"));
            let expected: Vec<_> =
                parameters.iter().map(|(tag, value)| (&**tag, &**value)).collect();
            let expected = value(issuer.as_deref(), &expected);
            prop_assert_eq!(IssueValue::parse(&text), Some(expected));
        }
    }
}
