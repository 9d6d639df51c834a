//! What the project wants to reach, and whether it does.

use crate::ca::{FAR_SANDBOX, KIND_PEBBLE, PEBBLE, SANDBOX};
use crate::client::{Foreign, KNOWN, NEW, Names};
use crate::figures::{Figures, Row, mib, millis};
use crate::nonces::NewNonces;

/// Prints each bar with what was measured.
pub(crate) fn print(figures: &Figures) {
    println!("\nBars");
    for ca in [PEBBLE, KIND_PEBBLE, SANDBOX] {
        times(figures, ca);
    }
    requests(figures);
    far(figures);
    at_once(figures);
    if let Some(peak) = figures
        .rows
        .iter()
        .filter(|row| row.client.starts_with("certctl"))
        .map(Row::peak_rss)
        .reduce(f64::max)
    {
        at_most("peak RSS of certctl, any row", peak, 20.0, "MiB");
    }
    if let Some(binary) = &figures.binary {
        at_most("stripped static binary", mib(binary.size), 15.0, "MiB");
        at_most("certctl --version", millis(binary.version_took), 5.0, "ms");
    }
}

fn times(figures: &Figures, ca: &str) {
    let wall =
        |client, names| figures.row(ca, client, names).map(|row| millis(row.median().cost.wall));
    for (client, short) in [(NEW, "new account"), (KNOWN, "account there")] {
        let (Some(one), Some(three)) = (wall(client, Names::One), wall(client, Names::Three))
        else {
            continue;
        };
        at_most(&format!("one wildcard, {ca}, {short}"), one, 200.0, "ms");
        at_most(&format!("three names, {ca}, {short}: 1.3 x one"), three, 1.3 * one, "ms");
    }
    for names in [Names::One, Names::Three] {
        if let (Some(ours), Some(lego)) = (wall(NEW, names), wall(Foreign::Lego.name(), names)) {
            at_most(
                &format!("{}, {ca}, new account: 1/10 of lego", names.name()),
                ours,
                lego / 10.0,
                "ms",
            );
        }
    }
}

fn requests(figures: &Figures) {
    for (ca, extra) in [(SANDBOX, 0.0), (KIND_PEBBLE, 1.0)] {
        if let Some(row) = figures.row(ca, KNOWN, Names::One) {
            // A program has no directory cached; the bar is without the request for it.
            let most = count(row.requests().1) - 1.0;
            at_most(
                &format!("requests, fresh connection, {ca}, without the directory"),
                most,
                8.0 + extra,
                "",
            );
        }
    }
    if let Some(warm) = figures.warm {
        at_most("requests with a nonce at hand, sandbox", count(warm), 7.0, "");
    }
}

fn far(figures: &Figures) {
    for client in [NEW, KNOWN] {
        if let Some(row) = figures.row(FAR_SANDBOX, client, Names::Hundred) {
            new_nonces(&format!("100 names at 100 ms, {client}"), row.worst_nonces());
            let run = row.median();
            let propagation = run.propagation.unwrap_or_default();
            let rest = millis(run.cost.wall.saturating_sub(propagation));
            at_most(
                &format!("100 names at 100 ms, {client}, without propagation"),
                rest,
                2500.0,
                "ms",
            );
        }
    }
}

fn at_once(figures: &Figures) {
    for of in &figures.at_once {
        let what = format!("64 at once, {}, kept in {}", of.ca, of.kept.name());
        at_least(&what, of.rate(), 60.0, "a second");
        new_nonces(&what, of.new_nonces);
    }
}

fn new_nonces(what: &str, nonces: Option<NewNonces>) {
    if let Some(nonces) = nonces {
        let what = format!("new nonces in the worst second, {what}");
        at_most(&what, count(nonces.most_in_a_second), 15.0, "");
    }
}

#[expect(clippy::cast_precision_loss, reason = "no count here is near 2^53")]
fn count(of: usize) -> f64 {
    of as f64
}

fn at_most(what: &str, measured: f64, bar: f64, unit: &str) {
    line(what, measured, "<=", bar, unit, measured <= bar);
}

fn at_least(what: &str, measured: f64, bar: f64, unit: &str) {
    line(what, measured, ">=", bar, unit, measured >= bar);
}

fn line(what: &str, measured: f64, relation: &str, bar: f64, unit: &str, met: bool) {
    let verdict = if met { "met" } else { "MISSED" };
    let by = (measured / bar - 1.0) * 100.0;
    println!(
        "  {verdict:<6} {what:<72} {measured:>8.1} {relation} {bar:<7.1} {unit:<8} ({by:+.0} %)"
    );
}
