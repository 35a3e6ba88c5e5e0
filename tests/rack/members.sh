#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A member of etcd begins with a seed that has a wrong address of another one, and
# is off again before the others found the cluster: switched on with a corrected
# seed, it belongs to them. The second node is on first.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/members.yaml
{
  header members
  cat <<'SPEC'
endpoint: {address: 192.168.4.20, provider: keepalived}
nodes:
  - {name: kube-mast01, role: control-plane, address: 192.168.4.31, memory: 3G}
  - {name: kube-mast02, role: control-plane, address: 192.168.4.32, memory: 3G}
  - {name: kube-mast03, role: control-plane, address: 192.168.4.33, memory: 3G}
SPEC
} >"$SPEC"

# The same, but for the address of kube-mast02.
WRONG=$WORK/wrong.yaml
sed 's/192\.168\.4\.32/192.168.4.99/' "$SPEC" >"$WRONG"

# What its seed says, to the machine that runs with it.
knows() { # ADDRESS
  on kube-mast03 "grep -o 'kube-mast02=https://[0-9.]*' /etc/default/etcd" |
    grep -qx "kube-mast02=https://$1"
}

must "kube-mast03 is switched on with a wrong seed" \
  kubeseed_at "$STATE" "$WRONG" up --no-wait kube-mast03
must "it looks for kube-mast02 elsewhere" within 120 \
  says kube-mast03 '192.168.4.99:2380: are they on'
check "as its seed says" knows 192.168.4.99
must "kube-mast02 is switched on" ks up --no-wait kube-mast02
must "it waits for the others" within 120 says kube-mast02 \
  'etcd to have a quorum'
must "power cut of kube-mast03" cut_power kube-mast03
check "in the middle of founding" in_step kube-mast03 etcd
must "kube-mast01 founds the cluster with kube-mast02" \
  ks up kube-mast01 kube-mast02
check "two nodes are Ready" within 60 all_ready 2
check "a write" write_key kube-mast01 before
must "kube-mast03 is switched on with a corrected seed" ks up
check "which it has taken" knows 192.168.4.32
check "three nodes are Ready" within 120 all_ready 3
check "etcd has three started members, no other" within 120 \
  equals 3 healthy_members kube-mast03
KUBE_NODE=kube-mast03
check "with what was written" within 60 kube get configmap before
check "the cluster is what the spec says" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
