#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two of five members of a stacked cluster lose their disks at the same moment. They
# come back together and join one after the other: with both additions at once etcd
# would have no quorum.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/replaced.yaml
sed -e 's/^name: stacked/name: replaced/' \
  -e 's/kube-mast{01\.\.03}/kube-mast{01..05}/' seeds/stacked.yaml >"$SPEC"

# Whose turn it is to join is told by the one that waits.
one_waits() {
  grep -aqE '(kube-mast02|kube-mast04) is joining|etcd is joining' \
    "$STATE/logs/kube-mast02.console" "$STATE/logs/kube-mast04.console"
}

must "five machines come up, switched on at once" ks up
check "five nodes are Ready" within 120 all_ready 5
check "etcd has five started members" within 120 \
  equals 5 healthy_members kube-mast01
check "a write" write_key kube-mast01 before
must "two of them and their disks are gone" ks destroy kube-mast02 kube-mast04
must "both come back with empty disks" ks up
check "one has waited for the other" one_waits
check "five nodes are Ready again" within 120 all_ready 5
check "etcd has five started members, no dead one" within 120 \
  equals 5 healthy_members kube-mast04
check "with what was written" within 60 kube get configmap before
check "the cluster is what the spec says" ks verify --wait 300
check "the machines are switched off" ks down --now
finish
