#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Three control planes, switched on at the same moment, become a cluster; then
# power fails while somebody writes: first of the machine that holds the
# endpoint's address, then of all three at once. Nothing that was acknowledged is
# lost.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/ha.yaml
cp seeds/ha.yaml "$SPEC"
VIP=192.168.4.20
NODES="kube-mast01 kube-mast02 kube-mast03"

trap writer_stop EXIT
trap 'exit 130' INT TERM
must "three machines come up, switched on at once" ks up
echo "$(seconds_on) s from power-on until the third was ready"
check "no kubelet looks for the credentials of a cloud" on kube-mast01 \
  "tr '\\0' '\\n' </proc/\$(pidof kubelet)/environ |
    grep -x AWS_EC2_METADATA_DISABLED=true"
must "three nodes are Ready" within 60 all_ready 3
check "etcd has three started members" equals 3 healthy_members kube-mast01
# shellcheck disable=SC2086
check "exactly one node holds the address" equals 1 holders $VIP $NODES
check "the cluster is what the spec says" ks verify --wait 300

# The holder of the address goes dark in the middle of a write.
# shellcheck disable=SC2086
vip_node=$(holder $VIP $NODES)
must "somebody holds the address" test -n "$vip_node"
witness=kube-mast03
[ "$vip_node" != "$witness" ] || witness=kube-mast02
KUBE_NODE=$witness
must "somebody writes" writer_start "$witness"
must "and is answered" within 60 acknowledged 5
must "power cut of $vip_node, the holder of the address" cut_power "$vip_node"
cut=$(date +%s)
check "writes go on, at another holder" within 180 acknowledged_since "$cut"
echo "failover took $(($(date +%s) - cut)) s"
must "$vip_node is switched on again" ks up
check "three nodes are Ready again" within 120 all_ready 3
check "etcd has three started members again" within 120 \
  equals 3 healthy_members "$vip_node"
writer_stop
check "no write is lost" within 60 nothing_is_lost

# All of them.
must "somebody writes again" writer_start kube-mast01
must "and is answered again" within 60 acknowledged 5
# shellcheck disable=SC2086
must "power cut of all three at once, in the middle of it" cut_power $NODES
writer_stop
must "all are switched on again" ks up
check "three nodes are Ready once more" within 120 all_ready 3
check "etcd has three started members once more" within 120 \
  equals 3 healthy_members kube-mast02
check "no write is lost this time either" within 60 nothing_is_lost
check "the machines switch themselves off" ks down
finish
