#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# etcd as kubeadm does it, its members joined one at a time: power fails in the
# middle of a join, and a disk is lost later.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/stacked.yaml
cp seeds/stacked.yaml "$SPEC"

# The member that was added is to be started by this.
joins() { # NODE
  has_file "$1" /etc/kubernetes/manifests/etcd.yaml
}

must "three machines are switched on at once" ks up --no-wait
must "kube-mast02's member of etcd is added" quickly 600 joins kube-mast02
must "power cut in that join" cut_power kube-mast02
check "that was the step" in_step kube-mast02 kubeadm-join
must "the cluster completes all the same" ks up
check "three nodes are Ready" within 120 all_ready 3
check "etcd has three started members" within 120 \
  equals 3 healthy_members kube-mast01
check "the cluster is what the spec says" ks verify --wait 300
check "a write" write_key kube-mast01 before
must "kube-mast03 and its disk are gone" ks destroy kube-mast03
must "it comes back with an empty disk" ks up
check "three nodes are Ready with the new disk" within 120 all_ready 3
check "etcd has three started members, no dead one" within 120 \
  equals 3 healthy_members kube-mast03
check "with what was written" within 60 kube get configmap before
check "the machines are switched off" ks down --now
finish
