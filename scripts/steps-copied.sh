# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# pki.mode copied: the first node makes the CAs and hands them to the others.
# Sourced by bootstrap.

certificates_arrived() {
  [ -d /var/lib/kubeseed/certificates ] || [ -s /etc/kubernetes/pki/ca.crt ]
}

# What the seed would hold, had the CA existed when it was made.
know_cluster_ca() {
  install -m 0644 /etc/kubernetes/pki/ca.crt /etc/kubeseed/ca.crt
  ca=$(base64 -w 0 /etc/kubeseed/ca.crt)
  sed -i "s|certificate-authority-data:.*|certificate-authority-data: $ca|" \
    /etc/kubeseed/discovery.conf
}

receive_certificates() {
  wait_for "$1" certificates_arrived
  /root/bin/move-certificates.sh
  know_cluster_ca
}

step_move_certificates() {
  receive_certificates "the first node's copy-certificates.sh"
}

# Each peer once, in any order, whenever it is there.
copy_to_peers() {
  left=0
  for peer in $COPY_TO; do
    name=${peer%%=*}
    [ ! -e "$recorded/copied-to-$name" ] || continue
    if /root/bin/copy-certificates.sh "$name"; then
      : >"$recorded/copied-to-$name"
    else
      left=$((left + 1))
    fi
  done
  [ "$left" -eq 0 ]
}

step_copy_certificates() {
  wait_for "every node to take the certificates" copy_to_peers
}
