# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# The spec's proxy and certificate authorities. Sourced by bootstrap.

trusted=/usr/local/share/ca-certificates

# trust_file FILE NAME: each of its certificates in a file of its own, as
# update-ca-certificates(8) wants it.
trust_file() {
  awk -v to="$trusted/kubeseed-$2" '
    /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/ { out = to "-" ++n ".crt" }
    out { print >out }
    /-----END (X509 |TRUSTED )?CERTIFICATE-----/ { close(out); out = "" }' "$1"
}

# containerd has begun by now, without either; of a kubelet that runs it must be told
# as well, after a corrected seed.
step_outward() {
  if [ -d "$lib/ca" ]; then
    mkdir -p "$trusted"
    rm -f "$trusted"/kubeseed-*.crt
    for file in "$lib"/ca/*.pem; do
      name=${file##*/}
      trust_file "$file" "${name%.pem}"
    done
    update-ca-certificates
  fi
  if [ -e "$lib/environment" ]; then
    keep /etc/environment <"$lib/environment"
  fi
  systemctl daemon-reload
  systemctl try-restart containerd.service kubelet.service
}
