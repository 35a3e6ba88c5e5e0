# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# pki.mode copied: the first node makes the CAs and hands them to the others.
# Sourced by bootstrap.

pki=/etc/kubernetes/pki

# The CAs are made in a step of their own, so that they are on the disk before
# anything is signed with them that others see. Until then nobody has: what an
# attempt before a power cut left, halves of pairs perhaps, can go.
step_make_certificates() {
  # A founder with a new disk gets what the cluster has.
  if joins_existing; then return; fi
  rm -rf "$pki"
  kubeadm init phase certs all --config /etc/kubeseed/kubeadm.yaml
  echo "$NODE" >"$pki/made-here"
}

# The cluster turned out to have others.
forget_own_certificates() {
  [ ! -e "$pki/made-here" ] || rm -rf "$pki"
}

certificates_arrived() {
  [ -d /var/lib/kubeseed/certificates ] || [ -s /etc/kubernetes/pki/ca.crt ]
}

# What the seed would hold, had the CA existed when it was made. A seed that was
# made anew has been laid down without it, and until this node is a member the
# CA itself may be replaced.
know_cluster_ca() {
  ! cmp -s $pki/ca.crt /etc/kubeseed/ca.crt || return 0
  [ -s $pki/ca.crt ] || return 0
  ca=$(base64 -w 0 $pki/ca.crt)
  (
    umask 077 # it may have the token, see introduce_kubeadm
    sed "s|certificate-authority-data:.*|certificate-authority-data: $ca|" \
      /etc/kubeseed/discovery.conf | keep /etc/kubeseed/discovery.conf
  ) || return
  # The last: by it the next time tells that all is done.
  keep /etc/kubeseed/ca.crt <$pki/ca.crt
}

receive_certificates() {
  wait_for "$1" certificates_arrived
  /root/bin/move-certificates.sh
  know_cluster_ca
}

step_move_certificates() {
  [ "$ROLE" != control-plane ] || tell_empty
  receive_certificates "the first node's copy-certificates.sh; run it there by \
hand if it was done before this disk was new"
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
  [ "$left" -ne 0 ] || return 0
  # What comes last here keeps it otherwise.
  keep_token || :
  return 1
}

step_copy_certificates() {
  # What was sent a second time while this node took its place with the first.
  [ ! -d /var/lib/kubeseed/certificates ] || /root/bin/move-certificates.sh
  wait_for "every node to take the certificates" copy_to_peers
}
