#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What was acknowledged is on two disks of three, and one of them is lost. The
# third was off then. Those two come back first: together they are most members,
# and must not make a cluster of it in which nothing of that was written.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/stale.yaml
sed 's/^name: demo/name: stale/' seeds/ha.yaml >"$SPEC"

# Whichever of these it meets first, this disk founds nothing.
waits_for_data() { # NODE
  grep -aq -e 'this disk is new to a cluster that is there' \
    -e 'etcd is founded without this disk by' \
    -e 'a promise to found without this disk was given by' \
    "$STATE/logs/$1.console"
}

must "three machines come up" ks up
must "power cut of kube-mast03" cut_power kube-mast03
check "a write that it does not see" within 60 write_key kube-mast01 unseen
must "power cut of the two others" cut_power kube-mast01 kube-mast02
must "kube-mast02's disk is gone" ks destroy kube-mast02
must "kube-mast02, empty, and kube-mast03 come back first" \
  ks up --no-wait kube-mast02 kube-mast03
check "kube-mast02 waits for who has the data" within 180 \
  waits_for_data kube-mast02
check "etcd has no quorum" in_step kube-mast02 etcd
must "kube-mast01 comes back, and all are ready" ks up
check "three nodes are Ready" within 120 all_ready 3
check "etcd has three started members" within 120 \
  equals 3 healthy_members kube-mast01
check "with what was written" within 60 kube get configmap unseen
check "the cluster is what the spec says" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
