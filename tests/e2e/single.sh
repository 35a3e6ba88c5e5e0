#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The smallest cluster: one node that founds it and runs everything.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"
SPEC=seeds/single.yaml

no_key_in_copies() {
  on kube-mast01 'if grep -rl "PRIVATE KEY" /var/lib/cloud /run/cloud-init; then
    exit 1
  fi
  test "$(stat -c %a%U /etc/kubernetes/pki/ca.key)" = 600root'
}

must "the node comes up" ks up --timeout 40
check "it is Ready" within 300 all_ready 1
check "etcd has one started member" within 120 \
  equals 1 started_members kube-mast01
check "it holds the VIP" within 60 equals 1 holders 192.168.4.20 kube-mast01
check "no private key in cloud-init's copies" no_key_in_copies
check "up again finds it ready" ks up
check "the machine is switched off" ks down --now
finish
