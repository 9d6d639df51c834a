#!/usr/bin/env bash
# Builds certctl as one static file for this machine's architecture and prints where it is.
#
# glibc is linked in (there need be no musl toolchain). certctl asks name servers itself, so that nothing is missed of
# what a static glibc cannot do.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
# An explicit target keeps the flag away from build scripts and procedural macros, which cannot be static.
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
    cargo build --release --locked --target "$target" -p certctl >&2
directory=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
printf '%s\n' "$directory/$target/release/certctl"
