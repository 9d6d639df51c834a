//! The Go webhook as it was measured on 2026-11-23, for runs that are given none of it: imroc/cert-manager-webhook-dnspod
//! 1.5.3 (`e759550`) with version 1.3.190 of Tencent's SDK's `common`, on another machine of 2 cores under a load of 3
//! to 7. Medians of its runs; for p50 the least, which is the hardest to beat.

use super::figure::{Action, Column, Figure};

/// As it is shipped.
pub(crate) fn stock() -> Column {
    column(
        "Go, recorded",
        &[
            // That of its image.
            (Figure::Size, 84.6),
            (Figure::ReadyLeast, 134.0),
            (Figure::Ready, 207.0),
            (Figure::DiscoveryLeast, 237.0),
            (Figure::Discovery, 309.0),
            (Figure::IdleMemory, 65.8),
            (Figure::IdleProcessor, 0.11),
            (Figure::LoadedRequests, 1_200.0),
            (Figure::LoadedMemory, 77.0),
            (Figure::Burst, 60.0),
            (Figure::SecretReads(Action::Present), 2.0),
            (Figure::SecretReads(Action::CleanUp), 2.0),
            (Figure::DnspodCalls(Action::Present), 1.0),
            (Figure::DnspodCalls(Action::CleanUp), 2.0),
            (Figure::Connections, 1.0),
        ],
        &[
            (Action::Present, 1, [2.5, 399.9, 403.6]),
            (Action::Present, 8, [2.5, 3_199.0, 3_207.0]),
            (Action::Present, 32, [2.5, 12_601.0, 12_838.0]),
            (Action::CleanUp, 1, [2.5, 399.9, 405.0]),
            (Action::CleanUp, 8, [2.4, 3_200.0, 3_206.0]),
            (Action::CleanUp, 32, [2.4, 12_798.0, 12_810.0]),
        ],
    )
}

/// The variant without client-go's limit of five requests a second.
pub(crate) fn unlimited() -> Column {
    column(
        "Go, no limit, recorded",
        &[(Figure::LoadedRequests, 10_000.0), (Figure::LoadedMemory, 478.1)],
        &[
            (Action::Present, 1, [104.0, 8.7, 21.1]),
            (Action::Present, 8, [188.0, 39.7, 95.0]),
            (Action::Present, 32, [286.0, 102.8, 243.4]),
            (Action::CleanUp, 1, [101.0, 9.1, 19.9]),
            (Action::CleanUp, 8, [176.0, 40.6, 90.4]),
            (Action::CleanUp, 32, [245.0, 117.4, 303.5]),
        ],
    )
}

fn column(
    name: &'static str,
    figures: &[(Figure, f64)],
    rates: &[(Action, usize, [f64; 3])],
) -> Column {
    let mut column = Column::new(name);
    for (figure, value) in figures {
        column.set(*figure, *value);
    }
    for (action, in_flight, [rate, median, worst]) in rates {
        column.set(Figure::Rate(*action, *in_flight), *rate);
        column.set(Figure::P50(*action, *in_flight), *median);
        column.set(Figure::P99(*action, *in_flight), *worst);
    }
    column
}
