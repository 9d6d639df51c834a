//! What the project wants to reach, and whether it does.

use crate::certificates::Issued;
use crate::figure::{Action, Column, Figure, shown};

/// Whose figures ours stand beside.
pub(crate) struct Beside<'a> {
    /// The Go webhook as it is shipped.
    pub(crate) stock: &'a Column,
    /// The same without client-go's limit.
    pub(crate) unlimited: &'a Column,
}

/// Prints each bar of a webhook with what was measured.
pub(crate) fn print(ours: &Column, beside: &Beside<'_>) {
    println!("\nBars");
    for (figure, bar) in [
        (Figure::Size, 15.0),
        (Figure::Ready, 50.0),
        (Figure::IdleMemory, 10.0),
        (Figure::LoadedMemory, 16.0),
        (Figure::IdleProcessor, 0.1),
        (Figure::SecretReads(Action::Present), 1.0),
        (Figure::SecretReads(Action::CleanUp), 1.0),
        (Figure::DnspodCalls(Action::Present), 1.0),
        (Figure::DnspodCalls(Action::CleanUp), 2.0),
        (Figure::Connections, 0.1),
    ] {
        at_most(ours, figure, "", bar);
    }
    at_least(ours, Figure::Burst, "", 120.0);
    for action in Action::BOTH {
        for in_flight in [1, 8, 32] {
            let rate = Figure::Rate(action, in_flight);
            if let Some(go) = beside.unlimited.get(rate) {
                at_least(ours, rate, ": 3 x Go without limit", 3.0 * go);
            }
            if let Some(go) = beside.stock.get(rate) {
                at_least(ours, rate, ": 100 x Go", 100.0 * go);
            }
        }
        if let Some(go) = beside.unlimited.get(Figure::P50(action, 32)) {
            at_most(ours, Figure::P99(action, 32), ": Go's p50 without limit", go);
        }
    }
}

/// Prints the bars of certificates.
pub(crate) fn print_issued(issued: &[Issued]) {
    println!("\nBars");
    for of in issued {
        if let Some(bar) = of.way.bar() {
            let median = of.median();
            line(of.way.name(), median, "<=", bar, "s", median <= bar);
        }
    }
}

fn at_most(ours: &Column, figure: Figure, what: &str, bar: f64) {
    if let Some(measured) = ours.get(figure) {
        let what = format!("{}{what}", figure.name());
        let met = if figure.unit().is_empty() { whole(measured) <= bar } else { measured <= bar };
        line(&what, measured, "<=", bar, figure.unit(), met);
    }
}

fn at_least(ours: &Column, figure: Figure, what: &str, bar: f64) {
    if let Some(measured) = ours.get(figure) {
        let what = format!("{}{what}", figure.name());
        line(&what, measured, ">=", bar, figure.unit(), measured >= bar);
    }
}

/// What thousands of calls ask once, such as the list of zones, is nothing that each of them asks.
fn whole(measured: f64) -> f64 {
    (measured * 100.0).floor() / 100.0
}

fn line(what: &str, measured: f64, relation: &str, bar: f64, unit: &str, met: bool) {
    let verdict = if met { "met" } else { "MISSED" };
    let (measured, bar) = (shown(measured), shown(bar));
    println!("  {verdict:<6} {what:<68} {measured:>8} {relation} {bar:<7} {unit}");
}
