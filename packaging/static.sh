#!/usr/bin/env bash
# Builds a program as one static file and prints where it is: certctl unless another package is named, for this machine's
# architecture unless CARGO_BUILD_TARGET names another.
#
#     packaging/static.sh [PACKAGE PROGRAM]
#
# glibc is linked in (there need be no musl toolchain). Our programs ask name servers themselves, so that nothing is
# missed of what a static glibc cannot do; packaging/empty-root.sh shows it.
set -euo pipefail
package=${1:-certctl}
program=${2:-$package}
cd "$(dirname "$0")/.."

target=${CARGO_BUILD_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
options=()
if [ "$package" = webhook-server ]; then
    # It makes no RSA keys, for which alone aws-lc is built for speed, and whoever runs it pays for resident code.
    options+=(--config 'profile.release.package.aws-lc-sys.opt-level="s"')
fi
# An explicit target keeps the flags away from build scripts and procedural macros, which cannot be static.
# By default the crate getrandom asks the dynamic linker whether there is a getrandom(2). Where nothing is dynamic the
# answer is no, and it would open /dev/urandom, which an empty root does not have.
# By default aws-lc adds entropy that it gathers from the processor's timing, which costs each process some 50 ms at its
# first random number. Without, its seeds are those of getrandom(2), which gives none before the kernel has enough, with
# what the processor's own generator gives added where there is one.
AWS_LC_SYS_NO_JITTER_ENTROPY=1 \
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static --cfg getrandom_backend=\"linux_getrandom\"" \
    cargo build --release --locked --target "$target" -p "$package" "${options[@]}" >&2
directory=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
printf '%s\n' "$directory/$target/release/$program"
