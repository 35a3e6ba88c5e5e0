#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The network fails: the cable of the address's holder is pulled, then another
# one hears nothing any more but goes on to speak. The others carry on, and it
# comes back by itself.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/partition.yaml
sed 's/^name: demo/name: partition/' seeds/ha.yaml >"$SPEC"
VIP=192.168.4.20
NODES="kube-mast01 kube-mast02 kube-mast03"

# Sets holder and witness, which is another node.
look() {
  # shellcheck disable=SC2086
  vip_node=$(holder $VIP $NODES) || return 1
  witness=kube-mast03
  [ "$vip_node" != "$witness" ] || witness=kube-mast02
  KUBE_NODE=$witness
}

write_through() { # WHAT-HAPPENED
  cut=$(date +%s)
  check "writes go on while $1" within 180 acknowledged_since "$cut"
  echo "failover took $(($(date +%s) - cut)) s"
}

trap writer_stop EXIT
trap 'exit 130' INT TERM
must "three machines come up" ks up
must "three nodes are Ready" within 60 all_ready 3

must "somebody holds the address" look
must "somebody writes" writer_start "$witness"
must "and is answered" within 60 acknowledged 3
must "the cable of $vip_node, the holder, is pulled" \
  bridge "$witness" ip link set "$(plug_of "$vip_node")" down
write_through "its cable is out"
must "the cable is plugged in again" \
  bridge "$witness" ip link set "$(plug_of "$vip_node")" up
check "three nodes are Ready again" within 180 all_ready 3
check "etcd has three started members again" within 120 \
  equals 3 healthy_members "$vip_node"
# shellcheck disable=SC2086
check "exactly one node holds the address" within 120 equals 1 holders $VIP $NODES

must "somebody holds the address again" look
must "$vip_node, the holder, hears nothing any more" on "$vip_node" \
  'nft add table inet deaf
  nft "add chain inet deaf in { type filter hook input priority -300; }"
  nft add rule inet deaf in iifname kube0 drop'
write_through "it hears nothing"
must "it hears again" on "$vip_node" 'nft delete table inet deaf'
check "three nodes are Ready once more" within 180 all_ready 3
check "etcd has three started members once more" within 120 \
  equals 3 healthy_members "$vip_node"
# shellcheck disable=SC2086
check "exactly one node holds the address" within 120 equals 1 holders $VIP $NODES
writer_stop
check "no write is lost" within 60 nothing_is_lost
check "the cluster is what the spec says" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
