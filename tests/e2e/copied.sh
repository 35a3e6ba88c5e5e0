#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The tutorials' cluster: kubeadm's stacked etcd, keys copied from the first
# node, an nginx in front. All machines at once.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"
SPEC=seeds/copied.yaml

no_ca_key_here() {
  grep -rl "PRIVATE KEY" "$STATE/pki" >"$WORK/keys"
  cat "$WORK/keys"
  grep -q /ssh "$WORK/keys" && ! grep -v /ssh "$WORK/keys"
}

same_ca() {
  first=$(on kube-mast01 'sha256sum </etc/kubernetes/pki/ca.key')
  for node in kube-mast02 kube-mast03; do
    equals "$first" on "$node" 'sha256sum </etc/kubernetes/pki/ca.key' ||
      return 1
    equals 600root on "$node" 'stat -c %a%U /etc/kubernetes/pki/ca.key' ||
      return 1
    on "$node" 'test ! -e /var/lib/kubeseed/certificates' || return 1
  done
}

# A member that waits for the others must not be killed for it.
patient() { # NODE
  on "$1" 'grep -c "path: /health" /etc/kubernetes/manifests/etcd.yaml' |
    grep -qx 0
}

must "the machines come up" ks up
for node in kube-mast01 kube-mast02 kube-mast03; do
  check "$node: the kubelet asks its member of etcd, not all" patient "$node"
done
check "the workstation has no CA key" no_ca_key_here
check "all control planes have the first one's keys, owned by root" same_ca
check "copy-certificates.sh can be run again" \
  on kube-mast01 /root/bin/copy-certificates.sh
check "move-certificates.sh can be run again" \
  on kube-mast02 /root/bin/move-certificates.sh
check "the administrator's kubeconfig can be fetched" ks kubeconfig
check "the cluster is what the spec says" ks verify --wait 600
check "the machines are switched off" ks down --now
finish
