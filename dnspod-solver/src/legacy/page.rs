//! How lists are read, page by page.

use super::lenient::Number;

/// Records or zones asked for at once: the most that the international site gives (dnsapi.cn gives 3000).
pub(super) const PAGE: u64 = 500;

/// Whether no page follows one of `length` entries, `read` being read by now of `total`.
///
/// An empty page is the last whatever the total says, and without a total only that one is.
pub(super) fn is_last(length: usize, read: u64, total: Option<Number>) -> bool {
    length == 0 || total.is_some_and(|Number(total)| read >= total)
}
