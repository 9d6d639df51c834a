//! Which zone of the account a name belongs to, found by asking the account and nobody else: public DNS knows zone
//! cuts that are not in the account, and the account has zones that public DNS does not know yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_core::DnsName;
use acme_core::dns01::DnsProviderError;
use tokio::time::{Instant, timeout_at};

use crate::api::{AccountZone, Api};
use crate::error::{CallError, PROVIDER, TOO_LATE};
use crate::listing::Listing;

/// How long it is remembered which names are zones and which are not. A zone that was added below another is noticed
/// after this time; one that was removed is noticed by the first call that fails.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(600);
/// Bound on names remembered; reached, all are forgotten and asked for again.
const MOST: usize = 10_000;

/// A zone of the account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Its name in A-labels.
    pub(crate) name: DnsName,
    /// Its name in the form the account keeps it in, which is the one the API is sent.
    pub(crate) domain: String,
    /// Its id, which the API prefers to the name.
    pub(crate) id: Option<u64>,
    /// `enable`, `pause`, `spam`, `lock`.
    status: String,
}

impl Zone {
    /// The zone `name`, as the account describes it.
    pub(crate) fn new(name: DnsName, described: AccountZone) -> Self {
        Self { name, domain: described.name, id: Some(described.id), status: described.status }
    }

    /// Why no record should be created in this zone; `None` where it is in service.
    pub(crate) fn out_of_service(&self) -> Option<&'static str> {
        match self.status.to_ascii_lowercase().as_str() {
            "pause" => Some(
                "the zone is paused, so its records are not served; resume it in the DNSPod console",
            ),
            "lock" => Some("the zone is locked; unlock it in the DNSPod console"),
            "spam" => Some("the zone is blocked for abuse; ask Tencent's support to lift that"),
            _ => None,
        }
    }

    /// `name` as the API wants it: without the zone, `@` for the zone itself.
    pub(crate) fn subdomain<'a>(&self, name: &'a DnsName) -> &'a str {
        let below = name.as_str().strip_suffix(self.name.as_str()).unwrap_or_default();
        if below.is_empty() { "@" } else { below.trim_end_matches('.') }
    }

    /// The full name of `subdomain`, whichever form the API gives it in.
    pub(crate) fn full_name(&self, subdomain: &str) -> Option<DnsName> {
        if subdomain == "@" {
            return Some(self.name.clone());
        }
        DnsName::parse(&format!("{subdomain}.{}", self.name)).ok()
    }
}

/// The names that may be the zone of `name`, longest first: itself and its parents of two labels or more.
///
/// Itself too: `_acme-challenge.ws.example` may be a zone of its own, delegated to keep the key for it apart.
fn candidates(name: &DnsName) -> Vec<DnsName> {
    std::iter::successors(Some(name.clone()), DnsName::parent)
        .filter(|candidate| candidate.as_str().contains('.'))
        .collect()
}

/// The zones of one account.
pub(crate) struct Zones {
    /// The only zone to use, where one was set by hand.
    only: Option<DnsName>,
    known: Mutex<HashMap<DnsName, Slot>>,
    listing: Listing,
}

/// What is known of one name. It is locked while the account is asked, so that many orders ask once.
type Slot = Arc<tokio::sync::Mutex<Option<Known>>>;

struct Known {
    until: Instant,
    zone: Option<Arc<Zone>>,
}

impl Zones {
    pub(crate) fn new(only: Option<DnsName>) -> Self {
        Self { only, known: Mutex::default(), listing: Listing::default() }
    }

    /// The zone that `name` belongs to.
    ///
    /// Only "no such zone" leads to the next shorter name. Any other error ends the search: a key that may not see a
    /// zone, read as "no such zone", would put the record into the wrong one.
    pub(crate) async fn find(
        &self,
        api: &Api,
        name: &DnsName,
        deadline: Instant,
    ) -> Result<Arc<Zone>, DnsProviderError> {
        let candidates = match &self.only {
            None => candidates(name),
            Some(only) if name.is_in(only) => vec![only.clone()],
            Some(only) => return Err(not_found(name, format!("only {only}, as set"))),
        };
        let mut found = self.longest(api, name, &candidates, true, deadline).await?;
        // What is not listed may have been added since, and the list does not tell an alias: each name is asked for.
        if found.is_none() && self.listing.forget(deadline).await {
            found = self.longest(api, name, &candidates, false, deadline).await?;
        }
        if let Some(zone) = found {
            return Ok(zone);
        }
        // Whoever reads this error adds the zone and tries again: that must be seen at once.
        for candidate in &candidates {
            self.forget_name(candidate);
        }
        let tried: Vec<&str> = candidates.iter().map(DnsName::as_str).collect();
        Err(not_found(name, tried.join(", ")))
    }

    /// Forgets what is known of the zone `name`, because a call has shown it to be wrong.
    pub(crate) async fn forget(&self, name: &DnsName, deadline: Instant) {
        self.listing.forget(deadline).await;
        self.forget_name(name);
    }

    /// The first of `candidates` that the account has; the list of all zones is used where `listed` permits it.
    async fn longest(
        &self,
        api: &Api,
        name: &DnsName,
        candidates: &[DnsName],
        listed: bool,
        deadline: Instant,
    ) -> Result<Option<Arc<Zone>>, DnsProviderError> {
        for candidate in candidates {
            match self.look_up(api, candidate, listed, deadline).await {
                Ok(None) => {}
                Ok(zone) => return Ok(zone),
                Err(error) => return Err(error.into_provider_error(name, candidate)),
            }
        }
        Ok(None)
    }

