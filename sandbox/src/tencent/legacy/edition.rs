//! The two editions of the legacy API, which differ in names and limits.

use crate::dns::DEFAULT_LINE_ID;
use crate::plan::line_name;

/// Which edition answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    /// `dnsapi.cn`.
    Mainland,
    /// `api.dnspod.com`.
    International,
}

impl Edition {
    /// The edition that `host` belongs to, with or without a port; `otherwise` for a name of neither.
    pub(super) fn of_host(host: &str, otherwise: Self) -> Self {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        match name.to_ascii_lowercase().as_str() {
            "dnsapi.cn" => Self::Mainland,
            "api.dnspod.com" => Self::International,
            _ => otherwise,
        }
    }

    /// The name of the line of this id.
    pub(super) fn line_name(self, id: &str) -> &'static str {
        match self {
            Self::International if id == DEFAULT_LINE_ID => "Default",
            _ => line_name(id),
        }
    }

    /// The most records that a list shows, whatever is asked for.
    pub(super) fn largest_record_page(self) -> usize {
        match self {
            Self::Mainland => 3000,
            Self::International => 500,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_says_which_edition_it_is_and_else_the_configuration_does() {
        for (host, edition) in [
            ("dnsapi.cn", Edition::Mainland),
            ("DNSAPI.cn:443", Edition::Mainland),
            ("api.dnspod.com", Edition::International),
            ("api.dnspod.com:8443", Edition::International),
        ] {
            assert_eq!(Edition::of_host(host, Edition::Mainland), edition);
            assert_eq!(Edition::of_host(host, Edition::International), edition);
        }
        for host in ["127.0.0.1:80", "[::1]:80", "", "localhost"] {
            assert_eq!(Edition::of_host(host, Edition::International), Edition::International);
        }
    }
}
