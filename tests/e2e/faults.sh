#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a rack does to a cluster: the machine that holds the address is killed, a
# disk is lost, everything goes dark at once.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"

SPEC=$WORK/faults.yaml
sed 's/^name: demo/name: faults/' seeds/ha.yaml >"$SPEC"
VIP=192.168.4.20
NODES="kube-mast01 kube-mast02 kube-mast03"

must "the three nodes come up" ks up
check "three nodes are Ready" within 300 all_ready 3

# The machine that holds the address dies; what was acknowledged stays.
# shellcheck disable=SC2086
vip_node=$(holder $VIP $NODES)
check "somebody holds the address" test -n "$vip_node"
witness=kube-mast03
[ "$vip_node" != "$witness" ] || witness=kube-mast02
KUBE_NODE=$witness
check "a write before" write_key "$witness" before
check "SIGKILL to $vip_node, the holder of the address" cut_power "$vip_node"
start=$(date +%s)
check "the API answers through the address again" within 300 \
  answers_through_vip "$witness" $VIP
echo "failover took $(($(date +%s) - start)) s"
check "the write before is still there" within 120 kube get configmap before
check "with one etcd member gone, writes go on" within 180 \
  write_key "$witness" during
must "$vip_node is switched on again" ks up
check "three nodes are Ready again" within 300 all_ready 3

# A disk is lost: the same seed makes the node a member again.
check "kube-mast02 and its disk are gone" ks destroy kube-mast02
must "it comes back with an empty disk" ks up
KUBE_NODE=kube-mast01
check "three nodes are Ready with the new disk" within 300 all_ready 3
check "etcd has three started members, no dead one" within 180 \
  equals 3 healthy_members kube-mast01
check "the write is there on the new member" within 120 \
  kube get configmap during

# Everything dark, then everything on.
for node in $NODES; do
  check "power cut: $node" cut_power "$node"
done
sleep 3
must "all are switched on again" ks up
check "the cluster has returned" within 300 all_ready 3
check "with what was written" within 120 kube get configmap before during
check "the machines are switched off" ks down --now
finish
