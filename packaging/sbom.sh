#!/usr/bin/env bash
# Prints what the webhook is made of, as a CycloneDX bill of materials in JSON, for the architecture that
# CARGO_BUILD_TARGET names, else this machine's. It needs cargo-cyclonedx.
#
#     packaging/sbom.sh
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_BUILD_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
name=webhook-server.$target
# It writes one beside the manifest of every package of the workspace, whichever is named.
trap 'rm -f -- */"$name.json"' EXIT
cargo cyclonedx --quiet --manifest-path webhook-server/Cargo.toml --format json --spec-version 1.5 --target "$target" \
    --override-filename "$name" >&2
cat "webhook-server/$name.json"
