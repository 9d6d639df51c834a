#!/usr/bin/env bash
# Installs what a Debian machine needs to compile for another architecture, and prints the variables that make cargo use it.
#
#     packaging/cross-compiler.sh OWN WANTED      as Docker names architectures: amd64, arm64
set -euo pipefail
own=$1 wanted=$2

case $wanted in
amd64) cpu=x86_64 package=gcc-x86-64-linux-gnu ;;
arm64) cpu=aarch64 package=gcc-aarch64-linux-gnu ;;
*)
    printf 'no image is made for %s\n' "$wanted" >&2
    exit 1
    ;;
esac
target=$cpu-unknown-linux-gnu
printf 'export CARGO_BUILD_TARGET=%s\n' "$target"
{
    rustup target add "$target"
    if [ "$own" != "$wanted" ]; then
        apt-get update -q
        apt-get install -qy --no-install-recommends "$package" "libc6-dev-$wanted-cross"
    fi
} >&2
if [ "$own" != "$wanted" ]; then
    variable=$(printf '%s' "$target" | tr 'a-z-' 'A-Z_')
    printf 'export CARGO_TARGET_%s_LINKER=%s-linux-gnu-gcc\n' "$variable" "$cpu"
fi
