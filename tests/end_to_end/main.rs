//! Tests that cross crates or need servers and clients that this project did not write.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod aggregated_server;
mod cert_manager;
mod certbot_plugins;
mod certctl_issue;
mod chart_files;
mod chart_installed;
mod chart_pods;
mod chart_refusals;
mod chart_rendering;
mod chart_upgrades;
mod control_plane;
mod dnspod_endpoints;
mod doctor;
mod foreign_clients;
mod lego_bridge;
mod pebble_issuance;
mod pebble_malice;
mod pebble_resumed_orders;
mod real_parts;
mod sandbox_bad_answers;
mod sandbox_ca_failures;
mod sandbox_dns;
mod sandbox_orders;
mod side_by_side;
mod tencent_sdk;
mod tencent_sdk_credentials;
mod webhook_aggregated;
mod webhook_chart;
mod webhook_conformance;
mod webhook_faults;
mod webhook_replicas;
mod webhook_restarts;
mod webhook_rotation;
mod webhook_scene;
mod webhook_self_signed;
mod webhook_tls;

fn main() -> std::process::ExitCode {
    e2e::harness::run(
        [
            certbot_plugins::tests(),
            cert_manager::tests(),
            certctl_issue::tests(),
            chart_files::tests(),
            chart_installed::tests(),
            chart_pods::tests(),
            chart_refusals::tests(),
            chart_rendering::tests(),
            chart_upgrades::tests(),
            control_plane::tests(),
            dnspod_endpoints::tests(),
            doctor::tests(),
            foreign_clients::tests(),
            lego_bridge::tests(),
            pebble_issuance::tests(),
            pebble_malice::tests(),
            pebble_resumed_orders::tests(),
            real_parts::tests(),
            sandbox_bad_answers::tests(),
            sandbox_ca_failures::tests(),
            sandbox_dns::tests(),
            sandbox_orders::tests(),
            side_by_side::tests(),
            tencent_sdk::tests(),
            tencent_sdk_credentials::tests(),
            webhook_aggregated::tests(),
            webhook_chart::tests(),
            webhook_conformance::tests(),
            webhook_faults::tests(),
            webhook_replicas::tests(),
            webhook_restarts::tests(),
            webhook_rotation::tests(),
            webhook_self_signed::tests(),
            webhook_tls::tests(),
        ]
        .into_iter()
        .flatten()
        .collect(),
    )
}
