#!/usr/bin/env bash
# Puts together what the webhook's image holds: one static file, the licences, and the bill of materials.
#
#     packaging/image-root.sh "$(packaging/static.sh webhook-server cert-manager-webhook-dnspod)" SBOM DIRECTORY
set -euo pipefail
program=$1 sbom=$2 root=$3
cd "$(dirname "$0")/.."

# Whatever the directory was before: the webhook is no user that owns it.
install -d -m 0755 "$root"
about=$root/usr/share/doc/cert-manager-webhook-dnspod
install -D -m 0755 "$program" "$root/cert-manager-webhook-dnspod"
install -D -m 0644 -t "$about" LICENSE-APACHE LICENSE-MIT
install -D -m 0644 "$sbom" "$about/sbom.cdx.json"
