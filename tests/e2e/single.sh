#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The smallest cluster: one node that founds it, runs everything and is its own
# endpoint.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"
SPEC=$WORK/single.yaml
cp seeds/single.yaml "$SPEC"

no_key_in_copies() {
  on kube-mast01 'if grep -rl "PRIVATE KEY" /var/lib/cloud /run/cloud-init; then
    exit 1
  fi
  test "$(stat -c %a%U /etc/kubernetes/pki/ca.key)" = 600root'
}

endpoint() {
  on kube-mast01 'sed -n "s/^ *server: //p" /etc/kubernetes/kubelet.conf'
}

# Each option once: the last of two would count.
spared() {
  on kube-mast01 'cd /etc/kubernetes/manifests
  once() {
    test "$(grep -c -- "- --${2%=*}=" "$1.yaml")" = 1 &&
      grep -qx -- " *- --$2" "$1.yaml" || { echo "$1: $2"; exit 1; }
  }
  once kube-apiserver enable-priority-and-fairness=false
  once kube-apiserver etcd-count-metric-poll-period=0
  once kube-apiserver etcd-db-metric-poll-interval=0s
  for controller in kube-controller-manager kube-scheduler; do
    once $controller leader-elect-lease-duration=60s
    once $controller leader-elect-renew-deadline=45s
    once $controller leader-elect-retry-period=10s
  done'
}

must "the node comes up" ks up --timeout 40
check "it is Ready" within 300 all_ready 1
check "etcd has one started member" within 120 \
  equals 1 healthy_members kube-mast01
check "it is its own endpoint" equals https://192.168.4.31:6443 endpoint
if [ "$(on kube-mast01 systemd-detect-virt)" != kvm ]; then
  check "an emulated control plane does without what costs most" spared
fi
check "its clock costs no system call" clock_is_cheap kube-mast01
check "no private key in cloud-init's copies" no_key_in_copies
check "the cluster is what the spec says" ks verify --wait 600
check "up again finds it ready" ks up
check "the machine is switched off" ks down --now
finish
