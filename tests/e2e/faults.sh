#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a rack does to a cluster: a reboot, a lost disk, everything dark at once; at
# last both. (That the holder of the address is killed is in ha.sh.)
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/functions.sh"

SPEC=$WORK/faults.yaml
sed 's/^name: demo/name: faults/' seeds/ha.yaml >"$SPEC"
NODES="kube-mast01 kube-mast02 kube-mast03"

boot_id() { # NODE
  on "$1" 'cat /proc/sys/kernel/random/boot_id'
}

rebooted() { # NODE OLD-BOOT-ID
  new=$(boot_id "$1" 2>/dev/null) && [ -n "$new" ] && [ "$new" != "$2" ]
}

# How often the node has reported that it is ready.
ready_lines() { # NODE
  grep -c '"step":"ready","state":"done"' "$STATE/logs/$1.console"
}

ready_again() { # NODE LINES-BEFORE
  [ "$(ready_lines "$1")" -gt "$2" ]
}

must "the three nodes come up" ks up
check "three nodes are Ready" within 300 all_ready 3

# A reboot as an administrator does it.
old=$(boot_id kube-mast03)
before=$(ready_lines kube-mast03)
echo "rebooting kube-mast03 (boot $old)"
on kube-mast03 'systemctl reboot' >/dev/null 2>&1
check "kube-mast03 has rebooted" within 600 rebooted kube-mast03 "$old"
check "kube-mast03 reports ready by itself" within 900 \
  ready_again kube-mast03 "$before"
check "three nodes are Ready again" within 300 all_ready 3
check "a write" write_key kube-mast01 before

# A disk is lost: the same seed makes the node a member again.
check "kube-mast02 and its disk are gone" ks destroy kube-mast02
must "it comes back with an empty disk" ks up
KUBE_NODE=kube-mast01
check "three nodes are Ready with the new disk" within 300 all_ready 3
check "etcd has three started members, no dead one" within 180 \
  equals 3 healthy_members kube-mast01
check "the write is there on the new member" within 120 \
  kube get configmap before

# Everything dark and the founder's disk lost, then everything on.
for node in $NODES; do
  check "power cut: $node" cut_power "$node"
done
check "kube-mast01 and its disk are gone" ks destroy kube-mast01
must "all are switched on again" ks up
KUBE_NODE=kube-mast02
check "the cluster has returned" within 300 all_ready 3
check "etcd has three started members, no dead one again" within 180 \
  equals 3 healthy_members kube-mast02
check "with what was written" within 120 kube get configmap before
check "the machines are switched off" ks down --now
finish
