//! The figures, by name, and where each webhook has them.

use std::collections::BTreeMap;

/// What is done for a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Present,
    CleanUp,
}

impl Action {
    pub(crate) const BOTH: [Self; 2] = [Self::Present, Self::CleanUp];

    /// As cert-manager names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Present => "Present",
            Self::CleanUp => "CleanUp",
        }
    }
}

/// One figure, in the order in which they are shown. A number beside an action is how many are in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Figure {
    Size,
    ReadyLeast,
    Ready,
    DiscoveryLeast,
    Discovery,
    IdleMemory,
    IdleProcessor,
    LoadedRequests,
    LoadedMemory,
    Rate(Action, usize),
    P50(Action, usize),
    P99(Action, usize),
    RateOverHttp1(Action, usize),
    RateOfOneAccount(Action, usize),
    Burst,
    FinalMemory,
    SecretReads(Action),
    AccessReviews,
    DnspodCalls(Action),
    Connections,
}

impl Figure {
    /// For people.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Size => "program".to_owned(),
            Self::ReadyLeast => "exec to 200 on /readyz, least of 20".to_owned(),
            Self::Ready => "exec to 200 on /readyz, median of 20".to_owned(),
            Self::DiscoveryLeast => "exec to 200 on discovery, least of 20".to_owned(),
            Self::Discovery => "exec to 200 on discovery, median of 20".to_owned(),
            Self::IdleMemory => "RSS 30 s after start".to_owned(),
            Self::IdleProcessor => "processor over 60 idle seconds".to_owned(),
            Self::LoadedRequests => "requests before the next figure".to_owned(),
            Self::LoadedMemory => "RSS after them".to_owned(),
            Self::Rate(action, n) => format!("{}, {n} in flight", action.name()),
            Self::P50(action, n) => format!("{}, {n} in flight, p50", action.name()),
            Self::P99(action, n) => format!("{}, {n} in flight, p99", action.name()),
            Self::RateOverHttp1(action, n) => format!("{}, {n} in flight, HTTP/1.1", action.name()),
            Self::RateOfOneAccount(action, n) => {
                format!("{}, {n} in flight, one account", action.name())
            }
            Self::Burst => "120 at once: answered 201 with success".to_owned(),
            Self::FinalMemory => "RSS after all of this".to_owned(),
            Self::SecretReads(action) => format!("Secret reads for a {}", action.name()),
            Self::AccessReviews => "SubjectAccessReviews for a challenge".to_owned(),
            Self::DnspodCalls(action) => format!("DNSPod calls for a {}", action.name()),
            Self::Connections => "connections opened to DNSPod for a call".to_owned(),
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Size | Self::IdleMemory | Self::LoadedMemory | Self::FinalMemory => "MiB",
            Self::ReadyLeast
            | Self::Ready
            | Self::DiscoveryLeast
            | Self::Discovery
            | Self::P50(..)
            | Self::P99(..) => "ms",
            Self::IdleProcessor => "% of a core",
            Self::Rate(..) | Self::RateOverHttp1(..) | Self::RateOfOneAccount(..) => "a second",
            Self::LoadedRequests
            | Self::Burst
            | Self::SecretReads(_)
            | Self::AccessReviews
            | Self::DnspodCalls(_)
            | Self::Connections => "",
        }
    }
}

/// A webhook and what it was measured at.
pub(crate) struct Column {
    /// Whose figures these are.
    pub(crate) name: &'static str,
    pub(crate) figures: BTreeMap<Figure, f64>,
}

impl Column {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, figures: BTreeMap::new() }
    }

    pub(crate) fn set(&mut self, figure: Figure, value: f64) {
        self.figures.insert(figure, value);
    }

    pub(crate) fn get(&self, figure: Figure) -> Option<f64> {
        self.figures.get(&figure).copied()
    }
}

/// Prints every figure that one of the columns has, a line each.
pub(crate) fn print(columns: &[&Column]) {
    print!("\n  {:<44}", "");
    for column in columns {
        print!(" {:>22}", column.name);
    }
    println!();
    let figures = columns.iter().flat_map(|column| column.figures.keys());
    for figure in figures.collect::<std::collections::BTreeSet<_>>() {
        print!("  {:<44}", figure.name());
        for column in columns {
            let value = column.get(*figure).map_or_else(|| "-".to_owned(), shown);
            print!(" {value:>22}");
        }
        println!("  {}", figure.unit());
    }
}

/// Three digits are all that can be trusted.
pub(crate) fn shown(value: f64) -> String {
    if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