    async fn look_up(
        &self,
        api: &Api,
        candidate: &DnsName,
        listed: bool,
        deadline: Instant,
    ) -> Result<Option<Arc<Zone>>, CallError> {
        if listed && let Some(zones) = self.listing.zones(api, deadline).await {
            match zones.get(candidate) {
                None => return Ok(None),
                Some(zone) if zone.out_of_service().is_none() => return Ok(Some(Arc::clone(zone))),
                // It may be in service again by now.
                Some(_) => {}
            }
        }
        let slot = self.slot(candidate);
        let mut known =
            timeout_at(deadline, slot.lock()).await.map_err(|_| CallError::no_answer(TOO_LATE))?;
        if let Some(known) = known.as_ref().filter(|known| known.until > Instant::now()) {
            return Ok(known.zone.clone());
        }
        self.listing.count();
        let zone = ask(api, candidate, deadline).await?.map(Arc::new);
        // Whoever reads that a zone is paused resumes it and tries again: that must be seen at once.
        if zone.as_ref().is_none_or(|zone| zone.out_of_service().is_none()) {
            *known = Some(Known { until: Instant::now() + REMEMBERED, zone: zone.clone() });
        }
        Ok(zone)
    }

    fn forget_name(&self, name: &DnsName) {
        self.known.lock().expect("no code panics while it holds this lock").remove(name);
    }

    fn slot(&self, candidate: &DnsName) -> Slot {
        let mut known = self.known.lock().expect("no code panics while it holds this lock");
        if known.len() >= MOST && !known.contains_key(candidate) {
            known.clear();
        }
        Arc::clone(known.entry(candidate.clone()).or_default())
    }
}

/// Asks the account for a zone of this name, in A-labels and then in Unicode.
async fn ask(api: &Api, candidate: &DnsName, deadline: Instant) -> Result<Option<Zone>, CallError> {
    let (unicode, _) = idna::domain_to_unicode(candidate.as_str());
    let mut forms = vec![candidate.as_str()];
    if unicode != candidate.as_str() {
        forms.push(&unicode);
    }
    for form in forms {
        let Some(found) = api.zone(form, deadline).await? else { continue };
        let zone = if DnsName::parse(&found.name).is_ok_and(|name| name == *candidate) {
            Zone::new(candidate.clone(), found)
        } else {
            // A name and an id that might be another zone's are left out: the id would win over what we asked for.
            let (name, domain) = (candidate.clone(), form.to_owned());
            Zone { name, domain, id: None, status: found.status }
        };
        return Ok(Some(zone));
    }
    Ok(None)
}

fn not_found(name: &DnsName, tried: String) -> DnsProviderError {
    DnsProviderError::ZoneNotFound { provider: PROVIDER.to_owned(), name: name.to_string(), tried }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Zone, candidates};
    use acme_core::DnsName;

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    fn zone(text: &str, status: &str) -> Zone {
        Zone { name: name(text), domain: text.to_owned(), id: Some(1), status: status.to_owned() }
    }

    #[test]
    fn candidates_run_from_the_name_itself_to_two_labels() {
        let found = candidates(&name("_acme-challenge.a.ws.example"));
        let found: Vec<&str> = found.iter().map(DnsName::as_str).collect();
        assert_eq!(
            found,
            ["_acme-challenge.a.ws.example", "a.ws.example", "ws.example"],
            "a zone of one label is nobody's"
        );
    }

    #[test]
    fn a_name_is_sent_without_its_zone() {
        let zone = zone("ws.example", "enable");
        assert_eq!(zone.subdomain(&name("_acme-challenge.a.ws.example")), "_acme-challenge.a");
        assert_eq!(zone.subdomain(&name("ws.example")), "@");
        assert_eq!(zone.full_name("@"), Some(name("ws.example")));
        assert_eq!(
            zone.full_name("_acme-challenge.例子"),
            Some(name("_acme-challenge.xn--fsqu00a.ws.example"))
        );
    }

    #[test]
    fn each_state_out_of_service_has_its_own_sentence_in_both_spellings() {
        let says = |status: &str| zone("ws.example", status).out_of_service();
        assert_eq!(says("enable"), None);
        assert_eq!(says("ENABLE"), None);
        for (lower, upper) in [("pause", "PAUSE"), ("lock", "LOCK"), ("spam", "SPAM")] {
            assert!(says(lower).is_some());
            assert_eq!(says(lower), says(upper));
        }
        assert!(says("pause") != says("lock") && says("lock") != says("spam"));
    }

    proptest! {
        #[test]
        fn every_candidate_holds_the_name_and_none_is_left_out(
            labels in prop::collection::vec("[a-z_][a-z0-9]{0,8}", 2..8),
        ) {
            let full = name(&labels.join("."));
            let found = candidates(&full);
            prop_assert_eq!(found.len(), labels.len() - 1);
            prop_assert_eq!(&found[0], &full);
            for (i, candidate) in found.iter().enumerate() {
                prop_assert!(full.is_in(candidate));
                prop_assert_eq!(candidate.as_str(), labels[i..].join("."));
            }
        }

        #[test]
        fn the_sub_domain_and_the_zone_make_the_name_again(
            labels in prop::collection::vec("[a-z_][a-z0-9]{0,8}", 2..8),
        ) {
            let full = name(&labels.join("."));
            for candidate in candidates(&full) {
                let zone = zone(candidate.as_str(), "enable");
                prop_assert_eq!(zone.full_name(zone.subdomain(&full)), Some(full.clone()));
            }
        }
    }
}
