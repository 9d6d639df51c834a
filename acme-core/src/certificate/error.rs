//! What is wrong with a certificate.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Why a certificate must not be used. Certificates of a chain are counted from 1, the leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It cannot be read.
    #[error("certificate {position} of the chain is damaged: {reason}")]
    Damaged {
        /// Which one.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// It has ended.
    #[error("certificate {position} of the chain has ended at {}", rfc3339(*.not_after))]
    Expired {
        /// Which one.
        position: usize,
        /// When it ended.
        not_after: OffsetDateTime,
    },
    /// The first certificate is that of a CA, which serves no names.
    #[error("the first certificate of the chain is that of a CA")]
    LeafIsCa,
    /// Names that were asked for are not in it.
    #[error("the certificate is not for {}, but for {}", .missing.join(", "), .present.join(", "))]
    MissingNames {
        /// The names it lacks.
        missing: Vec<String>,
        /// The names it has.
        present: Vec<String>,
    },
    /// There is none in the text.
    #[error("there is no PEM certificate")]
    NoCertificate,
    /// A certificate that signs another is not that of a CA.
    #[error("certificate {position} of the chain signs another and is not that of a CA")]
    NotCa {
        /// Which one.
        position: usize,
    },
    /// A certificate is not followed by the one of its issuer.
    #[error("certificate {position} of the chain is not followed by its issuer: {reason}")]
    NotIssuedByNext {
        /// Which one.
        position: usize,
        /// The names that differ, or why the signature is not good.
        reason: String,
    },
    /// It begins later.
    #[error(
        "certificate {position} of the chain begins at {}, and by the clock here that is still to come; \
         set the clock",
        rfc3339(*.not_before)
    )]
    NotYetValid {
        /// Which one.
        position: usize,
        /// When it begins.
        not_before: OffsetDateTime,
    },
    /// It is longer than any chain in use.
    #[error("the chain is too long: {0}")]
    TooLong(String),
    /// It is for another key than ours.
    #[error("the certificate is for another key")]
    WrongKey,
}

/// `2026-11-23T12:00:00Z`.
pub(super) fn rfc3339(time: OffsetDateTime) -> String {
    let time = time.replace_nanosecond(0).unwrap_or(time);
    time.format(&Rfc3339).unwrap_or_else(|_| time.to_string())
}
