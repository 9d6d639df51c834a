//! The checks, one for each MUST of [`DnsProvider`](crate::dns01::DnsProvider).

use futures_util::future::try_join_all;

use super::trial::{Stop, Trial, Verb, Verdict, call, fresh_name, fresh_values};
use crate::DnsName;
use crate::dns01::{DnsProviderError, TxtRecord};

pub(super) async fn appends(trial: &Trial<'_>) -> Verdict {
    let [value] = fresh_values();
    trial.append(&value).await?;
    trial.expect(&[&value]).await
}

pub(super) async fn append_keeps_others(trial: &Trial<'_>) -> Verdict {
    let [first, second] = fresh_values();
    trial.append(&first).await?;
    trial.append(&second).await?;
    trial.expect(&[&first, &second]).await
}

pub(super) async fn append_repeats(trial: &Trial<'_>) -> Verdict {
    let [first, second] = fresh_values();
    trial.append(&first).await?;
    trial.append(&second).await?;
    trial.append(&first).await?;
    trial.expect(&[&first, &second]).await
}

pub(super) async fn delete_is_exact(trial: &Trial<'_>) -> Verdict {
    let [value] = fresh_values();
    // What a search by prefix or without regard to case would take for the same.
    let longer = format!("{value}x");
    let other_case: String = value.chars().map(swap_case).collect();
    trial.append(&longer).await?;
    trial.append(&value).await?;
    trial.append(&other_case).await?;
    trial.delete(&value).await?;
    trial.expect(&[&longer, &other_case]).await
}

pub(super) async fn delete_repeats(trial: &Trial<'_>) -> Verdict {
    let [value, other] = fresh_values();
    trial.delete(&value).await?;
    trial.append(&other).await?;
    trial.delete(&value).await?;
    trial.append(&value).await?;
    trial.delete(&value).await?;
    trial.delete(&value).await?;
    trial.expect(&[&other]).await
}

pub(super) async fn delete_by_another(trial: &Trial<'_>) -> Verdict {
    let Some(second) = &trial.subject.second else {
        return Err(Stop::NotApplicable("no second instance of the provider was given"));
    };
    let [value, other] = fresh_values();
    trial.append(&value).await?;
    trial.append(&other).await?;
    trial.delete_at(&trial.name, &value, &**second).await?;
    trial.expect(&[&other]).await
}

pub(super) async fn parallel_appends(trial: &Trial<'_>) -> Verdict {
    let values: [String; PARALLEL] = fresh_values();
    try_join_all(values.iter().map(|value| trial.append(value))).await?;
    trial.expect(&values.each_ref().map(String::as_str)).await
}

pub(super) async fn parallel_deletes(trial: &Trial<'_>) -> Verdict {
    let kept: [String; PARALLEL] = fresh_values();
    let gone: [String; PARALLEL] = fresh_values();
    for value in &gone {
        trial.append(value).await?;
    }
    let deletes = async { try_join_all(gone.iter().map(|value| trial.delete(value))).await };
    let appends = async { try_join_all(kept.iter().map(|value| trial.append(value))).await };
    futures_util::try_join!(deletes, appends)?;
    trial.expect(&kept.each_ref().map(String::as_str)).await
}

pub(super) async fn longest_zone(trial: &Trial<'_>) -> Verdict {
    let Some(nested) = &trial.subject.nested_zone else {
        return Err(Stop::NotApplicable("no zone below the zone was given"));
    };
    let name = fresh_name(nested).map_err(Stop::Failed)?;
    let [value] = fresh_values();
    trial.append_at(&name, &value).await?;
    trial.expect_at(&trial.subject.zone, &name, &[]).await?;
    trial.expect_at(nested, &name, &[&value]).await?;
    trial.delete_at(&name, &value, &*trial.subject.provider).await?;
    trial.expect_at(nested, &name, &[]).await
}

pub(super) async fn whole_labels(trial: &Trial<'_>) -> Verdict {
    let zone = &trial.subject.zone;
    let neighbour = DnsName::parse(&format!("contract-{zone}"))
        .and_then(|neighbour| neighbour.child("_acme-challenge"))
        .map_err(|error| Stop::Failed(format!("no neighbour of the zone can be named: {error}")))?;
    let [value] = fresh_values();
    let record = TxtRecord { name: neighbour, value };
    match call(&*trial.subject.provider, Verb::Append, &record).await? {
        Err(DnsProviderError::ZoneNotFound { .. }) => Ok(()),
        Err(other) => Err(Stop::Failed(format!(
            "{} lies in no zone of the account and the error is not ZoneNotFound: {other}",
            record.name
        ))),
        Ok(()) => Err(Stop::Failed(format!(
            "{} lies in no zone of the account and was appended",
            record.name
        ))),
    }
}

pub(super) async fn international_zone(trial: &Trial<'_>) -> Verdict {
    let Some(zone) = &trial.subject.idn_zone else {
        return Err(Stop::NotApplicable("no zone with an international name was given"));
    };
    let name = fresh_name(zone).map_err(Stop::Failed)?;
    let [value, other] = fresh_values();
    trial.append_at(&name, &value).await?;
    trial.append_at(&name, &other).await?;
    trial.expect_at(zone, &name, &[&value, &other]).await?;
    trial.delete_at(&name, &value, &*trial.subject.provider).await?;
    trial.expect_at(zone, &name, &[&other]).await
}

pub(super) async fn every_page(trial: &Trial<'_>) -> Verdict {
    let Some(name) = &trial.subject.crowded_name else {
        return Err(Stop::NotApplicable("no name with more than a page of values was given"));
    };
    let zone = &trial.subject.zone;
    let foreign = trial.values(zone, name).await?;
    let mut expected: Vec<&str> = foreign.iter().map(String::as_str).collect();

    // Each value of others is there already, the one on the last page too.
    for value in [foreign.first(), foreign.last()].into_iter().flatten() {
        let record = TxtRecord { name: name.clone(), value: value.clone() };
        call(&*trial.subject.provider, Verb::Append, &record).await?.map_err(|error| {
            Stop::Failed(format!("appending {value}, which is at {name}, failed: {error}"))
        })?;
    }
    trial.expect_at(zone, name, &expected).await?;

    let [value] = fresh_values();
    trial.append_at(name, &value).await?;
    expected.push(&value);
    trial.expect_at(zone, name, &expected).await?;
    // A process that did not append it can only find it in the list.
    let deleter = trial.subject.second.as_ref().unwrap_or(&trial.subject.provider);
    trial.delete_at(name, &value, &**deleter).await?;
    expected.pop();
    trial.expect_at(zone, name, &expected).await
}

pub(super) async fn refused_credential(trial: &Trial<'_>) -> Verdict {
    let Some(refused) = &trial.subject.refused else {
        return Err(Stop::NotApplicable("no provider with a refused credential was given"));
    };
    let [value] = fresh_values();
    let record = TxtRecord { name: trial.name.clone(), value };
    for verb in [Verb::Append, Verb::Delete] {
        let before = (refused.requests)();
        match call(&*refused.provider, verb, &record).await? {
            Err(DnsProviderError::CredentialRefused { .. }) => {}
            Err(other) => {
                return Err(Stop::Failed(format!("{verb:?} reported something else: {other}")));
            }
            Ok(()) => return Err(Stop::Failed(format!("{verb:?} reported success"))),
        }
        let requests = (refused.requests)() - before;
        if requests > 1 {
            return Err(Stop::Failed(format!("{verb:?} sent {requests} requests, not one")));
        }
    }
    Ok(())
}

fn swap_case(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}

/// How many calls run at once.
const PARALLEL: usize = 8;
