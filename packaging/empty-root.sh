#!/usr/bin/env bash
# Shows that a static certctl needs nothing beside it: it issues in a root directory that holds only this one file, and
# resolves host names in one that has /etc/hosts besides.
#
#     packaging/empty-root.sh "$(packaging/static.sh)"
#
# It needs root, or user namespaces; without either it says so, which is a failure with CI=true.
set -euo pipefail
binary=$1

work=$(mktemp -d)
sandbox=
finish() {
    [ -z "$sandbox" ] || { kill "$sandbox" && wait "$sandbox"; } || true
    rm -rf "$work"
}
trap finish EXIT
fail() { printf '*** %s ***\n' "$*"; exit 1; }

mkdir "$work/empty" "$work/hosts" "$work/hosts/etc"
cp "$binary" "$work/empty/certctl"
cp "$binary" "$work/hosts/certctl"

chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
enter=("$chroot")
[ "$(id -u)" -eq 0 ] || enter=("$(command -v unshare)" --user --map-root-user "$chroot")
if ! "${enter[@]}" "$work/empty" /certctl --version; then
    [ "${CI:-}" != true ] || fail "neither root nor user namespaces: an empty root could not be tried"
    printf '*** SKIPPED: neither root nor user namespaces: an empty root was NOT tried ***\n'
    exit 0
fi
# in_root DIRECTORY ARGUMENT...: runs certctl there with nothing but "${variables[@]}" in its environment.
in_root() {
    local root=$1
    shift
    env -i "${variables[@]}" "${enter[@]}" "$root" /certctl "$@"
}
names=(--domain ws.example --domain '*.ws.example' --state-dir /state)

variables=(_=)
in_root "$work/empty" issue --sandbox "${names[@]}"
[ -s "$work/empty/state/sandbox/certificates/ws.example/current/fullchain.pem" ] || fail "no certificate"

# A sandbox outside, its DNSPod API called by a name that only /etc/hosts of the other root knows.
"$binary" sandbox >"$work/variables" 2>"$work/log" &
sandbox=$!
for _ in $(seq 200); do
    grep -q TENCENTCLOUD_SECRET_KEY "$work/variables" && break
    sleep 0.05
done
mapfile -t variables < <(sed -n 's/^export //p' "$work/variables" | sed '/^CERTCTL_STATE_DIR=/d')
[ "${#variables[@]}" -ge 6 ] || fail "the sandbox did not start: $(cat "$work/log")"
root=$(sed -n 's/^export CERTCTL_CA_ROOT=//p' "$work/variables")
cp "$root" "$work/hosts/root.pem"
endpoint=$(sed -n 's/^export CERTCTL_DNSPOD_ENDPOINT=//p' "$work/variables")
variables+=(CERTCTL_CA_ROOT=/root.pem "CERTCTL_DNSPOD_ENDPOINT=${endpoint/127.0.0.1/sandbox.test}")
printf '127.0.0.1 sandbox.test\n' >"$work/hosts/etc/hosts"
# As where systemd resolves names; a static glibc cannot load what this asks for.
printf 'hosts: resolve\n' >"$work/hosts/etc/nsswitch.conf"

if cc -x c -static -o "$work/hosts/getaddrinfo" - 2>/dev/null <<'C'
#include <netdb.h>
int main(int argc, char **argv) {
    struct addrinfo *found;
    return argc == 2 && getaddrinfo(argv[1], "443", 0, &found) == 0 ? 0 : 1;
}
C
then
    ! "${enter[@]}" "$work/hosts" /getaddrinfo sandbox.test ||
        fail "glibc resolves the name there too: this shows nothing"
    printf "glibc's getaddrinfo does not resolve sandbox.test there.\n"
fi
in_root "$work/hosts" issue "${names[@]}"
[ -s "$work/hosts/state/certificates/ws.example/current/fullchain.pem" ] || fail "no certificate"
printf 'certctl resolves it, and issues.\n'
