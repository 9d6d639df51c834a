#!/usr/bin/env bash
# Runs the webhook in the root of its image as its pod does, where there is no container engine: as user 65532, in a root
# that cannot be written to and holds nothing else. It serves HTTPS, says it is alive, and ends when it is told to.
#
#     packaging/try-image.sh DIRECTORY
#
# It needs root; without it, it says so, which is a failure with CI=true. And curl and openssl.
set -euo pipefail
root=$(cd "$1" && pwd)

if [ "$(id -u)" -ne 0 ]; then
    printf '*** SKIPPED: not root: the root of the image was NOT tried ***\n'
    [ "${CI:-}" != true ]
    exit
fi

chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
work=$(mktemp -d)
webhook=
finish() {
    [ -z "$webhook" ] || { kill "$webhook" && wait "$webhook"; } 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
fail() { printf '*** %s ***\n' "$*"; cat "$work/log" 2>/dev/null; exit 1; }

port=$((20000 + RANDOM % 10000))

# The Secret and the kubeconfig stand for what a pod is given; nothing listens where the latter points.
mkdir "$work/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=webhook \
    -addext subjectAltName=DNS:localhost -keyout "$work/tls/tls.key" -out "$work/tls/tls.crt" 2>/dev/null
cat >"$work/tls/kubeconfig" <<'YAML'
apiVersion: v1
kind: Config
clusters: [{name: none, cluster: {server: "https://127.0.0.1:1", certificate-authority: /usr/share/tls/tls.crt}}]
users: [{name: none, user: {}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
current-context: none
YAML
chmod 0440 "$work"/tls/*
chown -R root:65532 "$work/tls"
chmod 0750 "$work/tls"
chmod 0711 "$work"

# in_image ARGUMENT...: runs the webhook in place of this shell.
in_image() {
    exec unshare --mount --propagation private -- sh -euc '
        chroot=$1 root=$2 tls=$3; shift 3
        mount --bind "$root" "$root"
        mount -t tmpfs -o size=64k,mode=0755 tmpfs "$root/usr/share"
        mkdir "$root/usr/share/tls"
        mount --bind "$tls" "$root/usr/share/tls"
        mount -o remount,bind,ro "$root"
        exec env -i GROUP_NAME=acme.mycompany.example "$chroot" --userspec=65532:65532 --groups= "$root" \
            /cert-manager-webhook-dnspod "$@"
    ' sh "$chroot" "$root" "$work/tls" "$@"
}

(in_image --version) || fail "it does not start"

in_image --secure-port="$port" --bind-address=127.0.0.1 --tls-cert-file=/usr/share/tls/tls.crt \
    --tls-private-key-file=/usr/share/tls/tls.key --kubeconfig=/usr/share/tls/kubeconfig >"$work/log" 2>&1 &
webhook=$!
ask() { curl --silent --cacert "$work/tls/tls.crt" --output /dev/null --write-out '%{http_code}' "https://localhost:$port$1"; }
for _ in $(seq 200); do
    [ "$(ask /livez || true)" = 200 ] && break
    kill -0 "$webhook" 2>/dev/null || fail "it ended by itself"
    sleep 0.05
done
[ "$(ask /livez)" = 200 ] || fail "it does not say that it is alive"
[ "$(ask /readyz)" != 200 ] || fail "it says that it is ready, and knows no kube-apiserver"

kill -TERM "$webhook"
for _ in $(seq 200); do
    kill -0 "$webhook" 2>/dev/null || break
    sleep 0.1
done
kill -0 "$webhook" 2>/dev/null && fail "it does not end"
webhook=
printf 'cert-manager-webhook-dnspod serves from a read-only root of its own as user 65532, and ends when told.\n'
